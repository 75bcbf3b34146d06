package address

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Environment of a copy of the test binary: inside a user namespace, or being an announcer.
const (
	envInside    = "HEARTBEATD_TEST_INSIDE"
	envAnnouncer = "HEARTBEATD_TEST_ANNOUNCER"
)

// TestMain runs the tests of an ordinary user again inside a user namespace, where he may make
// network namespaces.
func TestMain(m *testing.M) {
	if os.Getenv(envAnnouncer) != "" {
		os.Exit(announcerProcess(os.Args[1:]))
	}
	if os.Geteuid() != 0 && os.Getenv(envInside) == "" && userNamespaces() == nil {
		cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		cmd.Env = append(os.Environ(), envInside+"=1")
		cmd.SysProcAttr = asRoot()
		if err := cmd.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "tests in a user namespace:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func userNamespaces() error {
	cmd := exec.Command("/proc/self/exe", "-test.run=^$")
	cmd.Env = append(os.Environ(), envInside+"=1")
	cmd.SysProcAttr = asRoot()
	return cmd.Run()
}

func asRoot() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
}

// announcerProcess is what Announce starts in the tests.
func announcerProcess(args []string) int {
	index, err := strconv.Atoi(args[0])
	if err != nil {
		return 2
	}
	if RunAnnouncer(uint32(index), netip.MustParseAddr(args[1]), []time.Duration{0, 20 * time.Millisecond, time.Hour}) != nil {
		return 1
	}
	return 0
}

// host is a network namespace of the calling test alone. The test must stay on its goroutine.
type host struct {
	t *testing.T
	c *conn
}

func newHost(t *testing.T) *host {
	t.Helper()
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		cannot(t, "a network namespace: "+err.Error())
	}
	c, err := dial(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	h := &host{t, c}
	h.up("lo")
	return h
}

func cannot(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("HEARTBEATD_NEED_ROOT") == "1" {
		t.Fatalf("this machine refuses %s", what)
	}
	t.Skipf("this machine refuses %s", what)
}

func (h *host) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) dev(name string) device {
	h.t.Helper()
	d, err := h.c.deviceByName(name)
	if err != nil {
		h.t.Fatalf("interface %s: %v", name, err)
	}
	return d
}

func (h *host) up(name string)   { h.t.Helper(); h.must(h.c.setUp(h.dev(name).index)) }
func (h *host) down(name string) { h.t.Helper(); h.must(h.setDown(name)) }

func (h *host) setDown(name string) error {
	_, err := h.c.do(unix.RTM_SETLINK, 0, ifInfo(h.dev(name).index, 0, unix.IFF_UP))
	return err
}

// cable makes two interfaces joined by a cable and sets them up.
func (h *host) cable(a, b string) {
	h.t.Helper()
	const vethInfoPeer = 1
	name := func(s string) []byte { return append([]byte(s), 0) }
	peer := appendAttr(nil, vethInfoPeer, appendAttr(ifInfo(0, 0, 0), unix.IFLA_IFNAME, name(b)))
	info := appendAttr(nil, unix.IFLA_INFO_KIND, []byte("veth"))
	info = appendAttr(info, unix.IFLA_INFO_DATA|unix.NLA_F_NESTED, peer)
	body := appendAttr(ifInfo(0, 0, 0), unix.IFLA_IFNAME, name(a))
	body = appendAttr(body, unix.IFLA_LINKINFO|unix.NLA_F_NESTED, info)
	_, err := h.c.do(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL, body)
	if errors.Is(err, unix.EOPNOTSUPP) {
		cannot(h.t, "a veth pair: "+err.Error())
	}
	h.must(err)
	h.up(a)
	h.up(b)
}

func (h *host) addr(iface, prefix string) {
	h.t.Helper()
	p := netip.MustParsePrefix(prefix)
	h.must(h.c.add(h.dev(iface).index, p.Addr(), p.Bits(), netip.Addr{}, ""))
}

