package dopd

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"heartbeatd/internal/wire"
)

var pair = []Node{{Name: "node1", Normal: true}, {Name: "node2", Normal: true}, {Name: "router"}}

// show tells what is done, without the lines of the log.
func show(actions []Action) string {
	var words []string
	for _, a := range actions {
		switch a := a.(type) {
		case Say:
			w := a.Msg.Str("t") + " " + a.Msg.Str(fieldRes)
			for _, name := range []string{fieldValue, fieldRequest} {
				if a.Msg.Has(name) {
					w += " " + a.Msg.Str(name)
				}
			}
			words = append(words, w+" >"+a.Msg.Str("dest"))
		case Answer:
			words = append(words, fmt.Sprintf("answer %d: %d", a.ID, a.Verdict))
		case Run:
			words = append(words, "run "+a.Resource)
		}
	}
	return strings.Join(words, ", ")
}

// message makes one of a dopd; the field from_id can be another.
func message(t, src string, fields ...string) *wire.Message {
	m := wire.New(t).AddStr("src", src)
	if !slices.Contains(fields, "from_id") {
		m.AddStr("from_id", Name)
	}
	for i := 0; i < len(fields); i += 2 {
		m.AddStr(fields[i], fields[i+1])
	}
	return m
}

func done(res, value string) *wire.Message {
	return message(outdateRC, "node2", fieldRes, res, fieldValue, value)
}

func numbered(m *wire.Message, number string) *wire.Message { return m.AddStr(fieldRequest, number) }

func is(t *testing.T, what string, got []Action, want string) {
	t.Helper()
	if s := show(got); s != want {
		t.Errorf("%s: %q, want %q", what, s, want)
	}
}

func TestAsk(t *testing.T) {
	dead := []Node{{Name: "node1", Normal: true}, {Name: "node2", Normal: true, Dead: true}}
	for _, c := range []struct {
		what, peer, resource string
		nodes                []Node
		want                 string
	}{
		{"the other node", "node2", "r0", pair, "start_outdate r0 b >node2"},
		{"in any case", "NODE2", "r0", pair, "start_outdate r0 b >node2"},
		{"dead", "node2", "r0", dead, "answer 7: 5"},
		{"unknown", "node3", "r0", pair, "answer 7: 5"},
		{"a ping node", "router", "r0", pair, "answer 7: 5"},
		{"this node", "node1", "r0", pair, "answer 7: 5"},
		{"all of them", "node2", "all", pair, "answer 7: 20"},
		{"an option", "node2", "--force", pair, "answer 7: 20"},
	} {
		is(t, c.what, New("node1", 10).Ask(c.nodes, 7, c.peer, c.resource), c.want)
	}
}

// TestOnlyWhatWasSaid: whoever asks hears what the other node has said to this request, and nothing else.
func TestOnlyWhatWasSaid(t *testing.T) {
	for value, want := range map[string]Verdict{"3": 3, "4": 4, "5": 5, "6": 6, "20": 20, "21": 21, "0": 20, "1": 20, "7": 20, "": 20, "four": 20, "4 ": 20, "104": 20} {
		m := New("node1", 0)
		m.Ask(pair, 1, "node2", "r0")
		is(t, "value "+value, m.Receive(done("r0", value)), fmt.Sprintf("answer 1: %d", want))
		is(t, "again", m.Receive(done("r0", "4")), "")
	}
	m := New("node1", 0)
	m.Ask(pair, 1, "node2", "r0")
	for what, msg := range map[string]*wire.Message{
		"another resource": done("r1", "4"), "another node": message(outdateRC, "node3", fieldRes, "r0", fieldValue, "4"),
		"this node": message(outdateRC, "node1", fieldRes, "r0", fieldValue, "4"), "nobody": message(outdateRC, "", fieldRes, "r0", fieldValue, "4"),
		"another request": numbered(done("r0", "4"), "2"), "nothing": message("hello", "node2"),
		"another program": message(outdateRC, "node2", fieldRes, "r0", fieldValue, "4", "from_id", "ipfail"),
		"a script":        message(outdateRC, "node2", fieldRes, "r0", fieldValue, "4", "from_id", ""),
	} {
		is(t, what, m.Receive(msg), "")
	}
	is(t, "the right one", m.Receive(numbered(done("r0", "6"), "1")), "answer 1: 6")
}

