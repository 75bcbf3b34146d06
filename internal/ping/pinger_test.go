package ping

import (
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The tests with real sockets run in a network namespace of their own, whose loopback answers as hosts do.

const insideMark = "PING_TEST_INSIDE"

// noNamespace says why there is none; empty when there is.
var noNamespace = "not tried"

func TestMain(m *testing.M) {
	if os.Getenv(insideMark) != "" {
		noNamespace = ""
		if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
			noNamespace = "setting up the loopback: " + string(out)
		}
		os.Exit(m.Run())
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
	runtime.LockOSThread() // Pdeathsig goes by the thread
	err := c.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		os.Exit(0)
	case errors.As(err, &exit):
		os.Exit(exit.ExitCode())
	}
	noNamespace = err.Error()
	os.Exit(m.Run())
}

func needNamespace(t *testing.T) {
	t.Helper()
	if noNamespace == "" {
		return
	}
	if os.Getenv("HEARTBEATD_NEED_ROOT") == "1" || os.Getenv("CI") == "true" {
		t.Fatalf("needs a network namespace: %s", noNamespace)
	}
	t.Skipf("needs a network namespace: %s", noNamespace)
}

const testID = 4711

func newPinger(t *testing.T, targets ...Target) *Pinger {
	t.Helper()
	needNamespace(t)
	origin := time.Now()
	p := New(targets, testID, func() time.Duration { return time.Since(origin) + time.Nanosecond })
	t.Cleanup(p.Close)
	return p
}

func target(name string, hosts ...string) Target {
	t := Target{Node: name, Kind: "ping"}
	for _, h := range hosts {
		t.Hosts = append(t.Hosts, netip.MustParseAddr(h))
	}
	return t
}

// heard waits until these targets have answered since the last time, and no others.
func heard(t *testing.T, p *Pinger, want ...string) {
	t.Helper()
	var got []string
	for end := time.After(20 * time.Second); ; {
		p.Answers(func(node string, at time.Duration) {
			if at <= 0 {
				t.Errorf("%s answered at %v", node, at)
			}
			got = append(got, node)
		})
		slices.Sort(got)
		if slices.Equal(got, want) {
			return
		}
		select {
		case <-p.News():
		case <-end:
			t.Fatalf("%v have answered, want %v", got, want)
		}
	}
}

func noTrouble(t *testing.T, p *Pinger) {
	t.Helper()
	if all := p.Ask(); len(all) > 0 {
		t.Fatalf("asking: %v", all)
	}
}

// quiet says that nothing has come: what the loopback answers is there when the call that asked returns.
func quiet(t *testing.T, p *Pinger) {
	t.Helper()
	p.Answers(func(node string, _ time.Duration) { t.Errorf("%s has answered", node) })
}

func TestAnswers(t *testing.T) {
	p := newPinger(t, target("four", "127.0.0.1"), target("six", "::1"), target("group", "127.0.0.2", "127.0.0.3"), target("none"))
	for range 3 {
		noTrouble(t, p)
		heard(t, p, "four", "group", "six")
		quiet(t, p)
	}
	if n := p.Strange(); n > 0 {
		t.Errorf("%d packets that were no answer", n)
	}
}

