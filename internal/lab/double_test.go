//go:build integration

package lab

import (
	"fmt"
	"testing"
	"time"
)

// TestDouble: with every datagram doubled each node hears twice what the other sends, and nothing moves.
func TestDouble(t *testing.T) { fairly(t, playDouble) }

func playDouble(t testing.TB) {
	c := newCluster(t)
	c.startBoth()
	medium := func(node string) (sent, heard float64) {
		s, err := c.status(node)
		c.must(err)
		return float64(s.Media[0].Sent), float64(s.Media[0].Heard)
	}
	// traffic is how much the nodes have sent on the broadcast link, and what node2 has heard there: its own
	// once, and the other's. node1 is asked before and after: it sends on while node2 is asked.
	traffic := func() (own, others, heard float64) {
		before, _ := medium("node1")
		own, heard = medium("node2")
		after, _ := medium("node1")
		return own, (before + after) / 2, heard
	}
	copies := func() float64 {
		own, others, heard := traffic()
		for {
			o, s, h := traffic()
			if s-others >= 20 {
				return (h - heard - (o - own)) / (s - others)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	single := copies()
	c.must(c.lab.Double(100))
	double := copies()
	c.must(c.lab.Double(0))
	if after := copies(); single < 0.7 || single > 1.3 || double < 1.7 || after > 1.3 {
		t.Errorf("each datagram came %.2f times, doubled %.2f, then %.2f", single, double, after)
	}
	if err := c.lab.Double(101); err == nil {
		t.Error("101 % is accepted")
	}
	c.oneOwnerAlways()
	c.nothingMoved()
}

// TestAddressTaken: the address is gone while it is taken, and back afterwards; the other link carries the cluster.
func TestAddressTaken(t *testing.T) { fairly(t, playAddressTaken) }

func playAddressTaken(t testing.TB) {
	c := newCluster(t)
	c.startBoth()
	peer := fmt.Sprint(c.nodes["node2"].Address(1))
	reaches(t, c.nodes["node1"], peer)
	c.must(c.nodes["node1"].TakeAddress(1))
	if err := c.nodes["node1"].Reach(peer); err == nil {
		t.Error("node1 reaches node2 without an address")
	}
	c.must(c.nodes["node1"].GiveAddress(1))
	reaches(t, c.nodes["node1"], peer)
	c.settle("node1", "node1", "node2")
	c.oneOwnerAlways()
	c.nothingMoved()
}
