package interop

import (
	"strings"
	"testing"
)

func TestNormalLine(t *testing.T) {
	for _, test := range []struct{ entity, level, text, want string }{
		{"heartbeat", "WARN", "1 lost packet(s) for [node2] [42:44]", "heartbeat WARN: N lost packet(s) for [node2] [N:N]"},
		{"heartbeat", "info", "Heartbeat generation: 1795332361", "heartbeat info: Heartbeat generation: N"},
		{"heartbeat", "info", "Link node1:eth0 up.", "heartbeat info: Link node1:eth0 up."},
		{"ResourceManager(default)", "info", "Running /etc/ha.d//resource.d/db  start", "ResourceManager info: Running /etc/ha.d/resource.d/db start"},
		{"ResourceManager(default)", "ERROR", "Return code 1 from /etc/ha.d//resource.d/db", "ResourceManager ERROR: Return code 1 from /etc/ha.d/resource.d/db"},
		{"heartbeat", "WARN", "x was delayed 60 ms (> 50 ms) (GSource: 0x5f1c)", "heartbeat WARN: x was delayed N ms (> N ms) (GSource: N)"},
		{"IPaddr(IPaddr_10.77.0.100)", "INFO", "Using 10.77.0.100: 255.255.255.0", "IPaddr(IPaddr_10.77.0.100) info: Using 10.77.0.100: 255.255.255.0"},
		{"ip-request-resp(default)", "", "received ip-request-resp web OK yes", "ip-request-resp: received ip-request-resp web OK yes"},
		{"heartbeat", "info", "heartbeat: version 3.0.6", "heartbeat info: heartbeat: version 3.0.6"},
		{"heartbeat", "info", "expires in 5.", "heartbeat info: expires in N."},
	} {
		if got := (LogLine{Entity: test.entity, Level: test.level, Text: test.text}).normal(); got != test.want {
			t.Errorf("%s: got %q, want %q", test.text, got, test.want)
		}
	}
}

// logs compares runs that differ in what node1 wrote in the first segment.
func logs(t *testing.T, table string, p Pairing, want, got []LogLine) []Difference {
	t.Helper()
	judge, other := run(Pairing{C, C}), run(p)
	judge.Segments[0].Log["node1"], other.Segments[0].Log["node1"] = want, got
	return compare(t, table, twoGroups, judge, other)
}

func TestLinesNeedARule(t *testing.T) {
	ours, theirs := Pairing{H, C}, Pairing{C, H}
	a, b := log("heartbeat info: killing 5"), log("heartbeat info: killing 6", "heartbeat WARN: held up")
	expect(t, logs(t, "", ours, a, b), "1 log:node1 0: + heartbeat WARN: held up")
	expect(t, logs(t, "", ours, b, a), "1 log:node1 0: - heartbeat WARN: held up")
	expect(t, logs(t, "", theirs, a, b), "1 log:node1 0: a C node complains: + heartbeat WARN: held up")

	const table = "+ 23 held up\n- 56 ^heartbeat info: killing N$"
	expect(t, logs(t, table, ours, a, b), "1 log:node1 23: + heartbeat WARN: held up")
	expect(t, logs(t, table, ours, a, nil), "1 log:node1 56: - heartbeat info: killing N")
	// The rules are for heartbeatd in the place of C, and for one direction.
	expect(t, logs(t, table, ours, nil, a), "1 log:node1 0: + heartbeat info: killing N")
	expect(t, logs(t, table, theirs, a, nil), "1 log:node1 0: - heartbeat info: killing N")
	expect(t, logs(t, "~ . held up", theirs, a, b))
}

func TestLinesOfACNode(t *testing.T) {
	theirs := Pairing{C, H}
	lost := log("heartbeat WARN: 1 lost packet(s) for [node2] [3:5]")
	const table = "< 15 lost packet"
	expect(t, logs(t, table, theirs, lost, nil), "1 log:node1 15: - heartbeat WARN: N lost packet(s) for [node2] [N:N]")
	expect(t, logs(t, table, theirs, nil, lost), "1 log:node1 0: a C node complains: + heartbeat WARN: N lost packet(s) for [node2] [N:N]")
	expect(t, logs(t, "> 1 lost packet", theirs, nil, lost), "1 log:node1 1: + heartbeat WARN: N lost packet(s) for [node2] [N:N]")
}

func TestAnEntryGoesBeforeNone(t *testing.T) {
	for _, table := range []string{"~ . lost\n- 15 lost", "- 15 lost\n~ . lost"} {
		expect(t, logs(t, table, Pairing{H, H}, log("heartbeat WARN: lost"), nil), "1 log:node1 15: - heartbeat WARN: lost")
		expect(t, logs(t, table, Pairing{C, H}, log("heartbeat WARN: lost"), nil))
	}
}

