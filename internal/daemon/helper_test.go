package daemon

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/config"
	"heartbeatd/internal/link/linktest"
)

// helped is a pair with a ping node, of which each node sees what its pinger sees, and an ipfail that is not
// installed.
func helped(t *testing.T, failback config.Failback) (a, b *machine, seenByA *fakePinger) {
	t.Helper()
	network := linktest.New(nil, 1, "eth0")
	one := func(self string) (*machine, *fakePinger) {
		m := newMachine(t, network, self, func(c *config.Config) {
			c.AutoFailback, c.Deadping = failback, 1500*time.Millisecond
			c.PingNodes = []config.PingNode{{Name: "router", Kind: "ping", After: 1}}
			c.Children = []config.Child{{User: "hacluster", Command: "/usr/lib64/heartbeat/ipfail", Helper: config.IPFail}}
		})
		f := &fakePinger{news: make(chan struct{}, 1), clock: m.d.now}
		m.d.openPinger = func(*daemon) pinger { return f }
		return m, f
	}
	a, seenByA = one("node1")
	b, _ = one("node2")
	a.start()
	b.start()
	return a, b, seenByA
}

// TestBuiltInIPFail: whoever sees less gives all up, and gets what is its own back when it sees as much again.
func TestBuiltInIPFail(t *testing.T) {
	a, b, seenByA := helped(t, config.On)
	a.until("web runs", a.runs)
	b.untilLog("remote resource transition completed.")
	a.untilLog(`Starting child client "/usr/lib64/heartbeat/ipfail" (`)
	a.until("the router answers both", func() bool { return answers(a) && answers(b) })
	seenByA.set(true, nil)
	a.untilLog("info: giveup() called (timeout worked)")
	a.untilLog("node1 wants to go standby [all]")
	b.until("web runs on the other node", b.runs)
	for _, line := range []string{
		"ipfail: [%d]: info: Status update: Node router now has status dead", "ipfail: [%d]: info: NS: We are dead. :<",
		"ipfail: [%d]: info: Link Status update: Link router/router now has status dead", "ipfail: [%d]: info: We are dead. :<",
		"ipfail: [%d]: info: Asking other side for ping node count.",
	} {
		a.untilLog(fmt.Sprintf(line, pidOf(a)))
	}
	b.untilLog("info: Telling other node that we have more visible ping nodes.")
	seenByA.set(false, nil)
	a.untilLog("info: A ping node just came up.")
	b.untilLog("info: Giving up foreign resources (auto_failback).")
	a.until("web is back", a.runs)
	if strings.Contains(a.log()+b.log(), "wants to go standby [local]") {
		t.Error("somebody gives up what is its own")
	}
	a.stop()
	if log := a.log(); strings.Contains(log, "killing ") || !strings.HasSuffix(log, "node1 Heartbeat shutdown complete.\n") {
		t.Errorf("at the end:\n%s", log)
	}
}

// TestBuiltInIPFailIsOfNoUse with auto_failback legacy: 3.0.6 says so, and exits with 100.
func TestBuiltInIPFailIsOfNoUse(t *testing.T) {
	a, _, _ := helped(t, config.Legacy)
	a.untilLog("ERROR: auto_failback set to incompatible legacy option.")
	a.stop()
	if log := a.log(); strings.Contains(log, "Respawning") || !strings.Contains(log, "client [/usr/lib64/heartbeat/ipfail] is not running.") {
		t.Errorf("it is started again:\n%s", log)
	}
}

// answers says whether the ping node is alive for a machine.
func answers(m *machine) bool {
	for _, n := range m.status().Nodes {
		if n.Name == "router" {
			return n.Status == "ping"
		}
	}
	return false
}

func pidOf(m *machine) int { return m.status().PID }

// TestThrift: lines that others cause are bounded, and those left out are counted.
func TestThrift(t *testing.T) {
	var l thrift
	written := 0
	for i := range 1000 {
		if ok, lost := l.allows(time.Duration(i) * time.Millisecond); ok {
			written++
		} else if lost != 0 {
			t.Fatal("counted too early")
		}
	}
	if written != mostLines {
		t.Errorf("%d lines in a second", written)
	}
	if ok, lost := l.allows(time.Hour); !ok || lost != 1000-mostLines {
		t.Errorf("an hour later: %v, %d left out", ok, lost)
	}
}
