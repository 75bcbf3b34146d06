package interop

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const twoGroups = `group node1 web db::8080
group node2 log
start node1 node2
settle
stop node1
settle
`

// run is a run in which nothing differs from another, two segments of the scenario twoGroups.
func run(p Pairing) *Observation {
	o := &Observation{Script: "test", Pairing: p, Env: map[string]map[string]string{}}
	for i, line := range []int{4, 6} {
		o.Segments = append(o.Segments, Segment{
			Line: line, Settled: true,
			Owners: map[string]string{"web": "node1", "db::8080": "node1", "log": "node2"},
			State:  map[string]string{"node1": "local", "node2": "local"},
			Kinds:  map[string]Kind{"node1": p.First, "node2": p.Second},
			Calls:  map[string][]Call{}, Log: map[string][]LogLine{},
			Gaps: map[string][]time.Duration{}, Overlaps: map[string][]time.Duration{},
		})
		o.Segments[i].Calls["node1"] = calls("web status", "web start", "db::8080 status", "db::8080 start")
	}
	return o
}

// calls makes calls from "RESOURCE ACTION [held] [fails]".
func calls(texts ...string) []Call {
	var all []Call
	for _, text := range texts {
		f := strings.Fields(text)
		words := strings.Split(f[0], "::")
		c := Call{Name: words[0], Args: words[1:], Action: f[1], For: time.Millisecond}
		for _, word := range f[2:] {
			c.Held = c.Held || word == "held"
			if word == "fails" {
				c.RC = 1
			}
		}
		all = append(all, c)
	}
	return all
}

// log makes lines from "heartbeat WARN: text".
func log(texts ...string) []LogLine {
	var all []LogLine
	for _, text := range texts {
		head, rest, _ := strings.Cut(text, ": ")
		entity, level, _ := strings.Cut(head, " ")
		all = append(all, LogLine{Entity: entity, Level: level, Text: rest})
	}
	return all
}

// compare compares C+C with another run of a scenario, by a table.
func compare(t *testing.T, table, script string, judge, other *Observation) []Difference {
	t.Helper()
	s, err := Parse("test", script)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewComparator("table", table)
	if err != nil {
		t.Fatal(err)
	}
	return c.Compare(s, judge, other)
}

// expect compares what was found, one line each: "SEGMENT WHAT ENTRY: first line of the text".
func expect(t *testing.T, got []Difference, want ...string) {
	t.Helper()
	var lines []string
	for _, d := range got {
		first, _, _ := strings.Cut(d.Text, "\n")
		lines = append(lines, strings.Join([]string{strconv.Itoa(d.Segment), d.What, strconv.Itoa(d.Entry) + ":", first}, " "))
	}
	if g, w := strings.Join(lines, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
}

func TestCompareFindsNothingInEqualRuns(t *testing.T) {
	for _, p := range Pairings {
		expect(t, compare(t, "", twoGroups, run(Pairing{C, C}), run(p)))
	}
}

func TestCompareFindsFaults(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(o *Observation)
		want   []string
	}{
		{"owner", func(o *Observation) { o.Segments[1].Owners["web"] = "nobody" },
			[]string{"2 owner:web 0: web is at the end on nobody, in C+C on node1"}},
		{"state", func(o *Observation) { o.Segments[0].State["node2"] = "transition" },
			[]string{"1 state:node2 0: node2 says transition, in C+C local"}},
		{"unsettled", func(o *Observation) { o.Segments[0].Settled = false },
			[]string{"1 unsettled 0: the cluster did not settle"}},
		{"a call more", func(o *Observation) {
			o.Segments[0].Calls["node1"] = append(o.Segments[0].Calls["node1"], calls("web stop held")...)
		}, []string{"1 calls:node1 0: calls on node1:"}},
		{"a call less", func(o *Observation) {
			o.Segments[0].Calls["node1"] = calls("web status", "web start", "db::8080 status")
		},
			[]string{"1 calls:node1 0: calls on node1:"}},
		{"another argument", func(o *Observation) { o.Segments[0].Calls["node1"][3].Args[0] = "8081" },
			[]string{"1 calls:node1 0: db::8081 started on node1 without asking for its status first",
				"1 calls:node1 0: calls on node1:", "1 calls:node1 0: calls on node1:"}},
		{"wrong order", func(o *Observation) {
			o.Segments[0].Calls["node1"] = calls("db::8080 status", "db::8080 start", "web status", "web start")
		}, []string{"1 calls:node1 0: calls on node1:"}},
		{"a start that fails", func(o *Observation) { o.Segments[0].Calls["node1"][1].RC = 1 },
			[]string{"1 calls:node1 0: calls on node1:"}},
		{"a start unasked", func(o *Observation) {
			o.Segments[0].Calls["node1"] = calls("web start", "web status", "db::8080 status", "db::8080 start")
		}, []string{"1 calls:node1 0: web started on node1 without asking for its status first"}},
		{"outage", func(o *Observation) { o.Segments[1].Gaps["web"] = []time.Duration{outageSlack + time.Second} },
			[]string{"2 gap:web 0: web was without service for 3s, in C+C for 0s"}},
		{"two owners", func(o *Observation) { o.Segments[1].Overlaps["web"] = []time.Duration{time.Millisecond * 20} },
			[]string{"2 overlap:web 0: web had two owners for 20ms, in C+C for 0s"}},
		{"segments", func(o *Observation) { o.Segments = o.Segments[:1] },
			[]string{"0 segments 0: 1 segments, C+C had 2"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			other := run(Pairing{H, H})
			test.change(other)
			expect(t, compare(t, "", twoGroups, run(Pairing{C, C}), other), test.want...)
		})
	}
}

