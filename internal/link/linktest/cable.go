// Package linktest is a network in memory, for tests of what uses a [link.Set]: named cables between
// named nodes that lose, hold back, double and cut by command. Nothing happens by itself: Send
// delivers before it returns, and chance comes from a seed.
package linktest

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"heartbeatd/internal/link"
)

// Network is a set of cables, each reaching every node that joined.
type Network struct {
	mu     sync.Mutex
	clock  func() time.Duration
	random *rand.Rand
	cables []*Cable
	ends   []*End
	joins  byte
}

// New makes a network with the named cables (eth0, eth1). clock stamps datagrams; nil means that all
// are stamped 0. The seed decides which datagrams a lossy cable loses.
func New(clock func() time.Duration, seed uint64, cables ...string) *Network {
	if clock == nil {
		clock = func() time.Duration { return 0 }
	}
	n := &Network{clock: clock, random: rand.New(rand.NewPCG(seed, seed))}
	for _, name := range cables {
		n.cables = append(n.cables, &Cable{net: n, name: name, cut: make(map[way]bool)})
	}
	return n
}

// Cable returns the cable of that name. A name that was not given to New is a mistake in the test.
func (n *Network) Cable(name string) *Cable {
	for _, c := range n.cables {
		if c.name == name {
			return c
		}
	}
	panic(fmt.Sprintf("linktest: no cable %q", name))
}

// Join connects a node to every cable. room is how many datagrams wait for it on each cable, besides
// the one that is next. A node that closed its end may join again.
func (n *Network) Join(node string, room int) *End {
	n.mu.Lock()
	defer n.mu.Unlock()
	e := &End{net: n, node: node, inbox: make(chan link.Datagram), done: make(chan struct{}), joined: n.clock()}
	n.joins++
	e.from = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, n.joins}), 694)
	e.sent, e.heard = make(map[string]uint64), make(map[string]uint64)
	e.lines = make(map[string]*line)
	for _, c := range n.cables {
		l := &line{buffer: make(chan link.Datagram, room)}
		e.lines[c.name] = l
		e.readers.Go(func() { e.read(l) })
	}
	n.ends = append(n.ends, e)
	return e
}

// way is a direction on a cable.
type way struct{ from, to string }

// Held is a datagram that a cable holds back.
type Held struct {
	From, To string
	Data     []byte

	sender, receiver *End
}

// Cable is one cable and its faults. They concern what is sent after the call.
type Cable struct {
	net    *Network
	name   string
	cut    map[way]bool
	rate   float64
	lose   int
	double bool
	echo   bool
	hold   bool
	held   []Held
}

func (c *Cable) set(f func()) {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	f()
}

// Cut stops everything from one node to another. "" is any node.
func (c *Cable) Cut(from, to string) { c.set(func() { c.cut[way{from, to}] = true }) }

// Mend undoes every Cut.
func (c *Cable) Mend() { c.set(func() { clear(c.cut) }) }

// Lose loses the next n deliveries.
func (c *Cable) Lose(n int) { c.set(func() { c.lose = n }) }

// LoseRate loses each delivery with probability p, 0..1.
func (c *Cable) LoseRate(p float64) { c.set(func() { c.rate = p }) }

// Duplicate delivers everything twice.
func (c *Cable) Duplicate(on bool) { c.set(func() { c.double = on }) }

// Echo gives a sender its own datagrams too, as broadcast does.
func (c *Cable) Echo(on bool) { c.set(func() { c.echo = on }) }

// Hold keeps back what is sent from now on, for Deliver and Release to let through.
func (c *Cable) Hold() { c.set(func() { c.hold = true }) }

// Held lists what is kept back, oldest first.
func (c *Cable) Held() []Held {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	return slices.Clone(c.held)
}

// Deliver lets the i-th of Held through, in whatever order a test likes.
func (c *Cable) Deliver(i int) {
	c.set(func() {
		h := c.held[i]
		c.held = slices.Delete(c.held, i, i+1)
		c.hand(h)
	})
}

// Release lets everything through, oldest first, and holds nothing back any more.
func (c *Cable) Release() {
	c.set(func() {
		c.hold = false
		for _, h := range c.held {
			c.hand(h)
		}
		c.held = nil
	})
}

// carry takes one datagram to everybody. Called with the lock held, as are the ones below.
func (c *Cable) carry(from *End, data []byte) {
	for _, to := range c.net.ends {
		if to == from && !c.echo || c.isCut(from.node, to.node) || c.isLost() {
			continue
		}
		h := Held{From: from.node, To: to.node, Data: slices.Clone(data), sender: from, receiver: to}
		copies := 1
		if c.double {
			copies = 2
		}
		for range copies {
			if c.hold {
				c.held = append(c.held, h)
			} else {
				c.hand(h)
			}
		}
	}
}

func (c *Cable) isCut(from, to string) bool {
	return c.cut[way{from, to}] || c.cut[way{from, ""}] || c.cut[way{"", to}] || c.cut[way{"", ""}]
}

func (c *Cable) isLost() bool {
	if c.lose > 0 {
		c.lose--
		return true
	}
	return c.rate > 0 && c.net.random.Float64() < c.rate
}

func (c *Cable) hand(h Held) {
	now := c.net.clock()
	h.receiver.take(link.Datagram{
		Link: c.name, From: h.sender.from, At: time.Unix(0, 0).Add(now), Mono: now, Data: slices.Clone(h.Data),
	})
}