// TestLinesOfAnExchangedNode: in the segment in which a node changes its software it has both.
func TestLinesOfAnExchangedNode(t *testing.T) {
	judge, other := run(Pairing{C, C}), run(Pairing{H, C})
	for _, o := range []*Observation{judge, other} {
		a, b := o.Segments[1].Kinds["node1"], H
		if a == H {
			b = C
		}
		o.Segments[1].Kinds["node1"] = b
	}
	judge.Segments[1].Log["node1"] = log("heartbeat info: killing 5", "heartbeat WARN: held up")
	const table = "+ 23 held up\n- 56 killing"
	expect(t, compare(t, table, twoGroups, judge, other), "2 log:node1 56: - heartbeat info: killing N", "2 log:node1 23: - heartbeat WARN: held up")
}

func TestLineOfTheNextSegment(t *testing.T) {
	judge, other := run(Pairing{C, C}), run(Pairing{H, C})
	dead := log("heartbeat info: Link node2:eth0 dead.")
	judge.Segments[0].Log["node1"], other.Segments[1].Log["node1"] = dead, dead
	expect(t, compare(t, "", twoGroups, judge, other))
	// Each line pairs with one only.
	judge.Segments[1].Log["node1"] = dead
	expect(t, compare(t, "", twoGroups, judge, other), "1 log:node1 0: - heartbeat info: Link node2:eth0 dead.")
}

func TestOrderOfCauses(t *testing.T) {
	dead, taking, running := "heartbeat WARN: node node2: is dead", "heartbeat info: Resources being acquired from node2.", "ResourceManager info: Acquiring resource group: node2 log"
	const wrong = `1 log:node1 0: wrong order on node1: "heartbeat info: Resources being acquired from node2." before "heartbeat WARN: node node2: is dead"`
	expect(t, logs(t, "", Pairing{C, H}, log(dead, taking), log(taking, dead)), wrong)
	expect(t, logs(t, "", Pairing{H, H}, log(dead, taking), log(taking, dead)), wrong)
	expect(t, logs(t, "", Pairing{H, H}, log(taking, dead), log(dead, taking)))
	expect(t, logs(t, "", Pairing{H, H}, log(taking, dead), log(taking, dead))) // C+C does not have the order
	other := "heartbeat info: Resources being acquired from node1."
	expect(t, logs(t, "", Pairing{H, H}, log(dead, other), log(other, dead))) // another node's
	const early = `wrong order on node1: "ResourceManager info: Acquiring resource group: node2 log" before "heartbeat info: Resources being acquired from node2."`
	expect(t, logs(t, "", Pairing{H, C}, log(taking, running), log(running, taking)), "1 log:node1 18: "+early)
	expect(t, logs(t, "", Pairing{C, H}, log(taking, running), log(running, taking)), "1 log:node1 0: "+early)
}

func TestLinesOfPassesWithoutNeed(t *testing.T) {
	judge, ours := run(Pairing{C, C}), run(Pairing{H, C})
	judge.Segments[1].Calls["node1"] = calls("log stop")
	ours.Segments[1].Calls["node1"] = nil
	judge.Segments[1].Log["node1"] = log("ResourceManager info: Releasing resource group: node2 log",
		"ResourceManager info: Running /etc/ha.d/resource.d/log  stop", "ResourceManager info: Acquiring resource group: node1 web db::8080",
		"ResourceManager info: Running /etc/ha.d/resource.d/log  start")
	expect(t, compare(t, "", twoGroups, judge, ours),
		"2 calls:node1 10: - log stop (not running)",
		"2 log:node1 10: - ResourceManager info: Releasing resource group: node2 log",
		"2 log:node1 10: - ResourceManager info: Running /etc/ha.d/resource.d/log stop",
		"2 log:node1 55: - ResourceManager info: Acquiring resource group: node1 web db::N",
		"2 log:node1 0: - ResourceManager info: Running /etc/ha.d/resource.d/log start")
	// What was stopped indeed must be said.
	judge.Segments[1].Calls["node1"] = calls("log stop held")
	ours.Segments[1].Calls["node1"] = calls("log stop held")
	got := compare(t, "", twoGroups, judge, ours)
	if len(got) != 4 || got[0].Entry != 0 || got[1].Entry != 0 {
		t.Errorf("missing lines of a real stop must be faults, got %v", got)
	}
}

// Seed 702: an address that came to a node is not one that it stopped.
func TestAnAddressThatCameWasNotStopped(t *testing.T) {
	o := run(Pairing{C, C})
	const address = "10.77.0.101/24/eth0"
	o.Segments[0].Owners[address], o.Segments[1].Owners[address] = "node2", "node1"
	for node, want := range map[string]string{"node1": "start", "node2": "stop"} {
		for _, action := range []string{"start", "stop"} {
			if got := did(o, 1, node, address, action); got != (action == want) {
				t.Errorf("%s did %s: %v", node, action, got)
			}
		}
	}
}

