//go:build integration

package lab

import (
	"os"
	"strings"
	"testing"
	"time"
)

// newLab makes a lab for a test, or skips the test with the reason why there can be none.
func newLab(t testing.TB, links int) *Lab {
	t.Helper()
	l, err := New(links)
	if err != nil {
		skip(t, err.Error())
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("closing the lab: %v", err)
		}
	})
	if a, ok := t.(*attempt); ok {
		a.watch(l)
	}
	return l
}

// skip skips a test with its reason. Where HEARTBEATD_NEED_ROOT is set, nothing may be skipped.
func skip(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("HEARTBEATD_NEED_ROOT") == "1" {
		t.Fatalf("cannot run here, and HEARTBEATD_NEED_ROOT=1 forbids to skip: %s", reason)
	}
	t.Skip(reason)
}

func newHost(t testing.TB, l *Lab, name string, opts HostOptions) *Host {
	t.Helper()
	h, err := l.Host(name, opts)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func run(t testing.TB, h *Host, name string, args ...string) string {
	t.Helper()
	out, err := h.Run(name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// reaches waits until packets get from a host to an address and back.
func reaches(t testing.TB, from *Host, to string) {
	t.Helper()
	var err error
	if Eventually(clusterPatience, "", func() bool { err = from.Reach(to); return err == nil }) != nil {
		t.Error(err)
	}
}

func TestHostIsAMachineOfItsOwn(t *testing.T) { fairly(t, playHostIsAMachineOfItsOwn) }

func playHostIsAMachineOfItsOwn(t testing.TB) {
	l := newLab(t, 2)
	a, b := newHost(t, l, "node1", HostOptions{}), newHost(t, l, "node2", HostOptions{})
	if got := strings.TrimSpace(run(t, a, "uname", "-n")); got != "node1" {
		t.Errorf("host name %q, want node1", got)
	}
	for _, to := range []string{b.Address(0).String(), b.Address(1).String(), "node2"} {
		reaches(t, a, to)
	}
	run(t, a, "sh", "-c", "set -e; echo hello >/usr/share/only-here; echo hello >/etc/only-here; echo hello >/run/only-here")
	for _, path := range []string{"/usr/share/only-here", "/etc/only-here"} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("the machine got %s", path)
		}
		if _, err := b.Run("test", "-e", path); err == nil {
			t.Errorf("node2 got %s of node1", path)
		}
	}
	if n := len(strings.Fields(run(t, a, "sh", "-c", "ls -d /proc/[0-9]*"))); n > 4 {
		t.Errorf("node1 sees %d processes, want only its own", n)
	}
}

func TestPowerCutKeepsTheDisk(t *testing.T) { fairly(t, playPowerCutKeepsTheDisk) }

func playPowerCutKeepsTheDisk(t testing.TB) {
	l := newLab(t, 1)
	a, b := newHost(t, l, "node1", HostOptions{}), newHost(t, l, "node2", HostOptions{})
	run(t, a, "sh", "-c", "set -e; echo kept >/var/lib/kept; echo kept >/etc/kept; echo kept >/usr/sbin/kept; echo gone >/run/gone; ip addr add 10.77.0.100/24 dev eth0")
	reaches(t, b, "10.77.0.100")
	if err := a.Start("sleep", "1000"); err != nil {
		t.Fatal(err)
	}
	if err := a.PowerCut(); err != nil {
		t.Fatal(err)
	}
	if err := b.Reach(a.Address(0).String()); err == nil {
		t.Error("node1 answers without power")
	}
	if err := a.Boot(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/var/lib/kept", "/etc/kept", "/usr/sbin/kept"} {
		if got, err := a.Run("cat", path); err != nil || got != "kept\n" {
			t.Errorf("%s after a power cut: %q %v", path, got, err)
		}
	}
	if _, err := a.Run("test", "-e", "/run/gone"); err == nil {
		t.Error("/run outlived a power cut")
	}
	if out := run(t, a, "ip", "-brief", "address", "show", "dev", "eth0"); strings.Contains(out, "10.77.0.100") {
		t.Errorf("an address outlived a power cut: %s", out)
	}
	if _, err := a.Run("pidof", "sleep"); err == nil {
		t.Error("a process outlived a power cut")
	}
	reaches(t, b, a.Address(0).String())
}

func TestCables(t *testing.T) { fairly(t, playCables) }

func playCables(t testing.TB) {
	l := newLab(t, 2)
	a, b := newHost(t, l, "node1", HostOptions{}), newHost(t, l, "node2", HostOptions{})
	reach := func(link int) bool { return a.Reach(b.Address(link).String()) == nil }
	if err := a.Unplug(0); err != nil {
		t.Fatal(err)
	}
	reaches(t, a, b.Address(1).String())
	if reach(0) {
		t.Error("cable 0 is out: want no way over link 0")
	}
	if out := run(t, a, "cat", "/sys/class/net/eth0/carrier"); out != "0\n" {
		t.Errorf("carrier of eth0 without cable: %q", out)
	}
	if err := a.Plug(0); err != nil {
		t.Fatal(err)
	}
	if err := Eventually(clusterPatience, "link 0 to come back", func() bool { return reach(0) }); err != nil {
		t.Error(err)
	}
	if err := a.RemoveDevice(1); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Run("ip", "link", "show", "eth1"); err == nil {
		t.Error("eth1 is still there")
	}
	if err := a.AddDevice(1); err != nil {
		t.Fatal(err)
	}
	if err := Eventually(clusterPatience, "link 1 to come back", func() bool { return reach(1) }); err != nil {
		t.Error(err)
	}
}

func TestDiskCanBeFull(t *testing.T) { fairly(t, playDiskCanBeFull) }

func playDiskCanBeFull(t testing.TB) {
	l := newLab(t, 1)
	a := newHost(t, l, "node1", HostOptions{Disk: 16})
	if err := a.FillDisk(); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Run("sh", "-c", "cat /etc/passwd >>/var/log/ha-log"); err == nil || !strings.Contains(err.Error(), "No space left") {
		t.Errorf("writing on a full disk: %v", err)
	}
	if err := a.EmptyDisk(); err != nil {
		t.Fatal(err)
	}
	run(t, a, "sh", "-c", "echo x >>/var/log/ha-log")
}

func TestRecorderAndTail(t *testing.T) { fairly(t, playRecorderAndTail) }

func playRecorderAndTail(t testing.TB) {
	l := newLab(t, 1)
	a, b := newHost(t, l, "node1", HostOptions{}), newHost(t, l, "node2", HostOptions{})
	for _, h := range []*Host{a, b} {
		if err := h.InstallRecorder("web"); err != nil {
			t.Fatal(err)
		}
	}
	log := a.Tail("/var/log/ha-log")
	run(t, a, "/etc/ha.d/resource.d/web", "start")
	run(t, a, "sh", "-c", "echo one >>/var/log/ha-log; echo two words >>/var/log/ha-log; echo three >>/var/log/ha-log")
	if line, err := log.Wait(clusterPatience, "two", "words"); err != nil || line != "two words" {
		t.Errorf("got %q, %v", line, err)
	}
	if _, err := log.Wait(clusterPatience, "three"); err != nil {
		t.Error(err)
	}
	if _, err := log.Wait(20*time.Millisecond, "one"); err == nil {
		t.Error("a line was found twice")
	}
	if err := a.PowerCut(); err != nil {
		t.Fatal(err)
	}
	run(t, b, "/etc/ha.d/resource.d/web", "start")
	events, err := l.Events()
	if err != nil {
		t.Fatal(err)
	}
	h := Ownership(events, "web")
	if got := h.Owners(); len(got) != 1 || got[0] != "node2" {
		t.Errorf("owners %v, want node2", got)
	}
	if over := h.Overlaps(time.Now()); len(over) > 0 {
		t.Errorf("two owners: %v", over)
	}
	if gaps := h.Gaps(); len(gaps) != 1 || gaps[0].Before != "node1" || gaps[0].After != "node2" {
		t.Errorf("gaps %+v, want one from node1 to node2", gaps)
	}
}
