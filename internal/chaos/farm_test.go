package chaos

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFarm: what word a seed gets, by what its plays are like. b is a broken guarantee, B one that counts whatever
// the machine did, g a good play, L after it: the machine was held up; e an error of the rig.
func TestFarm(t *testing.T) {
	tests := map[string]string{
		"g": wordOK, "gL": wordOK, "b b g": wordFailed, "b g b": wordFailed, "b g g": wordOnce, "bL g": wordOK, "bL bL bL": wordDiscarded,
		"bL b b": wordFailed, "b bL g": wordOnce, "BL BL BL": wordFailed, "e g": wordOK, "e e": wordError,
	}
	for plays, want := range tests {
		t.Run(plays, func(t *testing.T) {
			dir, left := t.TempDir(), strings.Fields(plays)
			var out strings.Builder
			f := &Farm{Workers: 1, Rounds: 1, Results: dir, Out: &out, Play: func(p *Plan) (*Record, error) {
				if len(left) == 0 {
					t.Fatal("one play too many")
				}
				word := left[0]
				left = left[1:]
				if word == "e" {
					return nil, errors.New("no lab")
				}
				r := tale(t, "0.1 node1 web: start", "0.2 node1 web: started", "20 end -")
				r.Plan.Seed = p.Seed
				if strings.HasPrefix(word, "b") {
					r = tale(t, "0.1 node1 web: start", "0.2 node1 web: started", "20 node2 web: start", "30 end -")
				}
				if strings.HasPrefix(word, "B") {
					r.Ended = append(r.Ended, Ended{zero, "node1", "daemon"})
				}
				if strings.HasSuffix(word, "L") {
					r.Lates = []Lateness{{zero.Add(time.Second), tooLate + time.Millisecond}}
				}
				return r, nil
			}}
			all := f.Run([]uint64{17})
			if got := all[0].Word(); got != want || len(left) > 0 {
				t.Errorf("%s, want %s; not played: %v\n%s", got, want, left, out.String())
			}
			if ok := Summary(io.Discard, all, time.Second); ok != (want == wordOK || want == wordDiscarded) {
				t.Errorf("the summary says %v of %s", ok, want)
			}
			files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
			if broken := strings.Count(strings.ToLower(plays), "b"); len(files) != broken {
				t.Errorf("%d plays kept, %d were broken", len(files), broken)
			}
			for _, file := range files {
				if _, err := rejudge(file, &out); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestCommandLine(t *testing.T) {
	for line, want := range map[string]int{"--help": 0, "--seed 3 --seeds 4": 2, "--seeds 0": 2, "word": 2, "--seed 5 --show": 0, "--judge /nowhere": 2} {
		if got := Command(strings.Fields(line), io.Discard, io.Discard); got != want {
			t.Errorf("%s: exit %d, want %d", line, got, want)
		}
	}
	file := filepath.Join(t.TempDir(), "x.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Command([]string{"--judge", file}, io.Discard, io.Discard); got != 2 {
		t.Errorf("a broken record: exit %d", got)
	}
	if l := (&options{seeds: 3, first: 5}).list(); fmt.Sprint(l) != "[5 6 7]" {
		t.Errorf("seeds %v", l)
	}
}
