//go:build integration

package lab

import (
	"slices"
	"strings"
	"testing"
)

// stateCall is a call of a program of 3.0.6 whose words and exit code are compared; differ is what heartbeatd says or
// does instead on purpose, by that number of docs/differences.md.
type stateCall struct {
	call   string
	differ string
	number int
}

// heartbeatIs is how a call says "heartbeat".
const heartbeatIs = "hb=/usr/libexec/heartbeat/heartbeat; init=/etc/init.d/heartbeat; "

// noDaemon are calls while no daemon has run since the machine was booted.
var noDaemon = []stateCall{
	{call: "$hb -s"}, {call: "$hb -k"}, {call: "$hb -ks"}, {call: "$hb -sk"},
	{call: "$hb -D"}, {call: "$hb -DW"}, {call: "$hb -sD"}, {call: "$hb -Ds"},
	{call: "$hb -x"}, {call: "$hb -C"}, {call: "$hb -C all"}, {call: "$hb -C foo"}, {call: "$hb -x -s"}, {call: "$hb -s operand"},
	{call: "$hb -V", differ: "3.0.6 (node: heartbeatd-", number: 48},
	{call: "cl_status"}, {call: "cl_status -h"}, {call: "cl_status --help"}, {call: "cl_status -h x"}, {call: "cl_status nosuch"}, {call: "cl_status -m hbstatus"},
	{call: "cl_status hbstatus"}, {call: "cl_status hbstatus -m"}, {call: "cl_status hbstatus -v"}, {call: "cl_status hbstatus -v -m"}, {call: "cl_status hbstatus -x"},
	{call: "cl_status listnodes"}, {call: "cl_status listnodes -x"}, {call: "cl_status nodestatus node1"}, {call: "cl_status nodestatus"},
	{call: "cl_status nodeweight node1"}, {call: "cl_status nodesite node1"}, {call: "cl_status nodetype node1"}, {call: "cl_status listhblinks node1"},
	{call: "cl_status hblinkstatus node1 eth0"}, {call: "cl_status hblinkstatus"}, {call: "cl_status clientstatus node1 ipfail"}, {call: "cl_status clientstatus"},
	{call: "cl_status rscstatus"}, {call: "cl_status rscstatus -m"}, {call: "cl_status hbparameter -p deadtime"}, {call: "cl_status hbparameter"},
	{call: "cl_status hbparameter -p"}, {call: "cl_status test"},
}

// byNobody is what a user without any right may ask, in any state.
var byNobody = []stateCall{
	{call: "$hb -s | sed 's/pid [0-9]*/pid N/'"}, {call: "$hb -D | head -n 3"}, {call: "$hb -x"},
	{call: "cl_status hbstatus"}, {call: "cl_status rscstatus"}, {call: "cl_status nodestatus node1"}, {call: "cl_status listnodes"},
	{call: "hb_standby foo"}, {call: "hb_standby all foo"}, {call: "hb_takeover foo"}, {call: "hb_addnode"}, {call: "hb_setweight"},
	{call: "ResourceManager listkeys node1"},
}

// initScript is what an init system and its operator call; sleep is a stand-in there, which says how long it was to be.
var initScriptDown = []stateCall{
	{call: "$init"}, {call: "$init nosuch"}, {call: "$init status"}, {call: "$init stop"}, {call: "$init standby"},
}

// daemonRuns are calls while all is settled.
var daemonRuns = []stateCall{
	{call: "$hb -s | sed 's/pid [0-9]*/pid N/'"}, {call: "$hb -x"},
	{call: "$hb 2>&1 >/dev/null | sed -n 's/.*already running .pid [0-9]*/already running/p'; $hb >/dev/null 2>&1; echo $?"},
	{call: "$init"}, {call: "$init status | sed 's/pid [0-9]*/pid N/'"}, {call: "$init start 2>/dev/null"},
	{call: "$init start", differ: "Done.", number: 113},
	{call: "cl_status rscstatus"}, {call: "cl_status hbstatus"},
	{call: "stat -c '%a %U:%G %F' /run/heartbeat.pid"}, {call: "wc -c </run/heartbeat.pid"},
}

// whileItStarts are calls while the daemon waits for the other node to come.
var whileItStarts = []stateCall{
	{call: "$hb -s | sed 's/pid [0-9]*/pid N/'"}, {call: "cl_status hbstatus"}, {call: "cl_status rscstatus"}, {call: "cl_status listnodes"}, {call: "cl_status nodestatus node1"},
	{call: "hb_standby foo"},
}

// whileItMoves are calls while a resource script runs.
var whileItMoves = []stateCall{
	{call: "cl_status rscstatus"}, {call: "cl_status rscstatus -m"}, {call: "cl_status hbstatus"}, {call: "cl_status nodestatus node1"}, {call: "$hb -s | sed 's/pid [0-9]*/pid N/'"},
	{call: "hb_takeover foo"},
}

