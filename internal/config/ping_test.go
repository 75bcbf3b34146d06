package config

import (
	"fmt"
	"strings"
	"testing"
)

// TestPingNodes: who is pinged, under which name, and where it stands between the nodes.
func TestPingNodes(t *testing.T) {
	text := "logfile /l\nauto_failback on\nbcast eth0\nping 10.0.0.9\nnode n1\nping_group Routers 10.0.0.1 nobody 10.0.0.2 10.0.0.1\n" +
		"node peer\nping6 FD00::1\nping_group routers 10.0.0.3 10.0.0.2\nping peer 10.0.0.9\n"
	cfg, report := Load(set(text), newHost("n1"))
	if report.Fatal() {
		t.Fatal(report)
	}
	var got []string
	for _, n := range cfg.PingNodes {
		got = append(got, fmt.Sprint(n.Name, " ", n.Kind, " ", n.Hosts, " after ", n.After))
	}
	want := []string{
		"10.0.0.9 ping [10.0.0.9] after 0",
		"routers ping_group [10.0.0.1 10.0.0.2 10.0.0.1 10.0.0.3] after 1",
		"fd00::1 ping6 [fd00::1] after 2",
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
}
