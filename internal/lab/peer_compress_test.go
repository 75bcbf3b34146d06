//go:build integration && long

package lab

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/wire"
)

// tapped is what went over the cables of a pair, each datagram once for each cable, but for those in fragments.
type tapped struct {
	mu     sync.Mutex
	frames map[string][]*wire.Frame // by sender
}

// tap begins to listen in the switch.
func (p *peers) tap() *tapped {
	p.Helper()
	w := &tapped{frames: map[string][]*wire.Frame{}}
	var fd int
	p.must(p.lab.InNetwork(func() (err error) {
		const ip = unix.ETH_P_IP<<8 | unix.ETH_P_IP>>8 // in the order of the network
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, ip&0xffff); err != nil {
			return err
		}
		return unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 100_000})
	}))
	var over atomic.Bool
	var end sync.WaitGroup
	end.Go(func() {
		defer unix.Close(fd)
		buf := make([]byte, 65536)
		for !over.Load() {
			if n, _, err := unix.Recvfrom(fd, buf, 0); err == nil {
				w.packet(buf[:n])
			}
		}
	})
	p.Cleanup(func() { over.Store(true); end.Wait() })
	return w
}

func (w *tapped) packet(b []byte) {
	if len(b) < 28 || b[9] != unix.IPPROTO_UDP || b[6]&0x3f != 0 || b[7] != 0 || b[12] != 10 || b[15] > 2 {
		return
	}
	f, err := wire.Parse(b[int(b[0]&15)*4+8:])
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	name := peerNames[b[15]-1]
	w.frames[name] = append(w.frames[name], f)
}

// site are the messages of type site that a node has sent, as they went over the wire, by their sizes.
func (w *tapped) site(t *testing.T, name string) map[int]*wire.Frame {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[int]*wire.Frame{}
	for _, f := range w.frames[name] {
		m, err := f.Msg.Decompress()
		if err != nil {
			t.Errorf("%s: %v: %.300q", name, err, f.Append(nil))
		} else if m.Str("t") == "site" {
			var size int
			fmt.Sscan(m.Str("size"), &size)
			all[size] = f
		}
	}
	return all
}

// status is a status that a node has sent.
func (w *tapped) status(t *testing.T, name string) *wire.Message {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.frames[name] {
		if f.Msg.Str("t") == "status" {
			return f.Msg
		}
	}
	t.Fatalf("%s has sent no status", name)
	return nil
}

// says has a node send a message of so many bytes, by its FIFO.
func (p *peers) says(name string, bytes int) {
	p.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, ">>>\nt=site\nsize=%d\n", bytes)
	for n, left := 0, bytes; left > 0; n++ { // the C daemon takes no longer lines
		line := strings.Repeat("a site's message ", 18)[:min(left, 300)]
		fmt.Fprintf(&text, "f%d=%s\n", n, line)
		left -= len(line)
	}
	p.must(p.nodes[name].WriteFile("/tmp/message", text.String()+"<<<\n", 0o644))
	run(p.T, p.nodes[name], "sh", "-c", "cat /tmp/message >/var/lib/heartbeat/fifo")
}

// siteScript tells of the messages of type site that a node has heard, and whether they are whole.
const siteScript = "#!/bin/sh\nset -- $(env | sed -n 's/^HA_f[0-9]*=//p' | tr -d '\\n' | wc -c)\necho \"$HA_src $HA_size $1\" >>/var/log/site\n"

// hearSite has the nodes tell of these messages.
func (p *peers) hearSite(kinds string) {
	p.Helper()
	for i, name := range peerNames {
		p.must(p.nodes[name].WriteFile("/etc/ha.d/rc.d/site", siteScript, 0o755))
		for _, program := range scriptNames() { // ours runs nothing in rc.d beside those of the C daemon
			if kinds[i] == 'H' {
				run(p.T, p.nodes[name], "ln", "-sf", "/usr/sbin/heartbeatd", program)
			}
		}
	}
}

// siteArrives sends a message, and waits until the other node has heard all of it.
func (p *peers) siteArrives(name string, size int) {
	p.Helper()
	other := peerNames[0]
	if name == other {
		other = peerNames[1]
	}
	p.says(name, size)
	line := fmt.Sprintf("%s %d %d\n", name, size, size)
	p.must(Eventually(30*time.Second, "message "+line, func() bool {
		heard, _ := p.nodes[other].ReadFile("/var/log/site")
		return strings.Contains(heard, line)
	}))
}

