package simulate

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Fault is a seed that broke a guarantee.
type Fault struct {
	Seed    uint64
	Failure *Failure
}

func (f Fault) String() string { return fmt.Sprintf("seed %d: %v", f.Seed, f.Failure) }

// Result is what many seeds came to.
type Result struct {
	Seeds  uint64
	Lived  time.Duration
	Tally  Tally
	Faults []Fault
}

// Add adds another one.
func (r *Result) add(o Result) {
	r.Seeds += o.Seeds
	r.Lived += o.Lived
	r.Tally.Add(o.Tally)
	r.Faults = append(r.Faults, o.Faults...)
}

// Farm plays seeds on several processors. No life knows of another, so how many there are changes
// nothing but the time.
type Farm struct {
	First, Seeds uint64
	Workers      int
	AtMost       int                // faults, then it ends
	Each         func(done uint64)  // called from time to time
	Found        func(f Fault)      // called for each fault, one at a time
	Ended        func() (stop bool) // asked before each seed; nil: never
	Fenced       bool               // with STONITH devices
	Replaced     bool               // daemons replace themselves, with other files
}

// Play plays them all.
func (f Farm) Play() Result {
	var (
		next, done atomic.Uint64
		mu         sync.Mutex
		wait       sync.WaitGroup
		total      = Result{Tally: newTally()}
	)
	for range max(1, f.Workers) {
		wait.Go(func() {
			own := Result{Tally: newTally()}
			for {
				n := next.Add(1) - 1
				if n >= f.Seeds || f.Ended != nil && f.Ended() {
					break
				}
				fault := own.one(f.plan(f.First + n))
				if fault != nil {
					mu.Lock()
					if total.Faults = append(total.Faults, *fault); len(total.Faults) >= f.AtMost && f.AtMost > 0 {
						next.Store(f.Seeds)
					}
					if f.Found != nil {
						f.Found(*fault)
					}
					mu.Unlock()
				}
				if d := done.Add(1); d%1000 == 0 && f.Each != nil {
					f.Each(d)
				}
			}
			mu.Lock()
			total.add(own)
			mu.Unlock()
		})
	}
	wait.Wait()
	return total
}

func (f *Farm) plan(seed uint64) Plan {
	if f.Fenced {
		return GenerateFenced(seed)
	}
	if f.Replaced {
		return GenerateReplaced(seed)
	}
	return Generate(seed)
}

// one plays a seed.
func (r *Result) one(plan Plan) *Fault {
	seed := plan.Seed
	run, err := Play(plan, nil)
	r.Seeds++
	r.Lived += run.Lived()
	r.Tally.Add(run.Tally)
	switch {
	case err != nil:
		return &Fault{seed, &Failure{Rule: "plan", Text: err.Error()}}
	case run.Failure != nil:
		return &Fault{seed, run.Failure}
	}
	return nil
}
