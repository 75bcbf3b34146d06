package children

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
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

// ownDir is a directory that nobody else writes to, whatever the umask is.
func ownDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// place is where programs are started as the user that the tests run as.
func place(t *testing.T) (*Processes, told, string) {
	t.Helper()
	dir, events := ownDir(t), told{make(chan string, 64)}
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

// TestCoresOfOthers: a program runs in no directory that somebody else could have put there, or writes to.
func TestCoresOfOthers(t *testing.T) {
	place := ownDir(t)
	root := filepath.Join(place, "cores")
	account := own(t, "").Account
	dir := filepath.Join(root, account.Name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	var said []string
	p := &Processes{config: Config{Cores: root, Log: func(level, text string) { said = append(said, level+": "+text) }}, refused: map[string]bool{}}
	want := func(name, where string, lines ...string) {
		t.Helper()
		if got := p.directory(account); got != where || !slices.Equal(said, lines) {
			t.Errorf("%s: in %s, want %s; %q", name, got, where, said)
		}
	}
	want("all is well", dir)
	for name, c := range map[string]struct {
		dir  string
		mode os.FileMode
	}{"others write there": {root, 0o777}, "a step before": {place, 0o775}, "to its own": {dir, 0o720}} {
		if err := os.Chmod(c.dir, c.mode); err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("WARN: programs of %s run in /, where they leave no core file: %s: others can write there", account.Name, c.dir)
		want(name, "/", line)
		want(name+", again", "/", line)
		if err := os.Chmod(c.dir, 0o755); err != nil {
			t.Fatal(err)
		}
		said, p.refused = nil, map[string]bool{}
		want("after "+name, dir)
	}
	if err := os.Chmod(place, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	want("below a /tmp", dir)
	elsewhere := filepath.Join(place, "elsewhere")
	if err := errors.Join(os.Rename(dir, elsewhere), os.Symlink(elsewhere, dir)); err != nil {
		t.Fatal(err)
	}
	want("a link", "/")
	account.Name = "nobody-at-all"
	want("no directory", "/")
	if os.Geteuid() != 0 {
		return // nobody but root gives a directory away
	}
	account.Name = "x"
	if err := errors.Join(os.Mkdir(filepath.Join(root, "x"), 0o700), os.Chown(filepath.Join(root, "x"), 65534, -1)); err != nil {
		t.Fatal(err)
	}
	line := "WARN: programs of x run in /, where they leave no core file: " + filepath.Join(root, "x") + ": others can write there"
	want("of somebody else", "/", line)
	account.UID = 65534
	want("its own", filepath.Join(root, "x"), line)
}
