package hooks

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"heartbeatd/internal/runner"
	"heartbeatd/internal/wire"
)

// site is an /etc/ha.d with a queue whose scripts do not run, but wait to be ended by the test.
type site struct {
	*testing.T
	dir      string
	programs string
	q        *Queue
	started  chan runner.Hook
	end      chan runner.Result

	mu  sync.Mutex
	log []string
}

func newSite(t *testing.T) *site {
	s := &site{T: t, dir: t.TempDir(), programs: t.TempDir(), started: make(chan runner.Hook, 100), end: make(chan runner.Result)}
	if err := os.Mkdir(filepath.Join(s.dir, "rc.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) file(name, text string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o755); err != nil {
		s.Fatal(err)
	}
}

func (s *site) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, strings.ReplaceAll(fmt.Sprintf(format, args...), s.dir, "DIR"))
}

func (s *site) open(hang time.Duration) {
	s.q = New(Config{
		Dir: s.dir, Programs: s.programs, HangAfter: hang,
		Run: func(ctx context.Context, h runner.Hook, started func(int)) runner.Result {
			started(7)
			s.started <- h
			select {
			case r := <-s.end:
				return r
			case <-ctx.Done():
				return runner.Result{RC: 143}
			}
		},
		Log:    func(level, text string) { s.say("%s: %s", level, text) },
		Script: func(tag string, pid int, text string) { s.say("%s[%d] %s", tag, pid, text) },
	})
	s.Cleanup(s.q.Close)
}

// runs waits for the next script.
func (s *site) runs() string {
	s.Helper()
	select {
	case h := <-s.started:
		return strings.TrimPrefix(h.Path, s.dir+"/") + " " + h.Type
	case <-time.After(time.Minute):
		s.Fatalf("nothing is run; log %q", s.log)
		return ""
	}
}

func (s *site) logs(text string) {
	s.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		s.mu.Lock()
		found := slices.Contains(s.log, text)
		s.mu.Unlock()
		if found {
			return
		}
	}
	s.Errorf("the log does not say %q but\n%s", text, strings.Join(s.log, "\n"))
}

// TestInOrder: one script at a time, in the order of the messages, and by harc's words.
func TestInOrder(t *testing.T) {
	s := newSite(t)
	s.file("rc.d/status", "#!/bin/sh\nmail root\n")
	s.file("rc.d/mine", "#!/bin/sh\n")
	s.file("rc.d/.hidden", "#!/bin/sh\n")
	s.open(0)
	if s.q.Wants(".hidden") || s.q.Wants("ifstat") || !s.q.Wants("mine") {
		t.Error("wrong messages are wanted")
	}
	s.q.Add("status", []string{"HA_st=dead"})
	s.q.Add("mine", nil)
	if got := s.runs(); got != "rc.d/status status" {
		t.Error(got)
	}
	select {
	case h := <-s.started:
		t.Errorf("%v is run beside it", h)
	case <-time.After(20 * time.Millisecond):
	}
	s.end <- runner.Result{}
	if got := s.runs(); got != "rc.d/mine mine" {
		t.Error(got)
	}
	s.end <- runner.Result{RC: 3, Output: "no mail\n", Path: "x"}
	s.logs("harc[7] info: Running DIR//rc.d/status status")
	s.logs("harc[7] info: Running DIR//rc.d/mine mine")
	s.logs("WARN: rc.d: mine mine ended with exit status 3")
	s.logs("WARN: rc.d: mine mine: no mail")
	s.logs("info: DIR/rc.d: mine, status run as this site's own: beside everything else, and nothing waits for them")
}

