package halog

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const childEnv = "HALOG_TEST_CHILD"

// inChild runs the named test again in a process of its own. It returns true there.
func inChild(t *testing.T, attr *syscall.SysProcAttr) bool {
	t.Helper()
	if os.Getenv(childEnv) == t.Name() {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), childEnv+"="+t.Name())
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EINVAL) {
		t.Skipf("no private namespaces here: %v", err)
	}
	if strings.Contains(string(out), "--- SKIP") {
		t.Skipf("%s", out)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Fatalf("%v\n%s", err, out)
	}
	return false
}

// A real file system without room: whole lines only, the loss is told, and the rest goes on.
func TestFullDisk(t *testing.T) {
	attr := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	if !inChild(t, attr) {
		return
	}
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("cannot mount a tmpfs: %v", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	path, ballast := filepath.Join(dir, "ha-log"), filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 32<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	l := openFile(t, path, eager)
	for i := range 400 { // 32 KiB hold about 250
		l.Line(Info, fmt.Sprintf("%06d %s", i, strings.Repeat("x", 70)))
		if i%50 == 0 {
			flushed(t, l)
		}
	}
	flushed(t, l)
	lost := l.Lost()
	if lost == 0 || lost == 400 {
		t.Fatalf("Lost = %d of 400", lost)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	l.Line(Info, "room again")
	flushed(t, l)
	got, _ := os.ReadFile(path)
	lines := strings.Split(strings.TrimSuffix(string(got), "\n"), "\n")
	n := len(lines)
	want := fmt.Sprintf("WARN: %d log lines were lost: write %s: no space left on device", lost, path)
	if n < 3 || !strings.HasSuffix(lines[n-2], want) || !strings.HasSuffix(lines[n-1], "info: room again") {
		t.Errorf("the end of the log is %q, want %q and the next line", lines[max(n-3, 0):], want)
	}
	for _, line := range lines[n-2:] {
		if !strings.HasPrefix(line, "Nov 05 ") {
			t.Errorf("does not begin a line: %q", line)
		}
	}
}

// A terminal that went away must not take the process with it: Go would die of SIGPIPE.
func TestStderrWithoutReader(t *testing.T) {
	if !inChild(t, nil) {
		return
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Dup3(int(w.Fd()), 2, 0); err != nil {
		t.Fatal(err)
	}
	w.Close()
	r.Close()
	c := sampleConfig()
	c.Stderr = os.Stderr
	l := open(c, eager)
	l.Line(Info, "to nobody")
	l.Close(5 * time.Second)
	if l.Lost() != 1 {
		t.Errorf("Lost = %d, want 1", l.Lost())
	}
}

// A file size limit ends in an error and not in SIGXFSZ.
func TestFileSizeLimit(t *testing.T) {
	if !inChild(t, nil) {
		return
	}
	path := filepath.Join(t.TempDir(), "ha-log")
	limit := unix.Rlimit{Cur: 100, Max: unix.RLIM_INFINITY}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	l := openFile(t, path, eager)
	for range 3 {
		l.Line(Info, "12345678901234567890")
	}
	flushed(t, l)
	limit.Cur = unix.RLIM_INFINITY
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	l.Line(Info, "more")
	flushed(t, l)
	got, _ := os.ReadFile(path)
	whole := info("12345678901234567890")
	want := whole + whole[:100-len(whole)] + "\n" +
		warn("2 log lines were lost: write "+path+": file too large") + info("more")
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
