package explore

import (
	"slices"
	"strconv"
	"strings"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

// messagePrint is what of a message can bear on its receiver. Numbers of messages are kept apart.
type messagePrint struct {
	kind    string
	info    string
	hash    uint64
	seq     uint64 // 0: it has none
	gen     uint64 // the receiver's life, as the sender knows it
	ofOurs  []uint64
	ofPeers []uint64
}

// silent are fields that bear on nothing but the log.
var silent = []string{"src", "srcuuid", "ts", "ld", "ttl", "seq", "hbd_claim", "hbd_standby", "ackseq", "firstseq", "lastseq", "hbd_groups"}

func printMessage(m *wire.Message, gen uint64) *messagePrint {
	f := &messagePrint{kind: m.Str("t"), info: m.Str("info"), gen: gen, hash: offset}
	for i := range m.Fields {
		if name := m.Fields[i].Name; !slices.Contains(silent, name) {
			f.hash = hashText(hashText(f.hash, name), string(m.Fields[i].Value))
		}
	}
	if m.Has("hbd_groups") {
		f.hash = hashText(f.hash, "hbd_groups")
		for _, word := range strings.Fields(m.Str("hbd_groups")) {
			n, rest, _ := strings.Cut(word, ":")
			_, key, _ := strings.Cut(rest, ":") // between them its age, for the log
			f.hash = hashText(hashText(f.hash, n), key)
		}
	}
	f.seq = number(m.Str("seq"), 16)
	id, phase, _ := strings.Cut(m.Str("hbd_standby"), " ")
	f.hash = hashText(f.hash, phase)
	giver := phase == "asked" || phase == "releasing" || phase == "waiting"
	f.ofOurs = []uint64{f.seq, number(m.Str("hbd_claim"), 16), 0}
	f.ofPeers = []uint64{number(m.Str("ackseq"), 16), 0, 0}
	if giver {
		f.ofOurs[2] = number(id, 16)
	} else {
		f.ofPeers[1] = number(id, 16)
	}
	switch f.kind {
	case "NS_rexmit":
		f.ofPeers[2] = number(m.Str("firstseq"), 10)
	case "NS_nak_rexmit":
		f.ofOurs[0] = number(m.Str("firstseq"), 16)
	}
	return f
}

func number(s string, base int) uint64 {
	n, _ := strconv.ParseUint(s, base, 64)
	return n
}

const (
	offset = 14695981039346656037 // FNV-1a
	prime  = 1099511628211
)

func hashText(h uint64, s string) uint64 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * prime
	}
	return (h ^ 0xff) * prime
}

// mix is one round of a 64-bit hash over words (the finalizer of MurmurHash3).
func mix(h, w uint64) uint64 {
	h ^= w
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	h ^= h >> 33
	return h + 0x9e3779b97f4a7c15
}

func hashWords(h uint64, words []uint64) uint64 {
	for _, w := range words {
		h = mix(h, w)
	}
	return h
}

// numbering makes the numbers of messages relative: an old one only has its rank, a newer one its distance
// from the newest (reach).
type numbering struct {
	refs  []ref
	words []uint64
	print core.Print
}

type ref struct {
	at    int
	node  int
	life  uint64
	value uint64
}

func (n *numbering) add(node int, life, value uint64) {
	if value != 0 {
		n.refs = append(n.refs, ref{len(n.words), node, life, value})
	}
	n.words = append(n.words, 0)
}

func (n *numbering) flags(flags ...bool) {
	w := uint64(0)
	for i, f := range flags {
		if f {
			w |= 1 << i
		}
	}
	n.words = append(n.words, w)
}

// digest is the state's hash, but for what is left of the budget. Scratch memory is the caller's.
func (p *pair) digest(n *numbering) uint64 {
	n.refs, n.words = n.refs[:0], n.words[:0]
	for i := range p.nodes {
		p.digestMachine(n, i)
	}
	first := len(n.words)
	for k := range p.ways {
		p.digestFlight(n, &p.ways[k])
	}
	end := len(n.words)
	n.flags(p.cut[0], p.cut[1], p.split)
	n.words = append(n.words, p.deafFor(), p.idleFor(0), p.idleFor(1), uint64(p.owner), uint64(p.moved))
	p.resolve(n)
	h := hashWords(hashWords(offset, n.words[:first]), n.words[end:])
	// The order counts among the messages of one sender only.
	var each [2]uint64
	for k := range p.ways {
		from := p.ways[k].from
		each[from] = hashWords(each[from]+1, n.words[first+k*flightWords:first+(k+1)*flightWords])
	}
	return mix(mix(h, each[0]), each[1])
}

