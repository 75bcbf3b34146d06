package daemon

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/auth"
	"heartbeatd/internal/config"
	"heartbeatd/internal/core"
	"heartbeatd/internal/halog"
	"heartbeatd/internal/link"
	"heartbeatd/internal/wire"
)

// receiving is a daemon that is settled beside node2 and has nothing to do but to hear it, on a real socket
// of the loopback interface. The test is its loop.
type receiving struct {
	testing.TB
	d       *daemon
	keys    *auth.Keys
	classic bool

	sock   int
	to     unix.SockaddrInet4
	from   netip.AddrPort
	beat   *wire.Message
	seq    uint64
	sealed []byte
	text   []byte
}

// ways are all methods in both framings; C nodes with `msgfmt netstring` send no inner signature.
func ways(each func(name string, m auth.Method, framing string)) {
	for _, m := range []auth.Method{auth.CRC, auth.MD5, auth.SHA1} {
		for _, framing := range []string{"netstring", "netstring+auth", "classic"} {
			each(m.String()+"/"+framing, m, framing)
		}
	}
}

func newReceiving(tb testing.TB, method auth.Method, framing string) *receiving {
	tb.Helper()
	keys, err := auth.NewKeys(1, map[int]auth.Key{1: {Method: method, Secret: []byte("a secret of some length")}})
	if err != nil {
		tb.Fatal(err)
	}
	const never = 100 * time.Hour // our own beats are another test's
	d := newDaemon(Options{Config: &config.Config{
		Self: "node1", Nodes: []string{"node1", "node2"}, Keepalive: never, Deadtime: 3 * never, Warntime: 2 * never, Initdead: 3 * never,
		Keys: keys, MsgFmt: "classic", LogBadPacket: true, HopFudge: 1,
	}})
	d.log = halog.Open(halog.Config{Stderr: io.Discard})
	d.core = core.New(core.Config{
		Thrifty: true, Self: "node1", Peer: "node2", UUID: make([]byte, 16), Generation: 5, TTL: 3, Links: []string{"lo"},
		Keepalive: never, Deadtime: 3 * never, Warntime: 2 * never, Initdead: 3 * never, Failback: core.FailbackOff,
	})
	r := &receiving{TB: tb, d: d, keys: keys, classic: framing == "classic"}
	r.open()
	if framing == "netstring" {
		d.opt.Config.MsgFmt = "netstring"
	}
	r.settle()
	return r
}

// open makes the link and a socket of the other node's.
func (r *receiving) open() {
	probe, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		r.Fatal(err)
	}
	port := probe.LocalAddr().(*net.UDPAddr).Port
	probe.Close()
	medium := link.Medium{Kind: link.Ucast, Device: "lo", Peer: netip.AddrFrom4([4]byte{127, 0, 0, 1}), Port: uint16(port)}
	set, err := link.Open([]link.Medium{medium}, link.Options{Clock: r.d.now, Retry: time.Hour})
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { set.Close() })
	if s := set.States()[0]; !s.Open {
		r.Fatalf("the loopback interface cannot be used: %s", s.Err)
	}
	r.d.links = set
	if r.sock, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { unix.Close(r.sock) })
	if err := unix.Bind(r.sock, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		r.Fatal(err)
	}
	name, err := unix.Getsockname(r.sock)
	if err != nil {
		r.Fatal(err)
	}
	r.from = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(name.(*unix.SockaddrInet4).Port))
	r.to = unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}
}

func (r *receiving) message(t string, fields ...string) *wire.Message {
	m := wire.New(t)
	for i := 0; i < len(fields); i += 2 {
		m.AddStr(fields[i], fields[i+1])
	}
	m.AddStr("src", "node2").AddBin("srcuuid", []byte("0123456789abcdef")).AddStr("seq", "0").AddStr("hg", "7")
	return m.AddStr("ts", "65a1b2c3").AddStr("ld", "0.42 0.13 0.09 2/117 4711").AddStr("ttl", "3")
}

// settle plays node2 until nothing is left to be said.
func (r *receiving) settle() {
	r.d.step(core.Started{})
	report := []string{"hbd", "1", "hbd_sees", "active"}
	claim := []string{"rsc_hold", "none", "rtype", "full", "isstable", "1", "hbd_groups", "", "hbd_haresources", ""}
	for _, m := range []*wire.Message{
		r.message("status", append([]string{"st", "up", "dt", "1388"}, report...)...),
		r.message("status", append([]string{"st", "active", "dt", "1388"}, report...)...),
		r.message("repnodes", "dest", "node1", "nodelist", "node1 node2 ", "delnodelist", " "),
		r.message("resource", append(claim, report...)...),
	} {
		r.say(m)
		r.hear()
	}
	if v := r.d.core.View(r.d.now()); v.State != "active" {
		r.Fatalf("not settled: %+v", v)
	}
	r.beat = r.message("status", append([]string{"st", "active", "dt", "15752a00", "protocol", "1", "hbd_claim", fmt.Sprintf("%x", r.seq)}, report...)...)
	for range 30 {
		r.say(r.beat)
		r.hear()
	}
}

