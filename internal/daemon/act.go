package daemon

import (
	"heartbeatd/internal/address"
	"heartbeatd/internal/core"
	"heartbeatd/internal/halog"
	"heartbeatd/internal/runner"
)

// act carries out one action. None of them waits.
func (d *daemon) act(a core.Action) {
	if d.debug > 0 {
		d.traceAction(a)
	}
	switch a := a.(type) {
	case core.Send:
		if data := d.seal(a.Msg); data != nil {
			d.links.Send(data)
		}
	case core.Log:
		d.logAction(a)
	case core.Run:
		d.runner.Start(a.ID, a.Resource, a.Op.String())
	case core.Announce:
		if address.IsAddressWord(a.Resource) {
			go d.announce(a.Resource)
		}
	case core.Hook:
		d.hook(a)
	case core.Ping:
		d.askPings()
	case core.Reboot:
		go d.reboots(a.Reason)
	case core.Fence:
		d.fence(a)
	case core.Deliver:
		d.deliver(a)
	case core.Exit:
		d.leave()
	}
}

func (d *daemon) logAction(a core.Log) {
	line := halog.Line{Level: halog.Level(a.Level), Text: a.Text}
	if a.Limit != "" {
		var ok bool
		if line, ok = d.limiter.Limit(a.Limit, d.now(), line); !ok {
			return
		}
	}
	if a.From == "heartbeat" {
		d.log.Line(line.Level, line.Text)
		return
	}
	d.log.Script(a.From, "default", halog.Plain, line.Text) // such texts carry their level word
}

// scriptLine is a line of ResourceManager; its text carries the level word.
func (d *daemon) scriptLine(text string) {
	d.log.Script("ResourceManager", "default", halog.Plain, text)
}

// starting logs the start of a script. 3.0.6 does not name those that only ask.
func (d *daemon) starting(_ uint64, cmd runner.Command, op string) {
	if op != core.Status.String() {
		d.scriptLine("info: Running " + cmd.Running(op))
	}
}
