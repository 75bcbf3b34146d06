//go:build integration

package lab

import (
	"fmt"
	"testing"
	"time"
)

// TestDouble: with every datagram doubled each node hears twice what the other sends, and nothing moves.
func TestDouble(t *testing.T) {
	c := newCluster(t)
	c.startBoth()
	rate := func() float64 {
		heard := func() uint64 {
			s, err := c.status("node2")
			c.must(err)
			return s.Media[0].Heard
		}
		first, begin := heard(), time.Now()
		c.must(Eventually(clusterPatience, "two seconds to pass", func() bool { return time.Since(begin) > 2*time.Second }))
		return float64(heard()-first) / time.Since(begin).Seconds()
	}
	single := rate()
	c.must(c.lab.Double(100))
	double := rate()
	c.must(c.lab.Double(0))
	if after := rate(); double < 1.4*single || after > 1.2*single {
		t.Errorf("%.1f datagrams a second, doubled %.1f, then %.1f", single, double, after)
	}
	if err := c.lab.Double(101); err == nil {
		t.Error("101 % is accepted")
	}
	c.oneOwnerAlways()
	c.nothingMoved()
}

// TestAddressTaken: the address is gone while it is taken, and back afterwards; the other link carries the cluster.
func TestAddressTaken(t *testing.T) {
	c := newCluster(t)
	c.startBoth()
	peer := fmt.Sprint(c.nodes["node2"].Address(1))
	c.must(c.nodes["node1"].Reach(peer))
	c.must(c.nodes["node1"].TakeAddress(1))
	if err := c.nodes["node1"].Reach(peer); err == nil {
		t.Error("node1 reaches node2 without an address")
	}
	c.must(c.nodes["node1"].GiveAddress(1))
	c.must(c.nodes["node1"].Reach(peer))
	c.settle("node1", "node1", "node2")
	c.oneOwnerAlways()
	c.nothingMoved()
}
