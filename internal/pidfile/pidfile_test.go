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
