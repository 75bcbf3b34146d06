//go:build integration && long

package lab

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// identityHACF is a cluster whose nodes have other names than their machines, and whose numbers come from elsewhere
// than usual.
const identityHACF = "logfile /var/log/ha-log\nkeepalive 200ms\nwarntime 1\ndeadtime 3\ninitdead 8\nbcast eth0\nnode Alpha beta\nauto_failback off\n" +
	"hopfudge 5\nhbgenmethod time\nuuidfrom nodename\nmax_rexmit_delay 500\ncluster mine\nsyslogmsgfmt false\nlog_badpack off\nautojoin none\n"

// TestPeerIdentity: nodeinfo, uuidfrom, hbgenmethod and hopfudge have the same effect on a C node and on ours.
func TestPeerIdentity(t *testing.T) {
	t.Parallel()
	said := map[string]string{}
	for _, kinds := range peerMixed {
		t.Run(kinds, func(t *testing.T) { said[kinds] = peerIdentity(t, kinds) })
	}
	if said["CH"] != said["HC"] {
		t.Errorf("as CH they say\n%s\nas HC\n%s", said["CH"], said["HC"])
	}
}

func peerIdentity(t *testing.T, kinds string) string {
	const later = "     4102444800\n" // the year 2100
	p := newPeers(t, kinds, Files{HACF: identityHACF, Haresources: "alpha web\nBeta db\n"})
	for i, name := range []string{"Alpha\nbeta\n", "BETA\n"} {
		if kinds[i] == 'H' { // 3.0.6 takes the whole line, blanks included
			name = "  " + strings.ReplaceAll(name, "\n", " more\n")
		}
		p.must(p.nodes[peerNames[i]].WriteFile("/etc/ha.d/nodeinfo", name, 0o644))
		p.must(p.nodes[peerNames[i]].WriteFile("/var/lib/heartbeat/hb_generation", later, 0o644))
	}
	w := p.tap()
	began := time.Now().Unix()
	p.start("node1", "node2")
	p.runs("both run", "web:node1 db:node2")
	p.settle("node1", "node2")
	var said []string
	for i, node := range []string{"alpha", "beta"} {
		name := peerNames[i]
		if text, err := p.nodes[name].ReadFile("/var/lib/heartbeat/hb_generation"); text != later {
			t.Errorf("%s: hb_generation is %q now (%v)", name, text, err)
		}
		for _, other := range []string{"alpha", "beta"} {
			if word := strings.TrimSpace(run(t, p.nodes[name], "cl_status", "nodestatus", other)); word != "active" {
				t.Errorf("%s holds %s for %q", name, other, word)
			}
		}
		if word := strings.TrimSpace(run(t, p.nodes[name], "cl_status", "hbparameter", "-p", "cluster")); word != "mine" {
			t.Errorf("%s: its cluster is %q", name, word)
		}
		if first, _, _ := strings.Cut(p.log(name), "\n"); !strings.HasPrefix(first, "heartbeat[") {
			t.Errorf("%s: the log begins %q", name, first)
		}
		m := w.status(t, name)
		var generation int64
		fmt.Sscanf(m.Str("hg"), "%x", &generation)
		if generation < began || generation > time.Now().Unix()+1 {
			t.Errorf("%s: generation %d, want the time, %d", name, generation, began)
		}
		said = append(said, fmt.Sprintf("%s: uuid %x ttl %s", m.Str("src"), m.Bin("srcuuid"), m.Str("ttl")))
		if !strings.HasPrefix(said[i], node+": ") {
			t.Errorf("%s calls itself %q", name, m.Str("src"))
		}
	}
	stays := peerNames[strings.Index(kinds, "C")]
	p.stop(peerNames[strings.Index(kinds, "H")])
	p.runs("ours has stopped", "web:"+stays+" db:"+stays)
	p.oneOwner()
	p.clean()
	t.Log(strings.Join(said, ", "))
	return strings.Join(said, "\n")
}
