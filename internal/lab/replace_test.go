//go:build integration

package lab

import (
	"os"
	"strings"
	"testing"
)

// bothSoftware is the C daemon and ours, or a skipped test.
func bothSoftware(t testing.TB) (genuine, ours Software) {
	t.Helper()
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	if genuine, err = GenuineSoftware(cache); err != nil {
		skip(t, err.Error())
	}
	binary, err := buildDaemon()
	if err != nil {
		t.Fatal(err)
	}
	project, err := ProjectDir()
	if err != nil {
		t.Fatal(err)
	}
	if ours, err = Heartbeatd(binary, project); err != nil {
		t.Fatal(err)
	}
	return genuine, ours
}

// TestReplace changes a host's software twice each way, from either first one: each time the other
// daemon starts on the same files, with the node's identity and a higher generation.
func TestReplace(t *testing.T) {
	genuine, ours := bothSoftware(t)
	t.Run("from C", func(t *testing.T) { fairly(t, func(t testing.TB) { replaceTwice(t, genuine, ours) }) })
	t.Run("to C", func(t *testing.T) {
		if inUserNamespace() {
			skip(t, "a host made without the C daemon can get it only where root of the machine runs the test")
		}
		fairly(t, func(t testing.TB) { replaceTwice(t, ours, genuine) })
	})
}

func replaceTwice(t testing.TB, first, second Software) {
	l := newLab(t, 1)
	h, err := l.Node("node1", first, HostOptions{})
	if err != nil {
		t.Fatal(err)
	}
	err = h.Configure(Files{
		HACF:        "logfile /var/log/ha-log\nkeepalive 200ms\nwarntime 1\ndeadtime 2\ninitdead 3\nbcast eth0\nauto_failback off\nnode node1 node2\n",
		Haresources: "node1 web\n",
	})
	if err == nil {
		err = h.InstallRecorder("web")
	}
	if err != nil {
		t.Fatal(err)
	}
	var uuid, generation string
	for i, s := range []Software{first, second, first, second} {
		if i > 0 {
			if err := h.Replace(s); err != nil {
				t.Fatal(err)
			}
		}
		runsAs(t, h, s, first.Name, second.Name)
		nowUUID, nowGeneration := identity(t, h)
		if i > 0 && (nowUUID != uuid || nowGeneration <= generation) {
			t.Errorf("%s started as %q with generation %s; before it was %q with %s", s.Name, nowUUID, nowGeneration, uuid, generation)
		}
		uuid, generation = nowUUID, nowGeneration
	}
}

// runsAs starts the daemon, sees that it is the right one and takes its resource, tries what is
// not allowed meanwhile, and stops it.
func runsAs(t testing.TB, h *Host, s Software, both ...string) {
	t.Helper()
	if err := h.StartDaemon(); err != nil {
		t.Fatalf("starting %s: %v", s.Name, err)
	}
	if err := Eventually(clusterPatience, "web to be started by "+s.Name, func() bool { return owner(t, h.lab, "web") == "node1" }); err != nil {
		log, _ := h.ReadFile("/var/log/ha-log")
		t.Fatalf("%v\n%s", err, log)
	}
	isOurs := strings.Contains(run(t, h, daemonPath, "-V"), "heartbeatd")
	if want := s.Name == "heartbeatd"; isOurs != want {
		t.Errorf("%s runs heartbeatd: %v", s.Name, isOurs)
	}
	for path, want := range map[string]bool{"/usr/sbin/heartbeatd": isOurs, "/usr/libexec/heartbeat/ipfail": !isOurs, "/usr/share/heartbeat/BasicSanityCheck": !isOurs, "/usr/bin/cl_status": true} {
		if _, err := os.Lstat(h.Path(path)); (err == nil) != want {
			t.Errorf("with %s, %s is there: %v, want %v", s.Name, path, err == nil, want)
		}
	}
	script, err := h.ReadFile("/etc/ha.d/resource.d/IPaddr")
	if err != nil || strings.Contains(script, "heartbeatd address") != isOurs {
		t.Errorf("with %s, IPaddr is the other's (or: %v)", s.Name, err)
	}
	if err := h.Replace(s); err == nil || !strings.Contains(err.Error(), "while") {
		t.Errorf("replacing a running daemon: %v, want to be refused", err)
	}
	if err := h.StopDaemon(); err != nil {
		t.Fatalf("stopping %s: %v", s.Name, err)
	}
}

// identity is what a node is known by.
func identity(t testing.TB, h *Host) (uuid, generation string) {
	t.Helper()
	for path, text := range map[string]*string{"/var/lib/heartbeat/hb_uuid": &uuid, "/var/lib/heartbeat/hb_generation": &generation} {
		var err error
		if *text, err = h.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return uuid, strings.TrimSpace(generation)
}
