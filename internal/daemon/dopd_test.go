package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/config"
	"heartbeatd/internal/dopd"
	"heartbeatd/internal/link/linktest"
	"heartbeatd/internal/outdater"
)

// standInDrbdadm notes its arguments, and does what the file of the resource's name says.
const standInDrbdadm = `#!/bin/sh
echo "$*" >>%[1]s/calls
[ -e %[1]s/$2 ] && . %[1]s/$2
exit 0
`

// outdaters is a pair whose dopd is not installed.
func outdaters(t *testing.T) (a, b *machine) {
	t.Helper()
	return outdatersWith(t, func(*machine) {})
}

// outdatersWith prepares each before its start.
func outdatersWith(t *testing.T, prepare func(*machine)) (a, b *machine) {
	t.Helper()
	network := linktest.New(nil, 1, "eth0")
	one := func(self string) *machine {
		m := newMachine(t, network, self, func(c *config.Config) {
			c.Children = []config.Child{{User: "hacluster", Command: "/usr/lib/heartbeat/dopd", Helper: config.DOPD}}
		})
		m.d.opt.Paths.Drbdadm = filepath.Join(m.dir, "drbdadm")
		if err := os.WriteFile(m.d.opt.Paths.Drbdadm, []byte(fmt.Sprintf(standInDrbdadm, m.dir)), 0o755); err != nil {
			t.Fatal(err)
		}
		prepare(m)
		return m.start()
	}
	a, b = one("node1"), one("node2")
	for _, m := range []*machine{a, b} {
		m.untilLog(`Starting child client "/usr/lib/heartbeat/dopd" (`)
	}
	a.until("web runs", a.runs)
	b.untilLog("remote resource transition completed.")
	return a, b
}

func (m *machine) write(name, text string) {
	m.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o644); err != nil {
		m.Fatal(err)
	}
}

func (m *machine) outdate(peer, resource string) dopd.Verdict {
	m.Helper()
	v, err := outdater.Ask(m.d.opt.Paths.Outdater(), peer, resource, time.Minute)
	if err != nil {
		m.Errorf("%s: %v", resource, err)
	}
	return v
}

// TestBuiltInDOPD: the other node's device is marked by drbdadm there, and what that says is what who asks hears.
func TestBuiltInDOPD(t *testing.T) {
	a, b := outdaters(t)
	for status, want := range map[int]dopd.Verdict{0: dopd.Outdated, 1: dopd.Failed, 5: dopd.Inconsistent, 17: dopd.Primary, 20: dopd.Failed} {
		b.write("r0", fmt.Sprintf("exit %d\n", status))
		if v := a.outdate("node2", "r0"); v != want {
			t.Errorf("drbdadm exits with %d: %d, want %d", status, v, want)
		}
	}
	b.write("r1", "kill -9 $$\n")
	for what, c := range map[string]struct {
		peer, resource string
		want           dopd.Verdict
	}{
		"killed": {"node2", "r1", dopd.Failed}, "all": {"node2", "all", dopd.Failed}, "this node": {"node1", "r0", dopd.Down},
		"nobody": {"nobody", "r0", dopd.Down}, "no name": {"node2", "-x", dopd.Failed},
	} {
		if v := a.outdate(c.peer, c.resource); v != c.want {
			t.Errorf("%s: %d, want %d", what, v, c.want)
		}
	}
	if calls, _ := os.ReadFile(filepath.Join(b.dir, "calls")); string(calls) != strings.Repeat("outdate r0\n", 5)+"outdate r1\n" {
		t.Errorf("drbdadm was called with %q", calls)
	}
	if calls, err := os.ReadFile(filepath.Join(a.dir, "calls")); err == nil {
		t.Errorf("the node that asks has called drbdadm itself: %q", calls)
	}
	a.untilLog("dopd: [")
	a.untilLog("info: sending start_outdate message to the other node node1 -> node2")
	b.untilLog("info: sending return code: 6, node2 -> node1")
}

