//go:build integration

package lab

import "testing"

// TestGenuinePair boots the C daemon on two hosts: the ground the tests with a C peer stand on.
func TestGenuinePair(t *testing.T) { fairly(t, playGenuinePair) }

func playGenuinePair(t testing.TB) {
	excusedBy(t, "no heartbeatd takes part")
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	l := newLab(t, 2)
	software, err := GenuineSoftware(cache)
	if err != nil {
		skip(t, err.Error())
	}
	var hosts []*Host
	for _, name := range []string{"node1", "node2"} {
		h, err := l.Node(name, software, HostOptions{})
		if err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, h)
	}
	files := Files{
		HACF: "logfile /var/log/ha-log\nkeepalive 500ms\ndeadtime 5\nwarntime 2\ninitdead 10\nudpport 694\n" +
			"bcast eth0\nucast eth1 10.77.1.1\nucast eth1 10.77.1.2\nauto_failback off\nnode node1 node2\n",
		Haresources: "node1 web\n",
	}
	var logs []*Tail
	for _, h := range hosts {
		if err := h.InstallRecorder("web"); err != nil {
			t.Fatal(err)
		}
		if err := h.Configure(files); err != nil {
			t.Fatal(err)
		}
		logs = append(logs, h.Tail("/var/log/ha-log"))
		if err := h.StartDaemon(); err != nil {
			t.Fatal(err)
		}
	}
	for i, h := range hosts {
		// Each from the begin of the log: which comes first depends on the link that is heard first.
		for _, words := range []string{"Link " + hosts[1-i].Name + ":eth0 up", "Link " + hosts[1-i].Name + ":eth1 up", "Local status now set to: 'active'"} {
			if _, err := h.TailFromStart("/var/log/ha-log").Wait(clusterPatience, words); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := Eventually(clusterPatience, "web to be started", func() bool { return owner(t, l, "web") == "node1" }); err != nil {
		t.Fatal(err)
	}
	if err := hosts[0].PowerCut(); err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"node node1: is dead", "mach_down takeover complete"} {
		if _, err := logs[1].Wait(clusterPatience, words); err != nil {
			t.Fatal(err)
		}
	}
	if got := owner(t, l, "web"); got != "node2" {
		t.Errorf("web is on %q, want node2", got)
	}
}

// owner is the node that has a resource, "" if none has, "both" if several.
func owner(t testing.TB, l *Lab, resource string) string {
	t.Helper()
	events, err := l.Events()
	if err != nil {
		t.Fatal(err)
	}
	switch owners := Ownership(events, resource).Owners(); len(owners) {
	case 0:
		return ""
	case 1:
		return owners[0]
	}
	return "both"
}
