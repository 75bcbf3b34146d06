package address

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const patience = time.Minute

// announceOnce is the first round of [Announce].
func announceOnce(spec Spec) error {
	var s sender
	defer s.close()
	_, err := s.announce(spec)
	return err
}

func TestARPOnTheWire(t *testing.T) {
	h := newHost(t)
	h.cable("e0", "e0p")
	s := spec(t, "10.1.0.9/24/e0")
	if err := announceOnce(s); !errors.Is(err, ErrNotHere) {
		t.Fatalf("announcing what is not here: %v", err)
	}
	peer := h.tap("e0p")
	if _, err := Start(s); err != nil {
		t.Fatal(err)
	}
	if err := announceOnce(s); err != nil {
		t.Fatal(err)
	}
	mac := hex.EncodeToString(h.dev("e0").mac)
	for _, tt := range []struct {
		op   uint16
		want string
	}{
		{arpRequest, "ffffffffffff" + mac + "0806" + "0001080006040001" + mac + "0a010009" + "000000000000" + "0a010009"},
		{arpReply, "ffffffffffff" + mac + "0806" + "0001080006040002" + mac + "0a010009" + mac + "0a010009"},
	} {
		if got := hex.EncodeToString(peer.next(patience, isARP(tt.op))); got != tt.want {
			t.Errorf("ARP op %d:\n got %s\nwant %s", tt.op, got, tt.want)
		}
	}
}

func TestNAOnTheWire(t *testing.T) {
	h := newHost(t)
	h.cable("e0", "e0p")
	s := spec(t, "IPv6addr::fd00::9/64/e0")
	peer := h.tap("e0p")
	if _, err := Start(s); err != nil {
		t.Fatal(err)
	}
	if err := announceOnce(s); err != nil {
		t.Fatal(err)
	}
	f := peer.next(patience, isNA(s.Addr))
	if f == nil {
		t.Fatal("no advertisement arrived")
	}
	mac := hex.EncodeToString(h.dev("e0").mac)
	if got, want := hex.EncodeToString(f[:14]), "333300000001"+mac+"86dd"; got != want {
		t.Errorf("Ethernet header %s, want %s", got, want)
	}
	if f[21] != 255 || f[58] != naOverride {
		t.Errorf("hop limit %d, flags %#x", f[21], f[58])
	}
	if got, want := hex.EncodeToString(f[78:]), "0201"+mac; got != want {
		t.Errorf("option %s, want %s", got, want)
	}
	if sum := onesSum(f[14:]); sum != 0xffff {
		t.Errorf("checksum sums to %#x", sum)
	}
}

func TestLoopbackAnnouncesNothing(t *testing.T) {
	h := newHost(t)
	if _, err := Start(spec(t, "10.1.0.9/32/lo")); err != nil {
		t.Fatal(err)
	}
	lo := h.tap("lo")
	if err := announceOnce(spec(t, "10.1.0.9/32/lo")); !errors.Is(err, ErrNoNeighbours) {
		t.Errorf("announced on the loopback: %v", err)
	}
	if f := lo.next(0, isARP(arpRequest)); f != nil {
		t.Errorf("sent % x", f)
	}
}

// announcer starts the background process as the command does. The pipe has an end of file as soon
// as nobody but the caller has it.
func (h *host) announcer(addr string) (pipe int) {
	h.t.Helper()
	var p [2]int
	// The write end is inherited on purpose, as from a careless caller of a script.
	h.must(unix.Pipe2(p[:], 0))
	h.t.Cleanup(func() { _ = unix.Close(p[0]) })
	h.t.Setenv(envAnnouncer, "1")
	h.must(Announce(spec(h.t, addr), "/proc/self/exe", func(index uint32) []string {
		return []string{"announcer", strconv.Itoa(int(index)), addr}
	}))
	h.must(unix.Close(p[1]))
	h.t.Cleanup(func() { // only one that a failed test left over
		for _, pid := range announcers(h.t) {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
	})
	return p[0]
}

func TestAnnouncerProcess(t *testing.T) {
	h := newHost(t)
	h.cable("e0", "e0p")
	h.addr("e0", "10.1.0.9/24")
	peer := h.tap("e0p")
	pipe := h.announcer("10.1.0.9")
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(pipe), Events: unix.POLLIN}}, int(patience/time.Millisecond))
	if n != 1 || err != nil {
		t.Fatalf("the announcer keeps a pipe of its caller open: %d, %v", n, err)
	}
	if n, err := unix.Read(pipe, make([]byte, 1)); n != 0 || err != nil {
		t.Fatalf("read %d, %v", n, err)
	}
	for range 3 { // one of the caller, two of the process
		if peer.next(patience, isARP(arpRequest)) == nil {
			t.Fatal("a round is missing")
		}
	}
	// It lives still, waiting for its last round in an hour.
	found := announcers(t)
	if len(found) != 1 {
		t.Fatalf("announcers alive: %v", found)
	}
	pid := found[0]
	if sid, err := unix.Getsid(pid); err != nil || sid != pid {
		t.Errorf("session %d of process %d: %v", sid, pid, err)
	}
	for _, fd := range []string{"0", "1", "2"} {
		if to, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/fd/" + fd); to != os.DevNull || err != nil {
			t.Errorf("descriptor %s of the announcer: %s, %v", fd, to, err)
		}
	}
	if _, err := Stop(spec(t, "10.1.0.9")); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { _, err := unix.Wait4(pid, nil, 0, nil); ended <- err }()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("the announcer outlives the address")
	}
}

