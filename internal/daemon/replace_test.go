package daemon

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/config"
	"heartbeatd/internal/control"
	"heartbeatd/internal/link/linktest"
)

// relay is a machine whose daemon hands itself over to another one within this process: everything but the exec is as
// it is.
type relay struct {
	*machine
	changed atomic.Pointer[string] // what the files have changed, in words
	inForce atomic.Pointer[string] // what has been taken over
	change  func(*config.Config)   // and what that means
	refuse  atomic.Pointer[string] // why the next exec does not work
	stirs   atomic.Bool            // something always comes just before it
	left    *Handover
	over    chan struct{}
}

func startRelay(t *testing.T, m *machine, change func(*config.Config)) *relay {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{machine: m, change: change, over: make(chan struct{})}
	none := ""
	r.changed.Store(&none)
	m.d.opt.Program = program
	r.inForce.Store(&none)
	m.d.opt.Reread = func() Reread {
		now := Reread{Files: config.Files{Dir: "new"}}
		if changed := *r.changed.Load(); changed != *r.inForce.Load() {
			now.Changed = changed
		}
		return now
	}
	r.prepare(m.d)
	go func() {
		defer close(r.over)
		err := m.d.run()
		for d := m.d; err == nil && d.handedOver; {
			_, err = r.left.tryAll(r.configure, m.d.signals, func(next *daemon) {
				d = next
				r.prepare(d)
			})
		}
		m.ended <- err
	}()
	t.Cleanup(func() {
		select {
		case <-r.over:
		default:
			m.stop()
		}
	})
	return r
}

// configure is the face of the program: the new files, or the old ones.
func (r *relay) configure(_ *Handover, files config.Files) (Options, error) {
	opt := r.d.opt
	c := *opt.Config
	if files.Dir == "new" && r.change != nil {
		r.change(&c)
	}
	opt.Config, opt.Files = &c, files
	return opt, nil
}

func (r *relay) prepare(d *daemon) {
	d.openLinks = r.d.openLinks
	d.openPinger, d.openSender = r.d.openPinger, r.d.openSender
	d.replacement.ask = func(h *Handover) ([]byte, error) {
		f, err := h.seal()
		if err != nil {
			return nil, err
		}
		defer f.Close()
		var said strings.Builder
		err = CanGoOn(int(f.Fd()), r.configure, func() []byte { return []byte("answers") }, &said)
		answer, _ := strings.CutPrefix(said.String(), ripeWord)
		return []byte(answer), err
	}
	d.replacement.onto = func(p plan) error {
		if why := r.refuse.Swap(nil); why != nil {
			return errors.New(*why)
		}
		f, err := p.last()
		if err != nil {
			return err
		}
		defer f.Close()
		if r.stirs.Load() {
			return errNotNow
		}
		if r.left, err = readHandover(int(f.Fd())); err != nil {
			return err
		}
		if r.left.What != "" {
			r.inForce.Store(&r.left.What)
		}
		if string(r.left.Answers) != "answers" {
			r.Errorf("the answers of the successor are %q", r.left.Answers)
		}
		for _, fd := range []*int{&r.left.Lock, &r.left.Control, &r.left.Watchdog, &r.left.FIFO, &r.left.Image} { // the plan's are closed
			if *fd > 2 {
				*fd, _ = unix.FcntlInt(uintptr(*fd), unix.F_DUPFD_CLOEXEC, 10)
			}
		}
		return nil
	}
}

func (r *relay) reload(changed string) {
	r.changed.Store(&changed)
	r.d.signals <- syscall.SIGHUP
}

// done waits until so many replacements have been made.
func (r *relay) done(n int) control.Replacement {
	r.Helper()
	var now control.Replacement
	r.until("it has replaced itself", func() bool {
		s, err := control.Query(r.d.opt.Paths.Control(), 30*time.Second)
		now = s.Replacement
		return err == nil && now.Done == n && !now.Pending
	})
	return now
}

// relayPair is a pair of which node1 can replace itself; web runs there.
func relayPair(t *testing.T, change func(*config.Config)) (*relay, *machine) {
	t.Helper()
	network := linktest.New(nil, 1, "eth0")
	a := startRelay(t, newMachine(t, network, "node1", nil), change)
	b := newMachine(t, network, "node2", nil).start()
	a.until("web runs", a.runs)
	a.untilLog("Local Resource acquisition completed.")
	b.untilLog("remote resource transition completed.")
	return a, b
}

