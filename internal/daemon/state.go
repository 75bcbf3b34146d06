package daemon

import (
	"maps"
	"os"
	"strconv"
	"syscall"
	"time"

	"heartbeatd/internal/config"
	"heartbeatd/internal/control"
	"heartbeatd/internal/core"
)

// handler answers the control socket. Each request is a turn of the loop, which never waits.
type handler struct{ d *daemon }

func (h handler) Status() (s control.Status, err error) {
	err = h.order(func() error { s = h.d.status(); return nil })
	return s, err
}

func (h handler) Standby(which string) error {
	return h.order(func() error {
		switch r := h.d.core.Refusal(); r {
		case "":
		case core.NoOther:
			return &control.Refusal{Reason: r + " to take the resources", Hint: "see 'heartbeatd status'"}
		default:
			return &control.Refusal{Reason: r, Hint: "see 'heartbeatd status'; try again when nothing is in transition"}
		}
		h.d.step(core.StandbyCommand{Which: core.Which(which)})
		return nil
	})
}

func (h handler) Takeover(which string) error {
	return h.order(func() error {
		if h.d.core.Alone() {
			return &control.Refusal{Reason: core.NoOther + " to take resources from", Hint: "see 'heartbeatd status'"}
		}
		h.d.step(core.TakeoverCommand{Which: core.Which(which)})
		return nil
	})
}

// Stop is SIGTERM, but for the moment in which the daemon replaces itself: then a signal could do harm (exec.go).
func (h handler) Stop() error {
	return h.order(func() error { h.d.signal(syscall.SIGTERM); return nil })
}

func (h handler) Replace() error { return h.order(h.d.replace) }

func (h handler) order(f func() error) (err error) {
	if !h.d.ask(func() { err = f() }) {
		return &control.Refusal{Reason: "heartbeatd is ending"}
	}
	return err
}

// status is the whole answer to how things stand.
func (d *daemon) status() control.Status {
	v := d.core.View(d.now())
	c := d.opt.Config
	s := control.Status{
		Version: d.opt.Version, Node: c.Self, PID: os.Getpid(), State: v.State, Since: d.start, Generation: d.gen,
		AutoFailback: map[config.Failback]string{config.On: "on", config.Off: "off", config.Legacy: "legacy"}[c.AutoFailback],
		Holding:      string(v.Holding), Standby: v.Standby, Fencing: fencingStatus(v.Fence), Received: d.received, Dropped: d.allDrops(v.Drops),
		LogDropped: d.log.Lost(), Parameters: d.parameters(),
		Replacement: d.replacementStatus(), Differs: v.Differs,
		Transition: control.Transition{What: v.Last.What, Cause: v.Last.Cause},
		Nodes:      []control.NodeStatus{}, Groups: []control.GroupStatus{}, Media: []control.MediumStatus{},
	}
	if v.Last.Wall != 0 {
		s.Transition.At = time.Unix(v.Last.Wall, 0)
	}
	for _, n := range v.Nodes {
		s.Nodes = append(s.Nodes, nodeStatus(n))
	}
	addLateness(&s, d.core.Lateness(d.now()))
	for _, g := range v.Groups {
		s.Groups = append(s.Groups, groupStatus(g))
	}
	for _, m := range d.links.States() {
		s.Media = append(s.Media, control.MediumStatus{
			Name: m.Medium.Device, Kind: m.Medium.Kind.String(), Open: m.Open, Error: m.Err, Since: d.start.Add(m.Since),
			Sent: m.Sent, Failed: m.Failed, Heard: m.Heard,
		})
	}
	return s
}

func (d *daemon) allDrops(core map[string]uint64) map[string]uint64 {
	all := maps.Clone(core)
	for reason, n := range d.drops {
		all[reason] += n
	}
	counters := d.links.Counters()
	for _, reason := range []string{"socket-overflow", "oversized", "empty", "receive-errors", "garbled"} {
		if n := counters[reason]; n > 0 {
			all[reason] += n
		}
	}
	return all
}

func (d *daemon) parameters() map[string]string {
	p := maps.Clone(d.opt.Config.Parameters)
	if p["debug"] == "" { // 3.0.6: the level of the start, whatever signals have made of it
		p["debug"] = strconv.Itoa(d.opt.Config.Debug + d.opt.Debug)
	}
	for _, name := range []string{"crm", "hbversion"} {
		if v, ok := d.opt.Config.Parameter(name); ok {
			p[name] = v
		}
	}
	return p
}

func nodeStatus(n core.NodeView) control.NodeStatus {
	s := control.NodeStatus{
		Name: n.Name, Type: n.Type, Self: n.Self, Status: n.Status, Stopped: n.Stopped, Since: time.Unix(n.Since, 0), Software: n.Software,
		LastBeat: ms(n.LastBeat), Deadtime: ms(n.Deadtime), Deaths: n.Deaths, LateBeats: n.LateBeats, WorstGap: ms(n.WorstGap), Weight: n.Weight, Site: n.Site,
		Links: []control.LinkStatus{},
	}
	for _, l := range n.Links {
		st := "dead"
		if l.Up {
			st = "up"
		}
		ls := control.LinkStatus{Name: l.Name, Status: st}
		if l.Since != 0 {
			ls.Since = time.Unix(l.Since, 0)
		}
		s.Links = append(s.Links, ls)
	}
	return s
}

func groupStatus(g core.GroupView) control.GroupStatus {
	s := control.GroupStatus{
		Key: g.Key, Home: g.Home, Owner: g.Owner, State: g.State, Since: time.Unix(g.Since, 0), Resources: g.Resources,
		Leaving: g.Leaving, Waits: g.Waits,
	}
	if g.Script != "" {
		s.Script = &control.ScriptStatus{Resource: g.Script, Op: g.Op.String(), Running: ms(g.Running)}
	}
	return s
}

func ms(d time.Duration) int64 {
	if d < 0 {
		return -1
	}
	return int64(d / time.Millisecond)
}
