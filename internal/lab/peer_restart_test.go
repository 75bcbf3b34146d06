//go:build integration && long

package lab

import (
	"testing"
	"time"
)

// TestPeerReload: a C node whose ha.cf has changed is reloaded. It restarts itself without letting
// go of what it has, and says that it is settled at once.
func TestPeerReload(t *testing.T) {
	t.Parallel()
	eachPairing(t, peerMixed, func(t *testing.T, kinds string) {
		p := newPeers(t, kinds, Files{HACF: peerHACF + "auto_failback off\n", Haresources: peerResources})
		c := peerNames[map[byte]int{'C': 0, 'H': 1}[kinds[0]]]
		p.start("node1", "node2")
		p.runs("both run", "web:node1 db:node2")
		p.settle("node1", "node2")
		for _, where := range []string{"web:node1 db:node2", "web:node1 db:node1", "web:node2 db:node2"} {
			p.move(where)
			time.Sleep(1100 * time.Millisecond)
			p.must(p.nodes[c].WriteFile("/etc/ha.d/ha.cf", peerHACF+"auto_failback off\n# changed\n", 0o644))
			run(t, p.nodes[c], daemonPath, "-r")
			p.stays("the reload of "+c+" moves nothing", 8*time.Second, where)
			p.settle("node1", "node2")
		}
		p.move("web:node1 db:node2")
		p.oneOwner()
		p.clean()
	})
}

// move brings groups to where they should be, by standbys.
func (p *peers) move(want string) {
	p.Helper()
	p.settle("node1", "node2")
	p.must(Eventually(40*time.Second, want, func() bool {
		switch now := p.where(); {
		case now == want:
			return true
		case want == "web:node1 db:node2" && now == "web:node1 db:node1":
			p.nodes["node1"].Run("/usr/share/heartbeat/hb_standby", "foreign")
		case want == "web:node1 db:node2":
			p.nodes["node2"].Run("/usr/share/heartbeat/hb_standby", "foreign")
		case want == "web:node1 db:node1":
			p.nodes["node2"].Run("/usr/share/heartbeat/hb_standby", "all")
		case want == "web:node2 db:node2":
			p.nodes["node1"].Run("/usr/share/heartbeat/hb_standby", "all")
		}
		time.Sleep(3 * time.Second)
		return p.where() == want
	}))
	p.settle("node1", "node2")
}

// TestPeerRestartsQuickly: one daemon is killed with its machine and is back before its deadtime,
// with nothing running.
func TestPeerRestartsQuickly(t *testing.T) {
	t.Parallel()
	eachPairing(t, peerMixed, func(t *testing.T, kinds string) {
		p := newPeers(t, kinds, Files{HACF: peerHACF + "auto_failback off\n", Haresources: peerResources})
		p.start("node1", "node2")
		p.runs("both run", "web:node1 db:node2")
		for _, name := range peerNames {
			for _, where := range []string{"web:node1 db:node2", "web:node1 db:node1", "web:node2 db:node2"} {
				p.move(where)
				p.cut(name)
				p.boot(name)
				p.start(name)
				p.Logf("%6.1f s: %s is back at once; it was %s", time.Since(p.began).Seconds(), name, where)
				time.Sleep(4 * time.Second)
				p.settle("node1", "node2")
				p.Logf("%6.1f s: now %s", time.Since(p.began).Seconds(), p.where())
				p.served()
			}
		}
		p.oneOwner()
		p.clean()
	})
}

// served waits until each group runs somewhere.
func (p *peers) served() {
	p.Helper()
	p.must(Eventually(40*time.Second, "each group to run on one node", func() bool {
		w := p.where()
		return !containsAny(w, []string{"nobody", "both"})
	}))
}

// TestPeerSplit: the nodes do not hear each other until both run everything; then they do. The C node
// stops all and restarts itself; ours keeps everything in service meanwhile.
func TestPeerSplit(t *testing.T) {
	t.Parallel()
	for _, failback := range []string{"off", "on", "legacy"} {
		t.Run(failback, func(t *testing.T) {
			eachPairing(t, peerMixed, func(t *testing.T, kinds string) { peerSplit(t, kinds, failback) })
		})
	}
}

func peerSplit(t *testing.T, kinds, failback string) {
	p := newPeers(t, kinds, Files{HACF: peerHACF + "auto_failback " + failback + "\n", Haresources: peerResources})
	p.start("node1", "node2")
	p.runs("both run", "web:node1 db:node2")
	p.settle("node1", "node2")
	for link := range 2 {
		p.must(p.nodes["node1"].Unplug(link))
	}
	p.runs("each has all", "web:both db:both")
	p.settle("node1", "node2")
	for link := range 2 {
		p.must(p.nodes["node1"].Plug(link))
	}
	ours, home := "node1", "web:node1 db:node2"
	if kinds[0] == 'C' {
		ours = "node2"
	}
	p.runs("the C node has stopped everything", "web:"+ours+" db:"+ours)
	p.awaits(ours, "info: Heartbeat restart on node", 1)
	if failback == "off" {
		p.settle("node1", "node2")
		p.stays("ours keeps what it has", 3*time.Second, "web:"+ours+" db:"+ours)
	} else {
		p.runs("the C node has got its own back", home)
	}
	mine := map[string]string{"node1": "web", "node2": "db"}[ours]
	if gaps := p.gaps(mine); len(gaps) > 0 {
		t.Errorf("%s was without service for %v", mine, gaps)
	}
}
