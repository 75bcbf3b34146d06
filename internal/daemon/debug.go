package daemon

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"heartbeatd/internal/config"
	"heartbeatd/internal/core"
	"heartbeatd/internal/halog"
	"heartbeatd/internal/link"
	"heartbeatd/internal/wire"
)

// Debug levels, each with what the lower ones say. 3.0.6 has the same ladder for other lines.
const (
	debugSteps    = 1 // scripts, orders, devices
	debugRefusals = 3 // each datagram that is refused, and why
	debugMessages = 4 // each message
	debugFields   = 5 // with everything in it
)

// debugVariable is where scripts find the level.
const debugVariable = "HA_debug="

// mostTraced is how many debug lines a second everything that is received may cause: on the network anybody can send, as
// fast as it goes, until the disk is full.
const mostTraced = 500

// mostDebug is the highest level of the directive.
const mostDebug = 255

// debugBy raises or lowers the debug level: the signals USR1 and USR2.
func (d *daemon) debugBy(step int) {
	level := min(max(d.debug+step, 0), mostDebug)
	first := d.debug == 0 && level > 0
	d.debug = level
	d.log.SetDebug(level)
	d.runner.Set(debugVariable + strconv.Itoa(level)) // 3.0.6: scripts find it
	d.logLine("debug", fmt.Sprintf("debug now set to %d [pid %d]", level, os.Getpid()))
	if first {
		d.sayVersion()
	}
}

func (d *daemon) sayVersion() {
	d.logLine("info", fmt.Sprintf("heartbeat: version %s (heartbeatd %s)", config.Version, d.opt.Version))
}

func (d *daemon) debugf(format string, args ...any) {
	d.log.Line(halog.Debug, fmt.Sprintf(format, args...))
}

// traced counts the debug lines about what is received.
type traced struct {
	second time.Duration // that is counted
	lines  int
}

// tells says whether one more may be written.
func (d *daemon) tells() bool {
	t := &d.traced
	if second := d.now().Truncate(time.Second); second != t.second {
		if t.lines > mostTraced {
			d.debugf("%d more datagrams were received that are not told of: too many in one second", t.lines-mostTraced)
		}
		*t = traced{second: second}
	}
	t.lines++
	return t.lines <= mostTraced
}

// traceEvent says what the core is told.
func (d *daemon) traceEvent(ev core.Event) {
	switch ev := ev.(type) {
	case core.Received:
		if d.debug >= debugMessages && d.tells() {
			d.traceMessage("received on "+ev.Link, ev.Msg)
		}
	case core.Relay:
		d.traceMessage("a program of this machine says", ev.Msg)
	case core.ClientMessage:
		d.traceMessage("a client says", ev.Msg)
	case core.Answered:
		if d.debug >= debugMessages {
			d.debugf("ping node %s has answered", ev.Node)
		}
	case core.ScriptDone:
		d.debugf("script %d has ended with exit status %d", ev.ID, ev.RC)
	case core.FenceDone:
		d.debugf("attempt %d to reset the other node has ended with exit status %d", ev.Attempt, ev.Code)
	case core.StandbyCommand:
		d.debugf("asked for standby %s", ev.Which)
	case core.TakeoverCommand:
		d.debugf("asked for takeover %s", ev.Which)
	case core.StopCommand:
		d.debugf("asked to stop")
	}
}

// traceAction says what the core wants.
func (d *daemon) traceAction(a core.Action) {
	switch a := a.(type) {
	case core.Send:
		d.traceMessage("sending", a.Msg)
	case core.Run:
		d.debugf("script %d: %s %s", a.ID, a.Resource, a.Op)
	case core.Announce:
		d.debugf("announcing %s", a.Resource)
	case core.Fence:
		d.debugf("attempt %d to reset %s", a.Attempt, a.Node)
	case core.Exit:
		d.debugf("everything is released")
	}
}

// traceBeat says which beat was handed over to be sent.
func (d *daemon) traceBeat(at time.Duration, m *wire.Message) {
	d.debugf("in %v goes out: %s", (at - d.now()).Round(time.Millisecond), d.summary(m))
}

// traceRefusal says why a datagram was refused.
func (d *daemon) traceRefusal(dg link.Datagram, err error) {
	if d.tells() {
		d.debugf("%s on %s refused: %v", from(dg), dg.Link, err)
	}
}

func (d *daemon) traceMessage(what string, m *wire.Message) {
	if d.debug >= debugMessages {
		d.debugf("%s: %s", what, d.summary(m))
	}
}

// summary is a message on one line: who says what, and at the highest levels everything but the signature.
func (d *daemon) summary(m *wire.Message) string {
	var b strings.Builder
	for i := range m.Fields {
		f := &m.Fields[i]
		switch name := f.Name; {
		case name == "auth":
		case d.debug >= debugFields || name == "t" || name == "src" || name == "seq" || name == "st" || name == "dest":
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			fmt.Fprintf(&b, "%s=%s", name, f.Value)
		}
	}
	return b.String()
}