func (p *pair) digestMachine(n *numbering, i int) {
	m := &p.nodes[i]
	n.words = append(n.words, uint64(m.running), uint64(m.broken), uint64(len(m.jobs)), uint64(len(m.held)), uint64(m.file))
	n.flags(m.core != nil, m.stalled, m.blamed)
	for _, j := range m.jobs {
		n.words = append(n.words, p.script(j.run))
		n.flags(j.life == m.life, j.hangs)
	}
	for _, r := range m.held {
		n.words = append(n.words, p.script(r))
	}
	if m.core == nil {
		return
	}
	n.words = append(n.words, uint64(min(p.now-m.heard, initdead)), uint64(min(p.now-m.booted, initdead)))
	if m.stalled {
		n.words = append(n.words, uint64(p.now-m.since))
	}
	gen := m.core.Standing().Gen
	n.words = append(n.words, p.nodes[1-i].behind(gen))
	n.print.Words, n.print.Numbers = n.print.Words[:0], n.print.Numbers[:0]
	m.core.Print(&n.print, p.now)
	base := len(n.words)
	n.words = append(n.words, n.print.Words...)
	for _, x := range n.print.Numbers {
		r := ref{base + x.At, i, m.life, x.Value}
		if !x.Own {
			r.node, r.life = 1-i, gen
		}
		n.refs = append(n.refs, r)
	}
	p.digestKept(n, i)
	for _, ev := range m.inbox {
		switch ev := ev.(type) {
		case core.Received:
			p.digestFlight(n, &flight{from: 1 - i, life: number(ev.Msg.Str("hg"), 16), msg: ev.Msg, sent: p.now, print: printMessage(ev.Msg, m.life)})
			n.words = append(n.words, uint64(p.now-ev.Heard))
		case core.ScriptDone:
			n.words = append(n.words, ev.ID, uint64(ev.RC), uint64(len(ev.Output)))
			n.flags(ev.Unsure)
		case core.StandbyCommand:
			n.words = append(n.words, hashText(offset, "standby"+string(ev.Which)))
		case core.TakeoverCommand:
			n.words = append(n.words, hashText(offset, "takeover"+string(ev.Which)))
		default:
			n.words = append(n.words, 1)
		}
	}
}

// behind is how many lives ago one was; 0: this one, or none yet.
func (m *machine) behind(life uint64) uint64 {
	if life == 0 {
		return 1 << 32
	}
	return m.life - life
}

// digestKept is what a node keeps that the other still asks for.
func (p *pair) digestKept(n *numbering, i int) {
	m, other := &p.nodes[i], &p.nodes[1-i]
	if other.core == nil || other.core.Standing().Gen != m.life {
		return
	}
	for _, seq := range other.core.Waited() {
		if msg, again := m.core.Kept(seq, p.now); msg != nil {
			f := printMessage(msg, m.core.Standing().Gen)
			n.words = append(n.words, f.hash, uint64(again))
			n.add(i, m.life, f.ofOurs[1])
			n.add(i, m.life, f.ofOurs[2])
			n.add(1-i, f.gen, f.ofPeers[1])
		}
	}
}

func (p *pair) script(r core.Run) uint64 {
	return uint64(p.scope.bit(r.Resource))<<8 | uint64(r.Op)
}

// flightWords is how many words digestFlight adds.
const flightWords = 9

func (p *pair) digestFlight(n *numbering, f *flight) {
	n.words = append(n.words, f.print.hash, p.nodes[f.from].behind(f.life)<<8|uint64(f.from), uint64(p.now-f.sent))
	for _, x := range f.print.ofOurs {
		n.add(f.from, f.life, x)
	}
	for _, x := range f.print.ofPeers {
		n.add(1-f.from, f.print.gen, x)
	}
}

// resolve writes the relative numbers into the words.
func (p *pair) resolve(n *numbering) {
	slices.SortFunc(n.refs, func(a, b ref) int {
		switch {
		case a.node != b.node:
			return a.node - b.node
		case a.life != b.life:
			return int(a.life) - int(b.life)
		case a.value < b.value:
			return 1
		case a.value > b.value:
			return -1
		}
		return 0
	})
	for from := 0; from < len(n.refs); {
		to := from + 1
		for to < len(n.refs) && n.refs[to].node == n.refs[from].node && n.refs[to].life == n.refs[from].life {
			to++
		}
		p.resolveLife(n, n.refs[from:to])
		from = to
	}
}

func (p *pair) resolveLife(n *numbering, refs []ref) {
	node, life := refs[0].node, refs[0].life
	top, reach := p.top(node, life), p.reach(node, life)
	rank, last := uint64(0), uint64(0)
	for _, r := range refs {
		if r.value >= reach {
			n.words[r.at] = 1<<32 + (top - r.value)
			continue
		}
		if r.value != last {
			rank, last = rank+1, r.value
		}
		n.words[r.at] = rank
	}
}

// top is the newest number of a life.
func (p *pair) top(i int, life uint64) uint64 {
	m := &p.nodes[i]
	switch {
	case life == m.life && m.core != nil:
		return m.core.Seq()
	case life >= firstLife && int(life-firstLife) < len(m.tops):
		return m.tops[life-firstLife]
	}
	return 0
}

// reach is the oldest number whose distance to the newest counts: what lies beyond the last that the
// other node has becomes a hole when a newer one comes. Of older ones, missing or not, only the order counts.
func (p *pair) reach(i int, life uint64) uint64 {
	reach, last := p.top(i, life)+1, uint64(0)
	other := &p.nodes[1-i]
	if other.core != nil {
		st := other.core.Standing()
		if st.Gen == life {
			last = st.Last
			if !st.Adrift {
				reach = min(reach, last+1)
			}
		}
		for _, ev := range other.inbox {
			if r, ok := ev.(core.Received); ok && number(r.Msg.Str("hg"), 16) == life {
				reach = nearer(reach, number(r.Msg.Str("seq"), 16), last)
			}
		}
	}
	for k := range p.ways {
		if f := &p.ways[k]; f.from == i && f.life == life {
			reach = nearer(reach, f.print.seq, last)
		}
	}
	return reach
}

func nearer(reach, seq, last uint64) uint64 {
	if seq > last {
		return min(reach, seq)
	}
	return reach
}
