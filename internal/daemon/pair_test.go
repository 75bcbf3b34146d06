package daemon

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"heartbeatd/internal/auth"
	"heartbeatd/internal/config"
	"heartbeatd/internal/control"
	"heartbeatd/internal/core"
	"heartbeatd/internal/link/linktest"
	"heartbeatd/internal/runner"
	"heartbeatd/internal/wire"
)

// machine is one node of a pair in this process: real scripts, files and sockets, and a
// network in memory.
type machine struct {
	*testing.T
	dir   string
	d     *daemon
	ended chan error
}

const webScript = `#!/bin/sh
flag=%s/web
case $1 in
start) [ -e %s/hang ] && while [ -e %s/hang ]; do sleep 0.05; done; touch $flag ;;
stop) rm -f $flag ;;
status) if [ -e $flag ]; then echo running; else echo stopped; fi ;;
esac
`

func newMachine(t *testing.T, network *linktest.Network, self string, change func(*config.Config)) *machine {
	t.Helper()
	m := &machine{T: t, dir: newPlace(t), ended: make(chan error, 1)}
	etc := filepath.Join(m.dir, "ha.d")
	os.MkdirAll(filepath.Join(etc, "resource.d"), 0o755)
	script := strings.ReplaceAll(webScript, "%s", m.dir)
	os.WriteFile(filepath.Join(etc, "resource.d", "web"), []byte(script), 0o755)
	keys, err := auth.NewKeys(1, map[int]auth.Key{1: {Method: auth.SHA1, Secret: []byte("secret")}})
	if err != nil {
		t.Fatal(err)
	}
	c := &config.Config{
		Dir: etc, Self: self, Nodes: []string{"node1", "node2"}, Keepalive: 100 * time.Millisecond, Deadtime: 2 * time.Second,
		Warntime: time.Second, Initdead: 4 * time.Second, AutoFailback: config.Off, HopFudge: 1, MsgFmt: "classic", LogBadPacket: true,
		MaxRexmit: 250 * time.Millisecond, Keys: keys, Parameters: map[string]string{},
		Log:    config.Logging{File: filepath.Join(m.dir, "ha-log"), SyslogFormat: true},
		Groups: []config.Group{{Home: "node1", Resources: []string{"web"}}},
	}
	if change != nil {
		change(c)
	}
	m.d = newDaemon(Options{Config: c, Version: "test", Paths: Paths{
		PIDFile: filepath.Join(m.dir, "pid"), RunDir: filepath.Join(m.dir, "run"), LibDir: filepath.Join(m.dir, "lib"),
	}})
	m.d.openLinks = func(*daemon) (links, error) { return network.Join(self, 1024), nil }
	return m
}

func (m *machine) start() *machine {
	go func() { m.ended <- m.d.run() }()
	m.Cleanup(func() {
		select {
		case <-m.d.over:
		default:
			m.stop()
		}
	})
	return m
}

// stop is `service heartbeat stop`.
func (m *machine) stop() {
	m.Helper()
	m.d.signals <- syscall.SIGTERM
	select {
	case err := <-m.ended:
		if err != nil {
			m.Error(err)
		}
	case <-time.After(time.Minute):
		m.Fatal("the daemon does not end")
	}
}

func (m *machine) log() string {
	b, _ := os.ReadFile(filepath.Join(m.dir, "ha-log"))
	return string(b)
}

func (m *machine) runs() bool {
	_, err := os.Stat(filepath.Join(m.dir, "web"))
	return err == nil
}

