package runner

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// site is a private /etc/ha.d and /etc/init.d with a runner over it.
type site struct {
	*Runner
	t    *testing.T
	etc  string
	init string
	work string
	done chan Result

	mu       sync.Mutex
	log      []string
	starting []string
}

func newSite(t *testing.T, env ...string) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{t: t, etc: dir + "/ha.d", init: dir + "/init.d", work: dir + "/lib/cores/root", done: make(chan Result, 1000)}
	for _, d := range []string{s.etc + "/resource.d", s.init} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.Runner = newRunner(Config{ // without adopting: tests run side by side
		EtcDir: s.etc, InitDir: s.init, WorkDir: s.work, Env: env,
		Done: func(r Result) { s.done <- r },
		Log: func(level, text string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.log = append(s.log, level+": "+text)
		},
		Script: func(text string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.log = append(s.log, "ResourceManager: "+text)
		},
		Starting: func(id uint64, cmd Command, op string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.starting = append(s.starting, fmt.Sprintf("%d %s", id, cmd.Running(op)))
		},
	})
	s.units = units{booted: "/nonexistent"}
	return s
}

// script puts a shell script into resource.d.
func (s *site) script(name, body string) string {
	s.t.Helper()
	return s.file(filepath.Join(s.etc, "resource.d", name), "#!/bin/sh\n"+body+"\n", 0o755)
}

func (s *site) file(path, content string, mode os.FileMode) string {
	s.t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		s.t.Fatal(err)
	}
	return path
}

func (s *site) wait() Result {
	s.t.Helper()
	select {
	case r := <-s.done:
		return r
	case <-time.After(time.Minute):
		s.t.Fatal("no Done within a minute")
		return Result{}
	}
}

// run runs one word and waits for its end.
func (s *site) run(word, op string) Result {
	s.t.Helper()
	s.Start(1, word, op)
	return s.wait()
}

func (s *site) logged() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.log...)
}

func TestArgumentsAndStatus(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := s.script("web", `echo "$0|$#|$*"; echo oops >&2; exit 7`)
	s.Start(42, "web::a::b", "start")
	r := s.wait()
	want := path + "|3|a b start\noops\n"
	if r.ID != 42 || r.RC != 7 || r.Output != want || r.Stdout != want || r.Path != path || r.Err != nil || r.PID <= 0 {
		t.Errorf("start: %+v, want RC 7 and output %q", r, want)
	}
	r = s.run("web", "status")
	if r.Stdout != path+"|1|status\n" || r.Output != r.Stdout+"oops\n" {
		t.Errorf("status: stdout %q, output %q", r.Stdout, r.Output)
	}
	s.script("IPaddr", `echo "$#|$*"`)
	if r := s.run("10.0.0.1/24/eth0/10.0.0.255", "stop"); r.Output != "2|10.0.0.1/24/eth0/10.0.0.255 stop\n" {
		t.Errorf("address: %q", r.Output)
	}
}

// A script may open its stdout by name; the order of lines stays.
func TestOutputIsAppended(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.script("web", "echo one; echo two >>/dev/stderr; echo three")
	if r := s.run("web", "start"); r.Output != "one\ntwo\nthree\n" {
		t.Errorf("output %q", r.Output)
	}
}

func TestEnvironment(t *testing.T) {
	for _, v := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "INVOCATION_ID", "JOURNAL_STREAM", "LANG", "LC_MESSAGES"} {
		t.Setenv(v, "leaked")
	}
	t.Setenv("KEPT", "from the daemon")
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "HA_") || strings.HasPrefix(name, "OCF_") {
			t.Setenv(name, value) // comes back after the test
			os.Unsetenv(name)
		}
	}
	t.Setenv("HA_CURHOST", "wrong")
	t.Setenv("PATH", "/usr/bin:/bin")
	s := newSite(t, "HA_CURHOST=wrong too", "HA_CURHOST=node1", "HA_keepalive=2")
	s.script("env", "env")
	r := s.run("env", "start")
	got := make(map[string]string)
	for _, line := range strings.Split(r.Output, "\n") {
		name, value, _ := strings.Cut(line, "=")
		if _, twice := got[name]; twice && name != "" {
			t.Errorf("%s is there twice", name)
		}
		got[name] = value
	}
	want := map[string]string{
		"KEPT": "from the daemon", "HA_CURHOST": "node1", "HA_keepalive": "2", "PWD": s.work, "LC_ALL": "C",
		"PATH": "/usr/libexec/heartbeat:/usr/sbin:/usr/share/heartbeat:/usr/bin:/bin",
	}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s=%q, want %q", name, got[name], value)
		}
	}
	if strings.Contains(r.Output, "leaked") {
		t.Errorf("systemd's variables leak:\n%s", r.Output)
	}
	for name := range got { // they are the configuration's, all of them
		if strings.HasPrefix(name, "HA_") && want[name] == "" || strings.HasPrefix(name, "OCF_") {
			t.Errorf("%s=%q is nobody's", name, got[name])
		}
	}
	s = newSite(t, "HA_BIN=/opt/ha/bin", "HA_NOARCHBIN=/opt/ha/share")
	s.script("env", "echo $PATH")
	if r := s.run("env", "start"); r.Output != "/opt/ha/bin:/usr/sbin:/opt/ha/share:/usr/bin:/bin\n" {
		t.Errorf("PATH of other places: %q", r.Output)
	}
}

func TestSearchPath(t *testing.T) {
	t.Parallel()
	const prefix = "/usr/libexec/heartbeat:/usr/sbin:/usr/share/heartbeat"
	for given, want := range map[string]string{
		"":                prefix + ":" + SearchPath,
		"/bin":            prefix + ":/bin",
		prefix + ":/bin":  prefix + ":/bin",
		prefix + "x:/bin": prefix + ":" + prefix + "x:/bin",
	} {
		if got := searchPath(haBin, haNoArchBin, given); got != want {
			t.Errorf("PATH %q becomes %q, want %q", given, got, want)
		}
	}
}

// Each of 200 starts at once ends exactly once, with its own outcome.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.script("web", `echo "$1"; exit "$1"`)
	const n = 200
	for i := range n {
		word := fmt.Sprintf("web::%d", i)
		if i%10 == 9 {
			word = "missing"
		}
		s.Start(uint64(i), word, "start")
	}
	seen := make(map[uint64]bool)
	for range n {
		r := s.wait()
		if seen[r.ID] {
			t.Errorf("two ends of %d", r.ID)
		}
		seen[r.ID] = true
		wantRC, wantOut := int(r.ID), fmt.Sprintf("%d\n", r.ID)
		if r.ID%10 == 9 {
			wantRC, wantOut = 127, ""
		}
		if r.RC != wantRC || r.Output != wantOut {
			t.Errorf("%d: RC %d, output %q, error %v", r.ID, r.RC, r.Output, r.Err)
		}
	}
	if len(s.done) != 0 {
		t.Errorf("%d ends too many", len(s.done))
	}
}