// TestLateAnswer: that to a request nobody waits for any more is not taken for that to the next one.
func TestLateAnswer(t *testing.T) {
	m := New("node1", 0)
	m.Ask(pair, 1, "node2", "r0")
	is(t, "meanwhile", m.Ask(pair, 2, "node2", "r0"), "answer 2: 21")
	is(t, "another resource", m.Ask(pair, 3, "node2", "r1"), "start_outdate r1 2 >node2")
	m.Left(1)
	m.Left(2)
	is(t, "then", m.Ask(pair, 4, "node2", "r0"), "start_outdate r0 3 >node2")
	is(t, "ours, too late", m.Receive(numbered(done("r0", "4"), "1")), "")
	m.Left(4)
	m.Ask(pair, 5, "node2", "r0")
	is(t, "a genuine one's, too late", m.Receive(done("r0", "4")), "")
	is(t, "a genuine one's", m.Receive(done("r0", "6")), "answer 5: 6")
	m.Ask(pair, 6, "node2", "r0")
	m.Left(6)
	m.Ask(pair, 7, "node2", "r0")
	is(t, "it was started anew", m.Receive(message("hbapi-clstat", "node2", "from_id", Name, "st", "join")), "start_outdate r1 2 >node2, start_outdate r0 6 >node2")
	is(t, "and does not know the earlier one", m.Receive(done("r0", "3")), "answer 7: 3")
}

// TestAnswerIsLogged, with the resource: DRBD tells nobody what its handler said.
func TestAnswerIsLogged(t *testing.T) {
	m := New("node1", 0)
	m.Ask(pair, 1, "node2", "r0")
	want := Log{"info", "received return code: 6 for r0, node2 -> node1"}
	if got := m.Receive(done("r0", "6")); !slices.Contains(got, Action(want)) {
		t.Errorf("%+v", got)
	}
}

func TestDeath(t *testing.T) {
	m := New("node1", 0)
	m.Ask(pair, 1, "node2", "r0")
	m.Ask(pair, 2, "node2", "r1")
	m.Ask(pair, 3, "node2", "r2")
	m.Left(3)
	is(t, "another node", m.Receive(message("status", "router", "st", "dead")), "")
	is(t, "another status", m.Receive(message("status", "node2", "st", "active")), "")
	is(t, "another client", m.Receive(message("hbapi-clstat", "node2", "from_id", "ipfail", "st", "join")), "")
	is(t, "its end", m.Receive(message("hbapi-clstat", "node2", "from_id", Name, "st", "leave")), "")
	is(t, "dead", m.Receive(message("status", "node2", "st", "dead")), "answer 1: 5, answer 2: 5")
	is(t, "too late", m.Receive(done("r0", "4")), "")
	m.Ask(pair, 4, "node2", "r2")
	is(t, "it lives again", m.Receive(done("r2", "4")), "answer 4: 4")
}