// calm fails the test where the other node has seen a death or a restart, or web was touched.
func (r *relay) calm(b *machine) {
	r.Helper()
	for _, word := range []string{"is dead", "dead.", "Heartbeat restart on node", "ERROR"} {
		if strings.Contains(b.log(), word) {
			r.Errorf("the other node says %q:\n%s", word, b.log())
		}
	}
	if strings.Count(r.log(), "resource.d/web  start") != 1 || strings.Contains(r.log(), "resource.d/web  stop") || !r.runs() {
		r.Errorf("web was touched:\n%s", r.log())
	}
}

// TestReplacedByReload: a changed file makes the daemon replace itself; one that only looks changed does not.
func TestReplacedByReload(t *testing.T) {
	a, b := relayPair(t, func(c *config.Config) { c.Deadtime = 5 * time.Second })
	before := a.status()
	a.reload("")
	a.untilLog("Configuration unchanged.")
	a.reload("ha.cf: deadtime")
	a.done(1)
	a.untilLog("info: Heartbeat restart triggered.")
	a.untilLog("info: changed: ha.cf: deadtime")
	a.untilLog("info: Restarting heartbeat.")
	a.untilLog("info: Performing heartbeat restart exec.")
	a.untilLog("info: heartbeat goes on as the same process (heartbeatd test): ha.cf: deadtime")
	now := a.status()
	if now.Generation != before.Generation || now.PID != before.PID || now.Received < before.Received || now.Since.Sub(before.Since).Abs() > time.Second {
		t.Errorf("another life: %+v\nbefore %+v", now, before)
	}
	b.until("the other node knows the new deadtime", func() bool { return b.status().Nodes[0].Deadtime == 5000 })
	a.reload("ha.cf: keepalive")
	a.done(2)
	a.calm(b)
	a.stop()
	b.until("web runs there", b.runs)
	if _, err := os.Stat(a.d.opt.Paths.PIDFile); err == nil {
		t.Error("the pid file is still there")
	}
}

// TestReplacementWaitsForScripts: while a script runs it waits, says so, and can be overtaken by a second SIGHUP.
func TestReplacementWaitsForScripts(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	m := newMachine(t, network, "node1", nil)
	hang := filepath.Join(m.dir, "hang")
	os.WriteFile(hang, nil, 0o644)
	a := startRelay(t, m, nil)
	b := newMachine(t, network, "node2", nil).start()
	a.untilLog("resource.d/web  start")
	a.reload("ha.cf: deadtime")
	a.untilLog("info: The restart of heartbeat waits: web start is running")
	if r := a.status().Replacement; !r.Pending || r.Done != 0 || r.Waiting != "web start is running" {
		t.Errorf("status: %+v", r)
	}
	a.reload("ha.cf: warntime")
	a.untilLog("info: changed: ha.cf: warntime")
	os.Remove(hang)
	a.done(1)
	if a.left.What != "ha.cf: warntime" {
		t.Errorf("the second SIGHUP was lost: %q", a.left.What)
	}
	b.untilLog("remote resource transition completed.")
	a.calm(b)
}

// TestReplacementWaitsForAPause: where something always comes just before the exec, ha-log says why nothing happens.
func TestReplacementWaitsForAPause(t *testing.T) {
	a, b := relayPair(t, nil)
	a.stirs.Store(true)
	a.reload("ha.cf: deadtime")
	a.untilLog("The restart of heartbeat waits: datagrams, signals or scripts come without a pause")
	a.stirs.Store(false)
	a.done(1)
	a.calm(b)
}

// TestStopOvertakesReplacement: who waits for a script is still told to stop, and does.
func TestStopOvertakesReplacement(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	m := newMachine(t, network, "node1", nil)
	hang := filepath.Join(m.dir, "hang")
	os.WriteFile(hang, nil, 0o644)
	a := startRelay(t, m, nil)
	b := newMachine(t, network, "node2", nil).start()
	a.untilLog("resource.d/web  start")
	a.reload("ha.cf: deadtime")
	a.until("it waits", func() bool { return a.status().Replacement.Waiting != "" })
	a.d.signals <- syscall.SIGTERM
	a.untilLog("heartbeat was not restarted, and runs on as it is: this node is stopping")
	os.Remove(hang)
	<-a.over
	if err := <-a.ended; err != nil || a.runs() {
		t.Errorf("ended with %v, web runs: %v", err, a.runs())
	}
	b.until("web runs there", b.runs)
	a.ended <- nil
}

