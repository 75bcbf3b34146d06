package interop

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// fakePlays are plays without hosts: owner says who has web at the end of the n-th play of a pairing.
type fakePlays struct {
	mu    sync.Mutex
	plays map[Pairing]int
	owner func(p Pairing, n int) string
	log   func(p Pairing, n int) string
	fail  func(p Pairing, n int) error
}

func (f *fakePlays) play(s *Script, p Pairing) (*Observation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.plays == nil {
		f.plays = map[Pairing]int{}
	}
	f.plays[p]++
	n := f.plays[p]
	if f.fail != nil {
		if err := f.fail(p, n); err != nil {
			return nil, err
		}
	}
	o := &Observation{Script: s.Name, Pairing: p, Segments: []Segment{{Line: 7, Owners: map[string]string{"web": "node1"}}}}
	for _, st := range s.Steps {
		o.Segments[0].Steps = append(o.Segments[0].Steps, st.String())
	}
	if f.owner != nil {
		o.Segments[0].Owners["web"] = f.owner(p, n)
	}
	if f.log != nil {
		o.Segments[0].Log = map[string][]LogLine{"node1": {{Text: f.log(p, n)}}}
	}
	return o, nil
}

// compareOwners stands for the comparator. An owner called "explained" is entry 4.
func compareOwners(s *Script, judge, o *Observation) []Difference {
	got, want := o.Segments[0].Owners["web"], judge.Segments[0].Owners["web"]
	if got == want {
		return nil
	}
	d := Difference{Script: s.Name, Line: 7, Pairing: o.Pairing, What: "owner:web", Text: got + ", in C+C " + want}
	if got == "explained" {
		d.Entry, d.By = 4, "differs, line 4: owner:web"
	}
	return []Difference{d}
}

func fakeFarm(f *fakePlays, out io.Writer) *Farm {
	return &Farm{Workers: 3, Pairings: Pairings[1:], Out: out, Play: f.play, Compare: compareOwners}
}

