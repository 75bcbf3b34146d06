package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// ample is time enough for an answer on any machine.
const ample = time.Minute

// fakeDaemon records what it was asked and answers at once, or when gate opens.
type fakeDaemon struct {
	mu    sync.Mutex
	asked []string
	err   error
	gate  chan struct{} // standby waits for it if it is not nil
}

func (f *fakeDaemon) note(what string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, what)
	return f.err
}

var someStatus = Status{Version: "1.2.3", Node: "node1", Dropped: map[string]uint64{"replay": 2}}

func (f *fakeDaemon) Status() (Status, error) { return someStatus, f.err }

func (f *fakeDaemon) Standby(which string) error {
	if f.gate != nil {
		<-f.gate
	}
	return f.note("standby " + which)
}

func (f *fakeDaemon) Takeover(which string) error { return f.note("takeover " + which) }
func (f *fakeDaemon) Replace() error              { return f.note("replace") }
func (f *fakeDaemon) Stop() error                 { return f.note("stop") }

func start(t *testing.T, h Handler) (*Server, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "heartbeat", "control")
	s, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s, h)
	return s, path
}

func serve(t *testing.T, s *Server, h Handler) {
	t.Helper()
	done := make(chan struct{})
	go func() { s.Serve(h); close(done) }()
	t.Cleanup(func() { s.Close(); <-done })
}

func raw(t *testing.T, path string) net.Conn {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(ample))
	return conn
}

func TestCommandsReachTheHandler(t *testing.T) {
	f := &fakeDaemon{}
	_, path := start(t, f)
	st, err := Query(path, ample)
	if err != nil || !reflect.DeepEqual(st, someStatus) {
		t.Errorf("Query = %+v, %v", st, err)
	}
	for _, err := range []error{
		Standby(path, "all", ample), Takeover(path, "failback", ample),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if want := []string{"standby all", "takeover failback"}; !reflect.DeepEqual(f.asked, want) {
		t.Errorf("the handler saw %q, want %q", f.asked, want)
	}
}

func TestRefusalKeepsItsHint(t *testing.T) {
	want := &Refusal{Reason: "auto_failback is legacy", Hint: "set auto_failback on or off"}
	_, path := start(t, &fakeDaemon{err: fmt.Errorf("wrapped: %w", want)})
	var got *Refusal
	if err := Standby(path, "all", ample); !errors.As(err, &got) {
		t.Fatalf("got %v, want a refusal", err)
	}
	if got.Reason != "wrapped: auto_failback is legacy" || got.Hint != want.Hint {
		t.Errorf("got %+v", got)
	}
}

func TestBadRequestsGetAnErrorLine(t *testing.T) {
	f := &fakeDaemon{}
	_, path := start(t, f)
	for _, tc := range []struct{ send, want string }{
		{"\n", "the request is not one line of JSON"},
		{"hello\n", "the request is not one line of JSON"},
		{"\x00\xff\xfe\n", "the request is not one line of JSON"},
		{"{}\n", `the request names no "command"`},
		{`{"command":"reboot"}` + "\n", `unknown command "reboot"`},
		{`{"command":"standby"}` + "\n", `standby: want all, local, foreign or failback, got ""`},
		{`{"command":"takeover","which":"x"}` + "\n", `takeover: want all, local, foreign or failback, got "x"`},
		{`{"command":"status"} {"command":"status"}` + "\n", "the request is not one line of JSON"},
		{strings.Repeat("a", maxRequest+1), "the request is longer than 4096 bytes"},
	} {
		conn := raw(t, path)
		io.WriteString(conn, tc.send)
		line, _ := io.ReadAll(conn)
		var a answer
		if err := json.Unmarshal(line, &a); err != nil {
			t.Errorf("%.30q: answer %q: %v", tc.send, line, err)
			continue
		}
		if a.OK || !strings.HasPrefix(a.Error, tc.want) {
			t.Errorf("%.30q: answered %+v, want %q", tc.send, a, tc.want)
		}
	}
	if len(f.asked) != 0 {
		t.Errorf("the handler was reached: %q", f.asked)
	}
}

func TestLongestRequestIsAccepted(t *testing.T) {
	_, path := start(t, &fakeDaemon{})
	conn := raw(t, path)
	head := `{"command":"standby","which":"all"`
	io.WriteString(conn, head+strings.Repeat(" ", maxRequest-len(head)-2)+"}\n")
	if line, _ := io.ReadAll(conn); string(line) != "{\"ok\":true}\n" {
		t.Errorf("answered %q", line)
	}
}

// Thousands of connections that say nothing must not keep the operator out, nor may they live on.
func TestSilentCrowdGivesWay(t *testing.T) {
	s, path := start(t, &fakeDaemon{})
	first := raw(t, path)
	for range 3000 {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	before := time.Now()
	if _, err := Query(path, ample); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(before); d >= patience {
		t.Errorf("the status took %v behind a silent crowd", d)
	}
	if _, err := first.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the oldest silent client was kept")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.clients) > maxClients {
		t.Errorf("%d clients at once", len(s.clients))
	}
}

// A client that never reads a big answer, and commands that are stuck, leave status alone.
func TestStuckClientsDoNotDelayStatus(t *testing.T) {
	f := &fakeDaemon{gate: make(chan struct{})}
	_, path := start(t, f)
	for range 10 {
		io.WriteString(raw(t, path), `{"command":"standby","which":"all"}`+"\n")
		io.WriteString(raw(t, path), `{"command":"status"}`+"\n")
	}
	quickest := ample // what is stuck would delay each
	for range 20 {
		before := time.Now()
		if _, err := Query(path, ample); err != nil {
			t.Fatal(err)
		}
		quickest = min(quickest, time.Since(before))
	}
	if quickest >= patience {
		t.Errorf("the status took %v and more", quickest)
	}
	close(f.gate)
}

// With every place inside the handler, newcomers are turned away instead of piling up.
func TestFullHouseTurnsAway(t *testing.T) {
	f := &fakeDaemon{gate: make(chan struct{})}
	s, path := start(t, f)
	defer close(f.gate)
	for range maxClients {
		io.WriteString(raw(t, path), `{"command":"standby","which":"all"}`+"\n")
	}
	for deadline := time.Now().Add(ample); countBusy(s) < maxClients; {
		if time.Now().After(deadline) {
			t.Fatalf("only %d requests reached the handler", countBusy(s))
		}
	}
	if _, err := Query(path, time.Second); !errors.Is(err, ErrNoAnswer) {
		t.Errorf("got %v, want %v", err, ErrNoAnswer)
	}
}

func countBusy(s *Server) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.clients {
		if c.busy {
			n++
		}
	}
	return n
}

