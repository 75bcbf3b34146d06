package explore

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestQuickScopes searches the quick scopes completely, and holds which events met which states
// against the table.
func TestQuickScopes(t *testing.T) {
	met := NewCoverage()
	for i := range quick {
		s := &quick[i]
		l := Limits{Calm: calmOneIn}
		if raced {
			l.States = 1500
		}
		r := Search(s, l, met)
		t.Log(r)
		switch {
		case r.Found != nil:
			var steps strings.Builder
			shrink(s, r.Found).Write(&steps, s.Name)
			t.Errorf("save this and see it with `bin/lab explore --replay FILE`:\n%s", steps.String())
		case raced && r.Cut != "":
		case r.Cut != "" || r.States < 500 || r.Calmed < 10:
			t.Errorf("scope %s is not searched: %v", s.Name, r)
		}
	}
	table, err := os.ReadFile("testdata/pairs.txt")
	if err != nil {
		t.Fatal(err)
	}
	others := scenarios(t)
	others["TestMeetings"] = meetings(t)
	if !raced {
		others["simulation"] = simulated(t)
	}
	for _, wrong := range met.Compare(string(table), others) {
		if !raced || !strings.HasPrefix(wrong, "listed as reached,") { // raced, the scopes are cut short
			t.Error(wrong)
		}
	}
}

// calmOneIn keeps the test short; `make explore` calms every quiet state.
const calmOneIn = 4

// TestEarlyDeathIsFound: cores that declare dead too early are found out, the way to it is shortened, and
// it can be played again.
func TestEarlyDeathIsFound(t *testing.T) {
	s := &Scope{Name: "early", Groups: one, Cold: true, early: time.Second, Budget: Budget{Crash: 1}}
	r := Search(s, Limits{}, nil)
	if r.Found == nil || !strings.Contains(r.Found.Wrong, "dead after 2.5s of silence, its deadtime is 3.5s") {
		t.Fatalf("not found: %v", r)
	}
	short := shrink(s, r.Found)
	if len(short.Steps) == 0 || len(short.Steps) > len(r.Found.Steps) {
		t.Errorf("%d steps were shortened to %d", len(r.Found.Steps), len(short.Steps))
	}
	p, _, err := play(s, short.Steps, false, nil)
	if err != nil || p.wrong != short.Wrong {
		t.Errorf("played again, it ends with %q, %v; want %q", p.wrong, err, short.Wrong)
	}
}

// TestReplay plays a list as a user has it.
func TestReplay(t *testing.T) {
	var out strings.Builder
	wrong, err := Replay("# a comment\nscope crash\ncrash alpha\ntick beta\n", &out)
	if err != nil || wrong != "" || !strings.Contains(out.String(), "beta  sends status") {
		t.Errorf("%q, %v:\n%s", wrong, err, out.String())
	}
	for text, want := range map[string]string{
		"crash alpha":             "does not begin with `scope NAME`",
		"scope none":              `there is no scope "none"`,
		"scope crash\nboot alpha": `step 1, "boot alpha", cannot happen here; what can: `,
	} {
		if _, err := Replay(text, &out); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestCutShortIsSaid: a search that a limit ends says so.
func TestCutShortIsSaid(t *testing.T) {
	r := Search(scopeOf("crash"), Limits{States: 100}, nil)
	if r.States != 100 || !strings.Contains(r.String(), "CUT SHORT by the number of states: not complete") {
		t.Error(r)
	}
	var sum total
	if sum.add(r); !strings.Contains(sum.String(), "0 closed, 1 cut short") {
		t.Error(sum)
	}
}

// TestRestCloses: a pair to which nothing happens comes back to the states it was in.
func TestRestCloses(t *testing.T) {
	r := Search(&Scope{Name: "rest", Groups: two}, Limits{Calm: 1}, nil)
	if r.Found != nil || r.Cut != "" || r.States > 100 {
		t.Error(r)
	}
}

// TestCovers: a budget covers another if it has no less of anything.
func TestCovers(t *testing.T) {
	a, b, c := Budget{Crash: 1, Hang: 1}, Budget{Crash: 1}, Budget{Stall: 1}
	for _, x := range []struct {
		a, b Budget
		want bool
	}{{a, a, true}, {a, b, true}, {b, a, false}, {a, c, false}, {c, b, false}, {Budget{}, Budget{}, true}, {Budget{}, c, false}} {
		if got := covers(x.a.pack(), x.b.pack()); got != x.want {
			t.Errorf("%+v covers %+v: %v", x.a, x.b, got)
		}
	}
}

// TestCompare: a table that does not agree is found out in every way it can disagree.
func TestCompare(t *testing.T) {
	met := NewCoverage()
	met.Groups["running"][peerDies] = 3
	other := NewCoverage()
	other.Standby["none"][standbyCommand] = 1
	wrong := strings.Join(met.Compare("group running | peer dies = unreachable: no\ngroup running | tick = reached\nno pair = reached\nstandby none | tick = so what\n"+
		"standby none | stop command = reached by nobody\nstandby none | takeover command = reached by x\nstandby none | standby command = unreachable: no\n",
		map[string]*Coverage{"x": other}), "\n")
	for _, want := range []string{
		"reached 3 times, and listed as unreachable: group running | peer dies", "listed as reached, and was not: group running | tick",
		"line 3: there is no such pair", "want `reached`, `reached by NAME`", `nothing is called "nobody": standby none | stop command`,
		"listed as reached by x, and was not: standby none | takeover command", "reached by x, and listed as unreachable: standby none | standby command",
		"not listed: group found | peer dies",
	} {
		if !strings.Contains(wrong, want) {
			t.Errorf("not said: %s", want)
		}
	}
}

// TestShrinkEnds: a way whose fault shows only when all is calm is shortened too.
func TestShrinkEnds(t *testing.T) {
	s := &Scope{Name: "early", Groups: one, Cold: true, early: deadtime - 500*time.Millisecond}
	f := &Found{Wrong: "x", Calm: true, Steps: []string{"boot alpha", "boot beta", calmStep}}
	if short := shrink(s, f); short.Wrong == "x" || !short.Calm || len(short.Steps) != 1 || short.Steps[0] != calmStep {
		t.Errorf("%+v", short)
	}
}
