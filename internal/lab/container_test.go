//go:build integration

package lab

import (
	"strings"
	"testing"
)

// newImage returns the image containers boot from, or skips the test.
func newImage(t testing.TB) string {
	t.Helper()
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	image, err := ContainerImage(cache, t.Logf)
	if err != nil {
		skip(t, err.Error())
	}
	return image
}

// TestImages fetches and makes what other tests take from the cache. It is not parallel: where it is needed,
// everything waits for it. `make test` runs it once before, beside something that leaves it the time.
func TestImages(t *testing.T) {
	genuineImage(t)
	softwares(t)
}

func TestContainersBoot(t *testing.T) { fairly(t, playContainersBoot) }

func playContainersBoot(t testing.TB) {
	l := newLab(t, 2)
	image := newImage(t)
	var hosts []*Host
	for _, name := range []string{"node1", "node2"} {
		h, err := l.Container(name, image, func(*Host) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, h)
	}
	reaches(t, hosts[0], "node2")
	const unit = "[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\n"
	if err := hosts[0].WriteFile("/etc/systemd/system/sleeper.service", unit, 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, hosts[0], "systemctl", "daemon-reload")
	run(t, hosts[0], "systemctl", "enable", "--now", "sleeper")
	if _, err := hosts[1].Run("systemctl", "is-active", "sleeper"); err == nil {
		t.Error("node2 has a service of node1")
	}
	if err := hosts[0].PowerCut(); err != nil {
		t.Fatal(err)
	}
	if err := hosts[1].Reach(hosts[0].Address(0).String()); err == nil {
		t.Error("node1 answers without power")
	}
	run(t, hosts[1], "systemctl", "is-active", "dbus")
	if err := hosts[0].Boot(); err != nil {
		t.Fatal(err)
	}
	if out := run(t, hosts[0], "systemctl", "is-active", "sleeper"); strings.TrimSpace(out) != "active" {
		t.Errorf("an enabled unit is %q after the boot", out)
	}
}
