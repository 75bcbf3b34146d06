package core

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// Both nodes compare the same two terms, and exactly one of them keeps the group: whatever the terms are, and however far
// apart. A tie is for the home, and both know whose that is.
func TestOneOfTwoTermsKeeps(t *testing.T) {
	numbers := []uint64{0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 16, 17, 100, 101, 1 << 20, 1<<32 - 1, 1 << 32, 1<<63 - 1, 1 << 63, math.MaxUint64 - 1, math.MaxUint64}
	var all []term
	for _, n := range numbers {
		all = append(all, term{n: n}, term{n: n, blind: true})
	}
	for _, a := range all {
		for _, b := range all {
			for _, home := range []bool{true, false} {
				mine, theirs := a.before(b, home), b.before(a, !home)
				if mine == theirs {
					t.Errorf("%v and %v, the first at home: %v; keeps: %v and %v", a, b, home, mine, theirs)
				}
				switch {
				case a.blind != b.blind && mine == a.blind:
					t.Errorf("%v and %v: who took it blindly keeps it", a, b)
				case a.blind == b.blind && a.n != b.n && mine != (a.n < b.n):
					t.Errorf("%v and %v: the later one keeps it", a, b)
				}
			}
		}
	}
}

// The same with two whole cores, each of which gets the other's claim: of two owners one lets go, after however many
// changes of owner on either side.
func TestClashEndsWhateverTheTerms(t *testing.T) {
	numbers := []uint64{1, 2, 3, 4, 5, 8, 20, 1000}
	for _, x := range numbers {
		for _, y := range numbers {
			for _, blind := range [][2]bool{{}, {true, false}, {false, true}, {true, true}} {
				keeps := map[string]bool{}
				for i, own := range []uint64{x, y} {
					names := [2]string{"alpha", "beta"}
					b := holder(t, names[i], names[1-i], term{own, blind[i]})
					b.from("resource", "src", names[1-i], "rsc_hold", "all", "rtype", "full", "isstable", "1", "hbd", "1",
						"hbd_groups", claimed(term{[]uint64{y, x}[i], blind[1-i]})+":9000:web")
					b.wants("Both machines own resource group web")
					keeps[names[i]] = b.group("web").want
				}
				if keeps["alpha"] == keeps["beta"] {
					t.Errorf("terms %d and %d, blind %v: keeps: %v", x, y, blind, keeps)
				}
			}
		}
	}
}

// holder is a settled core of that name that holds web, whose home is alpha, with a term.
func holder(t *testing.T, self, peer string, own term) *bench {
	t.Helper()
	b := newBench(t, func(c *Config) {
		c.Self, c.Peer = self, peer
		c.Groups = []GroupConfig{{Home: "alpha", Resources: []string{"web"}}}
	})
	b.from("status", "src", peer, "st", "up", "dt", "1388", "protocol", "1", "hbd", "1")
	b.from("status", "src", peer, "st", "active", "dt", "1388", "protocol", "1", "hbd", "1")
	b.from("repnodes", "src", peer, "dest", self, "nodelist", "alpha beta ", "delnodelist", " ")
	b.from("resource", "src", peer, "rsc_hold", "none", "rtype", "full", "isstable", "1", "hbd", "1", "hbd_groups", "")
	b.advance(6 * time.Second) // a split: this node takes what it has not
	b.from("status", "src", peer, "st", "active", "dt", "1388", "protocol", "1", "hbd", "1")
	g := b.group("web")
	if b.c.phase != phaseStable || !g.ours() {
		t.Fatalf("%s does not hold web: phase %d, state %d:\n%s", self, b.c.phase, g.state, b.text())
	}
	g.term = own
	b.clear()
	return b
}

// claimed is a term as a claim names it.
func claimed(t term) string {
	if t.blind {
		return fmt.Sprintf("b%d", t.n)
	}
	return fmt.Sprint(t.n)
}