// until waits for the real world: processes and files.
func (m *machine) until(what string, ok func() bool) {
	m.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			m.Fatalf("waited in vain until %s\n%s", what, m.log())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (m *machine) untilLog(text string) {
	m.Helper()
	m.until("ha-log says "+text, func() bool { return strings.Contains(m.log(), text) })
}

func (m *machine) status() control.Status {
	m.Helper()
	s, err := control.Query(m.d.opt.Paths.Control(), 30*time.Second)
	if err != nil {
		m.Fatal(err)
	}
	return s
}

func pair(t *testing.T) (*linktest.Network, *machine, *machine) {
	t.Helper()
	network := linktest.New(nil, 1, "eth0")
	a, b := newMachine(t, network, "node1", nil).start(), newMachine(t, network, "node2", nil).start()
	a.until("web runs", a.runs)
	a.untilLog("Local Resource acquisition completed.")
	b.untilLog("remote resource transition completed.")
	return network, a, b
}

func TestPlannedStopAndRejoin(t *testing.T) {
	network, a, b := pair(t)
	state := filepath.Join(a.d.opt.Paths.RunDir, "rsctmp", "state")
	os.WriteFile(state, []byte("of a resource"), 0o600)
	a.stop()
	if a.runs() {
		t.Error("web still runs after the stop")
	}
	if _, err := os.Stat(a.d.opt.Paths.PIDFile); err == nil {
		t.Error("the pid file is still there")
	}
	b.until("web runs", b.runs)
	b.untilLog("Received shutdown notice from 'node1'.")
	b.untilLog("info: mach_down takeover complete.")
	again := newMachine(t, network, "node1", nil)
	again.dir = a.dir
	again.d = newDaemon(a.d.opt)
	again.d.openLinks = a.d.openLinks
	again.start()
	again.until("it is a member again", func() bool { return strings.Count(again.log(), "Local Resource acquisition completed. (none)") == 1 })
	if again.runs() || !b.runs() {
		t.Error("web moved although auto_failback is off")
	}
	if _, err := os.Stat(state); err != nil {
		t.Errorf("the state that scripts keep did not survive the restart: %v", err)
	}
}

func TestStatusWhileAScriptHangs(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	a := newMachine(t, network, "node1", nil)
	hang := filepath.Join(a.dir, "hang")
	os.WriteFile(hang, nil, 0o644)
	a.start()
	b := newMachine(t, network, "node2", nil).start()
	b.untilLog("remote resource transition completed.")
	a.untilLog("resource.d/web  start")
	var took []time.Duration
	for range 50 {
		begin := time.Now()
		s := a.status()
		took = append(took, time.Since(begin))
		if len(s.Groups) != 1 || s.Groups[0].State != "starting" || s.Groups[0].Owner != "node1" {
			t.Fatalf("group: %+v", s.Groups)
		}
	}
	slices.Sort(took)
	t.Logf("50 answers after %v to %v", took[0], took[49])
	if took[25] > 500*time.Millisecond { // 50 ms is the promise; what hangs would delay each
		t.Errorf("status took %v and more, every second time", took[25])
	}
	if s := b.status(); s.Nodes[0].Status != "active" {
		t.Errorf("the peer holds a node with a hanging script for %s", s.Nodes[0].Status)
	}
	os.Remove(hang)
	a.until("web runs", a.runs)
}

func TestStrangersAreCountedAndNamedOnce(t *testing.T) {
	network, a, _ := pair(t)
	stranger := network.Join("stranger", 8)
	defer stranger.Close()
	other, _ := auth.NewKeys(1, map[int]auth.Key{1: {Method: auth.SHA1, Secret: []byte("another")}})
	for range 100 {
		stranger.Send(other.Seal(shutdoneOf("node2"), true))
		stranger.Send([]byte("rubbish"))
	}
	a.until("all are counted", func() bool {
		d := a.status().Dropped
		return d["bad-signature"] == 100 && d["no-start"] == 100
	})
	a.d.ask(func() { a.d.log.Flush() })
	if n := strings.Count(a.log(), "dropped:"); n != 2 {
		t.Errorf("%d lines about strangers, want one for each reason", n)
	}
	if strings.Contains(a.log(), "Received shutdown notice") {
		t.Error("an unsigned shutdown notice was believed")
	}
}

func TestReloadKeepsGoodKeys(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	a, b := newMachine(t, network, "node1", nil), newMachine(t, network, "node2", nil)
	a.d.opt.Reread = func() Reread {
		return Reread{Notes: []Note{{Level: "ERROR", Text: "authkeys:2: broken"}}, Err: os.ErrInvalid}
	}
	a.start()
	b.start()
	a.until("web runs", a.runs)
	a.d.signals <- syscall.SIGHUP
	a.untilLog("authkeys is broken, the keys in force stay")
	before := b.status().Received
	b.until("beats go on", func() bool { return b.status().Received > before+3 })
	if s := b.status(); s.Nodes[0].Status != "active" {
		t.Errorf("node1 is %s", s.Nodes[0].Status)
	}
}

// TestReloadUsesNewKeys: after it node2, whose keys are the old ones, is a stranger.
func TestReloadUsesNewKeys(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	a, b := newMachine(t, network, "node1", nil), newMachine(t, network, "node2", nil)
	fresh, err := auth.NewKeys(1, map[int]auth.Key{1: {Method: auth.SHA1, Secret: []byte("fresh")}})
	if err != nil {
		t.Fatal(err)
	}
	a.d.opt.Reread = func() Reread { return Reread{Keys: fresh} }
	a.start()
	b.start()
	a.until("web runs", a.runs)
	a.d.signals <- syscall.SIGHUP
	a.untilLog("Rereading authentication file.")
	a.until("the old key is refused", func() bool { return a.status().Dropped["bad-signature"] > 0 })
	b.until("our new key is refused there", func() bool { return b.status().Dropped["bad-signature"] > 0 })
}

// TestTickEmptiesTheInboxFirst: a beat that has arrived counts before a deadline is judged.
func TestTickEmptiesTheInboxFirst(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	a, peer := newMachine(t, network, "node1", nil), network.Join("node2", 64)
	a.d.openLog()
	t.Cleanup(func() { a.d.log.Close(time.Second) })
	if err := a.d.open(); err != nil {
		t.Fatal(err)
	}
	a.d.step(core.Started{})
	for range 5 {
		peer.Send([]byte("anything"))
	}
	for range 100 { // on a busy machine not all is read in a quarter of a keepalive: then nothing is judged
		if a.d.tick(); a.d.received == 5 {
			break
		}
	}
	if a.d.received != 5 {
		t.Errorf("%d of 5 waiting datagrams were looked at", a.d.received)
	}
	<-a.d.results // the script that Started ran is over before its directory goes
}

func TestSecondDaemonIsRefused(t *testing.T) {
	network, a, _ := pair(t)
	second := newMachine(t, network, "node1", nil)
	second.d.opt.Paths = a.d.opt.Paths
	err := second.d.run()
	if pid, yes := AlreadyRunning(err); !yes || pid != os.Getpid() {
		t.Errorf("second daemon: %v", err)
	}
}

func TestOperatorCommands(t *testing.T) {
	_, a, b := pair(t)
	if err := control.Standby(a.d.opt.Paths.Control(), "all", 30*time.Second); err != nil {
		t.Fatal(err)
	}
	b.until("web runs", b.runs)
	a.untilLog("Other node completed standby takeover of all resources.")
	if a.runs() {
		t.Error("web runs on both")
	}
	if err := control.Takeover(a.d.opt.Paths.Control(), "local", 30*time.Second); err != nil {
		t.Fatal(err)
	}
	a.until("web runs", a.runs)
	b.stop()
	a.untilLog("Received shutdown notice")
	if err := control.Standby(a.d.opt.Paths.Control(), "all", 30*time.Second); err == nil {
		t.Error("standby without another node was not refused")
	}
}

// TestLogThatCannotBeWritten: a missing directory costs lines, nothing else.
func TestLogThatCannotBeWritten(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	lost := func(c *config.Config) { c.Log.File = filepath.Join(c.Dir, "nowhere", "ha-log") }
	a, b := newMachine(t, network, "node1", lost).start(), newMachine(t, network, "node2", lost).start()
	a.until("web runs", a.runs)
	a.stop()
	b.until("web runs", b.runs)
}

// shutdoneOf is a forged goodbye.
func shutdoneOf(node string) *wire.Message {
	m := wire.New("shutdone")
	for _, f := range [][2]string{{"st", "dead"}, {"src", node}, {"seq", "ffff"}, {"hg", "7fffffff"}, {"ts", "1"}} {
		m.AddStr(f[0], f[1])
	}
	return m
}

// TestUnsureStatus: a status that was killed, or could not be run, says nothing.
func TestUnsureStatus(t *testing.T) {
	for _, tt := range []struct {
		name            string
		r               runner.Result
		unsure, missing bool
	}{
		{"stopped", runner.Result{RC: 3}, false, false},
		{"a command missing inside the script", runner.Result{RC: 127}, false, false},
		{"killed", runner.Result{RC: 137}, true, false},
		{"could not be run", runner.Result{RC: 127, Err: syscall.EMFILE}, true, false},
		{"no script", runner.Result{RC: 127, Err: &runner.LocateError{Name: "web"}}, false, true},
	} {
		if e := scriptDone(tt.r); e.Unsure != tt.unsure || e.Missing != tt.missing {
			t.Errorf("%s: %+v", tt.name, e)
		}
	}
}

// TestPidFileComesBack: whoever removes it does not make the daemon invisible.
func TestPidFileComesBack(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	a := newMachine(t, network, "node1", nil).start()
	a.untilLog("Local status now set to: 'up'")
	path := a.d.opt.Paths.PIDFile
	a.until("the pid file is there", func() bool { _, err := os.Stat(path); return err == nil })
	os.Remove(path)
	a.until("it is there again", func() bool { _, err := os.Stat(path); return err == nil })
}