// TestDOPDHangs: a drbdadm that hangs there holds up neither its daemon nor other resources, and who asks for the
// same meanwhile is told.
func TestDOPDHangs(t *testing.T) {
	a, b := outdaters(t)
	b.write("r0", "while [ ! -e "+b.dir+"/go ]; do sleep 0.05; done; exit 17\n")
	first := make(chan dopd.Verdict)
	go func() {
		v, err := outdater.Ask(a.d.opt.Paths.Outdater(), "node2", "r0", time.Minute)
		if err != nil {
			t.Error(err)
		}
		first <- v
	}()
	b.until("drbdadm runs", func() bool { _, err := os.Stat(filepath.Join(b.dir, "calls")); return err == nil })
	if v := a.outdate("node2", "r0"); v != dopd.Busy {
		t.Errorf("the same resource: %d", v)
	}
	if v := a.outdate("node2", "r1"); v != dopd.Outdated {
		t.Errorf("another resource: %d", v)
	}
	if v := b.outdate("node1", "r0"); v != dopd.Outdated {
		t.Errorf("the other way round: %d", v)
	}
	if b.status().State != "active" {
		t.Error("the daemon waits")
	}
	b.write("go", "")
	if v := <-first; v != dopd.Primary {
		t.Errorf("the first: %d", v)
	}
}

// TestDOPDOfADeadNode: whoever asks for a node that dies meanwhile is told so, and so is who asks later.
func TestDOPDOfADeadNode(t *testing.T) {
	a, b := outdaters(t)
	b.write("r0", "sleep 1000\n")
	first := make(chan dopd.Verdict)
	go func() {
		v, err := outdater.Ask(a.d.opt.Paths.Outdater(), "node2", "r0", 5*time.Minute)
		if err != nil {
			t.Error(err)
		}
		first <- v
	}()
	b.until("drbdadm runs", func() bool { _, err := os.Stat(filepath.Join(b.dir, "calls")); return err == nil })
	b.stop()
	if v := <-first; v != dopd.Down {
		t.Errorf("meanwhile: %d", v)
	}
	a.untilLog("node node2: is dead")
	if v := a.outdate("node2", "r0"); v != dopd.Down {
		t.Errorf("later: %d", v)
	}
	a.stop()
	if v, err := outdater.Ask(a.d.opt.Paths.Outdater(), "node2", "r0", 200*time.Millisecond); v != dopd.Down || err == nil {
		t.Errorf("nobody listens: %d, %v", v, err)
	}
	if log := a.log(); strings.Contains(log, "killing ") || !strings.HasSuffix(log, "node1 Heartbeat shutdown complete.\n") {
		t.Errorf("at the end:\n%s", log)
	}
}

// TestDOPDWithoutASocket: what stands in its way there keeps nobody from having a device marked here, is told once, and
// need not be there for ever.
func TestDOPDWithoutASocket(t *testing.T) {
	a, b := outdatersWith(t, func(m *machine) {
		if m.d.opt.Config.Self == "node2" {
			if err := os.MkdirAll(filepath.Join(m.d.opt.Paths.Outdater(), "in the way"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	})
	b.untilLog("ERROR: the socket of dopd: ")
	for range 3 {
		if v := a.outdate("node2", "r0"); v != dopd.Outdated {
			t.Errorf("%d", v)
		}
	}
	if n := strings.Count(b.log(), "the socket of dopd: "); n != 1 {
		t.Errorf("told %d times", n)
	}
	os.RemoveAll(b.d.opt.Paths.Outdater())
	b.until("its socket is there", func() bool {
		info, err := os.Stat(b.d.opt.Paths.Outdater())
		return err == nil && !info.IsDir()
	})
	if v := b.outdate("node1", "r0"); v != dopd.Outdated {
		t.Errorf("the other way round: %d", v)
	}
}

// TestDOPDFollowsNoLink: whom /run/heartbeat belonged to may have put one in the place of the directory.
func TestDOPDFollowsNoLink(t *testing.T) {
	elsewhere := t.TempDir()
	if err := os.Chmod(elsewhere, 0o700); err != nil {
		t.Fatal(err)
	}
	a, _ := outdatersWith(t, func(m *machine) {
		dir := filepath.Dir(m.d.opt.Paths.Outdater())
		os.MkdirAll(filepath.Dir(dir), 0o755)
		if err := os.Symlink(elsewhere, dir); err != nil {
			t.Fatal(err)
		}
	})
	if v := a.outdate("node2", "r0"); v != dopd.Outdated {
		t.Errorf("%d", v)
	}
	entries, _ := os.ReadDir(elsewhere)
	if info, err := os.Stat(elsewhere); err != nil || info.Mode().Perm() != 0o700 || len(entries) > 0 {
		t.Errorf("%v, %v, with %d entries", err, info.Mode(), len(entries))
	}
}
