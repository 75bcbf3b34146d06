package daemon

import (
	"fmt"
	"time"

	"heartbeatd/internal/auth"
	"heartbeatd/internal/core"
	"heartbeatd/internal/halog"
	"heartbeatd/internal/link"
)

const (
	longestDrain = 100 * time.Millisecond // with a long keepalive: operators are waiting too
	readerWakes  = time.Millisecond       // how soon a reader is asked again that has not handed over yet
)

// drain delivers what had arrived when it was called: a beat that has arrived counts before a deadline
// is judged. It says whether that was possible before our own beats would be late.
func (d *daemon) drain() (complete bool) {
	begin := d.now()
	end := begin + min(d.opt.Config.Keepalive/4, longestDrain)
	for !d.links.CaughtUp(begin) {
		if d.now() >= end || d.ended {
			return false
		}
		d.wakes.Reset(readerWakes)
		select {
		case dg, ok := <-d.links.Inbox():
			if !ok {
				return true
			}
			d.datagram(dg)
		case <-d.wakes.C:
		}
	}
	return true
}

// datagram opens one datagram. What is not signed by a key of ours ends here. The core is done with the
// message when step returns: what it keeps of it is a copy.
func (d *daemon) datagram(dg link.Datagram) {
	d.received++
	d.opener.Sparing = d.unpack.over(d.now())
	msg, err := d.opener.Open(d.keys, dg.Data)
	d.unpack.spend(d.opener.Spent())
	if err != nil {
		d.refuse(dg, err)
		return
	}
	key, ok := d.opener.SignedBy()
	if !ok {
		key = core.NoKey
	}
	d.step(core.Received{Link: dg.Link, Heard: dg.Mono, Key: key, Msg: msg})
}

// refuse counts a datagram that nobody we know has sent. Of a flood only the few that are logged cost
// more than a look: their words are made anew.
func (d *daemon) refuse(dg link.Datagram, err error) {
	if d.debug >= debugRefusals {
		d.traceRefusal(dg, err)
	}
	reason := auth.Reason(err)
	d.drops[reason]++
	if !d.opt.Config.LogBadPacket {
		return
	}
	d.stranger = append(append(d.stranger[:0], reason...), dg.Link...)
	if d.limiter.Skip(d.stranger, d.now()) {
		return
	}
	if _, _, long := d.keys.Open(dg.Data); long != nil {
		err = long
	}
	d.limited(string(d.stranger), halog.Warn, fmt.Sprintf("%s on %s dropped: %v%s", from(dg), dg.Link, err, advice(reason)))
}

// from is who has sent a datagram; a serial line has one other end.
func from(dg link.Datagram) string {
	if !dg.From.IsValid() {
		return "message"
	}
	return "datagram from " + dg.From.String()
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
