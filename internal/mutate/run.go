package mutate

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"
)

// outcome is how a mutant ended.
type outcome struct {
	mutant *Mutant
	by     string // name of the layer that noticed; survived, or unreached
}

const (
	survived  = "survived"
	unreached = "unreached"
)

func (o outcome) killed() bool { return o.by != survived && o.by != unreached }

// atOnce is how many mutants a test program gets, so that progress is seen and no processor idles at the end.
const atOnce = 40

// playAll shows mutants to one layer after the other, on so many processors, until one notices.
func (b *bench) playAll(ctx context.Context, list []*Mutant, jobs int, progress io.Writer) ([]outcome, error) {
	by := map[*Mutant]string{}
	for _, m := range list {
		by[m] = unreached
	}
	left := list
	for _, p := range b.layers {
		var reached, rest []*Mutant
		for _, m := range left {
			if p.reached[m.ID] != 0 {
				reached = append(reached, m)
			}
		}
		fmt.Fprintf(progress, "%s: %d of %d mutants left\n", p.name, len(reached), len(list))
		if err := b.share(ctx, p, reached, jobs, progress, by); err != nil {
			return nil, err
		}
		for _, m := range left {
			if by[m] == unreached || by[m] == survived {
				rest = append(rest, m)
			}
		}
		left = rest
	}
	var outcomes []outcome
	for _, m := range list {
		outcomes = append(outcomes, outcome{m, by[m]})
	}
	return outcomes, nil
}

// share plays one layer on several processors.
func (b *bench) share(ctx context.Context, p *played, list []*Mutant, jobs int, progress io.Writer, by map[*Mutant]string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		mu    sync.Mutex
		fault error
		done  int
		said  = time.Now()
		group sync.WaitGroup
	)
	all := len(list)
	next := make(chan []*Mutant)
	for job := range jobs {
		mine := *p
		mine.used = 0
		group.Add(1)
		go func() {
			defer group.Done()
			out := filepath.Join(b.work, fmt.Sprintf("%s.%d", p.name, job))
			for some := range next {
				err := b.play(ctx, &mine, some, out, func(m *Mutant, killed bool) {
					mu.Lock()
					defer mu.Unlock()
					if by[m] = survived; killed {
						by[m] = p.name
					}
					if done++; time.Since(said) > 10*time.Second {
						said = time.Now()
						fmt.Fprintf(progress, "%s: %d of %d\n", p.name, done, all)
					}
				})
				mu.Lock()
				if err != nil && fault == nil {
					fault = err
					cancel()
				}
				mu.Unlock()
			}
			mu.Lock()
			p.used += mine.used
			mu.Unlock()
		}()
	}
	for len(list) > 0 {
		n := min(atOnce, len(list))
		next <- list[:n]
		list = list[n:]
	}
	close(next)
	group.Wait()
	return fault
}
