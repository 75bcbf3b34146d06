//go:build integration

package pacer

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Beats go out in their order, none before its moment.
func TestBeatsGoOutAtTheirMoments(t *testing.T) {
	p := newPaced(t, Options{Priority: 1})
	var at [20]int64
	for i := range at {
		at[i] = p.offer(time.Duration(i+1)*5*time.Millisecond, strconv.Itoa(i))
	}
	const skew = int64(100 * time.Microsecond) // between two readings of two clocks
	for i := range at {
		if h := p.want(strconv.Itoa(i)); h.at < at[i]-skew {
			t.Errorf("beat %d went out %s before its moment", i, time.Duration(at[i]-h.at))
		}
	}
	p.until("all were counted", func() bool { return p.Waiting() == 0 })
	if n := p.Sent(); n != len(at) {
		t.Errorf("%d went out, %d were counted", len(at), n)
	}
	if last, ok := p.LastAt(); !ok || int64(last) != at[len(at)-1] {
		t.Errorf("the last beat is that of %s, %t", last, ok)
	}
	if c, l := p.Count(0), p.Lateness(); c.Sent != uint64(len(at)) || c.Failed != 0 || l.Count != uint64(len(at)) || l.Max <= 0 {
		t.Errorf("counts %+v, lateness of %d up to %s", c, l.Count, l.Max)
	}
	p.quiet()
}

// The pacer sleeps towards a far moment; a nearer one wakes it, and what was revoked never goes out.
func TestNearerMoment(t *testing.T) {
	p := newPaced(t, Options{Priority: 1})
	p.offer(time.Hour, "far")
	if n := p.Revoke(); n != 0 {
		t.Fatalf("%d beats went out an hour early", n)
	}
	p.offer(10*time.Millisecond, "near")
	p.offer(20*time.Millisecond, "next")
	p.want("near")
	p.want("next")
	p.offer(0, "at once")
	p.want("at once")
	if n := p.Revoke(); n != 3 {
		t.Errorf("%d beats were counted", n)
	}
}

// TestRevokedNeverGoesOut revokes around the very moments of beats: what was counted is what was heard.
func TestRevokedNeverGoesOut(t *testing.T) {
	p := newPaced(t, Options{Priority: 1})
	total := 0
	for i := range 300 {
		texts := []string{fmt.Sprintf("%d a", i), fmt.Sprintf("%d b", i), fmt.Sprintf("%d c", i)}
		begin := clock()
		for n, s := range texts {
			if !p.Offer(time.Duration(begin+int64(n+1)*100_000), []byte(s)) {
				t.Fatalf("beat %q was not taken", s)
			}
		}
		for span := int64(i%50) * 10_000; clock() < begin+span; {
		}
		n := p.Revoke()
		for _, s := range texts[:n] {
			p.want(s)
		}
		total += n
	}
	p.offer(0, "the end")
	p.want("the end")
	t.Logf("%d of 900 beats went out", total)
}

// A pacer that cannot send says so in its counts, and goes on.
func TestSendingFails(t *testing.T) {
	p := newPaced(t, Options{Priority: 1})
	nowhere := To(netip.MustParseAddrPort("255.255.255.255:694"), 0) // without SO_BROADCAST
	p.Opened(1, p.send, nowhere)
	p.offer(0, "four")
	p.want("four")
	p.offer(0, "eleven more")
	p.want("eleven more")
	p.until("both lines were counted", func() bool { return p.Waiting() == 0 && p.Count(1).Failed == 2 })
	if c := p.Count(1); c.InARow != 2 || c.Errno != unix.EACCES || c.Size != len("eleven more") || c.Sent != 0 {
		t.Errorf("counts of the failing line: %+v", c)
	}
	p.Opened(1, p.send, p.to) // it works now
	p.offer(0, "both")
	p.want("both")
	p.want("both")
	p.Closed(1)
	p.offer(0, "one")
	p.want("one")
	p.offer(0, "last")
	p.want("last") // and not another "one"
	if c := p.Count(1); c.InARow != 0 || c.Sent != 1 {
		t.Errorf("counts of the line that was mended and closed: %+v", c)
	}
}

