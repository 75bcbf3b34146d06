package runner

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What a script finds around it: 3.0.6's umask and directory, and nothing of the daemon.
func TestSurroundings(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	leak, err := os.Open("/dev/zero") // Go opens close-on-exec; somebody else may not have
	if err != nil {
		t.Fatal(err)
	}
	defer leak.Close()
	unix.FcntlInt(leak.Fd(), unix.F_SETFD, 0)
	closeOnExec()
	s.script("look", `
		echo "umask $(umask)"; echo "cwd $(pwd -P)"
		echo "stdin $(readlink /proc/self/fd/0)"; read x; echo "read $?"
		for fd in /proc/$$/fd/*; do n=${fd##*/}; [ $n -gt 2 ] && [ -e $fd ] && echo "fd $n $(readlink $fd)"; done
		echo "pid $$ pgrp $(cut -d' ' -f5 /proc/$$/stat) sid $(cut -d' ' -f6 /proc/$$/stat)"
		grep SigIgn /proc/self/status; grep SigBlk /proc/self/status`)
	r := s.run("look", "start")
	for _, want := range []string{
		"umask 0022\n", "cwd " + s.work + "\n", "stdin /dev/null\n", "read 1\n",
		fmt.Sprintf("pid %d pgrp %d sid %d\n", r.PID, r.PID, r.PID),
		"SigBlk:\t0000000000000000\n",
	} {
		if !strings.Contains(r.Output, want) {
			t.Errorf("no %q in\n%s", want, r.Output)
		}
	}
	for _, line := range strings.Split(r.Output, "\n") {
		if strings.HasPrefix(line, "fd ") && !strings.HasSuffix(line, "/look") { // the shell reads its script
			t.Errorf("descriptor leaked: %s", line)
		}
	}
	st, err := os.Stat(s.work)
	if err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("working directory: %v, %v", st, err)
	}
}

// The umask of scripts is theirs alone: the daemon's stays as it is.
func TestUmaskIsPrivate(t *testing.T) {
	s := newSite(t)
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	path := s.script("web", "umask")
	os.Chmod(path, 0o755)
	if r := s.run("web", "start"); r.Output != "0022\n" {
		if unshareRefused() {
			t.Skip("unshare is not permitted here")
		}
		t.Errorf("the script's umask is %q", r.Output)
	}
	if now := syscall.Umask(0o077); now != 0o077 {
		t.Errorf("the daemon's umask became %03o", now)
	}
}

func unshareRefused() bool {
	refused := make(chan bool)
	go func() {
		runtime.LockOSThread()
		refused <- unix.Unshare(unix.CLONE_FS) != nil
	}()
	return <-refused
}

// Signals that this process was started with as ignored (nohup, systemd) are default in scripts.
func TestSignalsAreDefault(t *testing.T) {
	if os.Getenv("RUNNER_TEST_CHILD") == "" {
		cmd := exec.Command("/bin/sh", "-c", `trap '' HUP INT PIPE USR1; exec "$0" -test.run='^TestSignalsAreDefault$' -test.v`, os.Args[0])
		cmd.Env = append(os.Environ(), "RUNNER_TEST_CHILD=1")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	if !signal.Ignored(syscall.SIGHUP) {
		t.Fatal("SIGHUP is not ignored before: the test tests nothing")
	}
	s := newSite(t)
	s.script("web", "grep SigIgn /proc/self/status")
	r := s.run("web", "start")
	var mask uint64
	if _, err := fmt.Sscanf(r.Output, "SigIgn: %x", &mask); err != nil {
		t.Fatalf("the script printed %q: %v", r.Output, err)
	}
	// Signals above 31 belong to the C library's threads; what of them is ignored comes from
	// whoever runs the test, and no service minds.
	if mask&0x7fffffff != 0 {
		t.Errorf("the script got %q", r.Output)
	}
}

func TestNoWorkDir(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.config.WorkDir = "/proc/heartbeat/none"
	s.script("web", "pwd -P; echo $PWD")
	if r := s.run("web", "start"); r.RC != 0 || r.Output != "/\n/\n" {
		t.Errorf("%+v, want to run in /", r)
	}
}

func TestCannotRun(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	rd := s.etc + "/resource.d/"
	tests := []struct {
		name, content string
		rc            int
		output, err   string
	}{
		{"plain", "echo \"$0 $*\"\nexit 3\n", 3, rd + "plain start\n", ""},
		{"empty", "", 0, "", ""},
		{"interp", "#!/no/such/interpreter -x\n", 126, "", `cannot run ` + rd + `interp start: its interpreter "/no/such/interpreter" does not exist: `},
		{"dos", "#!/bin/sh\r\necho hi\r\n", 126, "", `cannot run ` + rd + `dos start: its first line ends with a carriage return (saved with DOS line ends): `},
		{"binary", "\x7fELF\x00\x00\x00garbage", 126, "", `cannot run ` + rd + `binary start: it is neither a script nor a program for this machine: `},
	}
	for _, tt := range tests {
		s.file(rd+tt.name, tt.content, 0o755)
		r := s.run(tt.name, "start")
		gotErr := ""
		if r.Err != nil {
			gotErr = r.Err.Error()
		}
		if r.RC != tt.rc || r.Output != tt.output || (tt.err == "") != (gotErr == "") || !strings.HasPrefix(gotErr, tt.err) {
			t.Errorf("%s: RC %d, output %q, error %q; want %d, %q, %q", tt.name, r.RC, r.Output, gotErr, tt.rc, tt.output, tt.err)
		}
	}
	if got := s.logged(); len(got) < 3 || !strings.HasPrefix(got[len(got)-1], "ERROR: cannot run "+rd+"binary start: ") {
		t.Errorf("log: %q", got)
	}
}

// A script that is being written at this moment is waited for.
func TestTextBusy(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := s.script("web", "echo fine")
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(150*time.Millisecond, func() { w.Close() })
	if r := s.run("web", "start"); r.RC != 0 || r.Output != "fine\n" {
		t.Errorf("%+v", r)
	}
}

// Without descriptors nothing can be run; that is an outcome like any other.
func TestNoDescriptors(t *testing.T) {
	s := newSite(t)
	s.script("web", "exit 0")
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	low := unix.Rlimit{Cur: 0, Max: old.Max}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	s.Start(1, "web", "stop")
	r := s.wait()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	if r.RC != 127 || r.Err == nil || !strings.Contains(r.Err.Error(), "too many open files") {
		t.Errorf("%+v", r)
	}
	if r := s.run("web", "stop"); r.RC != 0 {
		t.Errorf("afterwards: %+v", r)
	}
}
