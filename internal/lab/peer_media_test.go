//go:build integration && long

package lab

import (
	"strings"
	"testing"
	"time"
)

// peerMediaHACF is what the pairs below begin with; their media are to be added.
const peerMediaHACF = "logfile /var/log/ha-log\nkeepalive 200ms\nwarntime 1\ndeadtime 3\ninitdead 8\nudpport 694\nauto_failback off\nnode node1 node2\n"

// TestPeerMedia: a C node and ours know each other over each kind of medium alone: a start, a standby, a crash, a
// return.
func TestPeerMedia(t *testing.T) {
	t.Parallel()
	for _, medium := range []struct{ name, lines, link string }{
		{"ucast6", "ucast6 eth0 fd77::1\nucast6 eth0 fd77::2\n", "eth0"},
		{"ucast6-link-local", "ucast6 eth0 fe80::77:1\nucast6 eth0 fe80::77:2\n", "eth0"},
		{"mcast6", "mcast6 eth0 ff02::694 694 1 0\n", "eth0"},
		{"serial", "baud 115200\nserial " + serialDevice + "\n", serialDevice},
		{"serial-netstring", "msgfmt netstring\nbaud 115200\nserial " + serialDevice + "\n", serialDevice},
	} {
		t.Run(medium.name, func(t *testing.T) {
			t.Parallel()
			eachPairing(t, peerMixed, func(t *testing.T, kinds string) { peerMedium(t, kinds, medium.lines, medium.link) })
		})
	}
}

func peerMedium(t *testing.T, kinds, lines, link string) {
	files := Files{HACF: peerMediaHACF + lines, Haresources: peerResources}
	p := newPeers(t, kinds, files)
	for i, kind := range kinds {
		// Two C nodes with netstring do not always manage a standby: their helpers' words get lost.
		if kind == 'C' {
			files.HACF = strings.ReplaceAll(files.HACF, "msgfmt netstring\n", "")
			p.must(p.nodes[peerNames[i]].Configure(files))
		}
	}
	var cable *serialCable
	if strings.HasPrefix(link, "/") {
		cable = newSerialCable(t, p.nodes["node1"], p.nodes["node2"])
	}
	for _, name := range peerNames {
		giveIPv6(t, p.nodes[name])
	}
	p.start("node1", "node2")
	p.runs("both run", "web:node1 db:node2")
	p.settle("node1", "node2")
	p.awaits("node1", "Link node2:"+link+" up.", 1)
	p.awaits("node2", "Link node1:"+link+" up.", 1)
	run(t, p.nodes["node1"], "/usr/share/heartbeat/hb_standby", "local")
	p.runs("a standby", "web:node2 db:node2")
	p.settle("node1", "node2")
	p.cut("node2")
	p.runs("a crash", "web:node1 db:node1")
	p.boot("node2")
	giveIPv6(t, p.nodes["node2"])
	if cable != nil {
		cable.plug(1)
	}
	p.start("node2")
	p.awaits("node1", "Link node2:"+link+" up.", 2)
	p.settle("node1", "node2")
	p.stays("nothing moves by itself", 3*time.Second, "web:node1 db:node1")
	if cable != nil {
		cable.trouble(p)
		p.stays("nothing moves for trouble on the line", 3*time.Second, "web:node1 db:node1")
	}
	p.stop("node1")
	p.runs("a stop", "web:node2 db:node2")
	p.oneOwner()
	// What a C node says of noise.
	p.clean("No one owns", "ha_msg_addraw", "NV failure", "Input string", "sp=>>>", "depth=0", "MSG")
}

// trouble is a line that takes nothing for a while, twice, and noise. Each node must find into the stream again.
func (c *serialCable) trouble(p *peers) {
	noise := []byte("noise \xff\xfe\x7f >>> <<< = more\n>>>\nt=half a mess")
	for end := range 2 {
		for range 2 {
			c.inject(end, noise)
			c.hold(end, true)
			time.Sleep(1200 * time.Millisecond) // less than deadtime
			c.hold(end, false)
			c.inject(1-end, noise)
			time.Sleep(1500 * time.Millisecond)
		}
		p.awaits(peerNames[end], "TTY write timeout on [/dev/ttyS0]", 1)
	}
}