// A pacer that was killed, or stopped, is noticed at once and replaced; the new one has the same lines, what went
// out stays counted, and what did not is the decider's again.
func TestPacerIsReplaced(t *testing.T) {
	for name, signal := range map[string]unix.Signal{"killed": unix.SIGKILL, "stopped": unix.SIGSTOP} {
		t.Run(name, func(t *testing.T) {
			p := newPaced(t, Options{Priority: 1})
			p.offer(0, "before")
			p.want("before")
			p.until("it was counted", func() bool { return p.Waiting() == 0 && p.Count(0).Sent == 1 && p.Status().Lateness.Count == 1 })
			p.offer(time.Hour, "never")
			old := p.Status().PID
			if err := unix.Kill(old, signal); err != nil {
				t.Fatal(err)
			}
			p.until("another process", func() bool { s := p.Status(); return s.PID != 0 && s.PID != old })
			if n := p.Revoke(); n != 1 {
				t.Errorf("%d beats were counted, want the one before", n)
			}
			if err := unix.Kill(old, 0); !errors.Is(err, unix.ESRCH) {
				t.Errorf("the old process is still there: %v", err)
			}
			p.offer(0, "after")
			p.want("after")
			p.until("it was counted", func() bool { return p.Count(0).Sent == 2 })
			if s := p.Status(); s.Starts != 2 || s.Lateness.Count != 2 {
				t.Errorf("status: %+v", s)
			}
			if !p.said("WARN: The process that sends heartbeats (" + strconv.Itoa(old) + ") was " + name) {
				t.Errorf("the log does not say what happened:\n%s", p.text())
			}
		})
	}
}

// A pacer that does not come to its moment, and is not stopped either, is seen by Tick. The process is held by a
// debugger here, as a frozen control group would hold it.
func TestHangingPacerIsReplaced(t *testing.T) {
	p := newPaced(t, Options{Priority: 1, Stuck: time.Millisecond})
	p.cur.mem.sleeps.Store(0) // what one leaves that did not come
	old := p.Status().PID
	p.Tick(time.Duration(clock()))
	if !p.Alive() {
		t.Fatal("killed at first sight")
	}
	now := time.Duration(clock())
	for end := time.Now().Add(patience); p.Status().PID == old; time.Sleep(time.Millisecond) {
		p.Pacer.mu.Lock()
		if p.cur != nil && p.cur.pid == old {
			p.cur.mem.sleeps.Store(0) // it may just be writing there that it sleeps
		}
		p.Pacer.mu.Unlock()
		now += time.Second
		p.Tick(now)
		if time.Now().After(end) {
			t.Fatalf("it is not killed; log:\n%s", p.text())
		}
	}
	p.until("another process", func() bool { return p.Status().PID != 0 })
}

// Close at any moment of a pacer's life ends it, and waits for no more than that.
func TestCloseEarly(t *testing.T) {
	for i := range 10 {
		p, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		for end := clock() + int64(i)*500_000; clock() < end; {
		}
		p.Close()
		p.Close()
		if p.Alive() || p.Offer(0, []byte("x")) {
			t.Fatal("takes beats after Close")
		}
	}
	if err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil); !errors.Is(err, unix.ECHILD) {
		t.Errorf("a process is left: %v", err)
	}
}

// TestPacerIsAlone: it ignores what ends others, has no descriptor but its own, is in no terminal's session, and
// says what it is.
func TestPacerIsAlone(t *testing.T) {
	p := newPaced(t, Options{Priority: 1})
	pid := p.Status().PID
	for _, s := range []unix.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1} {
		if err := unix.Kill(pid, s); err != nil {
			t.Fatal(err)
		}
	}
	p.offer(0, "still there")
	p.want("still there")
	proc := fmt.Sprintf("/proc/%d/", pid)
	fds, err := os.ReadDir(proc + "fd")
	if err != nil {
		t.Fatal(err)
	}
	var open []string
	for _, f := range fds {
		name, _ := os.Readlink(proc + "fd/" + f.Name())
		open = append(open, strings.SplitN(name, ":", 2)[0])
	}
	if got := strings.Join(open, " "); got != "/dev/null /dev/null /dev/null socket socket" {
		t.Errorf("descriptors: %s", got)
	}
	line, _ := os.ReadFile(proc + "cmdline")
	name, _ := os.ReadFile(proc + "comm")
	if string(line) != "heartbeatd\x00beats\x00" || string(name) != "heartbeat-beats\n" {
		t.Errorf("ps shows %q %q", line, name)
	}
	if sid, err := unix.Getsid(pid); err != nil || sid != pid {
		t.Errorf("session %d, %v", sid, err)
	}
	mine, _ := os.ReadFile("/proc/self/oom_score_adj")
	its, _ := os.ReadFile(proc + "oom_score_adj")
	if string(mine) != string(its) {
		t.Errorf("oom_score_adj is %q, ours %q", its, mine)
	}
	s := p.Status()
	t.Logf("%s, locked %t", s.Sched, s.Locked)
}