func TestBetterThanCIsNoDifference(t *testing.T) {
	judge, other := run(Pairing{C, C}), run(Pairing{H, H})
	judge.Segments[1].Gaps["web"] = []time.Duration{10 * time.Second}
	judge.Segments[1].Overlaps["web"] = []time.Duration{10 * time.Second}
	other.Segments[1].Overlaps["web"] = []time.Duration{11 * time.Second}
	expect(t, compare(t, "", twoGroups, judge, other))
	other.Segments[1].Overlaps["web"] = []time.Duration{13 * time.Second}
	expect(t, compare(t, "", twoGroups, judge, other), "2 overlap:web 0: web had two owners for 13s, in C+C for 10s")
}

func TestCallsAreShownAsOneDiff(t *testing.T) {
	other := run(Pairing{H, C})
	other.Segments[0].Calls["node1"] = calls("web status", "web start", "web stop held", "db::8080 status")
	got := compare(t, "", twoGroups, run(Pairing{C, C}), other)
	if len(got) != 1 {
		t.Fatalf("want one difference, got %v", got)
	}
	if want := "calls on node1:\n    web start\n  - db::8080 start\n  + web stop"; got[0].Text != want {
		t.Errorf("got %q, want %q", got[0].Text, want)
	}
}

func TestRulesOfCalls(t *testing.T) {
	judge := run(Pairing{C, C})
	judge.Segments[1].Calls["node1"] = calls("log stop", "db::8080 stop held", "web stop held")
	other := run(Pairing{H, C})
	other.Segments[1].Calls["node1"] = calls("log status", "db::8080 stop held", "web stop held")
	expect(t, compare(t, "", twoGroups, judge, other), "2 calls:node1 8: + log status on node1", "2 calls:node1 10: - log stop (not running)")
	// The same the other way round, where a node has changed its software; between C nodes it is chance.
	expect(t, compare(t, "", twoGroups, other, judge), "2 calls:node1 8: - log status on node1", "2 calls:node1 10: + log stop (not running)")
	c := run(Pairing{C, H})
	c.Segments[1].Calls["node1"] = other.Segments[1].Calls["node1"]
	expect(t, compare(t, "", twoGroups, judge, c))
	// heartbeatd itself stops nothing that does not run.
	stopper := run(Pairing{H, C})
	stopper.Segments[1].Calls["node1"] = calls("db::8080 stop held", "web stop held", "web stop")
	expect(t, compare(t, "", twoGroups, judge, stopper),
		"2 calls:node1 0: calls on node1:", "2 calls:node1 10: - log stop (not running)")
}

