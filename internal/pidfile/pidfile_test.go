package pidfile

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMain lets the test binary play a second daemon: it creates the file, says so, and lives
// until its standard input ends.
func TestMain(m *testing.M) {
	path := os.Getenv("PIDFILE_TEST_HOLD")
	if path == "" {
		os.Exit(m.Run())
	}
	if os.Getenv("PIDFILE_TEST_ASK") != "" {
		pid, alive, _ := Alive(path)
		fmt.Println(pid, alive)
		return
	}
	if path != "nothing" {
		if _, err := Create(path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	fmt.Println("holding")
	bufio.NewReader(os.Stdin).ReadString('\n')
}

// hold starts exe as a second daemon and waits until it holds path.
func hold(t *testing.T, exe, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "PIDFILE_TEST_HOLD="+path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Process.Kill(); cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "holding\n" {
		t.Fatalf("second daemon: %q, %v", line, err)
	}
	return cmd
}

func self(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

func TestFormAndModes(t *testing.T) {
	old := unix.Umask(0o077)
	defer unix.Umask(old)
	path := filepath.Join(t.TempDir(), "heartbeat.pid")
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Remove()
	data, _ := os.ReadFile(path)
	if want := fmt.Sprintf("%10d\n", os.Getpid()); string(data) != want || len(data) != 11 {
		t.Errorf("content %q, want %q", data, want)
	}
	for p, want := range map[string]os.FileMode{path: 0o644, lockPath(path): 0o600} {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", p, info.Mode().Perm(), err, want)
		}
	}
	if left, _ := filepath.Glob(path + ".[0-9]*"); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestSecondDaemonIsRefusedUntilTheFirstIsKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heartbeat.pid")
	first := hold(t, self(t), path)
	if pid, alive, err := Alive(path); pid != first.Process.Pid || !alive || err != nil {
		t.Errorf("Alive = %d, %v, %v", pid, alive, err)
	}
	var running *RunningError
	if _, err := Create(path); !errors.As(err, &running) || running.PID != first.Process.Pid {
		t.Fatalf("got %v, want pid %d", err, first.Process.Pid)
	}
	first.Process.Kill()
	first.Wait()
	if pid, alive, err := Alive(path); pid != first.Process.Pid || alive || err != nil {
		t.Errorf("after SIGKILL: Alive = %d, %v, %v", pid, alive, err)
	}
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Remove(); err != nil {
		t.Error(err)
	}
	if _, _, err := Alive(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after a clean stop: %v", err)
	}
}

// A daemon that was killed a moment ago is not "already running", though the kernel has yet to
// take the lock from it.
func TestKilledAMomentAgo(t *testing.T) {
	for i := range 20 {
		path := filepath.Join(t.TempDir(), "heartbeat.pid")
		daemon := hold(t, self(t), path)
		daemon.Process.Kill() // and nobody waits: it stays as a zombie
		if i%2 == 0 {
			if pid, alive := Settled(path); alive {
				t.Fatalf("round %d: pid %d is alive", i, pid)
			}
			continue
		}
		f, err := Create(path)
		if err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		f.Remove()
	}
}

// For those who may not ask about the lock, the name of a process must do; a dead one has a name too.
func TestZombieIsNotOurs(t *testing.T) {
	exe := filepath.Join(t.TempDir(), "heartbeatd")
	if err := os.Symlink(self(t), exe); err != nil {
		t.Fatal(err)
	}
	daemon := hold(t, exe, "nothing")
	if !isOurs(daemon.Process.Pid) {
		t.Error("a daemon that lives is not known by its name")
	}
	daemon.Process.Kill()
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_PID, daemon.Process.Pid, &info, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if isOurs(daemon.Process.Pid) {
		t.Error("a zombie is taken for a daemon")
	}
}

// The number of a dead daemon may belong to anybody by now.
func TestReusedNumberIsNotAlive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heartbeat.pid")
	if err := write(path, os.Getpid()); err != nil {
		t.Fatal(err)
	}
	if _, alive, err := Alive(path); alive || err != nil {
		t.Errorf("no lock: alive %v, %v", alive, err)
	}
	if f, err := Create(path); err != nil {
		t.Error(err)
	} else {
		f.Remove()
	}
}

// A running daemon of Linux-HA holds no lock; its program is called heartbeat.
func TestOriginalHeartbeatIsRespected(t *testing.T) {
	dir := t.TempDir()
	exe := filepath.Join(dir, "heartbeat")
	data, err := os.ReadFile(self(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(exe, data, 0o755); err != nil {
		t.Fatal(err)
	}
	original := hold(t, exe, "nothing")
	path := filepath.Join(dir, "heartbeat.pid")
	if err := write(path, original.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if _, alive, err := Alive(path); !alive || err != nil {
		t.Errorf("Alive = %v, %v", alive, err)
	}
	var running *RunningError
	if _, err := Create(path); !errors.As(err, &running) || running.PID != original.Process.Pid {
		t.Errorf("got %v", err)
	}
	os.Remove(exe)
	if _, alive, _ := Alive(path); !alive {
		t.Error("taken for dead after its package was removed")
	}
}

func TestReadErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heartbeat.pid")
	if _, err := Read(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	for _, text := range []string{"", "\n", "x\n", "-1\n", "0\n", strings.Repeat("9", 40)} {
		os.WriteFile(path, []byte(text), 0o644)
		_, err := Read(path)
		if err == nil || errors.Is(err, fs.ErrNotExist) || !strings.HasSuffix(err.Error(), "holds no process number") {
			t.Errorf("%q: %v", text, err)
		}
	}
	os.WriteFile(path, []byte("       774\n"), 0o644)
	if pid, err := Read(path); pid != 774 || err != nil {
		t.Errorf("got %d, %v", pid, err)
	}
}

// A pid file that somebody removed, or that could not be written, does not hide a daemon.
func TestDaemonWithoutItsPIDFile(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"removed":        os.Remove,
		"another's":      func(path string) error { return write(path, os.Getpid()) },
		"no number":      func(path string) error { return os.WriteFile(path, nil, 0o644) },
		"no number both": func(path string) error { return errors.Join(os.Remove(path), os.Truncate(lockPath(path), 0)) },
	} {
		path := filepath.Join(t.TempDir(), "heartbeat.pid")
		daemon := hold(t, self(t), path)
		if err := spoil(path); err != nil {
			t.Fatal(err)
		}
		if pid, alive, _ := Alive(path); pid != daemon.Process.Pid || !alive {
			t.Errorf("%s: Alive = %d, %v; want %d", name, pid, alive, daemon.Process.Pid)
		}
		var running *RunningError
		if _, err := Create(path); !errors.As(err, &running) || running.PID != daemon.Process.Pid {
			t.Errorf("%s: a second daemon: %v, want pid %d", name, err, daemon.Process.Pid)
		}
		daemon.Process.Kill()
		daemon.Wait()
		if _, alive, _ := Alive(path); alive {
			t.Errorf("%s: alive after its end", name)
		}
	}
}

// The lock file keeps the number of a daemon that was killed; a process that has it now is no
// daemon, nor is one that only looks at the lock.
func TestNumberInTheLockFileIsNotBelieved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heartbeat.pid")
	daemon := hold(t, self(t), path)
	if pid, err := Read(lockPath(path)); pid != daemon.Process.Pid || err != nil {
		t.Errorf("the lock file holds %d, %v", pid, err)
	}
	os.Remove(path)
	os.WriteFile(lockPath(path), number(os.Getpid()), 0o600)
	looking, err := os.Open(lockPath(path))
	if err != nil {
		t.Fatal(err)
	}
	defer looking.Close()
	if pid, alive, _ := Alive(path); pid != daemon.Process.Pid || !alive {
		t.Errorf("Alive = %d, %v; want %d", pid, alive, daemon.Process.Pid)
	}
}

// Whoever may not open the lock is told all the same, without a number if there is no pid file.
func TestAliveForOtherUsers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can look as another user")
	}
	dir := t.TempDir()
	exe, path := filepath.Join(dir, "heartbeatd"), filepath.Join(dir, "heartbeat.pid")
	data, err := os.ReadFile(self(t))
	if err := errors.Join(err, os.WriteFile(exe, data, 0o755), os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	nobody := func() string {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), "PIDFILE_TEST_HOLD="+path, "PIDFILE_TEST_ASK=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	daemon := hold(t, exe, path)
	if got, want := nobody(), fmt.Sprintf("%d true\n", daemon.Process.Pid); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	os.Remove(path)
	if got := nobody(); got != "0 true\n" {
		t.Errorf("without a pid file: %q", got)
	}
	daemon.Process.Kill()
	daemon.Wait()
	if got := nobody(); got != "0 false\n" {
		t.Errorf("after its end: %q", got)
	}
}

func TestEnsure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heartbeat.pid")
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(){
		"whole":           func() {},
		"pid file gone":   func() { os.Remove(path) },
		"pid file broken": func() { os.WriteFile(path, nil, 0o644) },
		"lock gone":       func() { os.Remove(lockPath(path)) },
		"both gone":       func() { os.Remove(path); os.Remove(lockPath(path)) },
	} {
		spoil()
		before, _ := os.Stat(path)
		if err := f.Ensure(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if after, err := os.Stat(path); name == "whole" && (err != nil || !os.SameFile(before, after)) {
			t.Error("written again without need")
		}
		if pid, err := Read(path); pid != os.Getpid() || err != nil {
			t.Errorf("%s: the pid file holds %d, %v", name, pid, err)
		}
		if pid, alive, _ := Alive(path); pid != os.Getpid() || !alive {
			t.Errorf("%s: Alive = %d, %v", name, pid, alive)
		}
		if _, err := Create(path); err == nil {
			t.Errorf("%s: a second daemon was let in", name)
		}
	}
	if err := f.Remove(); err != nil {
		t.Error(err)
	}
	if _, alive, _ := Alive(path); alive {
		t.Error("alive after Remove")
	}
}