// TestRealTime: where the kernel allows it, one thread is SCHED_FIFO and none of its children would be. With `realtime off` it is like any other.
func TestRealTime(t *testing.T) {
	for priority, want := range map[int]string{7: "SCHED_FIFO 7", 0: "as started"} {
		p := newPaced(t, Options{Priority: priority})
		s := p.Status()
		if s.Sched != want {
			if os.Getuid() == 0 && os.Getenv("HEARTBEATD_NEED_ROOT") == "1" {
				t.Errorf("priority %d: runs %s", priority, s.Sched)
			}
			if priority > 0 && !p.said("WARN: No real-time priority for heartbeats: ") {
				t.Errorf("runs %s, and the log does not say why:\n%s", s.Sched, p.text())
			}
			t.Logf("priority %d: not allowed here, runs %s", priority, s.Sched)
			continue
		}
		attr, err := unix.SchedGetAttr(s.PID, 0)
		if err != nil {
			t.Fatal(err)
		}
		limits, _ := os.ReadFile(fmt.Sprintf("/proc/%d/limits", s.PID))
		if guarded := strings.Contains(string(limits), "Max realtime timeout      200000               200000"); guarded != (priority > 0) {
			t.Errorf("priority %d: does the kernel end it when it runs on and on? %t\n%s", priority, guarded, limits)
		}
		if priority > 0 && (attr.Policy != unix.SCHED_FIFO || attr.Priority != 7 || attr.Flags&unix.SCHED_FLAG_RESET_ON_FORK == 0) ||
			priority == 0 && (attr.Policy != 0 || attr.Nice < 0) {
			t.Errorf("priority %d: %+v", priority, attr)
		}
	}
}

const (
	deciderMark = "PACER_TEST_DECIDER"
	port        = "PACER_TEST_PORT"
)

// decider is a process that offers sixteen beats and then hangs; it is stopped or killed from outside.
func init() {
	if os.Getenv(deciderMark) == "" {
		return
	}
	os.Unsetenv(deciderMark)
	Entry()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	p, err2 := New(Options{Priority: 1})
	n, err3 := strconv.Atoi(os.Getenv(port))
	if err := errors.Join(err, err2, err3); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	p.Opened(0, fd, loopback(n))
	for !p.Alive() {
		<-p.News()
	}
	begin := clock()
	for i := range 16 {
		p.Offer(time.Duration(begin+int64(i+1)*int64(25*time.Millisecond)), []byte(strconv.Itoa(i)))
	}
	p.Offer(time.Duration(begin+int64(time.Hour)), []byte("never"))
	fmt.Println(p.Status().PID, begin)
	select {}
}

// startDecider starts one and gives the pid of its pacer, and the moment from which its beats are counted.
func startDecider(t *testing.T, e *ear) (c *exec.Cmd, pid int, begin int64) {
	t.Helper()
	c = exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), deciderMark+"=1", port+"="+strconv.Itoa(e.port))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	if _, err := fmt.Fscan(out, &pid, &begin); err != nil {
		t.Fatal(err)
	}
	return c, pid, begin
}

// The pacer of a decider that hangs goes on to the end of the ring, and no further.
func TestDeciderHangs(t *testing.T) {
	e := newEar(t)
	c, _, _ := startDecider(t, e)
	if err := c.Process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for i := range 16 {
		e.want(strconv.Itoa(i))
	}
	e.quiet()
}

// The pacer of a decider that was killed is gone at once, whatever lies in the ring: no beat goes out whose moment
// was after the death.
func TestDeciderIsKilled(t *testing.T) {
	e := newEar(t)
	c, pid, begin := startDecider(t, e)
	gone, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(gone)
	e.want("0")
	c.Process.Kill()
	c.Wait() // its sockets are closed by now
	died := clock()
	poll := []unix.PollFd{{Fd: int32(gone), Events: unix.POLLIN}}
	n, err := 0, error(unix.EINTR)
	for err == unix.EINTR { // signals of the runtime, and of children that end
		n, err = unix.Poll(poll, int(patience.Milliseconds()))
	}
	if n != 1 {
		t.Fatalf("the pacer is still there: %v", err)
	}
	t.Logf("gone %s after the decider", time.Duration(clock()-died))
	for i := 1; ; i++ {
		h, ok := e.next(0)
		if !ok {
			break
		}
		if at := begin + int64(i+1)*int64(25*time.Millisecond); h.text != strconv.Itoa(i) || at > died {
			t.Errorf("heard %q, whose moment was %s after the death of the decider", h.text, time.Duration(at-died))
		}
	}
}