func TestALineAgainAndAgain(t *testing.T) {
	times := func(n int) []LogLine {
		var all []LogLine
		for range n {
			all = append(all, log("heartbeat ERROR: Both machines own our resources!")...)
		}
		return all
	}
	expect(t, logs(t, "", Pairing{C, H}, times(1), times(manyTimes)))
	expect(t, logs(t, "", Pairing{C, H}, times(1), times(manyTimes+1)),
		"1 often:node1 0: 11 times, in C+C 1: heartbeat ERROR: Both machines own our resources!")
	expect(t, logs(t, "", Pairing{C, H}, times(4), times(12)))
	expect(t, logs(t, "~ . Both", Pairing{C, H}, times(1), times(manyTimes+1)))
	expect(t, logs(t, "+ 37 Both", Pairing{H, H}, nil, times(manyTimes+1)),
		"1 log:node1 37: + heartbeat ERROR: Both machines own our resources!",
		"1 often:node1 37: 11 times, in C+C 0: heartbeat ERROR: Both machines own our resources!")
}

func TestConditions(t *testing.T) {
	const table = "-/stopping 16 notice\n~/loss . lost"
	notice, stopping := "heartbeat info: notice", "heartbeat info: Heartbeat shutdown in progress. (5)"
	expect(t, logs(t, table, Pairing{H, C}, log(notice), nil), "1 log:node1 0: - heartbeat info: notice")
	expect(t, logs(t, table, Pairing{H, C}, log(stopping, notice), log(stopping)), "1 log:node1 16: - heartbeat info: notice")

	lost := log("heartbeat WARN: lost")
	expect(t, logs(t, "~/cpeer . lost", Pairing{H, C}, nil, lost))
	expect(t, logs(t, "~/cpeer . lost", Pairing{C, H}, nil, lost), "1 log:node1 0: a C node complains: + heartbeat WARN: lost")

	// A shutdown notice is remembered for one segment.
	judge, other := run(Pairing{C, C}), run(Pairing{H, H})
	judge.Segments[0].Log["node1"] = log("heartbeat info: Received shutdown notice from 'node2'.")
	other.Segments[0].Log["node1"] = judge.Segments[0].Log["node1"]
	judge.Segments[1].Log["node1"] = log("heartbeat WARN: dead")
	expect(t, compare(t, "-/notice 16 dead", twoGroups, judge, other), "2 log:node1 16: - heartbeat WARN: dead")
	expect(t, compare(t, "-/stopping 16 dead", twoGroups, judge, other), "2 log:node1 0: - heartbeat WARN: dead")

	judge, other = run(Pairing{C, C}), run(Pairing{C, H})
	for i := range other.Segments {
		other.Segments[i].Log["node1"] = log("heartbeat WARN: 1 lost")
	}
	judge.Segments, other.Segments = append(judge.Segments, run(Pairing{C, C}).Segments[1]), append(other.Segments, other.Segments[1])
	lossy := strings.Replace(twoGroups, "stop node1\n", "loss node1 20\nloss node1 0\n", 1) + "wait 1s\nsettle\n"
	expect(t, compare(t, table, lossy, judge, other), "1 log:node1 0: a C node complains: + heartbeat WARN: N lost",
		"3 log:node1 0: a C node complains: + heartbeat WARN: N lost")
}

func TestParseLinesRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"- 5":              "want: SIGN ENTRY PATTERN",
		"* 5 x":            "unknown sign *",
		"-- 5 x":           "unknown sign --",
		"-/never 5 x":      "unknown condition never",
		"- . x":            "want the number of an entry, got .",
		"+ five x":         "want the number of an entry, got five",
		"~ 5 (":            "missing closing )",
		"# fine\n\n- 0 x":  "want the number of an entry, got 0",
		"~ . fine\n> x .*": "t:2: want the number of an entry, got x",
	} {
		if _, err := NewComparator("t", line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", line, err, want)
		}
	}
}

func TestTable(t *testing.T) {
	titles := Entries("# x\n\n1. **One.** text\n2. **Two, or\n12. **Twelve.**\n13. **Idle.** no\n")
	if len(titles) != 3 || titles[12] != "Twelve" {
		t.Fatalf("got %v", titles)
	}
	var b strings.Builder
	all := []Difference{
		{Script: "seed-4", Entry: 12, By: "lines.txt:4"}, {Script: "stop", Entry: 12, By: "differs, line 4: log:node1"},
		{Script: "stop", Entry: 0}, {Script: "stop", Entry: 40, By: "x"}, {Script: "stop", Entry: 1, By: "y"},
	}
	Table(&b, titles, all)
	Idle(&b, titles, all)
	const want = `  1. One
     y: stop
 12. Twelve
     differs, lines.txt:4: stop seed-4
 40. NO SUCH ENTRY
     x: stop
No scenario needs: 13
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
