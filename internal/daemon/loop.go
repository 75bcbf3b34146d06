package daemon

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/halog"
	"heartbeatd/internal/runner"
)

// request is an operator's word, answered by the loop.
type request func()

// loop runs until the core has ended. Everything in it is quick: scripts, disk, log and
// clients live in goroutines of their own.
func (d *daemon) loop() {
	d.settleIn()
	d.step(d.first())
	for !d.ended {
		d.goOn()
		if d.ended {
			break
		}
		select {
		case dg := <-d.links.Inbox():
			d.datagram(dg)
		case r := <-d.results:
			d.step(scriptDone(r))
		case <-d.pingNews():
			d.answers()
		case do := <-d.requests:
			do()
		case s := <-d.signals:
			d.signal(s)
		case <-d.ahead.news():
			d.beatsAnew()
		case <-d.alarm.C:
			d.alarm.rung()
			d.tick()
		case <-d.watchdog.rhythm:
			d.watchdog.dog.Tickle()
		case <-d.witness.rhythm:
			d.witness.client.Tickle()
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
func (d *daemon) tick() {
	d.step(d.evidence())
	d.ahead.look(d.now())
}

// evidence reads what waits, and says to the core whether that was all.
func (d *daemon) evidence() core.Tick {
	partial := !d.drain()
	d.answers()
	return core.Tick{Partial: partial}
}

// step gives the core one event and carries out the answer.
func (d *daemon) step(ev core.Event) {
	if d.ended {
		return
	}
	if d.debug > 0 {
		d.traceEvent(ev)
	}
	s := core.Stamp{At: d.now(), Wall: time.Now().Unix(), Rand: rand.Uint64()}
	if l := d.load.Load(); l != nil {
		s.Load = *l
	}
	d.ahead.stamp(&s)
	for _, a := range d.core.Step(s, ev) {
		d.act(a)
	}
	d.lend()
	d.admitClients()
	d.beginPrograms()
	d.alarm.set(d.core.NextTick(), d.now())
}

func (d *daemon) signal(s os.Signal) {
	switch {
	case s == syscall.SIGTERM, s == syscall.SIGINT && d.opt.Foreground:
		notifySystemd("STOPPING=1")
		d.stopping = true
		d.renounce("this node is stopping")
		d.restPrograms()
		d.step(core.StopCommand{})
	case s == syscall.SIGHUP:
		d.reload()
	case s == syscall.SIGUSR1:
		d.debugBy(+1)
	case s == syscall.SIGUSR2:
		d.debugBy(-1)
	case s == syscall.SIGALRM: // 3.0.6: the same words
		d.limited("alarm", halog.Error, fmt.Sprintf("Unexpected alarm in process %d", os.Getpid()))
	}
}

// watchLoad keeps the ld field of our beats fresh, away from the loop.
func (d *daemon) watchLoad() {
	for {
		letWatcherSleep()
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