func TestOnlyRootIsAnswered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control")
	s, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	var seen uint32 = 1 << 31
	s.allowed = func(uid uint32) bool { seen = uid; return false }
	f := &fakeDaemon{}
	serve(t, s, f)
	if err := Standby(path, "all", ample); !errors.Is(err, ErrNotPermitted) {
		t.Errorf("got %v, want %v", err, ErrNotPermitted)
	}
	if int(seen) != os.Geteuid() || len(f.asked) != 0 {
		t.Errorf("uid seen %d, asked %q", seen, f.asked)
	}
	if rootOrSelf(uint32(os.Geteuid())+1) || !rootOrSelf(0) {
		t.Error("rootOrSelf admits the wrong users")
	}
}

func TestModesWhateverTheUmask(t *testing.T) {
	old := unix.Umask(0)
	defer unix.Umask(old)
	path := filepath.Join(t.TempDir(), "heartbeat", "control")
	s, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for p, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o750} {
		info, err := os.Stat(p)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", p, info.Mode().Perm(), err, want)
		}
	}
}

func TestSecondListenerIsRefused(t *testing.T) {
	_, path := start(t, &fakeDaemon{})
	_, err := Listen(path)
	if want := "another heartbeatd answers on " + path; err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
	if _, err := Query(path, ample); err != nil {
		t.Errorf("the first one was harmed: %v", err)
	}
}

func TestStaleSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if _, err := Query(path, ample); !errors.Is(err, ErrNotRunning) {
		t.Errorf("stale socket: got %v, want %v", err, ErrNotRunning)
	}
	s, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s, &fakeDaemon{})
	if _, err := Query(path, ample); err != nil {
		t.Error(err)
	}
}

func TestFileInTheWayIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path); err == nil || err.Error() != path+" exists and is not a socket" {
		t.Errorf("got %v", err)
	}
	if data, _ := os.ReadFile(path); string(data) != "precious" {
		t.Error("the file was changed")
	}
}

func TestCloseRemovesTheSocketAndEndsClients(t *testing.T) {
	s, path := start(t, &fakeDaemon{})
	silent := raw(t, path)
	if _, err := Query(path, ample); err != nil { // the silent one is admitted by now
		t.Fatal(err)
	}
	s.Close()
	s.Close()
	if _, err := silent.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the silent client was kept")
	}
	if _, err := Query(path, ample); !errors.Is(err, ErrNotRunning) {
		t.Errorf("got %v, want %v", err, ErrNotRunning)
	}
}

// A daemon too busy to accept is alive: its socket must not be taken from it.
func TestFullBacklogIsNotStale(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: path}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	for {
		c, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(c)
		if err := unix.Connect(c, &unix.SockaddrUnix{Name: path}); err != nil {
			break
		}
	}
	if _, err := Listen(path); err == nil || !strings.HasPrefix(err.Error(), "another heartbeatd seems to own ") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the socket was removed: %v", err)
	}
}
