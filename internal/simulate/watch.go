package simulate

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/scenario"
	"heartbeatd/internal/wire"
)

// heard is what really arrived of one machine at another, during one life of the latter.
type heard struct {
	life   uint64        // of the receiver
	gen    uint64        // highest of the sender that a status carried
	seq    uint64        // highest of a status of that generation
	at     time.Duration // when that one arrived; 0: none did
	newest uint64        // highest of any message of that generation
}

// sending is what a machine has sent.
type sending struct {
	at        time.Duration // of the newest datagram
	life, seq uint64        // newest number
	gen       uint64        // highest generation ever
	datagrams uint64
	ticks     uint64
	missed    []missing
}

// missing are numbers of the other machine that were seen not to have come, and when.
type missing struct {
	at    time.Duration
	count uint64
}

// missedSince is how many those are, without what is older.
func (s *sending) missedSince(at time.Duration) (sum uint64) {
	s.missed = slices.DeleteFunc(s.missed, func(m missing) bool { return m.at < at })
	for _, m := range s.missed {
		sum += m.count
	}
	return sum
}

// arrived keeps what is true of a machine that is heard. A recording of the past is no sign of life.
func (r *Run) arrived(to *scenario.Machine, msg *wire.Message, again bool) {
	from := r.sender(msg)
	if from == nil {
		return
	}
	h := &r.heard[to.Index()][from.Index()]
	if h.life != to.Life() {
		*h = heard{life: to.Life()}
	}
	gen, seq := number(msg, "hg"), number(msg, "seq")
	r.wordArrived(to, from, seq)
	status := isType(msg, "status")
	switch {
	case again && status && gen > h.gen:
		// Of a life with a higher generation, which was lost since: what the machine sends now counts
		// as the recording.
		*h = heard{life: h.life, gen: gen, seq: seq, newest: seq, at: r.w.Now}
		return
	case again && !status:
		return // a recorded beat that comes before the beat itself is one, though
	case gen < h.gen || gen > h.gen && !status || seq == 0:
		return
	case gen > h.gen:
		h.gen, h.seq, h.newest = gen, 0, 0
	}
	h.newest = max(h.newest, seq)
	if status && seq > h.seq {
		h.seq, h.at = seq, r.w.Now
	}
}

func (r *Run) sender(msg *wire.Message) *scenario.Machine {
	if f := msg.Lookup("src"); f != nil {
		for _, m := range r.w.Machines() {
			if string(f.Value) == m.Name {
				return m
			}
		}
	}
	return nil
}

func isType(msg *wire.Message, t string) bool {
	return len(msg.Fields) > 0 && string(msg.Fields[0].Value) == t
}

// number reads a hexadecimal field without making a string of it; there are very many.
func number(msg *wire.Message, name string) (n uint64) {
	if f := msg.Lookup(name); f != nil {
		for _, c := range f.Value {
			switch {
			case c >= '0' && c <= '9':
				n = n<<4 | uint64(c-'0')
			case c >= 'a' && c <= 'f':
				n = n<<4 | uint64(c-'a'+10)
			}
		}
	}
	return n
}

// action holds every action against the truth.
func (r *Run) action(m *scenario.Machine, a core.Action) {
	r.noteDoubt(m)
	switch a := a.(type) {
	case core.Send:
		r.send(m, a.Msg)
	case core.Run:
		if r.tracing {
			r.traceAction(m, "run "+a.Resource+" "+a.Op.String())
		}
		r.run(m, a)
	case core.Log:
		r.Tally.note(a)
		if r.tracing {
			r.traceAction(m, a.Level.String()+" "+a.Text)
		}
		if n, _, ok := strings.Cut(a.Text, " lost packet(s) for ["); ok {
			count, _ := strconv.ParseUint(n, 10, 64)
			s := &r.sent[m.Index()]
			s.missed = append(s.missed, missing{r.w.Now, count})
		}
		if name, ok := strings.CutSuffix(a.Text, ": is dead"); ok && !m.Foreign {
			r.declaredDead(m, strings.TrimPrefix(name, "node "))
		}
	case core.Reboot:
		r.Tally.note(a)
		r.still = false
		r.traceAction(m, "reboot: "+a.Reason)
	}
}

func (r *Run) traceAction(m *scenario.Machine, text string) {
	if r.tracing {
		r.Trace("%s %-6s%s", scenario.Stamp(r.w.Now), m.Name, text)
	}
}

// send looks at a message that goes out for the first time; a retransmission tells of the past.
func (r *Run) send(m *scenario.Machine, msg *wire.Message) {
	s := &r.sent[m.Index()]
	s.at = r.w.Now
	seq := number(msg, "seq")
	if s.life != m.Life() {
		s.life, s.seq, s.gen = m.Life(), 0, max(s.gen, m.Generation)
	}
	if seq <= s.seq {
		return
	}
	s.seq = seq
	switch {
	case isType(msg, "status"):
	case isType(msg, "hb_takeover"):
		r.wordSent(m, seq)
		r.traceMessage(m, msg)
	case isType(msg, "resource"):
		r.claimTruth(m, "its claim", msg.Str("hbd_groups"))
		r.traceMessage(m, msg)
	case isType(msg, "shutdone"):
		r.claimTruth(m, "its goodbye", "")
		r.traceMessage(m, msg)
	default:
		r.traceMessage(m, msg)
	}
}

func (r *Run) traceMessage(m *scenario.Machine, msg *wire.Message) {
	if !r.tracing {
		return
	}
	text := ""
	for _, k := range []string{"t", "rsc_hold", "isstable", "info", "hbd_groups", "hbd_failed", "hbd_standby"} {
		if v := msg.Str(k); v != "" {
			text += " " + k + "=" + v
		}
	}
	r.traceAction(m, "send"+text)
}

// changed is the start or stop of a resource.
func (r *Run) changed(_ *scenario.Machine, word string) {
	if !r.split {
		r.oneOwnerOf(word)
	}
	r.fencedOneOwner(word)
}

// fresh says whether a machine's newest daemon has a higher generation than all before it, so that
// whoever heard those accepts it.
func (r *Run) fresh(m *scenario.Machine) bool {
	s := &r.sent[m.Index()]
	if s.life == m.Life() && s.gen > m.Generation {
		return false
	}
	for _, hs := range r.heard {
		h := &hs[m.Index()]
		if h.gen > m.Generation || h.gen == m.Generation && s.life == m.Life() && h.newest > s.seq {
			return false
		}
	}
	return true
}

// newest is the highest generation a machine ever had.
func (r *Run) newest(m *scenario.Machine) uint64 { return max(r.sent[m.Index()].gen, m.Generation) }
