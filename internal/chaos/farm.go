package chaos

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Farm plays many plans, several at once.
type Farm struct {
	Workers int
	Rounds  int
	Plays   int    // how often a seed that breaks a guarantee is played in all; 0 is 3
	Results string // directory for what was seen, "" for none
	Out     io.Writer
	Keep    bool // good plays as well
	Play    func(*Plan) (*Record, error)
}

// Verdict is what is to be said of one seed.
type Verdict struct {
	Plan      *Plan
	Plays     int
	Discarded int // plays with a breach, in which the machine was held up
	Records   []*Record
	Judged    []Judgement
	Broken    []int // plays with a breach that counts
	Err       error
	Took      time.Duration
}

// The words for a seed.
const (
	wordOK        = "ok"
	wordFailed    = "FAIL"      // a guarantee was broken, and again
	wordOnce      = "ONCE"      // it was broken, but did not come again in two more plays
	wordDiscarded = "discarded" // the machine was held up each time
	wordError     = "ERROR"     // the lab is at fault
)

// Word is one of the words above.
func (v Verdict) Word() string {
	switch {
	case v.Err != nil:
		return wordError
	case len(v.Broken) > 1:
		return wordFailed
	case len(v.Broken) == 1:
		return wordOnce
	case v.Discarded == v.Plays:
		return wordDiscarded
	}
	return wordOK
}

// playLimit ends the wait for a play that hangs.
const playLimit = 15 * time.Minute

// Run plays the seeds and returns the verdicts in the order in which they come.
func (f *Farm) Run(seeds []uint64) []Verdict {
	queue, done := make(chan uint64), make(chan Verdict)
	var workers sync.WaitGroup
	for i := range min(f.Workers, len(seeds)) {
		workers.Go(func() {
			// To make a lab takes a processor for a moment: they must not all do it at once.
			time.Sleep(time.Duration(i) * 300 * time.Millisecond)
			for seed := range queue {
				done <- f.try(seed)
			}
		})
	}
	go func() {
		for _, s := range seeds {
			queue <- s
		}
		close(queue)
		workers.Wait()
		close(done)
	}()
	var all []Verdict
	for v := range done {
		all = append(all, v)
		f.say(v, len(all), len(seeds))
	}
	return all
}

// try plays a seed, and twice more if a guarantee did not hold. A play in which the machine was held up and a
// guarantee did not hold says nothing; it is counted, and played again.
func (f *Farm) try(seed uint64) (v Verdict) {
	begin := time.Now()
	v.Plan = Generate(seed, f.Rounds)
	defer func() { v.Took = time.Since(begin) }()
	for v.Plays < cmp.Or(f.Plays, 3) {
		r, err := f.playLimited(v.Plan)
		if err != nil {
			r, err = f.playLimited(v.Plan) // the rig gets a second chance
		}
		if err != nil {
			v.Err = err
			return v
		}
		v.Plays++
		judged := Judge(r)
		v.Records, v.Judged = append(v.Records, r), append(v.Judged, judged)
		broken := len(judged.Breaches) > 0
		switch {
		case broken && worst(r.Lates).By > tooLate && !slices.ContainsFunc(judged.Breaches, Breach.Timeless):
			v.Discarded++
		case broken:
			v.Broken = append(v.Broken, v.Plays-1)
		case len(v.Broken) == 0:
			return v // a good play, perhaps after one that was discarded
		}
	}
	return v
}

func (f *Farm) playLimited(p *Plan) (*Record, error) {
	type result struct {
		r   *Record
		err error
	}
	end := make(chan result, 1)
	go func() {
		r, err := f.Play(p)
		end <- result{r, err}
	}()
	select {
	case r := <-end:
		return r.r, r.err
	case <-time.After(playLimit):
		return nil, fmt.Errorf("seed %d: not over after %v", p.Seed, playLimit)
	}
}

// say writes the line of a seed, and all about one that did not simply pass.
func (f *Farm) say(v Verdict, done, of int) {
	late, owner := time.Duration(0), 0
	for i, r := range v.Records {
		late, owner = max(late, worst(r.Lates).By), owner+v.Judged[i].Moves
	}
	fmt.Fprintf(f.Out, "[%*d/%d] %-9s seed %-6d %4.0fs  %d plays, %d moves, machine late by %d ms\n",
		len(fmt.Sprint(of)), done, of, v.Word(), v.Plan.Seed, v.Took.Seconds(), v.Plays, owner, late.Milliseconds())
	if v.Err != nil {
		fmt.Fprintf(f.Out, "  %v\n", v.Err)
	}
	defer v.forget()
	if v.Word() == wordOK && v.Discarded == 0 && !f.Keep {
		return
	}
	for i := range v.Records {
		if len(v.Judged[i].Breaches) == 0 && !f.Keep {
			continue
		}
		if slices.Contains(v.Broken, i) {
			explain(f.Out, v.Records[i], v.Judged[i], f.Rounds)
		}
		if err := f.keep(v, i); err != nil {
			fmt.Fprintf(f.Out, "  %v\n", err)
		}
	}
}

// keep writes a play to the results: seed-N.PLAY.txt for people, seed-N.PLAY.json for `lab chaos --judge`.
func (f *Farm) keep(v Verdict, i int) error {
	if f.Results == "" {
		return nil
	}
	data, err := json.Marshal(v.Records[i])
	if err != nil {
		return fmt.Errorf("describing seed %d: %w", v.Plan.Seed, err)
	}
	name := filepath.Join(f.Results, fmt.Sprintf("seed-%d.%d", v.Plan.Seed, i+1))
	if err := os.WriteFile(name+".json", data, 0o644); err != nil {
		return fmt.Errorf("keeping the results: %w", err)
	}
	text, err := os.Create(name + ".txt")
	if err != nil {
		return fmt.Errorf("keeping the results: %w", err)
	}
	defer text.Close()
	explain(text, v.Records[i], v.Judged[i], f.Rounds)
	return nil
}

// forget lets go of what only a failure needs: a thousand plays are too much to remember.
func (v Verdict) forget() {
	for _, r := range v.Records {
		r.Lines, r.Calls, r.Changes, r.Commands, r.Console = nil, nil, nil, nil, nil
	}
}