// TestNotExecutable: 3.0.6's words.
func TestNotExecutable(t *testing.T) {
	s := newSite(t)
	s.file("rc.d/mine", "#!/bin/sh\n")
	if err := os.Chmod(filepath.Join(s.dir, "rc.d/mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.open(0)
	s.q.Add("mine", nil)
	s.logs("harc[0] ERROR: DIR//harc: DIR//rc.d/mine: not executable")
}

// TestSitesHarc: a harc that the site has changed is run in place of ours.
func TestSitesHarc(t *testing.T) {
	s := newSite(t)
	s.file("rc.d/mine", "#!/bin/sh\n")
	s.file("harc", "#!/bin/sh\nexec $HA_RCDIR/$1\n")
	s.open(0)
	s.q.Add("mine", nil)
	if got := s.runs(); got != "harc mine" {
		t.Error(got)
	}
	s.end <- runner.Result{}
}

// TestFloodIsBounded: what one kind of message has run does not keep out another, and nothing grows.
func TestFloodIsBounded(t *testing.T) {
	s := newSite(t)
	s.file("rc.d/status", "#!/bin/sh\n")
	s.file("rc.d/mine", "#!/bin/sh\n")
	s.open(0)
	s.q.Add("mine", nil)
	s.runs() // and it hangs
	for range 1000 {
		s.q.Add("mine", nil)
	}
	s.q.Add("status", nil)
	ran := 0
	for {
		s.end <- runner.Result{}
		if s.runs() == "rc.d/status status" {
			break
		}
		ran++
	}
	s.end <- runner.Result{}
	if ran != ofOneType {
		t.Errorf("%d of 1000 were run", ran)
	}
	s.logs("WARN: rc.d: too many messages wait for their scripts: mine is not run for all of them")
	s.logs(fmt.Sprintf("WARN: rc.d: no script was run for %d messages", 1000-ofOneType))
}

// TestHangingIsNamed, and what waits behind it is ended by the end of the daemon.
func TestHangingIsNamed(t *testing.T) {
	s := newSite(t)
	s.file("rc.d/mine", "#!/bin/sh\n")
	s.open(10 * time.Millisecond)
	s.q.Add("mine", nil)
	s.runs()
	s.logs("WARN: rc.d: mine mine (process 7) has been running for 10ms: other scripts of rc.d wait for it, nothing else does")
	s.q.Add("mine", nil)
	s.q.Close()
	select {
	case <-s.q.done:
	default:
		t.Error("it still works")
	}
	if len(s.started) > 0 {
		t.Error("another was run")
	}
}

// TestForeignProgramsMoveNothing: where scripts would find 3.0.6's own ResourceManager, none is run.
func TestForeignProgramsMoveNothing(t *testing.T) {
	s := newSite(t)
	s.file("rc.d/mine", "#!/bin/sh\n/usr/share/heartbeat/mach_down $HA_src\n")
	manager := filepath.Join(s.programs, "ResourceManager")
	if err := os.WriteFile(manager, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.open(0)
	s.q.Add("mine", nil)
	s.logs("ERROR: rc.d: nothing is run there: " + manager + " is not heartbeatd's, and a script that calls it would move resources behind the daemon's back")
	if len(s.started) > 0 {
		t.Error("it is run")
	}
	// An operator puts ours there.
	ours := filepath.Join(s.programs, "heartbeatd")
	if err := os.WriteFile(ours, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	os.Remove(manager)
	if err := os.Symlink("heartbeatd", manager); err != nil {
		t.Fatal(err)
	}
	s.q.Add("mine", nil)
	if got := s.runs(); got != "rc.d/mine mine" {
		t.Error(got)
	}
	s.end <- runner.Result{}
}

// TestGiveHook: local_giveip, which 3.0.6's own ip-request calls.
func TestGiveHook(t *testing.T) {
	s := newSite(t)
	s.file("rc.d/local_giveip", "#!/bin/sh\n")
	s.open(0)
	s.q.Give("ip-request", nil)
	if got := s.runs(); got != "rc.d/local_giveip ip-request" {
		t.Error(got)
	}
	s.end <- runner.Result{}
	s.file("rc.d/ip-request", "#!/bin/sh\n$HA_RCDIR/local_giveip\n") // which calls it itself
	s.q.Reread()
	s.q.Give("ip-request", nil)
	s.q.Add("ip-request", nil)
	if got := s.runs(); got != "rc.d/ip-request ip-request" {
		t.Error(got)
	}
	s.end <- runner.Result{}
}

// TestShippedIsKnownByWhatItDoes: comments and blanks are nobody's change.
func TestShippedIsKnownByWhatItDoes(t *testing.T) {
	was := shipped
	defer func() { shipped = was }()
	script := "#!/bin/sh\n# License\n\n. $HA_FUNCS\ncase $HA_st in\n\tdead)  /usr/lib/heartbeat/mach_down $HA_src;;\nesac\n"
	shipped = map[string][]string{"status": {digest([]byte(script))}}
	same := "#!/bin/sh\n. $HA_FUNCS\n# ours\n   case $HA_st in\n dead) /usr/share/heartbeat/mach_down $HA_src;;\nesac"
	if !Shipped("status", []byte(same)) {
		t.Error("another comment makes it another script")
	}
	if Shipped("status", []byte(script+"mail root </dev/null\n")) || Shipped("ifstat", []byte(script)) {
		t.Error("a site's script is taken for 3.0.6's")
	}
}

func TestEnviron(t *testing.T) {
	m := wire.New("mine").AddStr("src", "alpha").AddStr("st", "up").AddStr("DIR", "/tmp").AddStr("auth", "1 ff").AddStr("keepalive", "9").
		AddStr("st", "again").AddStr("a b", "x").AddStr("hbd_sees", "up").AddBin("srcuuid", []byte{1}).AddStr("PATH_", "/x").AddStr("", "y")
	got := Environ(m, "active", []string{"HA_keepalive=2"})
	want := []string{"HA_OSTATUS=active", "HA_t=mine", "HA_src=alpha", "HA_st=up", "HA_PATH_=/x"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestEnvironSteersNoFiles: what scripts, the functions of resource agents and cluster-glue's programs find files and
// programs by comes from no message, whether or not the daemon sets it.
func TestEnvironSteersNoFiles(t *testing.T) {
	m := wire.New("mine")
	for _, name := range []string{
		"DIR", "FUNCS", "RCDIR", "RC_DIR", "CONFDIR", "HBCONF_DIR", "CF", "VARLIB", "VARLIBDIR", "VARRUN", "VARRUNDIR", "VARLOCK", "VARLOGDIR", "COREDIR",
		"RSCTMP", "RSCTMP_OLD", "FIFO", "BIN", "SBIN_DIR", "NOARCHBIN", "RESOURCEDIR", "DOCDIR", "DATEFMT",
		"LOGD", "use_logd", "LOGFILE", "logfile", "DEBUGLOG", "DEBUGFILE", "debugfile", "LOGFACILITY", "logfacility", "LOGTAG", "LOGLEVEL", "debug",
		"syslogmsgfmt", "conn_logd_time",
	} {
		m.AddStr(name, "/tmp/x")
	}
	m.AddStr("word", "hello")
	if got, want := Environ(m, "active", nil), []string{"HA_OSTATUS=active", "HA_t=mine", "HA_word=hello"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestOurHarcIsNoChange: the harc that we install is not the site's.
func TestOurHarcIsNoChange(t *testing.T) {
	script, err := os.ReadFile("../../etc/ha.d/harc")
	if err != nil {
		t.Fatal(err)
	}
	if !Shipped("harc", script) {
		t.Errorf("the digest of our harc is %s", digest(script))
	}
	if Shipped("harc", append(script, "mail root\n"...)) {
		t.Error("a change is not seen")
	}
}
