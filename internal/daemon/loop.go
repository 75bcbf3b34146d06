package daemon

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"time"

	"heartbeatd/internal/auth"
	"heartbeatd/internal/core"
	"heartbeatd/internal/halog"
	"heartbeatd/internal/link"
	"heartbeatd/internal/runner"
	"heartbeatd/internal/wire"
)

// request is an operator's word, answered by the loop.
type request func()

// loop runs until the core has ended. Everything in it is quick: scripts, disk, log and
// clients live in goroutines of their own.
func (d *daemon) loop() {
	d.step(core.Started{})
	for !d.ended {
		select {
		case dg := <-d.links.Inbox():
			d.datagram(dg)
		case r := <-d.results:
			d.step(scriptDone(r))
		case do := <-d.requests:
			do()
		case s := <-d.signals:
			d.signal(s)
		case <-d.timer.C:
			d.tick()
		}
	}
}

// scriptDone is the end of a script as the core sees it.
func scriptDone(r runner.Result) core.ScriptDone {
	var missing *runner.LocateError
	e := core.ScriptDone{ID: r.ID, Missing: errors.As(r.Err, &missing), RC: r.RC, Output: r.Stdout, Path: r.Path}
	e.Unsure = !e.Missing && (r.Err != nil || r.RC >= 128)
	return e
}

// tick lets the core judge deadlines. Whoever floods a link may hold up a judgement for a while, but
// neither our own beats nor what is known by then.
func (d *daemon) tick() { d.step(d.evidence()) }

// evidence reads what waits, and says to the core whether that was all.
func (d *daemon) evidence() core.Tick { return core.Tick{Partial: !d.drain()} }

const (
	longestDrain = 100 * time.Millisecond // with a long keepalive: operators are waiting too
	readerWakes  = time.Millisecond       // how soon a reader is asked again that has not handed over yet
)

// drain delivers what had arrived when it was called: a beat that has arrived counts before a deadline
// is judged. It says whether that was possible before our own beats would be late.
func (d *daemon) drain() (complete bool) {
	begin := d.now()
	end := begin + min(d.opt.Config.Keepalive/4, longestDrain)
	for !d.caughtUp(begin) {
		if d.now() >= end || d.ended {
			return false
		}
		select {
		case dg, ok := <-d.links.Inbox():
			if !ok {
				return true
			}
			d.datagram(dg)
		case <-time.After(readerWakes):
		}
	}
	return true
}

// caughtUp says whether all that had arrived by then was delivered, on every link.
func (d *daemon) caughtUp(by time.Duration) bool {
	for _, s := range d.links.States() {
		if !s.CaughtUp(by) {
			return false
		}
	}
	return true
}

// step gives the core one event and carries out the answer.
func (d *daemon) step(ev core.Event) {
	if d.ended {
		return
	}
	s := core.Stamp{At: d.now(), Wall: time.Now().Unix(), Rand: rand.Uint64()}
	if l := d.load.Load(); l != nil {
		s.Load = *l
	}
	for _, a := range d.core.Step(s, ev) {
		d.act(a)
	}
	if next := d.core.NextTick(); next != core.NoTick {
		d.timer.Reset(max(0, next-d.now()))
	}
}

// datagram opens one datagram. What is not signed by a key of ours ends here.
func (d *daemon) datagram(dg link.Datagram) {
	d.received++
	msg, frame, err := d.keys.Open(dg.Data)
	if err != nil {
		reason := auth.Reason(err)
		d.drops[reason]++
		if d.opt.Config.LogBadPacket {
			d.limited(reason+dg.Link, halog.Warn, fmt.Sprintf("datagram from %s on %s dropped: %v%s", dg.From, dg.Link, err, advice(reason)))
		}
		return
	}
	d.step(core.Received{Link: dg.Link, Heard: dg.Mono, Key: d.signedBy(frame), Msg: msg})
}

// signedBy is the number of the key that signed a datagram, if its own secret did.
func (d *daemon) signedBy(f *wire.Frame) int {
	if sending, _ := d.keys.Sending(); f.KeyNum == sending {
		return sending
	}
	if proof, err := d.keys.Verify(f); err != nil || proof != auth.EntrySecret {
		return core.NoKey
	}
	return f.KeyNum
}

func advice(reason string) string {
	switch reason {
	case "bad-signature", "unknown-key":
		return " (is authkeys the same on both nodes? does another cluster use this port?)"
	}
	return ""
}

// limited logs a line that a stranger can cause at will.
func (d *daemon) limited(key string, level halog.Level, text string) {
	if line, ok := d.limiter.Limit(key, d.now(), halog.Line{Level: level, Text: text}); ok {
		d.log.Line(line.Level, line.Text)
	}
}

func (d *daemon) signal(s os.Signal) {
	switch {
	case s == syscall.SIGTERM, s == syscall.SIGINT && d.opt.Foreground:
		notifySystemd("STOPPING=1")
		d.step(core.StopCommand{})
	case s == syscall.SIGHUP:
		d.reload()
	}
}

// watchLoad keeps the ld field of our beats fresh, away from the loop.
func (d *daemon) watchLoad() {
	for {
		if b, err := os.ReadFile("/proc/loadavg"); err == nil {
			line := strings.TrimSpace(string(b))
			d.load.Store(&line)
		}
		d.ask(func() {
			for _, line := range d.limiter.Due(d.now()) { // the end of a flood is counted too
				d.log.Line(line.Level, line.Text)
			}
			if d.pid == nil {
				return
			}
			if err := d.pid.Ensure(); err != nil { // a look at /run, which is memory
				d.limited("pidfile", halog.Error, err.Error())
			}
		})
		select {
		case <-time.After(5 * time.Second):
		case <-d.over:
			return
		}
	}
}

// ask runs f in the loop and says whether it did; a loop that has ended does nothing.
func (d *daemon) ask(f func()) bool {
	done := make(chan struct{})
	select {
	case d.requests <- func() { f(); close(done) }:
		<-done
		return true
	case <-d.over:
		return false
	}
}
