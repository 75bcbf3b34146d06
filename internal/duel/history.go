package duel

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// keptRuns is how many runs of each stage the document tells of.
const keptRuns = 3

// stageRun is one run of a stage.
type stageRun struct {
	Stage   string    `json:"stage"`
	When    time.Time `json:"when"`
	Took    float64   `json:"took"`    // seconds
	Held    int       `json:"held"`    // how often this machine itself was held up by more than 50 ms
	HeldBy  float64   `json:"heldBy"`  // for how long at worst, in milliseconds
	Spoiled int       `json:"spoiled"` // plays that could not be played
	Samples []sample  `json:"samples"`
}

// history are the last runs of all stages, in the order in which they were.
type history struct {
	Runs []stageRun `json:"runs"`
}

// add adds a run and lets go of the oldest one of its stage.
func (h *history) add(r stageRun) {
	h.Runs = append(h.Runs, r)
	same := h.of(r.Stage)
	if len(same) <= keptRuns {
		return
	}
	for i := range h.Runs {
		if &h.Runs[i] == same[0] {
			h.Runs = append(h.Runs[:i], h.Runs[i+1:]...)
			return
		}
	}
}

// of are the runs of a stage, the newest last.
func (h *history) of(stage string) (runs []*stageRun) {
	for i := range h.Runs {
		if h.Runs[i].Stage == stage {
			runs = append(runs, &h.Runs[i])
		}
	}
	return runs
}

func readHistory(file string) (*history, error) {
	h := &history{}
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, h); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return h, nil
}

func (h *history) write(file string) error {
	data, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("describing what was measured: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("keeping what was measured: %w", err)
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}