// say sends a message of node2's with the next number.
func (r *receiving) say(m *wire.Message) {
	r.seq++
	m.SetHex("seq", r.seq)
	r.sealed = r.keys.AppendSealed(r.sealed[:0], 1, m, r.d.opt.Config.MsgFmt != "netstring")
	data := r.sealed
	if r.classic {
		f, err := wire.Parse(r.sealed)
		if err != nil {
			r.Fatal(err)
		}
		r.text = f.Msg.AppendClassic(r.text[:0])
		data = r.text
	}
	r.send(data)
}

func (r *receiving) send(data []byte) {
	if err := unix.Sendto(r.sock, data, 0, &r.to); err != nil {
		r.Fatal(err)
	}
}

// hear is the loop until a datagram of node2's has come. What node1 sends comes back to it, as broadcast does.
func (r *receiving) hear() {
	for {
		dg := <-r.d.links.Inbox()
		r.d.datagram(dg)
		if dg.From == r.from {
			return
		}
	}
}

// prepared are n beats to come, so that only their receipt is looked at.
func (r *receiving) prepared(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		r.seq++
		r.beat.SetHex("seq", r.seq)
		all[i] = r.keys.AppendSealed(nil, 1, r.beat, r.d.opt.Config.MsgFmt != "netstring")
		if r.classic {
			f, err := wire.Parse(all[i])
			if err != nil {
				r.Fatal(err)
			}
			all[i] = f.Msg.AppendClassic(nil)
		}
	}
	return all
}

const (
	tries = 10
	turns = 2 * tries // AllocsPerRun has a first one of its own
)

// allocations is how many f makes. What else goes on in the process is counted with it, so the least of a few
// tries is the truth; and these tests are in the file that comes first, before any daemon was there.
func allocations(f func()) (least float64) {
	for try := range tries {
		if n := testing.AllocsPerRun(1, f); try == 0 || n < least {
			least = n
		}
		if least == 0 {
			return 0
		}
	}
	return least
}

// TestReceivingAllocatesNothing: from the socket through signature and core, and back to the socket for the
// acknowledgement of every tenth.
func TestReceivingAllocatesNothing(t *testing.T) {
	ways(func(name string, m auth.Method, framing string) {
		r := newReceiving(t, m, framing)
		beats := r.prepared(turns * 50)
		sent, heard := r.d.links.States()[0].Sent, uint64(0)
		if n := allocations(func() {
			for range 50 {
				r.send(beats[heard])
				r.hear()
				heard++
			}
			if !r.d.drain() {
				t.Error("nothing waits, and it is not read")
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations for 50 beats", name, n)
		}
		acks, drops := r.d.links.States()[0].Sent-sent, r.d.core.View(r.d.now()).Drops
		if acks != heard/10 || len(r.d.drops)+len(drops) != 0 {
			t.Errorf("%s: %d acknowledgements of %d beats, dropped %v %v", name, acks, heard, r.d.drops, drops)
		}
	})
}

// forge changes the load of the sender.
func forge(datagram []byte) { datagram[bytes.Index(datagram, []byte("4711"))] ^= 1 }

// TestRefusingAllocatesNothing: a flood leaves no garbage behind.
func TestRefusingAllocatesNothing(t *testing.T) {
	ways(func(name string, m auth.Method, framing string) {
		r := newReceiving(t, m, framing)
		forged := r.prepared(1)[0]
		forge(forged)
		for range 3 { // the line, and the first that is left out
			r.send(forged)
			r.hear()
		}
		sent := uint64(3)
		if n := allocations(func() {
			for range 50 {
				r.send(forged)
				r.hear()
				sent++
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations to refuse 50 datagrams", name, n)
		}
		if r.d.drops["bad-signature"] != sent {
			t.Errorf("%s: dropped %v of %d", name, r.d.drops, sent)
		}
	})
}

// BenchmarkReceive is the way of a beat: socket, reader, inbox, signature, fields, core.
func BenchmarkReceive(b *testing.B) {
	ways(func(name string, m auth.Method, framing string) {
		b.Run(name, func(b *testing.B) {
			r := newReceiving(b, m, framing)
			beats := r.prepared(b.N)
			b.ReportAllocs()
			b.SetBytes(int64(len(beats[0])))
			b.ResetTimer()
			for _, beat := range beats {
				r.send(beat)
				r.hear()
			}
		})
	})
}

// BenchmarkDatagram is BenchmarkReceive without the socket.
func BenchmarkDatagram(b *testing.B) {
	ways(func(name string, m auth.Method, framing string) {
		b.Run(name, func(b *testing.B) {
			r := newReceiving(b, m, framing)
			beats := r.prepared(b.N)
			b.ReportAllocs()
			b.SetBytes(int64(len(beats[0])))
			b.ResetTimer()
			for _, beat := range beats {
				r.d.datagram(link.Datagram{Link: "lo", Mono: r.d.now(), Data: beat})
			}
		})
	})
}

// BenchmarkForged is what each datagram of a flood costs.
func BenchmarkForged(b *testing.B) {
	ways(func(name string, m auth.Method, framing string) {
		b.Run(name, func(b *testing.B) {
			r := newReceiving(b, m, framing)
			forged := r.prepared(1)[0]
			forge(forged)
			b.ReportAllocs()
			for b.Loop() {
				r.d.datagram(link.Datagram{Link: "lo", Mono: r.d.now(), Data: forged})
			}
		})
	})
}