func script(t *testing.T, name, text string) *Script {
	t.Helper()
	s, err := Parse(name, text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const shortest = "group node1 web\nstart node1 node2\nsettle\n"

func TestFarmVerdicts(t *testing.T) {
	ch := Pairing{C, H}
	on := func(p Pairing, bad string, times ...int) func(Pairing, int) string {
		return func(q Pairing, n int) string {
			if p == q && (len(times) == 0 || strings.Contains(fmt.Sprint(times), fmt.Sprint(n))) {
				return bad
			}
			return "node1"
		}
	}
	tests := map[string]struct {
		fake         *fakePlays
		name, text   string
		word         string
		plays        int
		either, once int
		says         string
	}{
		"alike":              {word: "ok", plays: 4},
		"a fault":            {fake: &fakePlays{owner: on(ch, "node2")}, word: "FAULT", plays: 8, says: "a-scenario:7: C+H, owner:web: node2, in C+C node1"},
		"a fault of both":    {fake: &fakePlays{owner: func(p Pairing, _ int) string { return string(p.Second) }}, word: "FAULT", plays: 10},
		"only once":          {fake: &fakePlays{owner: on(ch, "node2", 1)}, word: "ok", plays: 6, once: 1, says: "not again: C+H:7:owner:web"},
		"not the third time": {fake: &fakePlays{owner: on(ch, "node2", 1, 2)}, word: "ok", plays: 8, once: 1},
		"C+C does either":    {fake: &fakePlays{owner: on(judgement, "node2", 1)}, word: "ok", plays: 8, either: 3, says: "C+C does either"},
		"C+C does it the third": {fake: &fakePlays{owner: func(p Pairing, n int) string {
			return map[bool]string{true: "node2", false: "node1"}[p == ch || p == judgement && n == 3]
		}}, word: "ok", plays: 8, either: 1},
		"explained":             {fake: &fakePlays{owner: on(ch, "explained")}, text: shortest + "differs 4 owner:web\n", word: "ok", plays: 4},
		"explained for nothing": {text: shortest + "differs 4 owner:web\n", word: "FAULT", plays: 12, says: "no pairing needs it"},
		"needed at times":       {fake: &fakePlays{owner: on(ch, "explained", 2)}, text: shortest + "differs 4 owner:web\n", word: "ok", plays: 8},
		"a seed may guess":      {name: "seed-17", text: shortest + "differs 4 owner:web\n", word: "ok", plays: 4},
		"a seed's fault":        {name: "seed-17", fake: &fakePlays{owner: on(ch, "node2")}, word: "FAULT", plays: 8, says: "make interop SEED=17"},
		"the rig fails": {fake: &fakePlays{fail: func(p Pairing, _ int) error {
			if p == ch {
				return errors.New("no room")
			}
			return nil
		}}, word: "ERROR", plays: 4, says: "no room"},
		"the rig fails once": {fake: &fakePlays{fail: func(p Pairing, n int) error {
			if n == 1 {
				return errors.New("no room")
			}
			return nil
		}}, word: "ok", plays: 4},
		"C+C is held up": {fake: &fakePlays{log: func(p Pairing, n int) string {
			if p == judgement && n == 1 {
				return "Late heartbeat: Node node2: interval 3000 ms"
			}
			return "all is well"
		}}, word: "ok", plays: 5, says: "spoiled: node1 had a late heartbeat on C+C"},
		"C+C is held up for ever": {fake: &fakePlays{owner: on(ch, "node2"), log: func(p Pairing, n int) string {
			return "Late heartbeat: Node node2: interval 3000 ms"
		}}, word: "void", plays: 6},
		"C+C is held up later": {fake: &fakePlays{owner: on(ch, "node2"), log: func(p Pairing, n int) string {
			if n == 1 {
				return "all is well"
			}
			return "Late heartbeat: Node node2: interval 3000 ms"
		}}, word: "void", plays: 12, once: 1},
		"heartbeatd is late": {fake: &fakePlays{log: func(p Pairing, n int) string {
			if p != judgement {
				return "Late heartbeat: Node node2: interval 3000 ms"
			}
			return "all is well"
		}}, word: "ok", plays: 4},
		"held up by the scenario": {text: "group node1 web\nstart node1 node2\nfreeze node1\nthaw node1\nsettle\n", fake: &fakePlays{log: func(Pairing, int) string {
			return "Late heartbeat: Node node2: interval 3000 ms"
		}}, word: "ok", plays: 4},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.fake == nil {
				tt.fake = &fakePlays{}
			}
			if tt.text == "" {
				tt.text = shortest
			}
			if tt.name == "" {
				tt.name = "a-scenario"
			}
			var out strings.Builder
			verdicts := fakeFarm(tt.fake, &out).Run([]*Script{script(t, tt.name, tt.text)})
			if len(verdicts) != 1 {
				t.Fatalf("%d verdicts", len(verdicts))
			}
			v := verdicts[0]
			if v.Word() != tt.word || v.Plays != tt.plays || len(v.Either) != tt.either || len(v.Once) != tt.once {
				t.Errorf("%s after %d plays, %d either, %d once; want %s, %d, %d, %d\n%s",
					v.Word(), v.Plays, len(v.Either), len(v.Once), tt.word, tt.plays, tt.either, tt.once, &out)
			}
			if !strings.Contains(out.String(), tt.says) {
				t.Errorf("it says\n%s, want %q", &out, tt.says)
			}
			if ok := Summary(&out, map[int]string{4: "A holder that restarts"}, verdicts, true); ok == (tt.word == "FAULT" || tt.word == "ERROR") {
				t.Errorf("the summary says %v:\n%s", ok, &out)
			}
		})
	}
}

// TestFarmComparesTheJudgeWithItself: --pairing C+C tells where a scenario is left to chance.
func TestFarmComparesTheJudgeWithItself(t *testing.T) {
	farm := fakeFarm(&fakePlays{owner: func(_ Pairing, n int) string { return fmt.Sprint("node", n%2) }}, io.Discard)
	farm.Pairings = []Pairing{judgement}
	v := farm.Run([]*Script{script(t, "a-scenario", shortest)})[0]
	if v.Failed() || len(v.Either) != 1 || v.Plays != 2 {
		t.Errorf("%+v", v)
	}
}

func TestFarmKeepsToItsWorkers(t *testing.T) {
	var now, most atomic.Int32
	gate := make(chan struct{})
	open := sync.OnceFunc(func() { close(gate) })
	fake := &fakePlays{}
	farm := fakeFarm(fake, io.Discard)
	farm.Play = func(s *Script, p Pairing) (*Observation, error) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		if int(n) > len(farm.slots) {
			t.Errorf("%d plays, %d have a worker", n, len(farm.slots))
		}
		if int(now.Load()) == farm.Workers {
			open() // all are here
		}
		<-gate
		defer now.Add(-1)
		return fake.play(s, p)
	}
	var scripts []*Script
	for i := range 20 {
		scripts = append(scripts, script(t, fmt.Sprint("s", i), shortest))
	}
	if got := len(farm.Run(scripts)); got != len(scripts) {
		t.Errorf("%d verdicts, want %d", got, len(scripts))
	}
	if int(most.Load()) != farm.Workers {
		t.Errorf("%d plays at once, want %d", most.Load(), farm.Workers)
	}
}

