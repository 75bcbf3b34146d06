package runner

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// needRoot skips a test that needs more rights than we have, with the reason.
func needRoot(t *testing.T, what string, err error) {
	t.Helper()
	if os.Getenv("HEARTBEATD_NEED_ROOT") == "1" {
		t.Fatalf("cannot run here, and HEARTBEATD_NEED_ROOT=1 forbids to skip: %s: %v", what, err)
	}
	t.Skipf("%s: %v", what, err)
}

// sleeper is a process that has a file as its stdout.
func sleeper(t *testing.T, stdout *os.File, attr *syscall.SysProcAttr) (int, error) {
	t.Helper()
	p := exec.Command("sleep", "1000")
	p.Dir, p.Stdout, p.SysProcAttr = "/", stdout, attr
	if err := p.Start(); err != nil {
		return 0, err
	}
	t.Cleanup(func() { p.Process.Kill(); p.Wait() })
	return p.Process.Pid, nil
}

// adopted is what a daemon that starts now looks after.
func adopted(t *testing.T) *held {
	h := &held{busy: true} // no round of its own
	h.adopt()
	t.Cleanup(func() {
		for _, s := range h.streams {
			s.file.Close()
		}
	})
	return h
}

func (h *held) has(t *testing.T, ino uint64) bool {
	for _, s := range h.streams {
		if inode(t, s) == ino {
			return true
		}
	}
	return false
}

// TestAdoptByNameAlone: a process has a file open that /proc calls as it calls ours, but it is another.
func TestAdoptByNameAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "memfd:"+streamName+" (deleted)")
	if err := os.WriteFile(path, []byte("root:secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	// The copy of a mount that is nowhere in the tree: paths begin at its root.
	tree, err := unix.OpenTree(unix.AT_FDCWD, dir, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		needRoot(t, "a mount outside the tree cannot be had", err)
	}
	defer unix.Close(tree)
	fd, err := unix.Openat(tree, filepath.Base(path), unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), "victim")
	defer file.Close()
	if _, err := sleeper(t, file, nil); err != nil {
		t.Fatal(err)
	}
	if name, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd)); name != outputTarget {
		t.Fatalf("the trap is called %q (%v)", name, err)
	}
	h := adopted(t)
	if h.has(t, inode(t, &stream{file: file})) {
		t.Error("took a file that only bears the name")
	}
	h.empty()
	if b, _ := os.ReadFile(path); string(b) != "root:secret" {
		t.Errorf("emptied a file that only bears the name: %q", b)
	}
}

// TestAdoptOwnProcessesOnly: neither those of another user nor those that live among other mounts.
func TestAdoptOwnProcessesOnly(t *testing.T) {
	for name, c := range map[string]struct {
		attr *syscall.SysProcAttr
		want bool
	}{
		"ours":         {nil, true},
		"another user": {&syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}, false},
		"other mounts": {&syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, end, err := newStream()
			if err != nil {
				t.Fatal(err)
			}
			defer s.file.Close()
			defer end.Close()
			if _, err := sleeper(t, end, c.attr); err != nil {
				needRoot(t, "no such process can be had", err)
			}
			if err := unix.Flock(int(s.file.Fd()), unix.LOCK_UN); err != nil { // as its daemon's death would do
				t.Fatal(err)
			}
			if got := adopted(t).has(t, inode(t, s)); got != c.want {
				t.Errorf("adopted: %v, want %v", got, c.want)
			}
		})
	}
}

// TestOutputOfOurs: what may be emptied.
func TestOutputOfOurs(t *testing.T) {
	memory := func(name string, flags int) *os.File {
		fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|flags)
		if err != nil {
			t.Fatal(err)
		}
		return os.NewFile(uintptr(fd), name)
	}
	unlinked, err := os.Create(filepath.Join(t.TempDir(), "unlinked"))
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(unlinked.Name())
	script, err := os.Open("output_test.go")
	if err != nil {
		t.Fatal(err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file *os.File
		want bool
	}{
		"ours":             {memory(streamName, 0), true},
		"another's name":   {memory(streamName+"s", 0), false},
		"a file on a disk": {script, false},
		"an unlinked file": {unlinked, false},
		"a device":         {null, false},
	} {
		if got := mayBeEmptied(c.file); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		st, ok := look(int(c.file.Fd()))
		if !ok {
			t.Fatal(name)
		}
		if want := c.want || name == "another's name"; isOutput(st) != want { // what its name would not give away
			t.Errorf("%s: %v but for its name", name, !want)
		}
		c.file.Close()
	}
	t.Run("of another user", func(t *testing.T) {
		f := memory(streamName, 0)
		defer f.Close()
		if err := f.Chown(65534, 65534); err != nil {
			needRoot(t, "no file of another user can be had", err)
		}
		if mayBeEmptied(f) {
			t.Error("another user's file is taken for ours")
		}
	})
}

func mayBeEmptied(f *os.File) bool {
	file, _ := openOutput("/proc/self/fd/" + strconv.Itoa(int(f.Fd())))
	if file != nil {
		file.Close()
	}
	return file != nil
}