// TestReplacementThatFails: what cannot be executed, or does not want to go on, leaves everything as it is.
func TestReplacementThatFails(t *testing.T) {
	a, b := relayPair(t, func(c *config.Config) { c.Self = "another" })
	a.reload("ha.cf: node")
	a.untilLog("heartbeat was not restarted, and runs on as it is: the name of this node was node1")
	if r := a.status().Replacement; r.Done != 0 || r.Pending || !strings.Contains(r.Failed, "the name of this node") {
		t.Errorf("status: %+v", r)
	}
	a.change = nil
	why := "exec format error"
	a.refuse.Store(&why)
	a.reload("ha.cf: deadtime")
	a.untilLog("heartbeat was not restarted, and runs on as it is: " + why)
	before := b.status().Received
	b.until("beats go on", func() bool { return b.status().Received > before+3 })
	a.reload("ha.cf: deadtime")
	a.done(1)
	a.calm(b)
}

// TestReplacedByOldFiles: where the new files cannot be gone by after all, the old ones are.
func TestReplacedByOldFiles(t *testing.T) {
	broken := errors.New("the port is taken")
	tried := false
	a, b := relayPair(t, nil)
	a.d.ask(func() {
		real := a.d.openLinks
		a.d.openLinks = func(d *daemon) (links, error) {
			if d.opt.Files.Dir == "new" {
				tried = true
				return nil, broken
			}
			return real(d)
		}
	})
	a.reload("ha.cf: udpport")
	a.untilLog("ERROR: the new configuration could not be used, the old one stays in force: opening the links: the port is taken")
	a.untilLog("info: heartbeat goes on as the same process (heartbeatd test): as before, see the reason below")
	if r := a.done(1); !strings.Contains(r.Failed, broken.Error()) || !tried {
		t.Errorf("status: %+v", r)
	}
	a.calm(b)
}

// TestReplacedWithWatchdog: the device is neither disarmed nor left alone.
func TestReplacedWithWatchdog(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	m := newMachine(t, network, "node1", nil)
	device := filepath.Join(m.dir, "watchdog")
	os.WriteFile(device, nil, 0o600)
	m.d.opt.Config.Watchdog = device
	a := startRelay(t, m, nil)
	b := newMachine(t, network, "node2", nil).start()
	a.until("web runs", a.runs)
	b.untilLog("remote resource transition completed.")
	a.reload("ha.cf: deadtime")
	a.done(1)
	written := func() string { b, _ := os.ReadFile(device); return string(b) }
	n := len(written())
	a.until("the successor tickles it", func() bool { return len(written()) > n+2 })
	if strings.Contains(written(), "V") {
		t.Errorf("disarmed: %q", written())
	}
	a.calm(b)
	a.stop()
	if !strings.HasSuffix(written(), "V") {
		t.Errorf("not disarmed at the end: %q", written())
	}
}

// TestOperatorsReplacement is `heartbeat -R`: without any change.
func TestOperatorsReplacement(t *testing.T) {
	a, b := relayPair(t, nil)
	for n := 1; n <= 3; n++ {
		if err := control.Replace(a.d.opt.Paths.Control(), 30*time.Second); err != nil {
			t.Fatal(err)
		}
		a.done(n)
	}
	a.calm(b)
	a.untilLog("info: asked for: the program that is installed now (heartbeat -R)")
	if strings.Contains(a.log(), "Configuration unchanged.") {
		t.Errorf("a restart that was asked for is told as none:\n%s", a.log())
	}
	if err := control.Replace(b.d.opt.Paths.Control(), 30*time.Second); err == nil {
		t.Error("a daemon that does not know its program agreed")
	}
}

// TestRefusedFilesAreNotUnchanged: who reads ha-log after a SIGHUP over a broken file finds one verdict on it.
func TestRefusedFilesAreNotUnchanged(t *testing.T) {
	a, b := relayPair(t, nil)
	a.d.ask(func() {
		a.d.opt.Reread = func() Reread { return Reread{Refused: []Note{{Level: "ERROR", Text: "ha.cf:2: broken"}}} }
	})
	a.d.signals <- syscall.SIGHUP
	a.untilLog("ERROR: ha.cf:2: broken")
	a.untilLog("ERROR: ha.cf or haresources has changed and is REFUSED: heartbeat runs on as it is; mend that before it starts again")
	if strings.Contains(a.log(), "Configuration unchanged.") {
		t.Errorf("they are told as unchanged, too:\n%s", a.log())
	}
	a.calm(b)
}
