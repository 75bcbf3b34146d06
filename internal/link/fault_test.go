package link

import (
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Every test here has a second medium on eth1 that must not notice.

// pair is two wires between us and one peer.
type pair struct {
	eth0, eth1 *wire
	peer       *host
	far1       node
}

func newPair(t *testing.T) pair {
	t.Helper()
	peer := newHost(t)
	p := pair{eth0: newWire(t, "eth0", "10.9.0", peer), eth1: newWire(t, "eth1", "10.9.1", peer), peer: peer}
	p.far1 = openOn(t, peer, ucast("eth1", "10.9.1.1"))
	return p
}

// unmoved checks that eth1, the second medium of here, works both ways and never failed.
func (p pair) unmoved(t *testing.T, here node) {
	t.Helper()
	beat(t, here, p.far1, "still there?", "eth1")
	beat(t, p.far1, here, "still here", "eth1")
	if s := here.medium(1); s.Failed != 0 || !s.Up {
		t.Errorf("eth1 suffered too: %+v", s)
	}
}

func kinds() map[string][2]Medium {
	return map[string][2]Medium{
		"bcast": {bcast("eth0"), bcast("eth0")},
		"ucast": {ucast("eth0", "10.9.0.2"), ucast("eth0", "10.9.0.1")},
		"mcast": {mcast("eth0", 694, false), mcast("eth0", 694, false)},
	}
}

func TestInterfaceDownAndUp(t *testing.T) {
	for kind, m := range kinds() {
		t.Run(kind, func(t *testing.T) {
			p := newPair(t)
			far := openOn(t, p.peer, m[1])
			here := open(t, Options{}, m[0], ucast("eth1", "10.9.1.2"))
			beat(t, here, far, "before", "eth0")

			command(t, "ip link set eth0 down")
			sendUntil(t, here, "sending fails", func() bool { return here.medium(0).Failed > 30 })
			if s := here.medium(0); s.Up || !s.Open || s.Err == "" {
				t.Errorf("while down: %+v", s)
			}
			for what, want := range map[string]int{
				"ERROR: glib: " + kind + "_write: Unable to send HBcomm packet eth0 ": 1,
				"ERROR: write_child: write failure on " + kind + " eth0.: ":           1,
				"WARN: Temporarily Suppressing write error messages":                  1,
				"WARN: Is a cable unplugged on " + kind + " eth0?":                    1,
				"works again": 0,
			} {
				if got := here.said(what); got != want {
					t.Errorf("%q is in the log %d times, want %d", what, got, want)
				}
			}
			p.unmoved(t, here)

			command(t, "ip link set eth0 up")
			beat(t, here, far, "after", "eth0")
			beat(t, far, here, "answer", "eth0")
			here.journal.await(t, 1, "info: "+kind+" eth0: sending works again. ")
			if s := here.medium(0); !s.Up || s.Err != "" {
				t.Errorf("after: %+v", s)
			}
		})
	}
}

func TestCableOutAndIn(t *testing.T) {
	p := newPair(t)
	far := openOn(t, p.peer, bcast("eth0"))
	here := open(t, Options{}, bcast("eth0"), ucast("eth1", "10.9.1.2"))
	beat(t, here, far, "before", "eth0")
	p.eth0.port(0, "down")
	p.unmoved(t, here)
	p.eth0.port(0, "up")
	beat(t, here, far, "after", "eth0")
	beat(t, far, here, "answer", "eth0")
	if here.Counters()["reopened"] != 0 {
		t.Error("a cable is no reason to open anything again")
	}
}

func TestInterfaceRemovedAndMadeAnew(t *testing.T) {
	for kind, m := range kinds() {
		t.Run(kind, func(t *testing.T) {
			p := newPair(t)
			far := openOn(t, p.peer, m[1])
			here := open(t, Options{}, m[0], ucast("eth1", "10.9.1.2"))
			beat(t, here, far, "before", "eth0")

			p.eth0.unplug()
			sendUntil(t, here, "eth0 is closed", func() bool { return !here.medium(0).Open })
			here.journal.await(t, 1, "ERROR: "+kind+" eth0: interface is gone; waiting for it to come back")
			if s := here.medium(0); s.Up || s.Err != "interface is gone; waiting for it to come back" {
				t.Errorf("while gone: %+v", s)
			}
			p.unmoved(t, here)

			p.eth0.plug()
			beat(t, here, far, "after", "eth0")
			beat(t, far, here, "answer", "eth0")
			here.journal.await(t, 2, "info: "+m[0].startLine())
			if here.Counters()["reopened"] == 0 {
				t.Error("reopened is not counted")
			}
			p.unmoved(t, here)
		})
	}
}

// The keeper must see a change without being told: the kernel's news may get lost.
func TestInterfaceSwappedWithoutNews(t *testing.T) {
	p := newPair(t)
	far := openOn(t, p.peer, ucast("eth0", "10.9.0.1"))
	here := open(t, Options{}, ucast("eth0", "10.9.0.2"), ucast("eth1", "10.9.1.2"))
	here.Set.watch.close()
	p.eth0.unplug()
	p.eth0.plug()
	beat(t, far, here, "only received", "eth0")
	if here.said("removed and made anew")+here.said("interface is gone") == 0 {
		t.Errorf("no word about it: %q", here.all())
	}
}

// With the kernel's news there is no need to wait for the keeper's next tick.
func TestInterfaceComesBackByNewsAlone(t *testing.T) {
	p := newPair(t)
	far := openOn(t, p.peer, ucast("eth0", "10.9.0.1"))
	here := open(t, Options{Retry: time.Hour}, ucast("eth0", "10.9.0.2"), ucast("eth1", "10.9.1.2"))
	p.eth0.unplug()
	awaitTrue(t, "eth0 is closed", func() bool { return !here.medium(0).Open })
	p.eth0.plug()
	beat(t, far, here, "back", "eth0")
}

func TestBroadcastAddressChanges(t *testing.T) {
	p := newPair(t)
	here := open(t, Options{}, bcast("eth0"), ucast("eth1", "10.9.1.2"))
	command(t, "ip addr flush dev eth0")
	here.journal.await(t, 1, "ERROR: bcast eth0: broadcast address of eth0: ")
	command(t, "ip addr add 10.8.0.1/16 brd + dev eth0")
	here.journal.await(t, 2, "info: glib: UDP Broadcast heartbeat started on port 694 (694) interface eth0")
	p.peer.ip(t, "addr flush dev eth0")
	p.peer.ip(t, "addr add 10.8.0.2/16 brd + dev eth0")
	far := openOn(t, p.peer, bcast("eth0"))
	beat(t, here, far, "new network", "eth0")
	p.unmoved(t, here)

	command(t, "ip addr add 10.8.7.1/24 brd + dev eth0")
	command(t, "ip addr del 10.8.0.1/16 dev eth0")
	here.journal.await(t, 3, "info: glib: UDP Broadcast heartbeat started")
	if got := here.lines0().sock.dev.broadcast.String(); got != "10.8.7.255" {
		t.Errorf("sends to %s", got)
	}
}

func TestInterfaceMissingAtStart(t *testing.T) {
	p := newPair(t)
	here := open(t, Options{}, bcast("eth7"), ucast("eth1", "10.9.1.2"))
	here.journal.await(t, 1, "ERROR: bcast eth7: cannot open: interface eth7: no such device. It is tried again every 1s")
	p.unmoved(t, here)
	peer := newHost(t)
	newWire(t, "eth7", "10.9.7", peer)
	far := openOn(t, peer, bcast("eth7"))
	beat(t, here, far, "late but there", "eth7")
	beat(t, far, here, "welcome", "eth7")
	if n := here.said("ERROR: bcast eth7"); n > 2 { // no device; then perhaps no address yet
		t.Errorf("%d complaints: %q", n, here.all())
	}
}

func TestPortTakenThenFree(t *testing.T) {
	p := newPair(t)
	rude, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(rude, &unix.SockaddrInet4{Port: 700}); err != nil {
		t.Fatal(err)
	}
	m := bcast("eth0")
	m.Port = 700
	here := open(t, Options{}, m, ucast("eth1", "10.9.1.2"))
	here.journal.await(t, 1, "ERROR: bcast eth0: cannot open: receiving socket: binding to 0.0.0.0:700: address already in use.")
	p.unmoved(t, here)
	if err := unix.Close(rude); err != nil {
		t.Fatal(err)
	}
	here.journal.await(t, 1, "info: glib: UDP Broadcast heartbeat started on port 700 (700) interface eth0")
	far := openOn(t, p.peer, m)
	beat(t, here, far, "at last", "eth0")
}

func TestFirewallForbidsAndAllows(t *testing.T) {
	p := newPair(t)
	needFirewall(t)
	far := openOn(t, p.peer, bcast("eth0"))
	here := open(t, Options{}, bcast("eth0"), ucast("eth1", "10.9.1.2"))
	beat(t, here, far, "before", "eth0")
	command(t, "iptables -w -A OUTPUT -o eth0 -p udp --dport 694 -j DROP")
	sendUntil(t, here, "sending is forbidden", func() bool { return here.medium(0).Failed > 20 })
	here.journal.await(t, 1, "ERROR: glib: bcast_write: Unable to send HBcomm packet eth0 10.9.0.255:694 len=4 [-1]: Operation not permitted")
	here.journal.await(t, 1, "ERROR: write_child: write failure on bcast eth0.: Operation not permitted")
	if s := here.medium(0); s.Up || !s.Open || s.Err != "Operation not permitted" {
		t.Errorf("while forbidden: %+v", s)
	}
	p.unmoved(t, here)
	beat(t, far, here, "hearing still works", "eth0")
	command(t, "iptables -w -D OUTPUT -o eth0 -p udp --dport 694 -j DROP")
	beat(t, here, far, "after", "eth0")
	here.journal.await(t, 1, "info: bcast eth0: sending works again. ")
	if n := here.said("write failure"); n != 1 {
		t.Errorf("%d lines of write failure, want 1", n)
	}
	if here.Counters()["reopened"] != 0 {
		t.Error("the socket was opened again; it had no fault")
	}
}

func needFirewall(t *testing.T) {
	t.Helper()
	out, err := exec.Command("iptables", "-w", "-L", "OUTPUT", "-n").CombinedOutput()
	if err == nil {
		return
	}
	if os.Getenv("HEARTBEATD_NEED_ROOT") == "1" {
		t.Fatalf("needs iptables: %v: %s", err, out)
	}
	t.Skipf("needs iptables: %v: %s", err, out)
}

// The interface takes a datagram every other second and its queue is long: the send buffer fills.
func TestSlowInterfaceNeverBlocksSend(t *testing.T) {
	p := newPair(t)
	command(t, "tc qdisc add dev eth0 root tbf rate 8kbit burst 1600 limit 10000000")
	here := open(t, Options{}, bcast("eth0"), ucast("eth1", "10.9.1.2"))
	big := make([]byte, 1400)
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for range 500 { // 700 kB: more than eleven minutes at that rate
			here.Send(big)
		}
	}()
	awaitClosed(t, finished, "Send is held up by a slow interface")
	here.journal.await(t, 1, "ERROR: write_child: write failure on bcast eth0.: Resource temporarily unavailable")
	if s := here.medium(0); s.Failed == 0 || s.Sent+s.Failed != 500 || s.Up {
		t.Errorf("%+v", s)
	}
	p.unmoved(t, here)
	command(t, "tc qdisc del dev eth0 root")
	far := openOn(t, p.peer, bcast("eth0"))
	beat(t, here, far, "after", "eth0")
	here.journal.await(t, 1, "info: bcast eth0: sending works again. ")
}

func TestBrokenReceiveSocketIsOpenedAgain(t *testing.T) {
	p := newPair(t)
	far := openOn(t, p.peer, ucast("eth0", "10.9.0.1"))
	here := open(t, Options{}, ucast("eth0", "10.9.0.2"), ucast("eth1", "10.9.1.2"))
	beat(t, far, here, "before", "eth0")
	l := here.lines0()
	l.mu.Lock()
	k := l.sock
	l.mu.Unlock()
	l.breakOff(k, unix.EIO) // as if the kernel refused to read it
	if _, err := k.recv.Stat(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the broken socket still takes its share of the beats: %v", err)
	}
	beat(t, far, here, "after", "eth0")
	here.journal.await(t, 1, "ERROR: ucast eth0: receiving failed: Input/output error; opening it again")
	if c := here.Counters(); c["receive-errors"] != 1 || c["reopened"] != 1 {
		t.Errorf("counters %v", c)
	}
	p.unmoved(t, here)
}
