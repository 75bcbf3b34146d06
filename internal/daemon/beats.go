package daemon

import (
	"fmt"
	"os"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/link"
	"heartbeatd/internal/pacer"
	"heartbeatd/internal/runner"
	"heartbeatd/internal/wire"
)

// beatSender sends beats at their moments, however busy this process and this machine are. See [pacer.Pacer].
type beatSender interface {
	Offer(at time.Duration, data []byte) bool
	Revoke() (sent int)
	Sent() (sent int)
	Each(func(at, sent time.Duration))
	Alive() bool
	News() <-chan struct{}
	Tick(now time.Duration)
	Close()
	link.Paced
}

// ahead is the beats that were handed over before they are due. What the sender has is always the first of
// what the core believes it has: one that it did not take ends it until everything was taken back.
type ahead struct {
	sender  beatSender    // nil: there is none, the loop sends beats itself
	without time.Duration // until then the loop does so, because it refused one
	beat    wire.Message
	sealed  []byte
	revoke  func() int
	note    func(at, sent time.Duration)
}

// refusedFor is how long a sender is left alone that did not take a beat: none is that long, and the core
// never hands over as many as it has room for.
const refusedFor = 10 * time.Second

func newAhead(s beatSender) ahead {
	if s == nil {
		return ahead{}
	}
	return ahead{sender: s, revoke: s.Revoke}
}

// news is nil, which never yields, where there is no sender.
func (a *ahead) news() <-chan struct{} {
	if a.sender == nil {
		return nil
	}
	return a.sender.News()
}

// stamp says to the core how its beats stand.
func (a *ahead) stamp(s *core.Stamp) {
	if a.sender != nil {
		s.Ahead, s.Went, s.TakeBack = s.At >= a.without && a.sender.Alive(), a.sender.Sent(), a.revoke
		a.sender.Each(a.note)
	}
}

// look finds out whether the sender hangs.
func (a *ahead) look(now time.Duration) {
	if a.sender != nil {
		a.sender.Tick(now)
	}
}

func (a *ahead) close() {
	if a.sender != nil {
		a.sender.Close()
	}
}

// lend hands over what the core wants to be sent next.
func (d *daemon) lend() {
	a := &d.ahead
	for a.sender != nil && a.without <= d.now() {
		at, ok := d.core.BeatAhead(&a.beat)
		if !ok {
			return
		}
		a.sealed = d.keys.AppendSealed(a.sealed[:0], d.core.PeerKey(), &a.beat, d.opt.Config.MsgFmt != "netstring")
		if a.sealed == nil || !a.sender.Offer(at, a.sealed) {
			a.without = d.now() + refusedFor
		} else if d.debug >= debugMessages {
			d.traceBeat(at, &a.beat)
		}
	}
}

// beatsAnew takes back the beats that were handed over and hands over new ones: what signs them, or who sends
// them, is another.
func (d *daemon) beatsAnew() {
	if d.ahead.sender == nil {
		return
	}
	d.ahead.without = core.NoTick
	d.step(d.evidence())
	d.ahead.without = 0
	d.step(d.evidence())
}

// urgentNice is what the loop runs with: a beat that was heard is judged, and a script started, before ordinary
// programs have their turn. It is no real-time priority: with one a Go program can lock itself out.
const urgentNice = -20

// urgent puts this process ahead of ordinary programs and keeps it in memory. Both may be forbidden to us, in a
// container or without privileges: then we run as usual.
func (d *daemon) urgent() {
	if !d.opt.Config.Realtime {
		d.logLine("info", fmt.Sprintf("Request to set pid %d to realtime ignored.", os.Getpid()))
		return
	}
	if err := runner.Urgent(urgentNice); err != nil {
		d.logLine("WARN", fmt.Sprintf("this process runs with the priority of any other: %v", err))
	}
	if err := pacer.LockMemory(); err != nil {
		d.logLine("WARN", fmt.Sprintf("memory is not locked, it may be slow to decide when memory is short: %v", err))
	}
}

// openPacer starts the process that sends beats. Without one the loop sends them.
func openPacer(d *daemon) beatSender {
	priority := 0
	if d.opt.Config.Realtime {
		priority = d.opt.Config.RTPriority
	}
	p, err := pacer.New(pacer.Options{Priority: priority, Clock: d.now, Log: d.logLine})
	if err != nil {
		d.logLine("WARN", err.Error()+": heartbeats are sent by the daemon itself, and later when the machine is busy")
		return nil
	}
	return p
}