func TestGroupsSideBySide(t *testing.T) {
	judge, ours, theirs := run(Pairing{C, C}), run(Pairing{H, C}), run(Pairing{C, H})
	judge.Segments[1].Calls["node1"] = calls("web stop held", "log stop held")
	ours.Segments[1].Calls["node1"] = calls("log stop held", "web stop held")
	theirs.Segments[1].Calls["node1"] = ours.Segments[1].Calls["node1"]
	expect(t, compare(t, "", twoGroups, judge, ours), "2 calls:node1 38: order of calls on node1:")
	expect(t, compare(t, "", twoGroups, judge, theirs), "2 calls:node1 0: order of calls on node1:")
}

func TestFailuresCountOnce(t *testing.T) {
	judge, other := run(Pairing{C, C}), run(Pairing{H, C})
	judge.Segments[1].Calls["node1"] = calls("web stop held fails", "web stop held fails", "web stop held fails")
	other.Segments[1].Calls["node1"] = calls("web stop held fails")
	expect(t, compare(t, "", twoGroups, judge, other))
}

func TestDiffersAllowsAndIsNeeded(t *testing.T) {
	script := twoGroups + "differs 6 owner:web calls:* log:node1\n"
	s, err := Parse("test", script)
	if err != nil {
		t.Fatal(err)
	}
	other := run(Pairing{H, H})
	other.Segments[0].Owners["web"] = "node2" // another segment than the one it speaks of
	other.Segments[1].Owners["web"] = "node2"
	other.Segments[1].Calls["node2"] = calls("web status", "web start")
	got := compare(t, "", script, run(Pairing{C, C}), other)
	expect(t, got, "1 owner:web 0: web is at the end on node2, in C+C on node1",
		"2 owner:web 6: web is at the end on node2, in C+C on node1", "2 calls:node2 8: + web status on node2", "2 calls:node2 6: calls on node2:")
	if idle := Unneeded(s, got); len(idle) != 1 || !strings.Contains(idle[0], "line 7: differs 6 log:node1") {
		t.Errorf("want only log:node1 to be unneeded, got %q", idle)
	}
	if idle := Unneeded(s, nil); len(idle) != 3 {
		t.Errorf("want all three to be unneeded, got %q", idle)
	}
}

func TestOutputs(t *testing.T) {
	judge, ours, theirs := run(Pairing{C, C}), run(Pairing{H, C}), run(Pairing{C, H})
	output := func(o *Observation, text string, code int) {
		o.Segments[0].Outputs = []Output{{Node: "node1", Command: "/usr/share/heartbeat/hb_standby all", Text: text, Code: code}}
	}
	output(judge, "Nov 22 13:59:12 Going standby [all].\n", 0)
	output(ours, "Nov 22 14:01:02 Going standby [all].\n", 0)
	expect(t, compare(t, "", twoGroups, judge, ours))
	output(judge, "Nov 22 13:59:12 node1 cl_status: [246]: ERROR: no\n", 13)
	output(theirs, "Nov 22 13:59:13 node1 cl_status: [7]: ERROR: no\n", 13)
	expect(t, compare(t, "", twoGroups, judge, theirs))
	output(judge, "Nov 22 13:59:12 Going standby [all].\n", 0)
	output(ours, "no other node\n", 1)
	output(theirs, "no other node\n", 1)
	expect(t, compare(t, "", twoGroups, judge, ours), "1 output 45: node1: /usr/share/heartbeat/hb_standby all")
	expect(t, compare(t, "", twoGroups, judge, theirs), "1 output 0: node1: /usr/share/heartbeat/hb_standby all")
}

func TestEnvironments(t *testing.T) {
	judge, ours, theirs := run(Pairing{C, C}), run(Pairing{H, C}), run(Pairing{C, H})
	key := "node1 web start"
	judge.Env[key] = map[string]string{"HA_src": "node1", "HA_DIR": "/etc/ha.d/", "LC_ALL": "C", "PWD": "/a", "HA_keepalive": "500ms"}
	ours.Env[key] = map[string]string{"HA_DIR": "/etc/ha.d", "PWD": "/b", "HA_keepalive": "1"}
	theirs.Env[key] = map[string]string{"HA_DIR": "/etc/ha.d/", "LC_ALL": "C", "PWD": "/b", "HA_keepalive": "500ms"}
	expect(t, compare(t, "", twoGroups, judge, ours),
		"0 env:node1 39: environment of web start: HA_DIR", "0 env:node1 0: environment of web start: HA_keepalive",
		"0 env:node1 41: environment of web start: HA_src", "0 env:node1 0: environment of web start: LC_ALL")
	expect(t, compare(t, "", twoGroups, judge, theirs))
}

