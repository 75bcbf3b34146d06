package mutate

import (
	"fmt"
	"os"
	"strings"
)

// survivorsFile lists the mutants that no test can or need notice, each with the reason. An entry is
// a line
//
//	FILE | FUNCTION | LINE OF THE SOURCE | WHAT IS CHANGED
//
// and below it, indented, why no user could tell.
const survivorsFile = "testdata/mutate/survivors.txt"

// readSurvivors returns the reasons by key.
func readSurvivors(name string) (map[string]string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return parseSurvivors(name, string(text))
}

func parseSurvivors(name, text string) (map[string]string, error) {
	reasons, key := map[string]string{}, ""
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "\t"):
			if key == "" {
				return nil, fmt.Errorf("%s:%d: a reason without an entry", name, i+1)
			}
			reasons[key] = strings.TrimSpace(reasons[key] + " " + strings.TrimSpace(line))
		default:
			if key != "" && reasons[key] == "" {
				return nil, fmt.Errorf("%s:%d: the entry before has no reason", name, i+1)
			}
			key = strings.TrimSpace(line)
			if _, twice := reasons[key]; twice {
				return nil, fmt.Errorf("%s:%d: listed twice: %s", name, i+1, key)
			}
			reasons[key] = ""
		}
	}
	if key != "" && reasons[key] == "" {
		return nil, fmt.Errorf("%s: the last entry has no reason", name)
	}
	return reasons, nil
}

// stale are the entries that no mutant matches.
func stale(reasons map[string]string, mutants []*Mutant) []string {
	known := map[string]bool{}
	for _, m := range mutants[1:] {
		known[m.Key()] = true
	}
	var list []string
	for key := range reasons {
		if !known[key] {
			list = append(list, key)
		}
	}
	return list
}
