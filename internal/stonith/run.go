package stonith

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// grace is how long after its limit, when it has been killed, a run may take to end.
const grace = 10 * time.Second

// mostLost is how many runs that were given up may hang side by side: each keeps a thread of the daemon.
const mostLost = 100

var (
	errBusy = errors.New("the attempt before is still at it")
	errLost = fmt.Errorf("%d attempts hang in the kernel: no other is begun", mostLost)
)

// started is an attempt.
type started struct {
	node  string // "": the device is asked
	done  chan Result
	begun chan int // its process
}

// run makes an attempt beside the caller, who gets an answer also when nothing can end the attempt: its program, or a
// disk with the parameters, hangs in the kernel.
func (d *Device) run(action, node string) Result {
	s := &started{node: node, done: make(chan Result, 1), begun: make(chan int, 1)}
	if err := d.enter(s); err != nil {
		return d.failed(Result{Code: 1}, err)
	}
	ctx, cancel := context.WithCancel(d.ctx)
	defer cancel() // an attempt that was given up must not begin anything when it wakes
	go func() {
		res := d.attempt(ctx, action, node, s.begun)
		d.leave(s)
		s.done <- res
	}()
	return d.await(s, d.cfg.Type == meatware && action == "reset", cancel)
}

// await waits for the end of an attempt, and kills it when its time is over. A person has no limit once asked.
func (d *Device) await(s *started, person bool, kill func()) Result {
	limit := time.NewTimer(d.cfg.Limit)
	if person {
		limit.Reset(d.cfg.Limit + d.grace)
	}
	defer limit.Stop()
	var last <-chan time.Time
	over := d.ctx.Done()
	res := Result{Code: 1}
	for {
		select {
		case r := <-s.done:
			return r
		case res.PID = <-s.begun:
			if person {
				limit.Stop()
			}
		case <-limit.C:
			kill()
			last = time.After(d.grace)
		case <-over:
			over, last = nil, time.After(d.grace)
		case <-last:
			if !d.giveUp(s) {
				return <-s.done // it ends just now
			}
			return d.failed(res, fmt.Errorf("no answer from the device within %s, and what asks it cannot be ended: given up", d.cfg.Limit))
		}
	}
}

// enter sees to it that no two attempts are at one node, but for those that were given up.
func (d *Device) enter(s *started) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.busy[s.node] != nil:
		return errBusy
	case d.lost >= mostLost:
		return errLost
	}
	d.busy[s.node] = s
	return nil
}

func (d *Device) leave(s *started) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy[s.node] != s {
		d.lost--
		return
	}
	delete(d.busy, s.node)
}

// giveUp says false of an attempt that has ended.
func (d *Device) giveUp(s *started) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy[s.node] != s {
		return false
	}
	delete(d.busy, s.node)
	d.lost++
	return true
}
