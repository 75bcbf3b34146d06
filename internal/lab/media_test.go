//go:build integration

package lab

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"heartbeatd/internal/config"
	"heartbeatd/internal/wire"
)

// only gives both nodes these media, instead of the usual ones.
func only(media string) func(string, *Files) {
	return func(_ string, f *Files) {
		lines := strings.Split(f.HACF, "\n")
		f.HACF = ""
		for _, l := range lines {
			if !strings.HasPrefix(l, "bcast") && !strings.HasPrefix(l, "ucast") {
				f.HACF += l + "\n"
			}
		}
		f.HACF = strings.TrimSpace(f.HACF) + "\n" + media
	}
}

func (c *cluster) cable() *serialCable {
	return newSerialCable(c.TB, c.nodes["node1"], c.nodes["node2"])
}

// A serial line beside a network: with the network gone it keeps both nodes from taking each other for dead, an
// operator can move things over it, and what somebody feeds into it does nothing.
func TestSerialPair(t *testing.T) { fairly(t, playSerialPair) }

func playSerialPair(t testing.TB) {
	c := newCluster(t, only("baud 115200\nserial "+serialDevice+"\nbcast eth0\n"), slowerBeats)
	line := c.cable()
	logs := map[string]*Tail{"node1": c.nodes["node1"].TailFromStart("/var/log/ha-log"), "node2": c.nodes["node2"].TailFromStart("/var/log/ha-log")}
	c.startBoth()
	c.wait(logs["node1"], "info: glib: Starting serial heartbeat on tty /dev/ttyS0 (115200 baud)")
	c.wait(logs["node1"], "Link node2:/dev/ttyS0 up.")
	c.wait(logs["node2"], "Link node1:/dev/ttyS0 up.")
	if out := run(t, c.nodes["node1"], "cl_status", "listhblinks", "node2"); !strings.Contains(out, serialDevice+"\n") {
		t.Errorf("links of node2: %q", out)
	}
	if out := run(t, c.nodes["node1"], "cl_status", "hblinkstatus", "node2", serialDevice); out != "up\n" {
		t.Errorf("status of the line: %q", out)
	}
	if out := run(t, c.nodes["node1"], "cl_status", "hbparameter", "-p", "baud"); out != "115200\n" {
		t.Errorf("baud: %q", out)
	}
	c.must(c.nodes["node2"].Unplug(0))
	c.wait(logs["node1"], "Link node2:eth0 dead.")
	c.wait(logs["node2"], "Link node1:eth0 dead.")
	c.forge(line)
	c.nothingMoved()
	run(t, c.nodes["node1"], "/usr/share/heartbeat/hb_standby", "all")
	c.settle("node2", "node1", "node2")
	c.goodText(line)

	// The line hangs, and is the last link: now the other node cannot be told from a dead one.
	line.hold(1, true)
	c.wait(logs["node2"], "WARN: glib: TTY write timeout on [/dev/ttyS0] (no connection or bad cable? [see documentation])")
	c.wait(logs["node1"], "Link node2:/dev/ttyS0 dead.")
	c.must(Eventually(clusterPatience, "node2 to be dead to node1", func() bool {
		text, err := c.nodes["node1"].ReadFile("/var/log/ha-log")
		return err == nil && strings.Contains(text, "node node2: is dead")
	}))
	line.hold(1, false)
	c.wait(logs["node2"], "serial /dev/ttyS0: sending works again")
	c.wait(logs["node1"], "Link node2:/dev/ttyS0 up.")
	c.must(c.nodes["node2"].Plug(0))
	c.wait(logs["node1"], "Link node2:eth0 up.")

	// An adapter is pulled, and put back as another device.
	line.unplug(0)
	c.wait(logs["node1"], "ERROR: serial /dev/ttyS0: ")
	c.wait(logs["node2"], "Link node1:/dev/ttyS0 dead.")
	line.plug(0)
	c.wait(logs["node2"], "Link node1:/dev/ttyS0 up.")
	c.settle("node2", "node1", "node2")
}