// announcers lists the living announcers that this process started.
func announcers(t *testing.T) (pids []int) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(files) == 0 {
		t.Fatalf("list processes: %d, %v", len(files), err)
	}
	for _, f := range files {
		cmdline, _ := os.ReadFile(f) // a process may end under our eyes
		stat, _ := os.ReadFile(filepath.Join(filepath.Dir(f), "stat"))
		_, tail, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(tail) // state, parent, ...
		ours := len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid())
		if ours && strings.HasPrefix(string(cmdline), "announcer\x00") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// run starts RunAnnouncer on a thread of its own inside this host.
func (h *host) run(iface, addr string, schedule ...time.Duration) (ended chan error) {
	h.t.Helper()
	ns, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	h.must(err)
	index := h.dev(iface).index
	ended = make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer func() { _ = unix.Close(ns) }()
		if err := unix.Setns(ns, unix.CLONE_NEWNET); err != nil {
			ended <- err
			return
		}
		ended <- RunAnnouncer(index, netip.MustParseAddr(addr), schedule)
	}()
	return ended
}

func wantEnd(t *testing.T, why string, ended chan error) {
	t.Helper()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("%s: %v", why, err)
		}
	case <-time.After(patience):
		t.Errorf("the announcer does not end: %s", why)
	}
}

func TestAnnouncerFollowsSchedule(t *testing.T) {
	h := newHost(t)
	h.cable("e0", "e0p")
	h.addr("e0", "10.1.0.9/24")
	peer := h.tap("e0p")
	begin := time.Now()
	ended := h.run("e0", "10.1.0.9", 0, 30*time.Millisecond, 60*time.Millisecond)
	for i := range 3 {
		if peer.next(patience, isARP(arpReply)) == nil {
			t.Fatalf("round %d is missing", i)
		}
		if early := time.Duration(i)*30*time.Millisecond - time.Since(begin); early > 0 {
			t.Errorf("round %d is %s early", i, early)
		}
	}
	wantEnd(t, "schedule over", ended)
}

func TestAnnouncerEnds(t *testing.T) {
	h := newHost(t)
	h.cable("e0", "e0p")
	h.addr("e0", "10.1.0.8/24")
	h.addr("e0", "10.1.0.9/24")
	h.addr("e0", "fd00::9/64")
	peer := h.tap("e0p")
	wantEnd(t, "address was never here", h.run("e0", "10.1.0.7", time.Hour))

	first := h.run("e0", "10.1.0.9", 0, time.Hour)
	if peer.next(patience, isARP(arpReply)) == nil {
		t.Fatal("first announcer: no round")
	}
	other := h.run("e0", "10.1.0.8", 0, time.Hour)
	second := h.run("e0", "10.1.0.9", 0, time.Hour)
	wantEnd(t, "replaced by a newer one", first)
	for range 2 { // of the second, and of the other address
		if peer.next(patience, isARP(arpReply)) == nil {
			t.Fatal("second announcer or the other's: no round")
		}
	}
	if _, err := Stop(spec(t, "10.1.0.9")); err != nil {
		t.Fatal(err)
	}
	wantEnd(t, "address removed", second)
	select {
	case err := <-other:
		t.Errorf("the announcer of another address ended too: %v", err)
	default:
	}
	if _, err := Stop(spec(t, "10.1.0.8")); err != nil {
		t.Fatal(err)
	}
	wantEnd(t, "other address removed", other)

	six := h.run("e0", "fd00::9", 0, time.Hour)
	if peer.next(patience, isNA(ip("fd00::9"))) == nil {
		t.Fatal("no neighbour advertisement")
	}
	if _, err := Stop(spec(t, "IPv6addr::fd00::9")); err != nil {
		t.Fatal(err)
	}
	wantEnd(t, "IPv6 address removed", six)
}

// A name squatted by a stranger costs the replacing, never the announcing.
func TestTurnWithoutListener(t *testing.T) {
	h := newHost(t)
	h.cable("e0", "e0p")
	h.addr("e0", "10.1.0.9/24")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	h.must(err)
	defer func() { _ = unix.Close(fd) }()
	h.must(unix.Bind(fd, &unix.SockaddrUnix{Name: "@heartbeatd/announce/10.1.0.9"}))
	peer := h.tap("e0p")
	ended := h.run("e0", "10.1.0.9", 0)
	if peer.next(patience, isARP(arpReply)) == nil {
		t.Error("no round")
	}
	wantEnd(t, "schedule over", ended)
}