func TestFarmKeepsResults(t *testing.T) {
	farm := fakeFarm(&fakePlays{owner: func(p Pairing, _ int) string { return string(p.First) }}, io.Discard)
	farm.Results = filepath.Join(t.TempDir(), "results")
	farm.Run([]*Script{script(t, "a-scenario", shortest)})
	for _, name := range []string{"a-scenario.C+C.json", "a-scenario.H+C.json", "a-scenario.H+C.3.json"} {
		data, err := os.ReadFile(filepath.Join(farm.Results, name))
		if err != nil {
			t.Error(err)
			continue
		}
		var o Observation
		if err := json.Unmarshal(data, &o); err != nil || o.Script != "a-scenario" || o.Segments[0].Line != 7 || !strings.Contains(name, o.Pairing.String()) {
			t.Errorf("%s: %v %+v", name, err, o)
		}
	}
	text, err := os.ReadFile(filepath.Join(farm.Results, "a-scenario.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"settle", "a-scenario:7: H+C, owner:web: H", "==== a-scenario on C+C", "==== a-scenario on H+C", "web on H"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestFarmReportsResultsItCannotKeep: a full disk must not look like a night without faults.
func TestFarmReportsResultsItCannotKeep(t *testing.T) {
	farm := fakeFarm(&fakePlays{}, io.Discard)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	farm.Results = file
	if v := farm.Run([]*Script{script(t, "a-scenario", shortest)})[0]; v.Err == nil {
		t.Error("no error")
	}
}

func TestSpoiledByLostMessage(t *testing.T) {
	lines := func(texts ...string) []LogLine {
		var all []LogLine
		for _, text := range texts {
			entity, text, _ := strings.Cut(text, ": ")
			all = append(all, LogLine{Entity: entity, Text: text})
		}
		return all
	}
	const sent, got = "mach_down(default): /usr/share/heartbeat/mach_down: nice_failback: foreign resources acquired", "heartbeat: mach_down takeover complete."
	tests := map[string]struct {
		kind    Kind
		state   string
		settled bool
		log     []LogLine
		spoiled bool
	}{
		"lost":                   {C, "transition", false, lines(sent), true},
		"the second lost":        {C, "transition", false, lines(sent, got, sent), true},
		"arrived":                {C, "transition", false, lines(sent, got), false},
		"on its way":             {C, "all", true, lines(sent), false},
		"no takeover":            {C, "transition", false, nil, false},
		"heartbeatd has no FIFO": {H, "transition", false, lines(sent), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := &Observation{Pairing: Pairing{tt.kind, H}, Segments: []Segment{{
				Settled: tt.settled, State: map[string]string{"node1": tt.state},
				Kinds: map[string]Kind{"node1": tt.kind}, Log: map[string][]LogLine{"node1": tt.log},
			}}}
			if why := spoiled(o); (why != "") != tt.spoiled {
				t.Errorf("says %q", why)
			}
		})
	}
}

// TestSpoiledBeforeTheScenarioDelays: what a freeze makes late is the scenario's, what was late before is not.
func TestSpoiledBeforeTheScenarioDelays(t *testing.T) {
	late := map[string][]LogLine{"node2": {{Entity: "heartbeat", Text: "Late heartbeat: Node node1: interval 2600 ms"}}}
	start, freeze := Segment{Steps: []string{"start node1 node2", "settle"}}, Segment{Steps: []string{"freeze node1", "thaw node1", "settle"}}
	lateStart, lateFreeze := start, freeze
	lateStart.Log, lateFreeze.Log = late, late
	for name, tt := range map[string]struct {
		segments []Segment
		spoiled  bool
	}{
		"before":     {[]Segment{lateStart, freeze}, true},
		"by it":      {[]Segment{start, lateFreeze}, false},
		"afterwards": {[]Segment{start, freeze, lateStart}, false},
	} {
		if why := spoiled(&Observation{Pairing: judgement, Segments: tt.segments}); (why != "") != tt.spoiled {
			t.Errorf("%s: %q", name, why)
		}
	}
}
