package daemon

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"heartbeatd/internal/address"
	"heartbeatd/internal/core"
	"heartbeatd/internal/halog"
)

// act carries out one action. None of them waits.
func (d *daemon) act(a core.Action) {
	switch a := a.(type) {
	case core.Send:
		if data := d.keys.Seal(a.Msg, d.opt.Config.MsgFmt != "netstring"); data != nil {
			d.links.Send(data)
		}
	case core.Log:
		d.logAction(a)
	case core.Run:
		go d.runScript(a)
	case core.Announce:
		if address.IsAddressWord(a.Resource) {
			go d.announce(a.Resource)
		}
	case core.Reboot:
		go d.reboot(a.Reason)
	case core.Exit:
		d.ended = true
	}
}

func (d *daemon) logAction(a core.Log) {
	text := a.Text
	if a.Limit != "" {
		line, ok := d.limiter.Limit(a.Limit, d.now(), text)
		if !ok {
			return
		}
		text = line
	}
	if a.From == "heartbeat" {
		d.log.Line(halog.Level(a.Level), text)
		return
	}
	d.log.Script(a.From, "default", halog.Plain, text) // such texts carry their level word
}

// runScript starts a script; finding it looks at the disk, so not in the loop.
func (d *daemon) runScript(a core.Run) {
	if cmd, err := d.runner.Locate(a.Resource); err != nil {
		d.log.Script("ResourceManager", "default", halog.Plain, "ERROR: "+err.Error())
	} else if a.Op != core.Status {
		d.log.Script("ResourceManager", "default", halog.Plain, "info: Running "+cmd.Running(a.Op.String()))
	}
	d.runner.Start(a.ID, a.Resource, a.Op.String())
}

// announce repeats an address on its network. It is a process of its own, as the scripts are,
// because it goes on for half a minute.
func (d *daemon) announce(word string) {
	exe, err := os.Executable()
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		err = exec.CommandContext(ctx, exe, "address", "announce", word).Run()
	}
	if err != nil {
		d.logLine("WARN", fmt.Sprintf("announcing %s: %v", word, err))
	}
}

// reboot is the end of a node that cannot stop a resource. 3.0.6 kills itself first, so that
// the other node takes over even where the reboot does not happen; here only a machine that is
// really gone counts as gone.
func (d *daemon) reboot(reason string) {
	d.log.Flush()
	for _, argv := range [][]string{{"/sbin/reboot", "-nf"}, {"/sbin/init", "6"}} {
		if err := exec.Command(argv[0], argv[1:]...).Run(); err == nil {
			return
		}
	}
	d.log.Script("ResourceManager", "default", halog.Plain, "CRIT: Unable to force reboot.")
	d.logLine("CRIT", reason+", and this machine could not be rebooted: it keeps the group and goes on beating")
}