// forge feeds node1 with what it must not believe: noise, halves, lies, and node2's own words of the past.
func (c *cluster) forge(line *serialCable) {
	c.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 20000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	past := line.heard(1)
	lie := wire.New("shutdone").AddStr("src", "node2").AddStr("seq", "7fffffff").AddStr("hg", "7fffffff").AddStr("ts", "7fffffff")
	stranger, _ := config.ParseAuthkeys("authkeys", []byte("auth 1\n1 md5 not-the-key\n"))
	f, err := wire.Parse(stranger.Seal(lie, true))
	c.must(err)
	before, err := c.status("node1")
	c.must(err)
	for _, data := range [][]byte{
		noise, f.Msg.AppendClassic(nil), []byte(strings.Repeat(">>>\n", 5000)), []byte(">>>\nt=status\nst=dead\nsrc=node2\n<<<\n"),
		past[:min(len(past), 30000)], []byte(">>>\nt=" + strings.Repeat("x", 200000)), bytes.Repeat([]byte{0}, 5000), []byte("\n<<<\n"),
	} {
		line.inject(0, data)
	}
	c.must(Eventually(clusterPatience, "the forgeries to be counted", func() bool {
		now, err := c.status("node1")
		return err == nil && now.Dropped["garbled"] > before.Dropped["garbled"] && now.Dropped["bad-signature"] > before.Dropped["bad-signature"]
	}))
}

// goodText checks that every byte on the line was a message that a C node takes.
func (c *cluster) goodText(line *serialCable) {
	c.Helper()
	keys, _ := config.ParseAuthkeys("authkeys", []byte("auth 1\n1 md5 a-key-of-the-lab\n"))
	for end := range 2 {
		c.must(Eventually(clusterPatience, peerName(end)+" to have said something", func() bool {
			return bytes.Count(line.heard(end), []byte("\n<<<\n")) >= 20
		}))
		text := line.heard(end)
		text = text[:bytes.LastIndex(text, []byte("\n<<<\n"))+5]
		count := 0
		for len(text) > 0 {
			n := bytes.Index(text, []byte("\n<<<\n")) + 5
			f, err := wire.Parse(text[:n])
			if err == nil {
				err = keys.VerifyAs306(f)
			}
			if err != nil || f.Format != wire.Classic {
				c.Fatalf("message %d of %s: %v: %q", count, peerName(end), err, text[:n])
			}
			for _, b := range text[:n] {
				if b >= 0x80 || b == '\r' {
					c.Errorf("a C node would not get the byte %#x in %q", b, text[:n])
				}
			}
			text = text[n:]
			count++
		}
	}
}

func peerName(end int) string { return fmt.Sprintf("node%d", end+1) }

// ipv6Media is one file for both nodes. The addresses are those of giveIPv6.
const ipv6Media = "ucast6 eth0 fd77::1\nucast6 eth0 fd77::2\nucast6 eth0 fe80::77:2\nucast6 eth0 fe80::77:1\nmcast6 eth1 ff02::694 694 1 0\n"

// giveIPv6 gives a host its addresses: fd77::N and fe80::77:N on eth0.
func giveIPv6(t testing.TB, h *Host) {
	t.Helper()
	run(t, h, "sh", "-c", fmt.Sprintf("ip -6 addr add fd77::%[1]d/64 dev eth0 nodad; ip -6 addr add fe80::77:%[1]d/64 dev eth0 nodad; ip -6 addr add fe80::77:%[1]d/64 dev eth1 nodad", h.number))
}

// Two nodes that hear each other over IPv6 only.
func TestIPv6Pair(t *testing.T) { fairly(t, playIPv6Pair) }

func playIPv6Pair(t testing.TB) {
	c := newCluster(t, only(ipv6Media))
	giveIPv6(t, c.nodes["node1"])
	giveIPv6(t, c.nodes["node2"])
	logs := map[string]*Tail{"node1": c.nodes["node1"].TailFromStart("/var/log/ha-log"), "node2": c.nodes["node2"].TailFromStart("/var/log/ha-log")}
	c.startBoth()
	c.wait(logs["node1"], "info: glib: ucast6: heartbeat started for [fd77::1]:694 on interface eth0")
	c.wait(logs["node1"], "info: glib: ucast6: heartbeat started for [fe80::77:2%eth0]:694 on interface eth0")
	c.wait(logs["node1"], "info: glib: UDP multicast heartbeat started for [ff02::694]:694 on interface eth1 (hops=1 loop=0)")
	for _, link := range []int{0, 1} {
		c.must(c.nodes["node2"].Unplug(link))
		c.wait(logs["node1"], fmt.Sprintf("Link node2:eth%d dead.", link))
		c.wait(logs["node2"], fmt.Sprintf("Link node1:eth%d dead.", link))
		c.must(c.nodes["node2"].Plug(link))
		c.wait(logs["node1"], fmt.Sprintf("Link node2:eth%d up.", link))
		c.wait(logs["node2"], fmt.Sprintf("Link node1:eth%d up.", link))
	}
	c.nothingMoved()
	c.must(c.nodes["node1"].PowerCut())
	c.settle("node2", "node2")
}
