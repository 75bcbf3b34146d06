package daemon

import (
	"os"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/halog"
	"heartbeatd/internal/ping"
)

// pinger asks the ping nodes of ha.cf whether they are there. None of its methods waits.
type pinger interface {
	Ask() []ping.Trouble
	News() <-chan struct{}
	Answers(func(node string, heard time.Duration))
	Close()
}

// mostPingTroubles get lines of their own at once: without a network all nodes are in trouble, and the log has
// other things to tell.
const mostPingTroubles = 8

// openICMP is the pinger of a real machine, nil if ha.cf has no ping nodes. Without sockets it goes on as well:
// they are tried again with every request.
func openICMP(d *daemon) pinger {
	nodes := d.opt.Config.PingNodes
	if len(nodes) == 0 {
		return nil
	}
	targets := make([]ping.Target, 0, len(nodes))
	for _, n := range nodes {
		targets = append(targets, ping.Target{Node: n.Name, Kind: n.Kind, Hosts: n.Hosts})
		if n.Kind == "ping_group" {
			d.logLine("info", "glib: ping group heartbeat started.")
		} else {
			d.logLine("info", "glib: ping heartbeat started.")
		}
	}
	return ping.New(targets, uint16(os.Getpid()), d.now)
}

// pingNodes are those of ha.cf as the core knows them.
func (d *daemon) pingNodes() (all []core.PingConfig) {
	for _, n := range d.opt.Config.PingNodes {
		all = append(all, core.PingConfig{Name: n.Name, Kind: n.Kind, After: n.After})
	}
	return all
}

// askPings sends a request to each of them. What could not be sent is no news to the core: nobody will answer.
func (d *daemon) askPings() {
	if d.pinger == nil {
		return
	}
	for i, t := range d.pinger.Ask() {
		if i >= mostPingTroubles {
			t.Key = "more"
		}
		d.limited("ping "+t.Key, halog.Error, t.Text)
	}
}

// pingNews has something when a ping node may have answered.
func (d *daemon) pingNews() <-chan struct{} {
	if d.pinger == nil {
		return nil
	}
	return d.pinger.News()
}

// answers tells the core who has answered.
func (d *daemon) answers() {
	if d.pinger != nil {
		d.pinger.Answers(func(node string, heard time.Duration) { d.step(core.Answered{Node: node, Heard: heard}) })
	}
}

func (d *daemon) closePings() {
	if d.pinger != nil {
		d.pinger.Close()
	}
}
