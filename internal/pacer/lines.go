package pacer

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Opened tells that a medium has a sending socket and where it sends to. The descriptor is the caller's:
// the Pacer makes its own of it before it returns. Line is the medium's place in ha.cf.
func (p *Pacer) Opened(line, fd int, to Address) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if line >= MaxLines {
		if !p.lacks {
			p.opt.Log("WARN", fmt.Sprintf("More than %d media: heartbeats are sent by the main process", MaxLines))
		}
		p.lacks = true
		return
	}
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		p.opt.Log("ERROR", fmt.Sprintf("Medium %d cannot be given to the process that sends heartbeats: %v. They are sent by the main process", line, err))
		own, p.lacks = -1, true
	}
	o := &p.lines[line]
	closeFD(o.fd)
	o.fd = int32(own)
	o.to = to
	p.tellLine(line)
}

// Closed tells that a medium has no sending socket any more.
func (p *Pacer) Closed(line int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if line >= MaxLines || p.lines[line].fd < 0 {
		return
	}
	closeFD(p.lines[line].fd)
	p.lines[line].fd = -1
	p.tellLine(line)
}

func (p *Pacer) tellLine(line int) {
	if p.cur == nil {
		return // the next one will be told everything
	}
	o := &p.lines[line]
	m := o.opened(line)
	if o.fd < 0 {
		m.kind = msgClosed
	}
	if !p.cur.tell(m, int(o.fd)) {
		p.cur.kill() // it has not read for very long, and must not go on with what it knows
	}
}

func (o *outlet) opened(line int) message {
	return message{kind: msgOpened, line: uint16(line), to: o.to}
}

// LineCount is what became, since New, of the beats the pacer sent on one medium.
type LineCount struct {
	Sent, Failed uint64
	InARow       uint64     // failures since the last that went out
	Errno        unix.Errno // of the last failure
	Size         int        // of the beat that failed last
}

// Count is that of one medium.
func (p *Pacer) Count(line int) LineCount {
	if line < 0 || line >= MaxLines {
		return LineCount{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var all lineCount
	all.merge(&p.past.lines[line])
	if p.cur != nil {
		all.merge(&p.cur.mem.lines[line])
	}
	return LineCount{
		Sent: all.sent.Load(), Failed: all.failed.Load(), InARow: all.inARow.Load(),
		Errno: unix.Errno(all.errno.Load()), Size: int(all.size.Load()),
	}
}
