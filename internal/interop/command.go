package interop

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/pflag"

	"heartbeatd/internal/lab"
)

const usage = `usage: lab interop [flags] [FILE...]

Plays scenarios on the four pairings of Heartbeat 3.0.6 (C) and heartbeatd (H), on private hosts of
this machine, and compares each pairing with C+C. What differs and is not explained by an entry of
docs/differences.md is a fault: the exit status is then 1. Without arguments: every scenario of
testdata/interop, and 100 made from seeds. With 16 plays at once on two processors the 125 scenarios take
about 20 minutes and 100 seeds about 8. It needs root.

  lab interop --seed 17                        one seed again
  lab interop --only 'crash-*' --pairing C+H   some scenarios, on one pairing and on C+C
  lab interop --show my-scenario.txt           what happened, for one who writes a scenario
  lab interop --only - --seeds 2000            a night of seeds and nothing else

`

// playsPerCPU is how many plays at once a processor stands before a daemon is late with its beats.
// One play of C+C needs about 5 % of a processor, most of it when hosts are made and daemons start.
const playsPerCPU = 8

// options are what the command line says.
type options struct {
	binary, only, pairing, results string
	seeds, workers                 int
	seed, first                    uint64
	short, show                    bool
	files                          []string

	oneSeed, someSeeds bool // the flag was given
}

// Command is the command line of `lab interop`, without these two words. It returns the exit status:
// 0 if nothing differed, 1 if something did, 2 for wrong usage and where nothing can be played.
func Command(args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "lab: error: %v\n", err)
		return 2
	}
	if err := o.ready(); err != nil {
		fmt.Fprintf(stderr, "lab: error: %v\n", err)
		return 2
	}
	ok, err := o.run(stdout)
	if err != nil {
		fmt.Fprintf(stderr, "lab: error: %v\n", err)
		return 1
	}
	if !ok {
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	flags := pflag.NewFlagSet("lab interop", pflag.ContinueOnError)
	flags.SortFlags = false
	flags.SetOutput(stderr)
	flags.StringVar(&o.only, "only", "", "only scenarios whose names match this pattern, as in a shell, and no seeds")
	flags.IntVar(&o.seeds, "seeds", 100, "how many seeds")
	flags.Uint64Var(&o.first, "first-seed", 1, "the first of them")
	flags.Uint64Var(&o.seed, "seed", 0, "only this seed")
	flags.BoolVar(&o.short, "short", false, "the short set: the scenarios named in testdata/interop/short.txt and 2 seeds")
	flags.StringVar(&o.pairing, "pairing", "", "compare only this one with C+C; C+C with itself shows where chance decides")
	flags.BoolVar(&o.show, "show", false, "show what happened instead of comparing")
	flags.IntVar(&o.workers, "workers", Workers(), "how many plays at once; too many make C's daemons late")
	flags.StringVar(&o.results, "results", "bin/interop", "directory for what was observed")
	flags.StringVar(&o.binary, "heartbeatd", "bin/heartbeatd", "the daemon to play with")
	flags.Usage = func() { fmt.Fprint(stderr, usage+flags.FlagUsages()) }
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	o.files, o.oneSeed, o.someSeeds = flags.Args(), flags.Changed("seed"), flags.Changed("seeds") || flags.Changed("first-seed")
	switch {
	case o.workers < 1:
		return nil, fmt.Errorf("--workers %d: want 1 or more", o.workers)
	case o.seeds < 0:
		return nil, fmt.Errorf("--seeds %d: want 0 or more", o.seeds)
	case o.oneSeed && (o.someSeeds || o.short || o.only != "" || len(o.files) > 0):
		return nil, errors.New("--seed goes alone")
	}
	if _, err := o.pairings(); err != nil {
		return nil, err
	}
	return o, nil
}

// Workers is how many plays at once this machine does without disturbing them.
func Workers() int { return playsPerCPU * runtime.NumCPU() }

