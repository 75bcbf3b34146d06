package link

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The tests with real sockets run in a network namespace of their own, so that they neither need
// nor touch the machine's interfaces:
//
//	this process                a switch per wire          a peer
//	eth0 10.9.0.1 ───────────── p0 (bridge sw) p1 ──────── eth0 10.9.0.2
//	eth1 10.9.1.1 ───────────── p0 (bridge sw) p1 ──────── eth1 10.9.1.2

const insideMark = "LINK_TEST_INSIDE"

// noNamespace says why there is none; empty when there is.
var noNamespace = "not tried"

func TestMain(m *testing.M) {
	if os.Getenv(insideMark) != "" {
		noNamespace = ""
		os.Exit(m.Run())
	}
	code, err := runInside()
	if err == nil {
		os.Exit(code)
	}
	noNamespace = err.Error()
	os.Exit(m.Run())
}

func runInside() (int, error) {
	if _, err := exec.LookPath("ip"); err != nil {
		return 0, errors.New("no ip command (package iproute2)")
	}
	c := exec.Command("/proc/self/exe", os.Args[1:]...)
	c.Env = append(os.Environ(), insideMark+"=1")
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if uid := os.Getuid(); uid != 0 {
		c.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	if err := c.Start(); err != nil {
		return 0, fmt.Errorf("no network namespace: %w", err)
	}
	err := c.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// needNamespace skips the test where the machine does not allow it, or fails it if it must.
func needNamespace(t *testing.T) {
	t.Helper()
	if noNamespace == "" {
		return
	}
	if os.Getenv("HEARTBEATD_NEED_ROOT") == "1" {
		t.Fatalf("needs a network namespace: %s", noNamespace)
	}
	t.Skipf("needs a network namespace: %s", noNamespace)
}

// host is a network namespace, kept by a thread that lives in it.
type host struct {
	tid  int
	work chan func()
}

func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{work: make(chan func())}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		err := unix.Unshare(unix.CLONE_NEWNET)
		h.tid = unix.Gettid()
		ready <- err
		for f := range h.work {
			f()
		}
	}()
	if err := <-ready; err != nil {
		t.Fatalf("network namespace for a peer: %v", err)
	}
	t.Cleanup(func() { close(h.work) })
	return h
}

// do runs f in the namespace. Sockets that f opens stay there.
func (h *host) do(f func()) {
	done := make(chan struct{})
	h.work <- func() { defer close(done); f() }
	<-done
}

func (h *host) ip(t *testing.T, args string) {
	t.Helper()
	h.do(func() { command(t, "ip "+args) })
}

func command(t *testing.T, line string) {
	t.Helper()
	w := strings.Fields(line)
	if out, err := exec.Command(w[0], w[1:]...).CombinedOutput(); err != nil {
		t.Errorf("%s: %v: %s", line, err, out)
	}
}

// wire is a bridge with our own interface and the peers' on it.
type wire struct {
	t      *testing.T
	dev    string
	prefix string // 10.9.0
	sw     *host
	peers  []*host
}

// newWire makes dev with address PREFIX.1 here and PREFIX.2, .3 ... on the peers.
func newWire(t *testing.T, dev, prefix string, peers ...*host) *wire {
	t.Helper()
	needNamespace(t)
	w := &wire{t: t, dev: dev, prefix: prefix, sw: newHost(t), peers: peers}
	w.sw.ip(t, "link add sw type bridge")
	w.sw.ip(t, "link set sw up")
	command(t, "ip link set lo up")
	w.plug()
	for i, p := range peers {
		p.ip(t, "link set lo up")
		p.ip(t, fmt.Sprintf("link add %s type veth peer name p%d netns %d", dev, i+1, w.sw.tid))
		p.ip(t, fmt.Sprintf("addr add %s.%d/24 brd + dev %s", prefix, i+2, dev))
		p.ip(t, "link set "+dev+" up")
		w.port(i+1, "up")
	}
	t.Cleanup(func() { _ = exec.Command("ip", "link", "del", dev).Run() })
	for i, p := range peers {
		w.settle(p, i+2)
	}
	return w
}

// settle waits until the new wire carries both ways: the kernel takes its time with the carrier.
func (w *wire) settle(p *host, n int) {
	w.t.Helper()
	here, err := net.ListenPacket("udp4", w.prefix+".1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	defer here.Close()
	far := p.listen(w.t, fmt.Sprintf("%s.%d:0", w.prefix, n))
	buf := make([]byte, 16)
	for range 5000 {
		_, _ = here.WriteTo([]byte("?"), far.LocalAddr())
		_ = far.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		if _, _, err := far.ReadFrom(buf); err != nil {
			continue
		}
		_, _ = far.WriteTo([]byte("!"), here.LocalAddr())
		_ = here.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		if _, _, err := here.ReadFrom(buf); err == nil {
			_ = far.Close()
			return
		}
	}
	w.t.Fatalf("the wire of %s to %s.%d carries nothing", w.dev, w.prefix, n)
}

// plug makes our own interface.
func (w *wire) plug() {
	w.t.Helper()
	// Always the same hardware address, or the peers would look for the old one for some seconds.
	command(w.t, fmt.Sprintf("ip link add %s address 02:00:00:00:00:01 type veth peer name p0 netns %d", w.dev, w.sw.tid))
	command(w.t, fmt.Sprintf("ip addr add %s.1/24 brd + dev %s", w.prefix, w.dev))
	command(w.t, "ip link set "+w.dev+" up")
	w.port(0, "up")
}

// unplug removes our own interface for good.
func (w *wire) unplug() {
	w.t.Helper()
	command(w.t, "ip link del "+w.dev)
}

// port sets a port of the switch up or down; down takes the carrier from the other end.
func (w *wire) port(n int, state string) {
	w.t.Helper()
	w.sw.ip(w.t, fmt.Sprintf("link set p%d master sw %s", n, state))
}

// listen opens a socket on a host, to send single datagrams from.
func (h *host) listen(t *testing.T, local string) *net.UDPConn {
	t.Helper()
	var c net.PacketConn
	var err error
	h.do(func() {
		lc := net.ListenConfig{Control: func(_, _ string, rc syscall.RawConn) error {
			return rc.Control(func(fd uintptr) {
				_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BROADCAST, 1)
			})
		}}
		c, err = lc.ListenPacket(t.Context(), "udp4", local)
	})
	if err != nil {
		t.Fatalf("peer socket on %s: %v", local, err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*net.UDPConn)
}
