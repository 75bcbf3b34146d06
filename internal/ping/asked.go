package ping

import (
	"crypto/rand"
	"net/netip"
	"time"
)

// Target is a node to be asked: a host, or a group of hosts of which one is enough.
type Target struct {
	Node  string // as the directive of ha.cf gave it, for the answer and for the log
	Kind  string // ping, ping6, ping_group: for the log
	Hosts []netip.Addr
}

// keptRequests is how many requests to a host may still be answered: an answer may take longer than the time
// between two requests.
const keptRequests = 8

// host is one address of a target.
type host struct {
	target int
	addr   netip.Addr
	asked  [keptRequests]asked // by number
}

// asked is a request.
type asked struct {
	seq   uint16
	nonce [nonceLength]byte
	waits bool // nobody has answered it
}

// book knows who was asked what, and which node has answered when.
type book struct {
	id     uint16
	seq    uint16
	hosts  []host
	byAddr map[netip.Addr][]int
	heard  []time.Duration // by target: its newest answer that nobody took; 0: none
}

func newBook(id uint16, targets []Target) *book {
	b := &book{id: id, byAddr: map[netip.Addr][]int{}, heard: make([]time.Duration, len(targets))}
	for i, t := range targets {
		seen := map[netip.Addr]bool{}
		for _, a := range t.Hosts {
			if a = a.Unmap(); seen[a] || !a.IsValid() {
				continue
			}
			seen[a] = true
			b.byAddr[a] = append(b.byAddr[a], len(b.hosts))
			b.hosts = append(b.hosts, host{target: i, addr: a})
		}
	}
	return b
}

// ask makes the next request to a host.
func (b *book) ask(i int, seq uint16) *echo {
	e := &echo{id: b.id, seq: seq}
	rand.Read(e.nonce[:]) //nolint:errcheck // never fails
	b.hosts[i].asked[int(seq)%keptRequests] = asked{seq: seq, nonce: e.nonce, waits: true}
	return e
}

// answer judges a reply from an address; true if it is the first one to a request of ours.
func (b *book) answer(from netip.Addr, e *echo, now time.Duration) bool {
	if e.id != b.id {
		return false
	}
	for _, i := range b.byAddr[from.Unmap().WithZone("")] {
		h := &b.hosts[i]
		a := &h.asked[int(e.seq)%keptRequests]
		if !a.waits || a.seq != e.seq || a.nonce != e.nonce {
			continue
		}
		a.waits = false
		b.heard[h.target] = max(b.heard[h.target], now, 1)
		return true
	}
	return false
}