// route adds one: gateway "" for a network that stands on the interface itself.
func (h *host) route(dst, iface, gateway string) {
	h.t.Helper()
	p := netip.MustParsePrefix(dst)
	scope := byte(unix.RT_SCOPE_LINK)
	if gateway != "" {
		scope = unix.RT_SCOPE_UNIVERSE
	}
	body := []byte{family(p.Addr().Is6()), byte(p.Bits()), 0, 0, unix.RT_TABLE_MAIN, unix.RTPROT_BOOT, scope, unix.RTN_UNICAST, 0, 0, 0, 0}
	body = appendAttr(body, unix.RTA_DST, p.Addr().AsSlice())
	body = appendAttr(body, unix.RTA_OIF, uint32Bytes(h.dev(iface).index))
	if gateway != "" {
		body = appendAttr(body, unix.RTA_GATEWAY, ip(gateway).AsSlice())
	}
	_, err := h.c.do(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_EXCL, body)
	h.must(err)
}

// list shows the IPv4 addresses, or the IPv6 ones but link-local, of an interface as
// "10.0.0.1/24 brd 10.0.0.255 label", sorted.
func (h *host) list(iface string, v6 bool) []string {
	h.t.Helper()
	all, err := h.c.holdings(v6)
	h.must(err)
	found := []string{}
	for _, o := range all {
		if o.index != h.dev(iface).index || o.addr.Is6() && o.addr.IsLinkLocalUnicast() {
			continue
		}
		a := attrs(o.raw[unix.SizeofIfAddrmsg:])
		text := fmt.Sprintf("%s/%d", o.addr, o.bits)
		if brd, ok := netip.AddrFromSlice(a[unix.IFA_BROADCAST]); ok {
			text += " brd " + brd.String()
		}
		if label := cString(a[unix.IFA_LABEL]); label != "" && label != iface {
			text += " " + label
		}
		found = append(found, text)
	}
	slices.Sort(found)
	return found
}

func (h *host) wantList(iface string, v6 bool, want ...string) {
	h.t.Helper()
	if got := h.list(iface, v6); !slices.Equal(got, want) {
		h.t.Errorf("%s has %q, want %q", iface, got, want)
	}
}

// tap hears what arrives at an interface.
type tap struct {
	t  *testing.T
	fd int
}

func (h *host) tap(iface string) *tap {
	h.t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	h.must(err)
	h.t.Cleanup(func() { _ = unix.Close(fd) })
	h.must(unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: bigEndian16(unix.ETH_P_ALL), Ifindex: int(h.dev(iface).index)}))
	return &tap{h.t, fd}
}

// next returns the next frame that fits, or nil after the patience.
func (p *tap) next(patience time.Duration, fits func(frame []byte) bool) []byte {
	p.t.Helper()
	buf := make([]byte, 2048)
	for end := time.Now().Add(patience); ; {
		left := max(time.Until(end), 0)
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLIN}}, int(left/time.Millisecond))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			p.t.Fatal(err)
		}
		if n == 0 {
			return nil
		}
		n, _, err = unix.Recvfrom(p.fd, buf, 0)
		if err != nil {
			p.t.Fatal(err)
		}
		if fits(buf[:n]) {
			return slices.Clone(buf[:n])
		}
	}
}

func isARP(op uint16) func([]byte) bool {
	return func(f []byte) bool {
		return len(f) >= 42 && binary.BigEndian.Uint16(f[12:]) == unix.ETH_P_ARP && binary.BigEndian.Uint16(f[20:]) == op
	}
}

func isNA(target netip.Addr) func([]byte) bool {
	return func(f []byte) bool {
		return len(f) >= 78 && binary.BigEndian.Uint16(f[12:]) == unix.ETH_P_IPV6 && f[20] == 58 && f[54] == 136 &&
			netip.AddrFrom16([16]byte(f[62:78])) == target
	}
}
