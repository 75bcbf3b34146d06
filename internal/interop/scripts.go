package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Files of testdata/interop that are no scenarios.
const (
	linesFile = "testdata/interop/lines.txt" // the table of log lines
	shortFile = "short.txt"                  // the names of the short set
)

// shortSeeds is how many seeds belong to the short set.
const shortSeeds = 2

// Load reads the scenarios of a directory, in the order of their names.
func Load(dir string) ([]*Script, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, fmt.Errorf("looking for scenarios: %w", err)
	}
	var all []*Script
	for _, file := range files {
		if base := filepath.Base(file); base == shortFile || base == filepath.Base(linesFile) {
			continue
		}
		s, err := load(file)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func load(file string) (*Script, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading a scenario: %w", err)
	}
	s, err := Parse(file, string(text))
	if err != nil {
		return nil, err
	}
	s.Name = strings.TrimSuffix(filepath.Base(file), ".txt")
	return s, nil
}

// Short is the set that is played in CI: the first seeds, which take longest, and the scenarios a
// directory's short.txt names.
func Short(dir string) ([]*Script, error) {
	text, err := os.ReadFile(filepath.Join(dir, shortFile))
	if err != nil {
		return nil, fmt.Errorf("reading the names of the short set: %w", err)
	}
	all := seeds(1, shortSeeds)
	for _, line := range strings.Split(string(text), "\n") {
		name, _, _ := strings.Cut(line, "#")
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		s, err := load(filepath.Join(dir, name+".txt"))
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func seeds(first uint64, n int) []*Script {
	var all []*Script
	for i := range uint64(n) {
		all = append(all, Generate(first+i))
	}
	return all
}

// everything tells whether the command line asks for all scenarios there are.
func (o *options) everything() bool {
	return !o.oneSeed && !o.someSeeds && !o.short && o.only == "" && len(o.files) == 0
}

// scripts are the scenarios that the command line asks for.
func (o *options) scripts(dir string) ([]*Script, error) {
	switch {
	case o.oneSeed:
		return []*Script{Generate(o.seed)}, nil
	case o.short:
		return Short(dir)
	case len(o.files) > 0:
		var all []*Script
		for _, file := range o.files {
			s, err := load(file)
			if err != nil {
				return nil, err
			}
			s.File = file
			all = append(all, s)
		}
		return all, nil
	}
	all, err := Load(dir)
	if err != nil {
		return nil, err
	}
	if o.only != "" {
		if _, err := filepath.Match(o.only, ""); err != nil {
			return nil, fmt.Errorf("--only %s: %w", o.only, err)
		}
		all = slices.DeleteFunc(all, func(s *Script) bool {
			match, _ := filepath.Match(o.only, s.Name)
			return !match
		})
		if !o.someSeeds {
			return all, nil
		}
	}
	return append(all, seeds(o.first, o.seeds)...), nil
}