// TestUnreachable: there is no route, which is told, and is no reason to ask no one else.
func TestUnreachable(t *testing.T) {
	p := newPinger(t, target("10.1.2.3", "10.1.2.3"), target("gone", "10.1.2.4", "127.0.0.1"), target("fd00::1", "fd00::1"), target("here", "127.0.0.1"))
	all := p.Ask()
	var text []string
	for _, one := range all {
		text = append(text, one.Key+": "+one.Text)
	}
	want := "write 10.1.2.3: write_child: write failure on ping 10.1.2.3.: Network is unreachable\n" +
		"write gone: write_child: write failure on ping gone.: Network is unreachable (10.1.2.4)\n" +
		"write fd00::1: write_child: write failure on ping fd00::1.: Network is unreachable"
	if got := strings.Join(text, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	heard(t, p, "gone", "here")
}

// TestNoSocket: while there is none it is told once for each kind, and the next request tries again.
func TestNoSocket(t *testing.T) {
	p := newPinger(t, target("a", "127.0.0.1"), target("b", "127.0.0.2"), target("c", "::1"))
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 3, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	all := p.Ask()
	again := p.Ask()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || len(again) != 2 || all[0].Key != "open ping" || !strings.Contains(all[0].Text, "Can't open RAW socket.: Too many open files") {
		t.Fatalf("%v, then %v", all, again)
	}
	quiet(t, p)
	noTrouble(t, p)
	heard(t, p, "a", "b", "c")
}

// TestBrokenSocket: one that ceases to work is opened again by the next request.
func TestBrokenSocket(t *testing.T) {
	p := newPinger(t, target("a", "127.0.0.1"), target("b", "::1"))
	noTrouble(t, p)
	heard(t, p, "a", "b")
	p.guard.Lock()
	for i := range p.sockets {
		p.sockets[i].close()
	}
	p.guard.Unlock()
	quiet(t, p)
	noTrouble(t, p)
	heard(t, p, "a", "b")
}

// forgery is a reply that nobody gave, and a socket to send it by.
func forgery(t *testing.T, f family, id, seq uint16) (*socket, []byte, netip.Addr) {
	t.Helper()
	s := &socket{family: f}
	if err := s.open(1); err != nil {
		t.Fatal(err)
	}
	packet := f.put(make([]byte, packetLength), &echo{id: id, seq: seq})
	packet[0] = f.reply
	if !f.checksum {
		return s, packet, netip.MustParseAddr("::1")
	}
	packet[2], packet[3] = 0, 0
	sum := checksum(packet)
	packet[2], packet[3] = byte(sum>>8), byte(sum)
	return s, packet, netip.MustParseAddr("127.0.0.1")
}

// TestFlood: as many forgeries as a program of this machine can send do not keep true answers from being heard.
func TestFlood(t *testing.T) {
	p := newPinger(t, target("gw", "127.0.0.1"), target("gw6", "::1"))
	var floods sync.WaitGroup
	enough := make(chan struct{})
	defer floods.Wait()
	defer close(enough)
	for _, f := range []family{icmp4, icmp6} {
		s, packet, to := forgery(t, f, testID, 3)
		floods.Go(func() {
			defer s.close()
			for {
				select {
				case <-enough:
					return
				default:
					s.send(packet, to) //nolint:errcheck // a full queue is what a flood is about
				}
			}
		})
	}
	end := time.Now().Add(time.Minute)
	for noTrouble(t, p); p.Strange() < 1000; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no flood arrives")
		}
	}
	begin := p.Strange()
	left := map[string]int{"gw": 10, "gw6": 10}
	for left["gw"] > 0 || left["gw6"] > 0 {
		if time.Now().After(end) {
			t.Errorf("answers that were not heard: %v, beside %d forgeries", left, p.Strange()-begin)
			break
		}
		noTrouble(t, p)
		select {
		case <-p.News():
		case <-time.After(10 * time.Millisecond):
		}
		p.Answers(func(node string, _ time.Duration) {
			left[node]--
		})
	}
}

// TestForgery: another program of the machine sends replies that look like answers, with and without our identifier,
// and as many as it can. None counts, those of others never reach us, and true answers still do.
func TestForgery(t *testing.T) {
	p := newPinger(t, target("gw", "127.0.0.1"), target("gw6", "::1"))
	noTrouble(t, p)
	heard(t, p, "gw", "gw6")
	forge := func(f family, id, seq uint16) {
		s, packet, to := forgery(t, f, id, seq)
		defer s.close()
		for range 100 {
			if err := s.send(packet, to); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, f := range []family{icmp4, icmp6} {
		forge(f, testID+1, 0) // another program's
		quiet(t, p)
		if n := p.Strange(); n != 0 {
			t.Errorf("%d packets of another program came through", n)
		}
	}
	for seq := range uint16(4) {
		forge(icmp4, testID, seq)
		forge(icmp6, testID, seq)
	}
	for end := time.Now().Add(20 * time.Second); p.Strange() == 0; quiet(t, p) {
		if time.Now().After(end) {
			t.Fatal("no forgery has arrived")
		}
	}
	noTrouble(t, p)
	heard(t, p, "gw", "gw6")
}

// TestClose: with readers asleep, and twice; and whoever asks afterwards asks nobody.
func TestClose(t *testing.T) {
	p := newPinger(t, target("a", "127.0.0.1"), target("b", "::1"))
	noTrouble(t, p)
	heard(t, p, "a", "b")
	p.Close()
	p.Close()
	noTrouble(t, p)
	quiet(t, p)
}
