package pacer

import (
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

const (
	steady     = time.Minute // a process that lived as long is replaced at once
	firstPause = time.Second // the others after this, which doubles
	longest    = time.Minute
)

// supervise keeps a pacer running until Close. The pauses also bound the log to some lines a minute.
func (p *Pacer) supervise() {
	defer close(p.over)
	runtime.LockOSThread() // the child is to end with its parent's thread, see fork
	pause := time.Duration(0)
	for {
		begin := time.Now()
		why := p.live()
		if p.closing(0) {
			return
		}
		if time.Since(begin) >= steady {
			pause = 0
		}
		p.opt.Log("WARN", fmt.Sprintf("%s. Heartbeats are sent by the main process until another runs; it is started %s", why, in(pause)))
		if p.closing(pause) {
			return
		}
		pause = min(max(2*pause, firstPause), longest)
	}
}

func in(pause time.Duration) string {
	if pause == 0 {
		return "now"
	}
	return "in " + pause.String()
}

// closing waits, and says whether Close was called.
func (p *Pacer) closing(pause time.Duration) bool {
	t := time.NewTimer(pause)
	defer t.Stop()
	if pause == 0 {
		select {
		case <-p.done:
			return true
		default:
			return false
		}
	}
	select {
	case <-p.done:
		return true
	case <-t.C:
		return false
	}
}

// live is the life of one process; it returns why it ended.
func (p *Pacer) live() (why string) {
	c, err := start(p.opt.Priority, p.score)
	if err != nil {
		return fmt.Sprintf("The process that sends heartbeats cannot be had: %v", err)
	}
	name := fmt.Sprintf("The process that sends heartbeats (%d) ", c.pid)
	p.bear(c)
	err = c.awaitReady()
	p.bear(nil)
	if err != nil || p.closing(0) {
		c.kill()
		ws, reaped := c.reap()
		if err == errEnded {
			return name + ending(ws, reaped)
		}
		return name + fmt.Sprintf("is of no use: %v", err)
	}
	p.adopt(c)
	stopped, _ := c.wait()
	c.kill() // one that was stopped must not come back
	p.lose(c)
	ws, err := c.reap()
	if stopped {
		return name + "was stopped by somebody, and therefore killed"
	}
	return name + ending(ws, err)
}

// bear lets Close find a process that is not ready.
func (p *Pacer) bear(c *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.born = c
	if c != nil && p.closing(0) {
		c.kill()
	}
}

// adopt puts a process to work.
func (p *Pacer) adopt(c *process) {
	p.mu.Lock()
	for i := range p.lines {
		if p.lines[i].fd >= 0 {
			if !c.tell(p.lines[i].opened(i), int(p.lines[i].fd)) {
				c.kill()
			}
		}
	}
	p.cur, p.doubt = c, 0
	p.starts++
	first := p.starts == 1
	p.mu.Unlock()
	select {
	case <-p.done: // Close did not see it
		c.kill()
	default:
	}
	p.tellNews()
	p.opt.Log("info", fmt.Sprintf("Heartbeats are sent by process %d (%s)", c.pid, c.sched()))
	if first {
		p.warn(c)
	}
}

// warn says once what a pacer lacks here.
func (p *Pacer) warn(c *process) {
	if no := c.mem.schedErrno.Load(); no != 0 && p.opt.Priority > 0 {
		p.opt.Log("WARN", fmt.Sprintf("No real-time priority for heartbeats: %v. They may be late when the processors are busy", unix.Errno(no)))
	}
	if no := c.mem.lockErrno.Load(); no != 0 {
		p.opt.Log("WARN", fmt.Sprintf("Memory of the process that sends heartbeats is not locked: %v. They may be late when memory is short", unix.Errno(no)))
	}
}

// lose takes over what is left of a process that sends no more.
func (p *Pacer) lose(c *process) {
	p.mu.Lock()
	offered := c.ring.end
	c.ring.revoke()
	p.lost = p.lost || c.ring.end < offered
	p.past.sent += c.ring.report()
	p.past.last = max(p.past.last, c.ring.last)
	p.past.lates = append(p.past.lates, c.ring.lates...)
	c.ring.lates = nil
	p.past.late.merge(&c.mem.late)
	for i := range p.past.lines {
		p.past.lines[i].merge(&c.mem.lines[i])
	}
	if p.cur == c {
		p.cur = nil
	}
	p.mu.Unlock()
	p.tellNews()
}

func (c *lineCount) merge(o *lineCount) {
	c.sent.Add(o.sent.Load())
	c.failed.Add(o.failed.Load())
	if o.failed.Load() > 0 || o.sent.Load() > 0 {
		c.inARow.Store(o.inARow.Load())
	}
	if o.failed.Load() > 0 {
		c.errno.Store(o.errno.Load())
		c.size.Store(o.size.Load())
	}
}
