package runner

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// waitFor polls for something another process does.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}

// background returns the process id a script printed and ends that process with the test.
func background(t *testing.T, output string) int {
	t.Helper()
	pid, err := strconv.Atoi(strings.TrimSpace(output))
	if err != nil || pid <= 1 { // 0 would mean ourselves
		t.Fatalf("no process id in %q", output)
	}
	t.Cleanup(func() { syscall.Kill(pid, syscall.SIGKILL) })
	return pid
}

// A service that the script starts keeps its stdout: the end of the script is reported at once,
// the service goes on writing without harm, and what it writes does not pile up.
func TestServiceKeepsStdout(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.held.every = 10 * time.Millisecond
	marker := t.TempDir() + "/alive"
	s.script("daemon", `
		( trap '' HUP; i=0
		  while :; do echo "chatter chatter chatter $i" || exit 1; i=$((i+1)); [ $i -eq 20000 ] && echo yes >`+marker+`
		  [ $i -gt 20000 ] && sleep 0.01; [ $i -gt 26000 ] && exit; done ) & # ends by itself if the test does not get to kill it
		echo $!`)
	start := time.Now()
	r := s.run("daemon", "start")
	if r.RC != 0 || time.Since(start) > 30*time.Second {
		t.Fatalf("after %v: %+v", time.Since(start), r)
	}
	first, _, _ := strings.Cut(r.Output, "\n")
	for _, line := range strings.Split(r.Output, "\n") { // the chatter may come first
		if !strings.Contains(line, "chatter") && line != "" {
			first = line
			break
		}
	}
	pid := background(t, first)
	waitFor(t, "20000 lines of the service", func() bool { _, err := os.Stat(marker); return err == nil })
	s.held.mu.Lock()
	n := len(s.held.streams)
	s.held.mu.Unlock()
	if n != 1 {
		t.Fatalf("%d files are held for services, want 1", n)
	}
	// 20000 lines are 560 kB; between two rounds only a part of that can have come together.
	waitFor(t, "the file is emptied", func() bool {
		s.held.mu.Lock()
		defer s.held.mu.Unlock()
		return s.held.streams[0].size() < 100_000
	})
	if err := syscall.Kill(pid, 0); err != nil {
		t.Errorf("the service is gone: %v", err)
	}
	syscall.Kill(pid, syscall.SIGKILL)
	waitFor(t, "the file is let go", func() bool {
		s.held.mu.Lock()
		defer s.held.mu.Unlock()
		return len(s.held.streams) == 0
	})
}

// After a daemon that was killed, the next one looks after the files its services write to; but
// never after those of a daemon that lives.
func TestAdopt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.held.busy = true // no round of its own
	s.script("daemon", "sleep 1000 & echo $!")
	r := s.run("daemon", "start")
	background(t, r.Output)
	waitFor(t, "the file is held", func() bool { return s.heldFiles() == 1 })

	s.held.mu.Lock()
	file := s.held.streams[0]
	s.held.mu.Unlock()
	var next held
	next.every = 10 * time.Millisecond
	next.adopt()
	next.mu.Lock()
	for _, other := range next.streams {
		if inode(t, other) == inode(t, file) {
			t.Error("took a file away from a living daemon")
		}
	}
	next.mu.Unlock()
	if _, err := file.file.WriteAt(make([]byte, 10000), 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(file.file.Fd()), unix.LOCK_UN); err != nil { // as its daemon's death would do
		t.Fatal(err)
	}
	next.adopt()
	waitFor(t, "the file is adopted and emptied", func() bool { return file.size() == 0 })
}

func (s *site) heldFiles() int {
	s.held.mu.Lock()
	defer s.held.mu.Unlock()
	return len(s.held.streams)
}

// A script that leaves nothing behind leaves no file either.
func TestNothingHeld(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.script("web", "echo hello")
	s.run("web", "status")
	waitFor(t, "no file is held", func() bool { return s.heldFiles() == 0 })
}

func TestFlood(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.script("flood", "echo first; head -c 10485760 /dev/zero | tr '\\0' x; echo; echo last")
	r := s.run("flood", "start")
	if r.RC != 0 || len(r.Output) > outputMax+100 || len(r.Output) < outputMax {
		t.Errorf("RC %d, %d bytes of output", r.RC, len(r.Output))
	}
	if !strings.HasPrefix(r.Output, "first\nx") || !strings.HasSuffix(r.Output, "x\nlast\n") || !strings.Contains(r.Output, "bytes left out") {
		t.Errorf("head %.20q, tail %.20q", r.Output, r.Output[len(r.Output)-20:])
	}
}

// A script that never stops writing must not fill the memory while it runs.
func TestTrim(t *testing.T) {
	t.Parallel()
	s, end, err := newStream()
	if err != nil {
		t.Fatal(err)
	}
	defer s.file.Close()
	defer end.Close()
	block := []byte(strings.Repeat("0123456789abcdef", 4096))
	for range 160 { // 10 MiB
		if _, err := end.Write(block); err != nil {
			t.Fatal(err)
		}
		s.trim()
		var st unix.Stat_t
		unix.Fstat(int(s.file.Fd()), &st)
		if used := st.Blocks * 512; used > 2*outputRoom {
			t.Fatalf("%d bytes in memory", used)
		}
	}
	end.WriteString("the end")
	text := s.text()
	if !strings.HasPrefix(text, "0123456789") || !strings.HasSuffix(text, "abcdefthe end") || strings.Contains(text, "\x00") {
		t.Errorf("head %.20q, tail %.20q", text, text[len(text)-20:])
	}
}

func TestSignalDeath(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := s.script("web", "echo dying; kill -9 $$")
	r := s.run("web", "stop")
	if r.RC != 137 || r.Err != nil {
		t.Errorf("%+v, want RC 137", r)
	}
	want := []string{"ERROR: " + path + " stop: ended by signal 9 (killed)", "ERROR: " + path + " stop: dying"}
	if got := strings.Join(s.logged(), "\n"); got != strings.Join(want, "\n") {
		t.Errorf("log:\n%s", got)
	}
}

// What hangs delays nobody, and is left alone until it ends.
func TestHanging(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	file := s.etc + "/pid"
	s.script("hang", "echo $$ >"+file+"; exec sleep 1000")
	s.script("web", "exit 0")
	s.Start(1, "hang", "start")
	waitFor(t, "the script runs", func() bool { b, _ := os.ReadFile(file); return strings.HasSuffix(string(b), "\n") })
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid := background(t, string(b))
	if r := s.run("web", "start"); r.RC != 0 {
		t.Errorf("beside a hanging script: %+v", r)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Errorf("the script was killed: %v", err)
	}
	if r := s.wait(); r.ID != 1 || r.RC != 128+15 || r.PID != pid {
		t.Errorf("its end: %+v", r)
	}
}

func inode(t *testing.T, s *stream) uint64 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Fstat(int(s.file.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	return st.Ino
}
