package duel

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// movesRun is a run in which our planned stops took what is given, without scripts.
func movesRun(stops ...float64) stageRun {
	r := stageRun{Stage: "moves", When: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC), Took: 61.4}
	for _, v := range stops {
		r.Samples = append(r.Samples,
			sample{rowStop, nameC, 10 * v, map[string]float64{"whole": 20 * v}},
			sample{rowStop, nameOurs, v, map[string]float64{"whole": v + 5}})
	}
	return r
}

func TestDocument(t *testing.T) {
	h := &history{}
	h.add(movesRun(90, 91, 92))
	newest := movesRun(12, 14.44, 55)
	newest.Held, newest.HeldBy, newest.Spoiled = 2, 80.4, 1
	h.add(newest)
	text := h.document()
	for _, want := range []string{
		"| planned stop, from the command to the service's start on the peer (ms) | Heartbeat 3.0.6 | 144 | 550 |  | 550 | 3 | 289 |  |  |\n" +
			"|  | heartbeatd | 14.4 | 55 |  | 55 | 3 | 19.4 | ≤ 40 + scripts | yes, 2 of 3; before: **no** |\n",
		"## Moves of a service\n",
		"Runs: 2024-05-06 07:08 in 1m1s; 2024-05-06 07:08 in 1m1s, the machine itself held up 2 times for more than 50 ms, for 80 ms at worst, " +
			"1 plays not counted because they could not be played to the end.\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the document lacks\n%s\nit is\n%s", want, text)
		}
	}
	if strings.Contains(text, "## At rest") || strings.Contains(text, "NaN") || strings.Contains(text, "idle") {
		t.Error("the document tells of what was not measured:\n" + text)
	}
}

func TestClosing(t *testing.T) {
	h := &history{}
	h.add(movesRun(12, 14, 55))
	text, missed := h.closing(90 * time.Second)
	if missed != 0 || text != "duel: 1 targets, 1 held, 0 missed; 6 values; 1m30s\n" {
		t.Errorf("%d missed: %s", missed, text)
	}
	h.add(movesRun(12, 41, 55))
	text, missed = h.closing(time.Second)
	if missed != 1 || !strings.HasPrefix(text, "missed: planned stop, from the command to the service's start on the peer: ≤ 40 + scripts ms, median 41, max 55\n") {
		t.Errorf("%d missed: %s", missed, text)
	}
}

func TestVerdict(t *testing.T) {
	of := func(key rowKey) row {
		for _, r := range rows {
			if r.key == key {
				return r
			}
		}
		t.Fatalf("no row %s", key)
		return row{}
	}
	beats := func(n int, late ...float64) (all []float64) {
		return append(append(all, make([]float64, n-len(late))...), late...)
	}
	for _, c := range []struct {
		name         string
		key          rowKey
		ours, theirs []float64
		met, known   bool
	}{
		{"the median counts for moves", rowReturns, []float64{100, 200, 900}, nil, true, true},
		{"and is too much here", rowReturns, []float64{100, 201, 201}, nil, false, true},
		{"the maximum counts for memory", rowMemory, []float64{9, 9, 12.01}, nil, false, true},
		{"exactly as much as demanded", rowMemory, []float64{12}, nil, true, true},
		{"one beat of 20,000 may be 4 ms late", rowLate, beats(20000, 4), nil, true, true},
		{"not three", rowLate, beats(20000, 4, 4, 4), nil, false, true},
		{"nor one 6 ms", rowLate, beats(20000, 6), nil, false, true},
		{"one death", rowFloodDead, []float64{0, 1, 0}, nil, false, true},
		{"ahead of keepalived", rowVRRP10, []float64{31, 30, 90}, []float64{32, 32, 32}, true, true},
		{"behind keepalived", rowVRRP10, []float64{33}, []float64{32}, false, true},
		{"no more than even with it", rowVRRP10, []float64{32}, []float64{32}, false, true},
		{"keepalived was not measured", rowVRRP10, []float64{32}, nil, false, false},
		{"nothing was measured", rowStop, nil, nil, false, false},
		{"no target", rowCutService, []float64{1}, nil, false, false},
	} {
		run := &stageRun{}
		for _, v := range c.ours {
			run.Samples = append(run.Samples, sample{Row: c.key, Software: nameOurs, Value: v})
		}
		for _, v := range c.theirs {
			run.Samples = append(run.Samples, sample{Row: c.key, Software: nameKeepalived, Value: v})
		}
		if met, known := of(c.key).verdict(run); known != c.known || met != c.met && known {
			t.Errorf("%s: met %v, known %v", c.name, met, known)
		}
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.004: "0.00", 1.234: "1.23", 12: "12", 12.34: "12.3", 123.4: "123", 999.6: "1000", 1234.5: "1,235", 1234567: "1,234,567"} {
		if got := number3(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
}

func TestHistoryKeepsThreeRuns(t *testing.T) {
	h := &history{}
	for i := range 5 {
		h.add(movesRun(float64(i)))
		h.add(stageRun{Stage: "idle", Took: float64(i)})
	}
	if runs := h.of("moves"); len(runs) != keptRuns || runs[2].Samples[1].Value != 4 || runs[0].Samples[1].Value != 2 {
		t.Errorf("kept are %d runs of moves: %+v", len(runs), runs)
	}
	file := t.TempDir() + "/deep/raw.json"
	if err := h.write(file); err != nil {
		t.Fatal(err)
	}
	again, err := readHistory(file)
	if err != nil || again.document() != h.document() {
		t.Errorf("what was read is not what was written: %v", err)
	}
	if none, err := readHistory(file + ".none"); err != nil || len(none.Runs) != 0 {
		t.Errorf("no file is no history: %v", err)
	}
}

func TestChosen(t *testing.T) {
	for only, want := range map[string]string{
		"": "moves vrrp idle flood late", "million": "million", "late,moves": "moves late", "stop,flood-log": "moves flood",
	} {
		got, err := (&options{only: only}).chosen()
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("--only %q is %q (%v), want %q", only, got, err, want)
		}
	}
	for _, bad := range [][]string{{"--only", "speed"}, {"--repeat", "0"}, {"--render", "--only", "moves"}, {"fast"}} {
		var out, errs bytes.Buffer
		if status := Command(bad, &out, &errs); status != 2 || !strings.HasPrefix(errs.String(), "lab: error: ") {
			t.Errorf("%q: status %d, %q", bad, status, errs.String())
		}
	}
}

// Every stage has rows, a title and a note, and every row a stage that exists.
func TestRowsAndStages(t *testing.T) {
	has := map[string]bool{}
	for _, r := range rows {
		has[r.stage] = true
		if r.target != "" && len(r.bounds) == 0 && !r.ahead {
			t.Errorf("row %s has a target that nothing judges", r.key)
		}
	}
	for _, s := range stages {
		if !has[s.name] || stageTitles[s.name] == "" || stageNotes[s.name] == "" {
			t.Errorf("stage %s lacks rows, a title or a note", s.name)
		}
		delete(has, s.name)
	}
	if len(has) > 0 {
		t.Errorf("rows of stages that do not exist: %v", has)
	}
}