// inLegacy are calls with auto_failback legacy.
var inLegacy = []stateCall{
	{call: "cl_status hbparameter -p auto_failback"}, {call: "$init standby"}, {call: "hb_standby", differ: "exit 1", number: 45},
}

// wasStopped are calls whose answer after a stop is not that after a boot.
var wasStopped = []stateCall{
	{call: "$hb -s", differ: "exit 3", number: 43}, {call: "$init status", differ: "exit 3", number: 43},
}

// TestCommandsInEveryState calls what an operator's scripts call while the daemon is down, starts, runs, moves a group, and is
// stopped, as root and as nobody, on a machine with 3.0.6 and on one with heartbeatd, and compares words and exit codes.
func TestCommandsInEveryState(t *testing.T) {
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	genuine, err := GenuineSoftware(cache)
	if err != nil {
		skip(t, err.Error())
	}
	fairly(t, func(t testing.TB) { playCommandStates(t, genuine) })
}

func playCommandStates(t testing.TB, genuine Software) {
	l := newLab(t, 1)
	c, ours := oldHost(t, l, "node1", genuine), oldHost(t, l, "node1b", ourSoftware(t))
	for kind, h := range map[string]*Host{"C": c, "H": ours} {
		installInit(t, h, kind)
		// Long enough to ask everything while they start.
		text, err := h.ReadFile("/etc/ha.d/ha.cf")
		if err == nil {
			err = h.WriteFile("/etc/ha.d/ha.cf", strings.Replace(text, "initdead 4", "initdead 9", 1), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := h.WriteFile("/usr/local/sbin/sleep", "#!/bin/sh\necho $1 >>/run/slept\n", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	all := func(state string, calls ...[]stateCall) {
		t.Helper()
		for _, o := range slices.Concat(calls...) {
			compareState(t, c, ours, state, o)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	run(t, c, "sh", "-c", "chgrp haclient /usr/bin/cl_status && chmod 2555 /usr/bin/cl_status") // as its package does
	all("no daemon", noDaemon, initScriptDown, asNobody(byNobody))
	both := func(do func(h *Host) error) {
		t.Helper()
		for _, h := range []*Host{c, ours} {
			must(do(h))
		}
	}
	hangs := "/var/lib/web.start-hangs"
	both(func(h *Host) error { return h.WriteFile(hangs, "", 0o644) })
	both((*Host).StartDaemon)
	all("it starts", whileItStarts)
	both(func(h *Host) error {
		return Eventually(clusterPatience, h.Name+" to start web", func() bool { out, _ := h.Run("pgrep", "-f", "resource.d/web start"); return out != "" })
	})
	all("it moves", whileItMoves)
	both(func(h *Host) error { return h.Remove(hangs) })
	settled := func(h *Host) bool { out, _ := h.Run("cl_status", "rscstatus"); return strings.TrimSpace(out) == "all" }
	both(func(h *Host) error {
		return Eventually(clusterPatience, h.Name+" to run web", func() bool { return settled(h) })
	})
	all("it runs", daemonRuns, asNobody(byNobody))
	both((*Host).StopDaemon)
	asBefore := func(o stateCall) bool { return strings.HasPrefix(o.call, "$hb -s ") || o.call == "$hb -s" }
	all("it was stopped", wasStopped, slices.DeleteFunc(slices.Concat(noDaemon, byNobody), asBefore))
	both(func(h *Host) error {
		text, err := h.ReadFile("/etc/ha.d/ha.cf")
		must(err)
		return h.WriteFile("/etc/ha.d/ha.cf", strings.Replace(text, "auto_failback off", "auto_failback legacy", 1), 0o644)
	})
	both((*Host).StartDaemon)
	both(func(h *Host) error {
		return Eventually(clusterPatience, h.Name+" to run web", func() bool { _, err := h.Run("test", "-e", "/run/lab.web"); return err == nil })
	})
	all("legacy", inLegacy)
}

// installInit gives a host the init script of its software.
func installInit(t testing.TB, h *Host, kind string) {
	t.Helper()
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	project, err := ProjectDir()
	if err != nil {
		t.Fatal(err)
	}
	from := map[string]string{"C": cache + "/heartbeat-3.0.6/etc/init.d/heartbeat", "H": project + "/init/heartbeat.init"}[kind]
	if err := h.Install(from, "/etc/init.d/heartbeat", 0o755); err != nil {
		t.Fatal(err)
	}
}

// asNobody are the same calls by a user whom nothing belongs to.
func asNobody(calls []stateCall) (list []stateCall) {
	for _, o := range calls {
		o.call = "setpriv --reuid 65534 --regid 65534 --clear-groups sh -c '" + strings.ReplaceAll(heartbeatIs+o.call, "'", `'\''`) + "'"
		list = append(list, o)
	}
	return list
}

func compareState(t testing.TB, c, ours *Host, state string, o stateCall) {
	t.Helper()
	compareCall(t, c, ours, ": "+state+"; "+heartbeatIs+o.call, o.differ)
}
