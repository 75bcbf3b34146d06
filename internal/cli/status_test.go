package cli

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/control"
	"heartbeatd/internal/pidfile"
)

var updateFaces = flag.Bool("update-faces", false, "rewrite the goldens of status and cl_status")

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *updateFaces {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got\n%s\nwant\n%s", path, got, want)
	}
}

func at(clock string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05", "2026-11-22 "+clock)
	if err != nil {
		panic(err)
	}
	return t
}

// sample is a pair with one dead link, a script that hangs and some history.
func sample() control.Status {
	return control.Status{
		Version: "1.2.3", Node: "node1", PID: 3029, State: "active", Since: at("07:11:55"),
		Generation: 1732258315, AutoFailback: "on", Holding: "local",
		Nodes: []control.NodeStatus{
			{Name: "node1", Type: "normal", Self: true, Status: "active", Since: at("07:12:05"), Software: "heartbeatd",
				LastBeat: 400, Deadtime: 10000, WorstGap: 1100,
				Links: []control.LinkStatus{
					{Name: "eth0", Status: "up", Since: at("07:11:55")},
					{Name: "eth1", Status: "dead", Since: at("09:20:01")}}},
			{Name: "node2", Type: "normal", Status: "active", Since: at("07:12:05"), Software: "heartbeat",
				LastBeat: 400, Deadtime: 30000, Deaths: 1, LateBeats: 7, WorstGap: 12400,
				Links: []control.LinkStatus{
					{Name: "eth0", Status: "up", Since: at("07:11:55"), Gaps: control.Worst{Hour: 1210, Day: 12400, Start: 12400}}},
				Gaps: control.Worst{Hour: 1210, Day: 12400, Start: 12400}, Heard: 8160000,
				Returns: 1, Silences: control.Worst{Day: 45200, Start: 45200},
				SafeDeadtime: control.Worst{Hour: 2000, Day: 46000, Start: 46000}, SafeWithout: control.Worst{Hour: 2000, Day: 13000, Start: 13000}},
		},
		Groups: []control.GroupStatus{
			{Key: "10.0.0.100/24/eth0", Home: "node1", Owner: "node1", State: "starting", Since: at("09:29:30"),
				Resources: []string{"10.0.0.100/24/eth0", "httpd"},
				Script:    &control.ScriptStatus{Resource: "httpd", Op: "start", Running: 30500}},
			{Key: "mail", Home: "node2", Owner: "", State: "stopped", Since: at("09:00:00"), Resources: []string{"mail"}},
		},
		Media: []control.MediumStatus{
			{Name: "eth0", Kind: "bcast", Open: true, Since: at("07:11:55"), Sent: 16570, Heard: 8122},
			{Name: "eth1", Kind: "ucast", Open: true, Error: "Operation not permitted", Since: at("09:29:48"), Sent: 16540, Failed: 24, Heard: 1},
		},
		Transition: control.Transition{At: at("09:29:30"), What: "resources acquired from node2", Cause: "node node2 is dead"},
		Received:   8123, Dropped: map[string]uint64{"replay": 2, "bad signature": 11, "truncated": 0}, LogDropped: 4,
		Parameters: map[string]string{"deadtime": "10", "keepalive": "500ms"},
		Own: control.OwnLateness{
			Beats: control.Lateness{Hour: control.Late{Count: 7200, Worst: 410, P999: 191},
				Day: control.Late{Count: 16560, Worst: 3120, P999: 255}, Start: control.Late{Count: 16560, Worst: 3120, P999: 255}},
			Decisions: control.Lateness{Hour: control.Late{Count: 7322, Worst: 11200, P999: 1023},
				Day: control.Late{Count: 16960, Worst: 240000, P999: 1535}, Start: control.Late{Count: 16960, Worst: 240000, P999: 1535}},
		},
	}
}

// withPings is that pair with a router that answers and a group of hosts of which none has for a while.
func withPings() control.Status {
	st := sample()
	node := func(name, status, link string, beat int64) control.NodeStatus {
		return control.NodeStatus{Name: name, Type: "ping", Status: status, Since: at("09:00:00"), LastBeat: beat, Deadtime: 5000,
			Links: []control.LinkStatus{{Name: name, Status: link, Since: at("09:00:00")}}}
	}
	st.Nodes = append([]control.NodeStatus{node("10.0.0.1", "ping", "up", 300)}, append(st.Nodes, node("dns", "dead", "dead", 1800000))...)
	return st
}

