package mutate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// bench plays mutants of one build.
type bench struct {
	root, work string
	overlay    string
	in         *instrumented
	layers     []*played
}

// played is a layer with what its cases reach without a mutant.
type played struct {
	layer
	cases   []testCase
	reached []byte // by mutant
	used    time.Duration
}

// newBench loads the target and makes the copy.
func newBench(root, work string) (*bench, error) {
	p, err := load(root)
	if err != nil {
		return nil, err
	}
	in, err := instrument(p)
	if err != nil {
		return nil, err
	}
	b := &bench{root: root, work: work, in: in}
	if b.overlay, err = overlay(root, work, in); err != nil {
		return nil, err
	}
	return b, nil
}

// prepare builds a layer, plays it without a mutant and notes what it comes by. It says whether the
// layer is there.
func (b *bench) prepare(ctx context.Context, l layer) (bool, error) {
	if !l.there(b.root) {
		return false, nil
	}
	if err := l.build(ctx, b.root, b.work, b.overlay); err != nil {
		return false, err
	}
	cases, err := l.cases(b.root)
	if err != nil {
		return false, err
	}
	p := &played{layer: l, reached: make([]byte, len(b.in.mutants))}
	out := filepath.Join(b.work, l.name+".reached")
	said, err := b.run(ctx, p, plan{Cases: cases, Out: out})
	if err != nil {
		return false, fmt.Errorf("%s without a mutant: %w\n%s", l.name, err, tail(said))
	}
	text, err := os.ReadFile(out)
	if err == nil {
		err = json.Unmarshal(text, &p.cases)
	}
	for _, c := range p.cases {
		for id, hit := range c.Reached {
			p.reached[id] |= hit
		}
	}
	b.layers = append(b.layers, p)
	return true, err
}

// limits are what a test program may take: a mutant may collect without end, or hang where it comes by no
// other. The limit is one of processor time, and not of time: a loaded machine must not count as a test that noticed.
const limits = `ulimit -v 6291456; ulimit -t 600; exec "$0" "$@"`

// run gives a test program a plan.
func (b *bench) run(ctx context.Context, p *played, what plan) ([]byte, error) {
	file := what.Out + ".plan"
	text, err := json.Marshal(what)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", limits, p.program(b.work), "-test.run", "^$", "-test.timeout", "0")
	cmd.Dir = filepath.Join(b.root, p.pkg)
	cmd.Env = append(os.Environ(), "MUTANT_PLAN="+file, "GOMAXPROCS=1", "GOTRACEBACK=none")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err = cmd.Run()
	if cmd.ProcessState != nil {
		p.used += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	return said.Bytes(), err
}

// play shows mutants to a layer that reaches them all, and calls done for each.
func (b *bench) play(ctx context.Context, p *played, list []*Mutant, out string, done func(m *Mutant, killed bool)) error {
	for len(list) > 0 {
		what := plan{Cases: p.cases, Out: out}
		for _, m := range list {
			what.Mutants = append(what.Mutants, m.ID)
		}
		if err := os.Remove(out); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		said, err := b.run(ctx, p, what)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		text, _ := os.ReadFile(out)
		n := 0
		for line := range strings.Lines(string(text)) {
			word, _, _ := strings.Cut(line, " ")
			if word != "begin" {
				done(list[n], word == "killed")
				n++
			}
		}
		begun := strings.Count(string(text), "begin ")
		switch {
		case begun > n: // it ended the program
			done(list[n], true)
			n++
		case n < len(list):
			return fmt.Errorf("%s: ended after %d mutants: %w\n%s", p.name, n, err, tail(said))
		}
		list = list[n:]
	}
	return nil
}

func tail(out []byte) []byte {
	const enough = 3000
	return out[max(0, len(out)-enough):]
}