// TestEveryEntryExists keeps rules and table on what docs/differences.md says.
func TestEveryEntryExists(t *testing.T) {
	document, err := os.ReadFile("../../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("../../testdata/interop/lines.txt")
	if err != nil {
		t.Fatal(err)
	}
	titles := Entries(string(document))
	if len(titles) < 50 {
		t.Fatalf("only %d entries found", len(titles))
	}
	lines, err := parseLines("lines.txt", string(table))
	if err != nil {
		t.Fatal(err)
	}
	all := append([]rule{}, rules...)
	for i := range lines {
		all = append(all, lines[i].rule())
	}
	for _, r := range all {
		if r != noDifference && titles[r.entry] == "" {
			t.Errorf("%s: no entry %d in docs/differences.md", r.name, r.entry)
		}
	}
}

// TestDocumentNamesTheScenarios holds the document to the rig, both ways: each `differs` of a scenario,
// and each line of the table, is named in its entry, and nothing else is.
func TestDocumentNamesTheScenarios(t *testing.T) {
	document, err := os.ReadFile("../../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, e := range regexp.MustCompile(`(?m)^\d+\. `).FindAllStringIndex(string(document), -1) {
		text := string(document)[e[0]:]
		number, rest, _ := strings.Cut(text, ". ")
		if end := regexp.MustCompile(`(?m)^(\d+\. |## )`).FindStringIndex(rest); end != nil {
			rest = rest[:end[0]]
		}
		_, rig, _ := strings.Cut(rest, "Rig: ")
		for _, m := range regexp.MustCompile("`([a-z0-9.-]+)`").FindAllStringSubmatch(rig, -1) {
			named[number+" "+m[1]] = true
		}
	}
	needed := map[string]bool{}
	files, err := filepath.Glob("../../testdata/interop/*.txt")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d scenarios: %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pattern := `(?m)^differs (\d+) `
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		if name == "lines" {
			name, pattern = "lines.txt", `(?m)^[-+<>~]\S*\s+(\d+)\s`
		}
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
			needed[m[1]+" "+name] = true
		}
	}
	for what := range needed {
		if !named[what] {
			t.Errorf("docs/differences.md: entry and scenario %s: the entry does not name it", what)
		}
	}
	for what := range named {
		if !needed[what] {
			t.Errorf("docs/differences.md: entry and scenario %s: named, but not needed there", what)
		}
	}
}

func TestCallsDifferInWhatAScriptSees(t *testing.T) {
	const script = "group node1 db::8080 db::9090\nstart node1\nsettle\nstop node1\nsettle\n"
	for _, test := range []struct{ name, want, got string }{
		{"arguments", "db::8080 stop held,db::9090 stop held", "db::9090 stop held,db::8080 stop held"},
		{"what it held", "db::8080 stop held", "db::8080 stop"},
		{"how it ended", "db::8080 stop held", "db::8080 stop held fails"},
	} {
		t.Run(test.name, func(t *testing.T) {
			judge, other := run(Pairing{C, C}), run(Pairing{H, C})
			for _, o := range []*Observation{judge, other} {
				o.Segments[0].Calls, o.Segments[1].Calls = map[string][]Call{}, map[string][]Call{}
			}
			judge.Segments[1].Calls["node1"] = calls(strings.Split(test.want, ",")...)
			other.Segments[1].Calls["node1"] = calls(strings.Split(test.got, ",")...)
			expect(t, compare(t, "", script, judge, other), "2 calls:node1 0: calls on node1:")
		})
	}
}

func TestASecondStartMustAskAgain(t *testing.T) {
	judge, other := run(Pairing{C, C}), run(Pairing{H, C})
	judge.Segments[1].Calls["node1"] = calls("web stop held", "web status", "web start", "web stop held", "web status", "web start")
	other.Segments[1].Calls["node1"] = calls("web stop held", "web status", "web start", "web stop held", "web start")
	expect(t, compare(t, "", twoGroups, judge, other), "2 calls:node1 0: web started on node1 without asking for its status first")
}