func TestStatusText(t *testing.T) {
	busy := sample()
	busy.Nodes[1].Links = append(busy.Nodes[1].Links, control.LinkStatus{Name: "eth1", Status: "dead", Since: at("09:20:01"), Gaps: control.Worst{Day: 14100, Start: 14100}})
	early := sample()
	early.State, early.Holding, early.Standby = "up", "none", "giving all resources to node2"
	early.Own = control.OwnLateness{}
	early.Media, early.Groups, early.Transition, early.Dropped, early.LogDropped = nil, nil, control.Transition{}, nil, 0
	early.Nodes = []control.NodeStatus{{Name: "node2\x1b[2J", Status: "init", LastBeat: -1}}
	early.Parameters = map[string]string{"initdead": "30"}
	alone := early
	alone.State, alone.Standby = "active", ""
	alone.Nodes = []control.NodeStatus{{Name: "node2", Status: "dead", Stopped: true, Since: at("09:29:00"), LastBeat: 60000, Deadtime: 10000}}
	alone.Own = control.OwnLateness{Beats: control.Lateness{Start: control.Late{Count: 999, Worst: 23456}}}
	quiet := alone
	quiet.Nodes = []control.NodeStatus{{Name: "node2", Status: "active", Since: at("09:29:00"), Deadtime: 50, Heard: 600 * 3600 * 1000,
		Gaps: control.Worst{Hour: 11, Day: 23, Start: 23}, SafeDeadtime: control.Worst{Hour: 25, Day: 35, Start: 35}, SafeWithout: control.Worst{Hour: 25, Day: 35, Start: 35},
		Links: []control.LinkStatus{{Name: "eth0", Status: "up", Since: at("09:29:00"), Gaps: control.Worst{Hour: 11, Day: 23, Start: 23}}}}}
	tight := quiet
	tight.Nodes = []control.NodeStatus{quiet.Nodes[0]}
	tight.Nodes[0].Returns, tight.Nodes[0].Silences = 2, control.Worst{Hour: 61, Day: 61, Start: 61}
	tight.Nodes[0].Gaps = control.Worst{Hour: 49, Day: 49, Start: 49}
	tight.Nodes[0].SafeDeadtime, tight.Nodes[0].SafeWithout = control.Worst{Hour: 75, Day: 75, Start: 75}, control.Worst{Hour: 60, Day: 60, Start: 60}
	for name, st := range map[string]control.Status{"ping": withPings(), "busy": busy, "early": early, "alone": alone, "quiet": quiet, "tight": tight} {
		var b bytes.Buffer
		if err := writeStatus(&b, st, at("09:30:00")); err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join("testdata", "status", name+".golden"), b.String())
	}
}

// TestOwnLinkThatNobodyHears: a node does not hear itself on a serial line, which must not look like a fault; a link of its
// own that was up, and one of the other node, are dead when they are.
func TestOwnLinkThatNobodyHears(t *testing.T) {
	dead := control.LinkStatus{Name: "/dev/ttyS0", Status: "dead"}
	was := control.LinkStatus{Name: "eth0", Status: "dead", Since: at("09:20:01")}
	for _, tt := range []struct {
		self bool
		link control.LinkStatus
		want string
	}{{true, dead, "-"}, {false, dead, "dead"}, {true, was, "dead"}, {true, control.LinkStatus{Status: "up"}, "up"}} {
		if got := linkStatus(control.NodeStatus{Self: tt.self}, tt.link); got != tt.want {
			t.Errorf("%+v of this node %v: %q, want %q", tt.link, tt.self, got, tt.want)
		}
	}
}

func TestInitdead(t *testing.T) {
	for value, want := range map[string]string{"": "", "30": " (30s)", "12000ms": " (12s)", "90s": " (1m30s)", "1 hour": " (1 hour)"} {
		if got := initdead(map[string]string{"initdead": value}); got != want {
			t.Errorf("initdead %q: %q, want %q", value, got, want)
		}
	}
}

// TestNoTransitionIsNull: the year 1 is no time, and what reads null gets the zero time back.
func TestNoTransitionIsNull(t *testing.T) {
	st := sample()
	for _, want := range []control.Transition{{}, {At: at("09:29:30"), What: "w", Cause: "c"}} {
		st.Transition = want
		data, err := json.Marshal(st)
		if err != nil {
			t.Fatal(err)
		}
		if null := strings.Contains(string(data), `"last_transition":{"at":null,"what":"","cause":""}`); null != want.At.IsZero() {
			t.Errorf("null: %v in %s", null, data)
		}
		var got control.Status
		if err := json.Unmarshal(data, &got); err != nil || got.Transition != want {
			t.Errorf("%v: got %+v back, want %+v", err, got.Transition, want)
		}
	}
}

