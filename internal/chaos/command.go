package chaos

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"heartbeatd/internal/lab"
	"heartbeatd/internal/labcmd"
)

const usageText = `Usage: lab chaos [flags]

Plays seeded plans of faults on pairs of private hosts with real daemons, in real time, and judges what the
scripts recorded by the guarantees (go doc heartbeatd/internal/chaos). A seed that breaks one is played twice
more. The exit status is 1 if a guarantee did not hold. It needs root.

  lab chaos --seeds 1000          a thousand plans
  lab chaos --seed 17             one again
  lab chaos --show --seed 17      what seed 17 does
  lab chaos --judge FILE.json     judges what was seen, of a results directory, again
`

// playsPerCPU is how many plays at once a processor stands without holding a daemon up.
const playsPerCPU = 15

type options struct {
	seeds, workers, rounds  int
	plays                   int
	seed, first             uint64
	results, binary, record string
	show, keep              bool
	oneSeed                 bool
}

// Command is the command line of `lab chaos`, without these two words. It returns the exit status.
func Command(args []string, stdout, stderr io.Writer) int {
	o, status, done := parse(args, stdout, stderr)
	if done {
		return status
	}
	ok, err := o.run(stdout)
	if err != nil {
		return labcmd.Fail(stderr, err)
	}
	if !ok {
		return 1
	}
	return 0
}

func parse(args []string, stdout, stderr io.Writer) (o *options, status int, done bool) {
	o = &options{}
	flags := labcmd.New("chaos", usageText)
	flags.IntVar(&o.seeds, "seeds", 100, "how many seeds")
	flags.Uint64Var(&o.first, "first-seed", 1, "the first of them")
	flags.Uint64Var(&o.seed, "seed", 0, "only this seed")
	flags.IntVar(&o.rounds, "rounds", 1, "rounds of faults and calm in each play")
	flags.IntVar(&o.plays, "plays", 3, "how often a seed that breaks a guarantee is played in all")
	flags.IntVar(&o.workers, "workers", playsPerCPU*runtime.NumCPU(), "how many plays at once")
	flags.StringVar(&o.results, "results", "bin/chaos", "directory for what was seen where a guarantee did not hold")
	flags.BoolVar(&o.keep, "keep", false, "keep what was seen of good plays too")
	flags.StringVar(&o.binary, "heartbeatd", "bin/heartbeatd", "the daemon to play with")
	flags.BoolVar(&o.show, "show", false, "show the plans, play nothing")
	flags.StringVar(&o.record, "judge", "", "judge this file again, play nothing")
	if status, done := flags.Read(args, stdout, stderr); done {
		return nil, status, true
	}
	o.oneSeed = flags.Changed("seed")
	err := errors.Join(flags.Alone("seed", "seeds", "first-seed"), flags.Alone("judge", "show", "seed", "seeds", "first-seed"))
	if o.seeds < 1 || o.workers < 1 || o.rounds < 1 || o.plays < 1 {
		err = errors.New("--seeds, --workers, --rounds and --plays: want 1 or more")
	}
	if err != nil {
		return nil, flags.Wrong(stderr, err), true
	}
	return o, labcmd.OK, false
}

func (o *options) list() []uint64 {
	if o.oneSeed {
		return []uint64{o.seed}
	}
	var all []uint64
	for i := range o.seeds {
		all = append(all, o.first+uint64(i))
	}
	return all
}

func (o *options) run(stdout io.Writer) (bool, error) {
	switch {
	case o.record != "":
		return rejudge(o.record, stdout)
	case o.show:
		for _, seed := range o.list() {
			fmt.Fprint(stdout, Generate(seed, o.rounds).Text())
		}
		return true, nil
	}
	if os.Getuid() != 0 {
		return false, errors.New("chaos needs root: run it with sudo")
	}
	if err := lab.Available(); err != nil {
		return false, fmt.Errorf("no private hosts on this machine: %w", err)
	}
	project, err := lab.ProjectDir()
	if err != nil {
		return false, err
	}
	software, err := lab.Heartbeatd(absolute(project, o.binary), project)
	if err != nil {
		return false, err
	}
	results := absolute(project, o.results)
	if err := os.MkdirAll(results, 0o755); err != nil {
		return false, fmt.Errorf("--results: %w", err)
	}
	m := StartMetronome()
	defer m.Stop()
	farm := &Farm{Workers: o.workers, Rounds: o.rounds, Plays: o.plays, Results: results, Out: stdout, Keep: o.keep,
		Play: func(p *Plan) (*Record, error) { return Play(p, software, m) }}
	begin := time.Now()
	all := farm.Run(o.list())
	return Summary(stdout, all, time.Since(begin)), nil
}

// rejudge reads a record and judges it again.
func rejudge(file string, stdout io.Writer) (bool, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return false, err
	}
	r := &Record{}
	if err := json.Unmarshal(data, r); err != nil {
		return false, fmt.Errorf("%s: %w", file, err)
	}
	j := Judge(r)
	explain(stdout, r, j, len(r.Plan.Rounds))
	return len(j.Breaches) == 0, nil
}

func absolute(project, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(project, path)
}
