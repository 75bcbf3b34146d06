package interop

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Farm plays scenarios on the pairings, several at once, and compares each pairing with C+C.
type Farm struct {
	Workers  int       // how many plays at once, each with two hosts
	Pairings []Pairing // what is compared with C+C
	Results  string    // directory for what was observed, "" for none
	Out      io.Writer // gets a line for each scenario that is done
	Play     func(*Script, Pairing) (*Observation, error)
	Compare  func(s *Script, judge, other *Observation) []Difference

	slots chan struct{}
	begun time.Time
}

// playLimit ends the wait for a play that hangs. The longest scenarios have several settles of a
// minute each.
const playLimit = 15 * time.Minute

// Run plays all scenarios and returns what is to be said of each, in the order in which they end.
func (f *Farm) Run(scripts []*Script) []Verdict {
	f.slots = make(chan struct{}, f.Workers)
	f.begun = time.Now()
	queue, done := make(chan *Script), make(chan Verdict)
	var inFlight sync.WaitGroup
	for range f.abreast() {
		inFlight.Add(1)
		go func() {
			defer inFlight.Done()
			for s := range queue {
				done <- f.try(s)
			}
		}()
	}
	go func() {
		for _, s := range scripts {
			queue <- s
		}
		close(queue)
		inFlight.Wait()
		close(done)
	}()
	var all []Verdict
	var took time.Duration
	for v := range done {
		all = append(all, v)
		took += v.Took
		f.progress(v, len(all), len(scripts), took/time.Duration(len(all)))
	}
	return all
}

// abreast is how many scenarios are on their way at once: one does not keep four workers busy to
// its end.
func (f *Farm) abreast() int { return max(1, f.Workers/2) }

// progress writes the line of a scenario that is done, with what is still to come: others of the
// same length, and halves of those on their way.
func (f *Farm) progress(v Verdict, done, of int, each time.Duration) {
	left := fmt.Sprintf("done in %v", time.Since(f.begun).Round(time.Second))
	if n := of - done; n > 0 {
		halves := max(2*n-min(n, f.abreast()), 1)
		left = fmt.Sprintf("%v to go", (each * time.Duration(halves) / time.Duration(2*f.abreast())).Round(time.Second))
	}
	fmt.Fprintf(f.Out, "[%*d/%d] %-5s %-32s %4.0fs  %d plays%s, %s\n",
		len(fmt.Sprint(of)), done, of, v.Word(), v.Script.Name, v.Took.Seconds(), v.Plays, v.Remarks(), left)
	if v.Failed() {
		v.Explain(f.Out)
	}
}

// play plays once, when there is a worker for it. What fails because of the rig is tried once more.
func (f *Farm) play(s *Script, p Pairing, number int, judge bool) (*Observation, error) {
	f.slots <- struct{}{}
	defer func() { <-f.slots }()
	o, err := f.playLimited(s, p)
	if err != nil {
		o, err = f.playLimited(s, p)
	}
	if err != nil {
		return nil, err
	}
	return o, f.keep(o, number, judge)
}

func (f *Farm) playLimited(s *Script, p Pairing) (*Observation, error) {
	type result struct {
		o   *Observation
		err error
	}
	end := make(chan result, 1)
	go func() {
		o, err := f.Play(s, p)
		end <- result{o, err}
	}()
	select {
	case r := <-end:
		return r.o, r.err
	case <-time.After(playLimit):
		return nil, &playError{pairings: []Pairing{p}, err: fmt.Errorf("%s: not over after %v", s.at(0), playLimit)}
	}
}
