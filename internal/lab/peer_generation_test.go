//go:build integration && long

package lab

import (
	"strings"
	"testing"
)

const (
	peerStrange = "replay attack"
	peerRestart = "info: Heartbeat restart on node node1"
	peerHost    = "node1\t8a8a8a8a-0000-4000-8000-000000000001\t100\t\n"
)

// TestPeerChangesInPlace: node1 goes from the C daemon to ours and back on the same disk, as often
// as an operator likes. Its peer, of either kind, sees the same node each time, with a higher
// generation.
func TestPeerChangesInPlace(t *testing.T) {
	t.Parallel()
	eachPairing(t, []string{"CC", "CH"}, peerChanges)
}

func peerChanges(t *testing.T, kinds string) {
	p := newPeers(t, kinds, Files{HACF: peerHACF + "auto_failback on\n", Haresources: peerResources})
	p.must(p.nodes["node1"].WriteFile("/var/lib/heartbeat/hostcache", peerHost, 0o600))
	p.start("node1", "node2")
	p.runs("both run", "web:node1 db:node2")
	p.settle("node1", "node2")
	uuid, err := p.nodes["node1"].ReadFile("/var/lib/heartbeat/hb_uuid")
	p.must(err)
	generation := p.generation("node1")
	for i, kind := range "HCHHC" {
		p.stop("node1")
		p.runs("node1 has stopped", "web:node2 db:node2")
		p.become("node1", byte(kind))
		p.start("node1")
		p.runs("node1 is back with "+string(kind), "web:node1 db:node2")
		p.settle("node1", "node2")
		if now := p.generation("node1"); now <= generation {
			t.Errorf("change %d to %c: generation %d after %d", i+1, kind, now, generation)
		} else {
			generation = now
		}
		p.awaits("node2", peerRestart, i+1)
	}
	if now, _ := p.nodes["node1"].ReadFile("/var/lib/heartbeat/hb_uuid"); now != uuid || len(uuid) != 16 {
		t.Errorf("hb_uuid was %x and is %x", uuid, now)
	}
	if now, _ := p.nodes["node1"].ReadFile("/var/lib/heartbeat/hostcache"); now != peerHost {
		t.Errorf("hostcache was %q and is %q", peerHost, now)
	}
	for _, name := range peerNames {
		if log := p.log(name); strings.Contains(log, peerStrange) || strings.Contains(log, "uuid changed") || strings.Contains(log, "changed its uuid") {
			t.Errorf("%s held a peer for a stranger", name)
		}
	}
	p.oneOwner()
	p.clean()
}

// TestPeerFirstStart: the files that heartbeatd makes at its very first start are good for a C daemon.
func TestPeerFirstStart(t *testing.T) {
	t.Parallel()
	p := newPeers(t, "HC", Files{HACF: peerHACF + "auto_failback on\n", Haresources: peerResources})
	p.start("node1", "node2")
	p.runs("both run", "web:node1 db:node2")
	p.settle("node1", "node2")
	uuid, _ := p.nodes["node1"].ReadFile("/var/lib/heartbeat/hb_uuid")
	generation := p.generation("node1")
	p.stop("node1")
	p.runs("node1 has stopped", "web:node2 db:node2")
	p.become("node1", 'C')
	p.start("node1")
	p.runs("node1 is back with C", "web:node1 db:node2")
	if now := p.generation("node1"); now != generation+1 {
		t.Errorf("the C daemon made generation %d of %d", now, generation)
	}
	if now, _ := p.nodes["node1"].ReadFile("/var/lib/heartbeat/hb_uuid"); now != uuid || len(uuid) != 16 {
		t.Errorf("the C daemon made uuid %x of %x", now, uuid)
	}
	if strings.Contains(p.log("node1"), "generating a new uuid") && strings.Count(p.log("node1"), "generating a new uuid") != 1 {
		t.Error("the C daemon did not take the uuid over")
	}
	p.clean()
}

// TestPeerGenerationLost: hb_generation of a stopped node is lowered, set to what it was, or lost.
// Ours comes back all the same; a C node is refused for a lower one, by ours as by a C node,
// until the refusing node restarts.
func TestPeerGenerationLost(t *testing.T) {
	t.Parallel()
	eachPairing(t, []string{"HC", "CH"}, func(t *testing.T, kinds string) {
		if kinds == "HC" {
			peerLost(t, kinds)
		} else {
			peerLowered(t, kinds)
		}
	})
}

func peerLost(t *testing.T, kinds string) {
	p := newPeers(t, kinds, Files{HACF: peerHACF + "auto_failback on\n", Haresources: peerResources})
	p.start("node1", "node2")
	p.runs("both run", "web:node1 db:node2")
	g := p.generation("node1")
	for i, change := range []func(){
		func() { p.setGeneration("node1", g-1000) },
		func() { p.setGeneration("node1", p.generation("node1")-1) },
		func() { p.must(p.nodes["node1"].Remove("/var/lib/heartbeat/hb_generation")) },
		func() { p.setGeneration("node1", p.generation("node1")+1000) },
	} {
		p.settle("node1", "node2")
		p.stop("node1")
		p.runs("node1 has stopped", "web:node2 db:node2")
		change()
		p.start("node1")
		p.runs("node1 is back", "web:node1 db:node2")
		p.awaits("node2", peerRestart, i+1)
	}
	p.oneOwner()
	p.clean()
}

func peerLowered(t *testing.T, kinds string) {
	p := newPeers(t, kinds, Files{HACF: peerHACF + "auto_failback on\n", Haresources: peerResources})
	p.start("node1", "node2")
	p.runs("both run", "web:node1 db:node2")
	g := p.generation("node1")
	p.settle("node1", "node2")
	p.stop("node1")
	p.runs("node1 has stopped", "web:node2 db:node2")
	p.setGeneration("node1", g+50)
	p.start("node1")
	p.runs("a higher one is no trouble", "web:node1 db:node2")
	p.settle("node1", "node2")
	p.stop("node1")
	p.runs("node1 has stopped", "web:node2 db:node2")
	p.setGeneration("node1", g)
	p.start("node1")
	p.awaits("node2", peerStrange, 1)
	p.awaits("node2", "WARN: node node1: is dead", 1)
	p.runs("node2 goes on alone", "web:node2 db:node2")
	p.cut("node2")
	p.boot("node2")
	p.start("node2")
	p.runs("a restart of node2 forgets", "web:node1 db:node2")
	p.settle("node1", "node2")
	p.oneOwner()
	p.clean(peerStrange)
}