// pairings are those to compare with C+C.
func (o *options) pairings() ([]Pairing, error) {
	if o.pairing == "" {
		return Pairings[1:], nil
	}
	for _, p := range Pairings {
		if strings.EqualFold(p.String(), o.pairing) {
			return []Pairing{p}, nil
		}
	}
	return nil, fmt.Errorf("--pairing %s: want C+H, H+C, H+H or C+C", o.pairing)
}

// ready looks, before anything is played, at what would fail only after it.
func (o *options) ready() error {
	uidMap, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return fmt.Errorf("looking for users: %w", err)
	}
	if err := needsRoot(os.Getuid(), string(uidMap)); err != nil || o.show {
		return err
	}
	project, err := lab.ProjectDir()
	if err != nil {
		return err
	}
	return writable(absolute(project, o.results))
}

// needsRoot refuses a plain user, who is root inside the lab's namespaces, but the only user there.
func needsRoot(uid int, uidMap string) error {
	if f := strings.Fields(uidMap); uid == 0 && (len(f) != 3 || f[2] != "1") {
		return nil
	}
	return errors.New("needs root: C daemons set scheduling and users")
}

// writable makes the directory of results, and tries it.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("--results: %w", err)
	}
	f, err := os.CreateTemp(dir, ".try-*")
	if err != nil {
		return fmt.Errorf("--results: %w", err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func (o *options) run(stdout io.Writer) (bool, error) {
	project, err := lab.ProjectDir()
	if err != nil {
		return false, err
	}
	scripts, err := o.scripts(filepath.Join(project, "testdata/interop"))
	if err != nil {
		return false, err
	}
	if len(scripts) == 0 {
		return false, errors.New("no scenario matches")
	}
	if err := lab.Available(); err != nil {
		return false, fmt.Errorf("no private hosts on this machine: %w", err)
	}
	softwares, err := Daemons(project, o.binary)
	if err != nil {
		return false, err
	}
	play := func(s *Script, p Pairing) (*Observation, error) { return Play(s, p, softwares) }
	if o.show {
		return true, o.showAll(stdout, scripts, play)
	}
	farm, err := NewFarm(project, play)
	if err != nil {
		return false, err
	}
	farm.Workers, farm.Results, farm.Out = o.workers, absolute(project, o.results), stdout
	farm.Pairings, _ = o.pairings()
	fmt.Fprintf(stdout, "%s, %s at once; results in %s\n", counted(len(scripts), "scenario"), counted(farm.Workers, "play"), farm.Results)
	document, err := os.ReadFile(filepath.Join(project, "docs/differences.md"))
	if err != nil {
		return false, fmt.Errorf("reading the entries: %w", err)
	}
	return Summary(stdout, Entries(string(document)), farm.Run(scripts), o.everything()), nil
}

// NewFarm makes a farm that compares by the project's table of log lines.
func NewFarm(project string, play func(*Script, Pairing) (*Observation, error)) (*Farm, error) {
	name := filepath.Join(project, linesFile)
	table, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the table of log lines: %w", err)
	}
	comparator, err := NewComparator(linesFile, string(table))
	if err != nil {
		return nil, err
	}
	return &Farm{Workers: Workers(), Pairings: Pairings[1:], Out: io.Discard, Play: play, Compare: comparator.Compare}, nil
}

// Daemons are the C daemon, fetched where needed, and ours, built at binary.
func Daemons(project, binary string) (Softwares, error) {
	genuine, err := lab.GenuineSoftware(filepath.Join(project, "cache"))
	if err != nil {
		return nil, err
	}
	ours, err := lab.Heartbeatd(absolute(project, binary), project)
	if err != nil {
		return nil, err
	}
	return Softwares{C: genuine, H: ours}, nil
}

func absolute(project, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(project, path)
}

func (o *options) showAll(w io.Writer, scripts []*Script, play func(*Script, Pairing) (*Observation, error)) error {
	pairings := Pairings
	if o.pairing != "" {
		pairings, _ = o.pairings()
	}
	for _, s := range scripts {
		showScript(w, s)
		for _, p := range pairings {
			seen, err := play(s, p)
			if err != nil {
				return err
			}
			Show(w, seen)
		}
	}
	return nil
}
