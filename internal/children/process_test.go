package children

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// told is what happens to processes, one line each.
type told struct{ lines chan string }

func (e told) Started(n, pid int)       { e.lines <- fmt.Sprintf("started %d", n) }
func (e told) Failed(n int, why string) { e.lines <- fmt.Sprintf("failed %d %s", n, why) }
func (e told) Ended(n int, end Ending)  { e.lines <- fmt.Sprintf("ended %d %s", n, end) }

func (e told) want(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		select {
		case got := <-e.lines:
			if got != w {
				t.Fatalf("%s, want %s", got, w)
			}
		case <-time.After(time.Minute):
			t.Fatalf("waited in vain for %s", w)
		}
	}
}

// place is where programs are started as the user that the tests run as.
func place(t *testing.T) (*Processes, told, string) {
	t.Helper()
	dir, events := t.TempDir(), told{make(chan string, 64)}
	p := NewProcesses(Config{
		Env: []string{"DIR=" + dir}, Cores: filepath.Join(dir, "cores"), StateDir: filepath.Join(dir, "state"),
		Log: func(level, text string) { t.Errorf("%s: %s", level, text) }, Events: events,
	})
	t.Cleanup(p.Close)
	return p, events, dir
}

func own(t *testing.T, command string) Program {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return Program{Command: command, Account: Lookup(u.Username)}
}

// until waits for the real world.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain until " + what)
		}
	}
}

func TestHowProcessesEnd(t *testing.T) {
	p, events, _ := place(t)
	for n, c := range []struct{ command, want string }{
		{"/bin/sh -c 'exit 7'", "ended 0 exited with return code 7."},
		{"/bin/sh -c 'kill -KILL $$'", "ended 1 killed by signal 9 [SIGKILL - Kill, unblockable]."},
		{"/bin/true", "ended 2 exited with return code 0."},
	} {
		p.Start(n, own(t, c.command))
		events.want(t, fmt.Sprintf("started %d", n), c.want)
	}
	p.Start(3, own(t, "/nowhere/program x"))
	events.want(t, "failed 3 Cannot exec /nowhere/program: No such file or directory")
	p.Start(4, Program{Command: "/bin/true", Account: Lookup("no-such-user-here")})
	if got := <-events.lines; !strings.HasPrefix(got, "failed 4 Cannot exec /bin/true: asking for the user no-such-user-here: ") {
		t.Error(got)
	}
}

// TestGroupIsSignalled: what a program has started ends with it, and nothing else.
func TestGroupIsSignalled(t *testing.T) {
	p, events, dir := place(t)
	p.Start(0, own(t, `/bin/sh -c 'sleep 1000 & echo $! >$DIR/inner; wait'`))
	p.Start(1, own(t, "/bin/sleep 1000"))
	events.want(t, "started 0", "started 1")
	var inner int
	until(t, "the inner process runs", func() bool {
		text, _ := os.ReadFile(filepath.Join(dir, "inner"))
		n, _ := fmt.Sscan(string(text), &inner)
		return n == 1
	})
	p.Signal(0, syscall.SIGTERM)
	events.want(t, "ended 0 killed by signal 15 [SIGTERM - Termination (ANSI)].")
	until(t, "the inner process is gone", func() bool {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", inner))
		return err != nil || strings.Contains(string(text), ") Z ")
	})
	p.Signal(0, syscall.SIGKILL) // it has no process any more: nobody is meant
	p.mu.Lock()
	left := len(p.pids)
	p.mu.Unlock()
	if left != 1 {
		t.Errorf("%d processes are known, want 1", left)
	}
	p.Signal(1, syscall.SIGKILL)
	events.want(t, "ended 1 killed by signal 9 [SIGKILL - Kill, unblockable].")
	notes, err := os.ReadDir(filepath.Join(dir, "state"))
	if err != nil || len(notes) != 0 {
		t.Errorf("notes of programs that have ended: %v %v", notes, err)
	}
}

// TestStartsInOrder, and each runs where 3.0.6 puts it, if it may.
func TestStartsInOrder(t *testing.T) {
	p, events, dir := place(t)
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	cores := filepath.Join(dir, "cores", u.Username)
	if err := os.MkdirAll(cores, 0o700); err != nil {
		t.Fatal(err)
	}
	var want []string
	for n := range 20 {
		p.Start(n, own(t, "/bin/sleep 1000"))
		want = append(want, fmt.Sprintf("started %d", n))
	}
	events.want(t, want...)
	p.mu.Lock()
	link, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", p.pids[0]))
	p.mu.Unlock()
	if real, _ := filepath.EvalSymlinks(cores); err != nil || link != real {
		t.Errorf("runs in %s, %v", link, err)
	}
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() { p.Signal(n, unix.SIGKILL) })
	}
	all.Wait()
	for range 20 {
		if got := <-events.lines; !strings.HasSuffix(got, "killed by signal 9 [SIGKILL - Kill, unblockable].") {
			t.Error(got)
		}
	}
}
