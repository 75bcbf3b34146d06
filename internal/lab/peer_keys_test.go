//go:build integration && long

package lab

import (
	"strings"
	"testing"
	"time"
)

const (
	peerOldKey = "1 md5 the-old-secret\n"
	peerNewKey = "2 sha1 the-new-secret\n"
)

// rekey edits authkeys of a node and reloads it. 3.0.6 looks at the time of the file, to the second.
func (p *peers) rekey(name, keys string) {
	p.Helper()
	time.Sleep(1100 * time.Millisecond)
	p.must(p.nodes[name].WriteFile("/etc/ha.d/authkeys", keys, 0o600))
	run(p.T, p.nodes[name], daemonPath, "-r")
}

// refused says how many datagrams a C node has refused for their signature.
func (p *peers) refused(name string) int {
	return strings.Count(p.log(name), "netstring authentication failed")
}

// TestPeerKeyChange changes the key of a running pair one node at a time, with
// work in between. A C node refuses whatever is not signed with its own sending
// key, so between two of them there is no such order (TestPeerKeyChangeOfTwoC); ours answers a C node
// with the key it speaks with.
func TestPeerKeyChange(t *testing.T) {
	t.Parallel()
	eachPairing(t, peerMixed, func(t *testing.T, kinds string) {
		p := newPeers(t, kinds, Files{HACF: peerHACF + "auto_failback off\n", Haresources: peerResources, Authkeys: "auth 1\n" + peerOldKey})
		p.start("node1", "node2")
		p.runs("both run", "web:node1 db:node2")
		p.settle("node1", "node2")
		for _, name := range peerNames {
			p.rekey(name, "auth 1\n"+peerOldKey+peerNewKey)
		}
		p.rekey("node1", "auth 2\n"+peerOldKey+peerNewKey)
		p.works("node1 signs with the new key")
		p.rekey("node2", "auth 2\n"+peerOldKey+peerNewKey)
		p.works("both do")
		p.rekey("node1", "auth 2\n"+peerNewKey)
		p.works("node1 has forgotten the old one")
		p.rekey("node2", "auth 2\n"+peerNewKey)
		p.works("both have")
		p.undisturbed()
	})
}

// TestPeerKeyChangeAtOnce: a C node goes from one key to the other in one edit, if ours knows both
// by then.
func TestPeerKeyChangeAtOnce(t *testing.T) {
	t.Parallel()
	p := newPeers(t, "CH", Files{HACF: peerHACF + "auto_failback off\n", Haresources: peerResources, Authkeys: "auth 1\n" + peerOldKey})
	p.start("node1", "node2")
	p.runs("both run", "web:node1 db:node2")
	p.settle("node1", "node2")
	p.rekey("node2", "auth 2\n"+peerOldKey+peerNewKey)
	p.works("ours knows both and would sign with the new one")
	p.rekey("node1", "auth 2\n"+peerNewKey)
	p.works("the C node knows the new one only")
	p.rekey("node2", "auth 2\n"+peerNewKey)
	p.works("so does ours")
	p.undisturbed()
}

// works moves a group there and back: every kind of message gets through.
func (p *peers) works(what string) {
	p.Helper()
	p.settle("node1", "node2")
	run(p.T, p.nodes["node1"], "/usr/share/heartbeat/hb_standby", "local")
	p.runs(what+": one way", "web:node2 db:node2")
	p.settle("node1", "node2")
	run(p.T, p.nodes["node1"], "/usr/share/heartbeat/hb_takeover", "local")
	p.runs(what+": and back", "web:node1 db:node2")
	p.settle("node1", "node2")
}

// undisturbed fails the test if a beat was late, or a C node refused more than what was on its way
// while it changed its key.
func (p *peers) undisturbed() {
	p.Helper()
	for _, name := range peerNames {
		for _, word := range []string{"Late heartbeat", "is dead", "lost a lot", "Irretrievably"} {
			if strings.Contains(p.log(name), word) {
				p.Errorf("%s logged %q", name, word)
			}
		}
		p.Logf("%s refused %d datagrams", name, p.refused(name))
		if n := p.refused(name); n > 6 {
			p.Errorf("%s refused %d datagrams, want what two links carry in a beat or two", name, n)
		}
	}
	p.oneOwner()
	p.clean("netstring authentication failed", "authtoken does not match", "MSG: Dumping", "ERROR: MSG[")
}

// TestPeerKeyChangeOfTwoC shows what the same edits do to two C nodes: they lose each other.
func TestPeerKeyChangeOfTwoC(t *testing.T) {
	t.Parallel()
	p := newPeers(t, "CC", Files{HACF: peerHACF + "auto_failback off\n", Haresources: peerResources, Authkeys: "auth 1\n" + peerOldKey + peerNewKey})
	p.start("node1", "node2")
	p.runs("both run", "web:node1 db:node2")
	p.settle("node1", "node2")
	p.rekey("node1", "auth 2\n"+peerOldKey+peerNewKey)
	p.awaits("node1", "WARN: node node2: is dead", 1)
	p.awaits("node2", "WARN: node node1: is dead", 1)
}
