//go:build integration && long

package lab

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// plugin is a device of cluster-glue's kind external that works while there is /lab/fence-works.
const plugin = `#!/bin/sh
case $1 in
getconfignames) printf 'hostlist\npassword\n' ;;
gethosts) for h in $hostlist; do echo "$h"; done ;;
getinfo-devid) echo "lab device" ;;
getinfo-devname|getinfo-devdescr) echo "lab device" ;;
getinfo-devurl) echo "http://lab" ;;
getinfo-xml) echo "<parameters></parameters>" ;;
status|on|off) ;;
reset) echo "$2 with $password" >>/lab/fence-calls; [ -e /lab/fence-works ] ;;
*) exit 1 ;;
esac
`

// TestPeerFenceLines plays the same on the C daemon and on ours, with cluster-glue's own programs: a device that fails
// and then works, and a person who confirms. What ha-log says of it is the same.
func TestPeerFenceLines(t *testing.T) {
	c, h := fenceLines(t, "CC"), fenceLines(t, "HH")
	if strings.Join(c, "\n") != strings.Join(h, "\n") {
		t.Errorf("3.0.6:\n%s\n\nours:\n%s", strings.Join(c, "\n"), strings.Join(h, "\n"))
	}
	t.Logf("both:\n%s", strings.Join(h, "\n"))
}

// TestPeerFenceMixed: each resets the other whatever software that has.
func TestPeerFenceMixed(t *testing.T) {
	eachPairing(t, peerMixed, func(t *testing.T, kinds string) { fenceLines(t, kinds) })
}

func fenceLines(t *testing.T, kinds string) []string {
	t.Helper()
	p := newPeers(t, kinds, Files{HACF: peerHACF + "auto_failback off\n", Haresources: peerResources})
	for name, line := range map[string]string{"node1": "stonith_host * meatware node1 node2\n", "node2": "stonith_host * external/lab node1 pa55word\n"} {
		p.must(p.nodes[name].Configure(Files{HACF: peerHACF + "auto_failback off\n" + line, Haresources: peerResources}))
		p.must(p.nodes[name].WriteFile("/usr/lib/stonith/plugins/external/lab", plugin, 0o755))
	}
	p.start("node1", "node2")
	p.runs("both to have their own", "web:node1 db:node2")
	p.cut("node1")
	p.awaits("node2", "STONITH of node1 failed.  Retrying...", 1)
	p.stays("a node that was not reset", time.Second, "web:nobody db:node2")
	p.must(os.WriteFile(filepath.Join(p.lab.Shared(), "fence-works"), nil, 0o644))
	p.runs("node2 to take what node1 had", "web:node2 db:node2")
	p.awaits("node2", "mach_down takeover complete.", 1)
	p.boot("node1")
	p.start("node1")
	p.awaits("node1", "Initial resource acquisition complete", 2)
	p.cut("node2")
	p.awaits("node1", `Run "meatclient -c node2" AFTER power-cycling the machine.`, 1)
	p.stays("a person who says nothing", 2*time.Second, "web:nobody db:nobody")
	run(t, p.nodes["node1"], "sh", "-c", "echo y | meatclient -c node2")
	p.runs("node1 to take everything", "web:node1 db:node1")
	p.awaits("node1", "mach_down takeover complete.", 1)
	for _, name := range peerNames {
		if text := p.log(name); strings.Contains(text, "pa55word") {
			t.Errorf("%s: the password is in ha-log of %s", kinds, name)
		}
	}
	calls, err := os.ReadFile(filepath.Join(p.lab.Shared(), "fence-calls"))
	p.must(err)
	if !strings.Contains(string(calls), "node1 with pa55word\n") {
		t.Errorf("%s: the device was called so: %s", kinds, calls)
	}
	return append(told(p.log("node2")), told(p.log("node1"))...)
}

var (
	aboutFencing = regexp.MustCompile(`heartbeat: \[\d+\]: (.*(?:STONITH|Resetting|now reset|not reset|glib: (?:external|OPERATOR|Run |node Meatware)|Resources being acquired).*)`)
	anyNumber    = regexp.MustCompile(`process \d+`)
	anyDevice    = regexp.MustCompile(`\[(lab device\n|external/lab|meatware|Your Name Here|Meatware[^]]*)\]`)
	anyCall      = regexp.MustCompile(`'\S*lab reset'`)
)

// told are the lines about fencing, without what differs from run to run, each once.
func told(log string) (lines []string) {
	seen := map[string]bool{}
	for _, m := range aboutFencing.FindAllStringSubmatch(anyDevice.ReplaceAllString(log, "[DEVICE]"), -1) {
		line := anyCall.ReplaceAllString(anyNumber.ReplaceAllString(m[1], "process N"), "'lab reset'")
		if !seen[line] {
			lines = append(lines, line)
		}
		seen[line] = true
	}
	return lines
}
