//go:build integration

package lab

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// roughLab is a lab whose hosts can have a rough way to them, or the test is skipped.
func roughLab(t testing.TB, links int) *Lab {
	t.Helper()
	if _, err := exec.LookPath("nft"); err != nil {
		skip(t, "nft is missing: install the package nftables")
	}
	return newLab(t, links)
}

// inside runs work with a thread that is in the host's network: sockets it makes stay there.
func inside(t testing.TB, h *Host, work func() error) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		done <- func() error {
			f, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", h.pid))
			if err != nil {
				return err
			}
			defer f.Close()
			if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
				return err
			}
			return work()
		}()
	}()
	if err := <-done; err != nil {
		t.Fatalf("in the network of %s: %v", h.Name, err)
	}
}

// lostOf1000 sends that many datagrams and counts those that do not arrive.
func lostOf1000(t testing.TB, from, to *Host, address netip.Addr) int {
	t.Helper()
	var sender, receiver *net.UDPConn
	listen := func(on netip.Addr, conn **net.UDPConn) func() error {
		return func() (err error) {
			*conn, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(on, 0)))
			return err
		}
	}
	inside(t, from, listen(netip.IPv4Unspecified(), &sender))
	defer sender.Close()
	inside(t, to, listen(address, &receiver))
	defer receiver.Close()
	target := receiver.LocalAddr().(*net.UDPAddr).AddrPort()
	lost := 1000
	for sent := 1; sent <= 1000; sent++ {
		if _, err := sender.WriteToUDPAddrPort([]byte("x"), target); err != nil {
			t.Fatal(err)
		}
		if sent%100 == 0 && sent < 1000 { // more than twice that does not fit into a socket
			lost -= waiting(receiver, 50*time.Millisecond)
		}
	}
	return lost - waiting(receiver, 500*time.Millisecond)
}

// waiting counts the datagrams that a socket has. What was sent is there within microseconds; the
// margin is for a busy machine.
func waiting(conn *net.UDPConn, margin time.Duration) int {
	for n, buf := 0, make([]byte, 16); ; n++ {
		conn.SetReadDeadline(time.Now().Add(margin))
		if _, err := conn.Read(buf); err != nil {
			return n
		}
	}
}

// TestLose loses 20 % on one link and none on the other. 1000 datagrams with 20 % leave the
// bounds of six standard deviations once in 500 million runs.
func TestLose(t *testing.T) { fairly(t, playLose) }

func playLose(t testing.TB) {
	l := roughLab(t, 2)
	a, b := newHost(t, l, "node1", HostOptions{}), newHost(t, l, "node2", HostOptions{})
	expect := func(when string, from, to *Host, link, least, most int) {
		t.Helper()
		if n := lostOf1000(t, from, to, to.Address(link)); n < least || n > most {
			t.Errorf("%s: %d of 1000 datagrams over link %d to %s were lost, want %d to %d", when, n, link, to.Name, least, most)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(b.Lose(20, 1))
	expect("20 % on link 1", a, b, 0, 0, 0)
	expect("20 % on link 1", a, b, 1, 124, 276)
	expect("the other way", b, a, 1, 0, 0)
	expect("to itself", b, b, 1, 0, 0)
	reaches(t, a, b.Address(1).String()) // only datagrams are lost
	must(b.PowerCut())
	must(b.Boot())
	run(t, a, "ip", "neighbour", "flush", "all") // its card is a new one
	expect("after a power cut", a, b, 1, 124, 276)
	must(b.Lose(100))
	expect("100 %", a, b, 0, 1000, 1000)
	expect("100 %", a, b, 1, 1000, 1000)
	must(b.Lose(0, 0))
	expect("0 % on link 0", a, b, 0, 0, 0)
	must(b.LoseNothing())
	expect("nothing", a, b, 1, 0, 0)
	for _, wrong := range []error{b.Lose(101), b.Lose(-1), b.Lose(20, 2), b.Lose(20, -1)} {
		if wrong == nil {
			t.Error("a loss that cannot be was taken")
		}
	}
}

func TestDeafen(t *testing.T) { fairly(t, playDeafen) }

func playDeafen(t testing.TB) {
	l := roughLab(t, 2)
	a, b := newHost(t, l, "node1", HostOptions{}), newHost(t, l, "node2", HostOptions{})
	arrives := func(when string, from, to *Host, link int, want bool) {
		t.Helper()
		if n := lostOf1000(t, from, to, to.Address(link)); n != 0 && n != 1000 || n == 0 != want {
			t.Errorf("%s: %d of 1000 datagrams over link %d to %s were lost", when, n, link, to.Name)
		}
	}
	if err := b.Deafen(a.Address(0)); err != nil {
		t.Fatal(err)
	}
	arrives("deaf on link 0", a, b, 0, false)
	arrives("deaf on link 0", a, b, 1, true)
	arrives("the way back", b, a, 0, true)
	if err := b.Deafen(a.Address(1)); err != nil {
		t.Fatal(err)
	}
	if err := b.Hear(a.Address(0)); err != nil {
		t.Fatal(err)
	}
	arrives("deaf on link 1", a, b, 0, true)
	arrives("deaf on link 1", a, b, 1, false)
	if err := b.Lose(0); err != nil {
		t.Fatal(err)
	}
	arrives("still deaf", a, b, 1, false)
	if err := b.Hear(); err != nil {
		t.Fatal(err)
	}
	arrives("hearing", a, b, 1, true)
}
