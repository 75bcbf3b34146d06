package daemon

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"heartbeatd/internal/children"
	"heartbeatd/internal/clientapi"
	"heartbeatd/internal/config"
	"heartbeatd/internal/core"
	"heartbeatd/internal/halog"
	"heartbeatd/internal/ipfail"
)

// helper is a part of the daemon that does the work of a program of respawn which this machine does not have.
// It is a client like that, and a goroutine of its own.
type helper struct {
	once sync.Once
	stop chan struct{}
}

func (h *helper) close() { h.once.Do(func() { close(h.stop) }) }

// startHelper starts the work of a program; its end is told as that of a process would be.
func (d *daemon) startHelper(n int) *helper {
	h := &helper{stop: make(chan struct{})}
	work := d.ipfail
	if d.programs.list[n].Helper == config.DOPD {
		work = d.dopd
	}
	go func() {
		code := work(h.stop)
		programEvents{d}.Ended(n, children.Ending{Code: code})
	}()
	return h
}

// signInPause is how long a helper waits before it signs on again.
const signInPause = time.Second

// ipfail is the program of that name. Its exit status is 100 where there is nothing to do for it (3.0.6).
func (d *daemon) ipfail(stop <-chan struct{}) int {
	const nothingToDo = 100
	c := d.opt.Config
	switch {
	case c.AutoFailback == config.Legacy:
		d.ipfailLine("ERROR", "auto_failback set to incompatible legacy option.")
		return nothingToDo
	case len(c.Nodes) < 2:
		return nothingToDo
	case d.opt.NoResources:
		d.ipfailLine("ERROR", "No managed resources")
		return nothingToDo
	}
	cfg := ipfail.Config{Self: c.Self, Failback: c.AutoFailback == config.On, Keepalive: c.Keepalive}
	for _, n := range c.Nodes {
		if n != c.Self {
			cfg.Other = n
		}
	}
	d.signedOn(ipfail.Name, stop, func(s *clientapi.Session) { d.ipfailLife(s, ipfail.New(cfg), stop) })
	return 0
}

// signedOn signs a helper on for each of its lives, until it is told to stop.
func (d *daemon) signedOn(name string, stop <-chan struct{}, life func(*clientapi.Session)) {
	for said := false; ; {
		s, err := d.clients.server.Open(name)
		switch {
		case err == nil:
			said = false
			life(s)
			s.Close()
		case errors.Is(err, clientapi.ErrEnded):
			return
		case !said: // somebody has signed on by its name
			d.helperLine(name, "ERROR", "Cannot sign on with heartbeat: "+err.Error())
			said = true
		}
		select {
		case <-stop:
			return
		case <-d.over:
			return
		case <-time.After(signInPause):
		}
	}
}

// ipfailLife is the time for which it is signed on.
func (d *daemon) ipfailLife(s *clientapi.Session, m *ipfail.Machine, stop <-chan struct{}) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var lines thrift
	for {
		if next := m.Next(); next != ipfail.Never {
			timer.Reset(max(0, next-d.now()))
		} else {
			timer.Stop()
		}
		var actions []ipfail.Action
		select {
		case <-stop:
			return
		case msg, ok := <-s.Messages():
			if !ok {
				return
			}
			w, err := ipfailWorld(s)
			if err != nil {
				return
			}
			actions = m.Receive(d.now(), w, msg)
		case <-timer.C:
			w, err := ipfailWorld(s)
			if err != nil {
				return
			}
			actions = m.Tick(d.now(), w)
		}
		for _, a := range actions {
			switch a := a.(type) {
			case ipfail.Log:
				write, lost := lines.allows(d.now())
				if lost > 0 {
					d.ipfailLine("WARN", fmt.Sprintf("%d lines were left out in the last minute: the other node or a link changes its mind too often", lost))
				}
				if write {
					d.ipfailLine(a.Level, a.Text)
				}
			case ipfail.Say:
				if s.Send(a.Msg) != nil {
					return
				}
			}
		}
	}
}

// ipfailWorld counts the ping nodes that answer, as the program does.
func ipfailWorld(s *clientapi.Session) (ipfail.World, error) {
	st, err := s.State()
	w := ipfail.World{Settled: st.Holding != "transition"}
	for _, n := range st.Nodes {
		if n.Type == core.TypePing && n.Status == "ping" {
			w.Pings++
		}
	}
	return w, err
}

func (d *daemon) ipfailLine(level, text string) { d.helperLine(ipfail.Name, level, text) }

// helperLine is a line of ha-log as the program writes it.
func (d *daemon) helperLine(name, level, text string) {
	l, ok := halog.ParseLevel(level)
	if !ok {
		l = halog.Info
	}
	d.log.Part(name, l, text)
}

// mostLines is how many lines a minute the other node can make a helper write.
const mostLines = 120

// thrift bounds the lines that others cause.
type thrift struct {
	since time.Duration
	lines int
}

// allows says whether one more line may be written now, and how many were not in the minute before.
func (t *thrift) allows(now time.Duration) (ok bool, lost int) {
	if now-t.since >= time.Minute {
		lost = max(0, t.lines-mostLines)
		t.since, t.lines = now, 0
	}
	t.lines++
	return t.lines <= mostLines, lost
}