// TestRuns: one run for a resource, few at a time, and each is answered.
func TestRuns(t *testing.T) {
	start := func(res, number string) *wire.Message {
		m := message(startOutdate, "node1", fieldRes, res)
		if number != "" {
			numbered(m, number)
		}
		return m
	}
	m := New("node2", 0)
	is(t, "a genuine one asks", m.Receive(start("r0", "")), "run r0")
	is(t, "the same", m.Receive(start("r0", "17")), "")
	is(t, "and again", m.Receive(start("r0", "18")), "")
	is(t, "another", m.Receive(start("r1", "19")), "run r1")
	is(t, "done", m.Ran("r0", 0, nil), "outdate_rc r0 4 >node1, run r0")
	is(t, "done again", m.Ran("r0", 17, nil), "outdate_rc r0 6 18 >node1") // who asked 17 has gone, or he could not ask 18
	is(t, "not started", m.Ran("r1", 0, errors.New("killed")), "outdate_rc r1 20 19 >node1")
	is(t, "what was not run", m.Ran("r9", 0, nil), "")
	for _, name := range []string{"all", "", "-s", "a b", "r0;reboot", "../r0", "$(x)", strings.Repeat("r", 128)} {
		is(t, name, m.Receive(start(name, "")), "outdate_rc "+name+" 20 >node1")
	}
	is(t, "another program", m.Receive(message(startOutdate, "node1", fieldRes, "r0", "from_id", "ping")), "")
	is(t, "no number", m.Receive(start("r0", strings.Repeat("1", 17))), "")
	started := 0
	for i := range 1000 {
		for _, a := range m.Receive(start(fmt.Sprintf("x%d", i), "1")) {
			if _, ok := a.(Run); ok {
				started++
			}
		}
	}
	if started != mostRuns || len(m.runs) != mostRuns+mostWaiting {
		t.Errorf("%d at a time, %d in all", started, len(m.runs))
	}
	for i := 0; len(m.runs) > 0 && i < 1000; i++ {
		m.Ran(fmt.Sprintf("x%d", i), 0, nil)
	}
	if len(m.runs) > 0 {
		t.Errorf("%d are left", len(m.runs))
	}
}

// TestAskedIsBounded, whoever asks and goes.
func TestAskedIsBounded(t *testing.T) {
	m := New("node1", 0)
	for i := range ID(10000) {
		m.Ask(pair, i, "node2", fmt.Sprintf("r%d", i))
		if i%2 == 0 {
			m.Left(i)
		}
	}
	if len(m.asked) > mostAsked || len(m.unanswered) > mostAsked {
		t.Errorf("%d asked, %d unanswered", len(m.asked), len(m.unanswered))
	}
}

func TestValidResource(t *testing.T) {
	for _, name := range []string{"r0", "R_1", "data.vm-101+x", "0", strings.Repeat("r", 127)} {
		if !ValidResource(name) {
			t.Errorf("%s is refused", name)
		}
	}
	for _, name := range []string{"", "all", ".", "..", ".r0", "-r0", "+r0", "r0/0", "r0:node2", "r 0", "r0\n", "r0\x00", "é", "minor-0;", strings.Repeat("r", 128)} {
		if ValidResource(name) {
			t.Errorf("%q is taken", name)
		}
	}
}

// FuzzMessages: whatever comes, only names are run, and each is answered once.
func FuzzMessages(f *testing.F) {
	f.Add(startOutdate, "node2", "r0", "", "1", "", 0)
	f.Add(outdateRC, "node2", "r0", "4", "1", "", 17)
	f.Add("hbapi-clstat", "node2", "", "", "", "join", 5)
	f.Fuzz(func(t *testing.T, kind, src, res, value, number, st string, status int) {
		m := New("node1", 0)
		m.Ask(pair, 1, "node2", "r0")
		answers := 0
		for range 2 {
			msg := message(kind, src, fieldRes, res, fieldValue, value, fieldRequest, number, "st", st, "from_id", Name)
			actions := m.Receive(msg)
			actions = append(actions, m.Ran(res, status, nil)...)
			for _, a := range actions {
				switch a := a.(type) {
				case Run:
					if !ValidResource(a.Resource) {
						t.Errorf("runs %q", a.Resource)
					}
				case Answer:
					if answers++; a.Verdict == Outdated && value != "4" {
						t.Errorf("outdated by %q", value)
					}
				}
			}
		}
		if answers > 1 {
			t.Errorf("%d answers", answers)
		}
	})
}