// What is far below a millisecond is told, and what is not is not told to the microsecond.
func TestShort(t *testing.T) {
	for us, want := range map[int64]string{0: "0.00ms", 160: "0.16ms", 9999: "10.00ms", 10000: "10.0ms", 23456: "23.5ms", 100001: "101ms", 2500000: "2.5s"} {
		if got := short(us); got != want {
			t.Errorf("short(%d) = %q, want %q", us, got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	for ms, want := range map[int64]string{-5: "0s", 0: "0ms", 999: "999ms", 1000: "1s", 12345: "12.3s", 59999: "59.9s",
		60000: "1m0s", 3599999: "59m59s", 8040000: "2h14m", 86399999: "23h59m", 273600000: "3d4h"} {
		if got := span(ms); got != want {
			t.Errorf("span(%d) = %q, want %q", ms, got, want)
		}
	}
}

// fakeDaemon answers a real control socket.
type fakeDaemon struct {
	st    control.Status
	err   error
	asked chan string
}

func (f *fakeDaemon) Status() (control.Status, error) {
	if f.err != nil {
		return control.Status{}, f.err
	}
	return f.st, nil
}
func (f *fakeDaemon) Standby(w string) error { f.asked <- "standby " + w; return f.err }
func (f *fakeDaemon) Takeover(w string) error {
	f.asked <- "takeover " + w
	return f.err
}
func (f *fakeDaemon) Replace() error { f.asked <- "replace"; return f.err }
func (f *fakeDaemon) Stop() error    { f.asked <- "stop"; return f.err }

// testMachine has no daemon yet.
func testMachine(t *testing.T) machine {
	dir := t.TempDir()
	return machine{
		socket: filepath.Join(dir, "control"), pidFile: filepath.Join(dir, "heartbeat.pid"),
		nodeinfo: filepath.Join(dir, "nodeinfo"), host: "Node1.example", pid: 4134,
		now: func() time.Time { return time.Date(2026, 1, 5, 9, 0, 1, 0, time.UTC) },
	}
}

func (f *fakeDaemon) run(t *testing.T, m machine) {
	t.Helper()
	f.asked = make(chan string, 100)
	s, err := control.Listen(m.socket)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { s.Serve(f); close(done) }()
	t.Cleanup(func() { s.Close(); <-done })
}

func TestStatusJSONIsTheWholeStatus(t *testing.T) {
	m := testMachine(t)
	(&fakeDaemon{st: sample()}).run(t, m)
	var out, errs bytes.Buffer
	if code := m.status([]string{"--json"}, &out, &errs); code != 0 {
		t.Fatalf("exit %d: %s", code, &errs)
	}
	var got control.Status
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || !reflect.DeepEqual(got, sample()) {
		t.Errorf("%v: got %+v", err, got)
	}
	golden(t, filepath.Join("testdata", "status", "json.golden"), out.String())
}

func TestStatusExitCodes(t *testing.T) {
	up := testMachine(t)
	(&fakeDaemon{st: sample()}).run(t, up)
	down := testMachine(t)
	dead := testMachine(t)
	os.WriteFile(dead.pidFile, []byte("       774\n"), 0o644)
	ending := testMachine(t)
	(&fakeDaemon{err: &control.Refusal{Reason: "heartbeatd is ending", Hint: "wait"}}).run(t, ending)
	silent := testMachine(t)
	l, err := net.Listen("unix", silent.socket)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			conn.Close()
		}
	}()
	defer l.Close()
	deaf := testMachine(t)
	lock, err := pidfile.Create(deaf.pidFile)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Remove()
	os.Remove(deaf.pidFile)
	stuck := deaf
	stuck.socket = silent.socket
	for _, tc := range []struct {
		m    machine
		args string
		code int
		err  string
	}{
		{up, "", 0, ""},
		{up, "--socket=" + down.socket, 3, "heartbeatd is not running on this machine (nobody listens on "},
		{down, "", 3, "heartbeatd is not running on this machine (nobody listens on "},
		{down, "--socket=" + up.socket, 0, ""},
		{dead, "", 1, "heartbeatd is dead, but its pid file "},
		{silent, "", 4, "heartbeatd does not answer as it should on "},
		{stuck, "", 4, fmt.Sprintf("a daemon is running, pid %d, but not answering: heartbeatd does not answer", os.Getpid())},
		{deaf, "", 4, fmt.Sprintf("a daemon is running, pid %d, but not answering: nobody listens", os.Getpid())},
		{ending, "", 4, "heartbeatd is ending"},
		{up, "--foo", 4, "unknown flag: --foo"},
		{up, "foo", 4, `status takes no arguments, got "foo"`},
		{up, "--help", 0, ""},
	} {
		var out, errs bytes.Buffer
		code := tc.m.status(strings.Fields(tc.args), &out, &errs)
		if code != tc.code {
			t.Errorf("%q: exit %d, want %d: %s", tc.args, code, tc.code, &errs)
		}
		if tc.err == "" && (errs.Len() > 0 || out.Len() == 0) {
			t.Errorf("%q: stdout %q, stderr %q", tc.args, &out, &errs)
		}
		if tc.err != "" && (!strings.HasPrefix(errs.String(), "heartbeatd: error: "+tc.err) || out.Len() > 0 ||
			!strings.Contains(errs.String(), "\nheartbeatd: hint: ")) {
			t.Errorf("%q: stdout %q, stderr %q, want %q and a hint", tc.args, &out, &errs, tc.err)
		}
	}
}