// TestPeerCompression: with traditional_compression a C node and ours compress the same messages, by whichever method,
// and each reads what the other has compressed.
func TestPeerCompression(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, c, ours string }{
		{"zlib", "", ""},
		{"bz2", "compression bz2\n", "compression bz2\n"},
		{"each its own", "compression bz2\n", "msgfmt netstring\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			eachPairing(t, peerMixed, func(t *testing.T, kinds string) { peerCompression(t, kinds, map[byte]string{'C': c.c, 'H': c.ours}) })
		})
	}
}

const compressHACF = peerHACF + "auto_failback off\ntraditional_compression on\ncompression_threshold 1\n"

func peerCompression(t *testing.T, kinds string, more map[byte]string) {
	p := newPeers(t, kinds, Files{HACF: compressHACF, Haresources: peerResources})
	sizes := []int{100, 3000, 10000, 70000}
	for size := 740; size < 860; size += 6 { // around the threshold, whatever else is in the message
		sizes = append(sizes, size)
	}
	for i, name := range peerNames {
		p.must(p.nodes[name].Configure(Files{HACF: compressHACF + more[kinds[i]], Haresources: peerResources}))
	}
	p.hearSite(kinds)
	w := p.tap()
	p.start("node1", "node2")
	p.runs("both run", "web:node1 db:node2")
	p.settle("node1", "node2")
	for _, size := range sizes {
		for i, name := range peerNames {
			if kinds[i] == 'H' && size > 10000 {
				continue // ours takes no such message from the FIFO
			}
			p.siteArrives(name, size)
		}
	}
	for i, name := range peerNames {
		// 3.0.6: a C node that has heard one method goes on with that.
		packedAsGenuine(t, name, w.site(t, name), more[kinds[i]], kinds[i] == 'C' && (more['C'] != more['H'] || strings.Contains(more['H'], "bz2")))
	}
	run(t, p.nodes["node1"], "/usr/share/heartbeat/hb_standby", "local")
	p.runs("a standby", "web:node2 db:node2")
	p.oneOwner()
	p.clean()
}

// packedAsGenuine wants what is longer than the threshold compressed, and nothing else, by the method of ha.cf or by
// either.
func packedAsGenuine(t *testing.T, name string, sent map[int]*wire.Frame, hacf string, either bool) {
	t.Helper()
	method := "zlib"
	if strings.Contains(hacf, "bz2") {
		method = "bz2"
	}
	longest, shortest := 0, 1<<20
	for size, f := range sent {
		m, _ := f.Msg.Decompress()
		content := len(m.AppendClassic(nil)) + 1
		if strings.Contains(hacf, "netstring") {
			content = m.NetstringLen()
		}
		want := ""
		if content > 1024 {
			want, shortest = method, min(shortest, content)
		} else {
			longest = max(longest, content)
		}
		got := f.Msg.Str("_compression_algorithm")
		if !either && want == "bz2" && content > 4<<10 { // ours: what is long takes zlib
			want = "zlib"
		}
		if either && got != "" && want != "" {
			want = got
		}
		if got != want {
			t.Errorf("%s: a message of %d bytes, %d of text, is compressed by %q, want %q", name, content, size, got, want)
		}
	}
	t.Logf("%s: %d bytes were sent as they are, %d were compressed (%d messages seen)", name, longest, shortest, len(sent))
	if longest < 1000 || shortest > 1050 {
		t.Errorf("%s: nothing near the threshold was seen", name)
	}
}

// TestPeerCompressionOnALine: on a serial line a C node and ours read each other's long messages.
func TestPeerCompressionOnALine(t *testing.T) {
	t.Parallel()
	eachPairing(t, peerMixed, func(t *testing.T, kinds string) {
		hacf := peerMediaHACF + "baud 115200\nserial " + serialDevice + "\ntraditional_compression on\ncompression_threshold 1\n"
		p := newPeers(t, kinds, Files{HACF: hacf, Haresources: peerResources})
		p.hearSite(kinds)
		cable := newSerialCable(t, p.nodes["node1"], p.nodes["node2"])
		p.start("node1", "node2")
		p.runs("both run", "web:node1 db:node2")
		p.settle("node1", "node2")
		for _, size := range []int{100, 900, 3000} {
			for _, name := range peerNames {
				p.siteArrives(name, size)
			}
		}
		for end, name := range peerNames {
			cable.mu.Lock()
			said := string(cable.said[end])
			cable.mu.Unlock()
			t.Logf("%s: %d of %d bytes on the line are compressed messages", name, strings.Count(said, "_compressed_payload"), len(said))
			if kinds[end] == 'H' && strings.Contains(said, "_compressed_payload") {
				t.Errorf("%s has compressed messages for the line", name)
			}
		}
		p.clean()
	})
}
