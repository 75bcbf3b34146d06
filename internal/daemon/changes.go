package daemon

import (
	"fmt"
	"slices"
	"strings"

	"heartbeatd/internal/config"
)

// Changes says in words what a reload brings: the names of directives, and the groups by their first resource. It is
// empty if nothing is different that means anything.
func Changes(before, now []byte, groupsBefore, groupsNow []config.Group) string {
	var parts []string
	if names := directiveChanges(before, now); len(names) > 0 {
		parts = append(parts, "ha.cf: "+strings.Join(names, ", "))
	}
	if words := groupChanges(groupsBefore, groupsNow); len(words) > 0 {
		parts = append(parts, "haresources: "+strings.Join(words, ", "))
	}
	return strings.Join(parts, "; ")
}

// directiveChanges are the names of directives whose lines are others, in the order of the new file, then of the old.
func directiveChanges(before, now []byte) (names []string) {
	was, order := directiveLines(before)
	is, all := directiveLines(now)
	for _, name := range append(all, order...) {
		if !slices.Equal(was[name], is[name]) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func directiveLines(text []byte) (lines map[string][]string, names []string) {
	lines = map[string][]string{}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		name := strings.ToLower(words[0])
		if lines[name] == nil {
			names = append(names, name)
		}
		lines[name] = append(lines[name], strings.Join(words[1:], " "))
	}
	return lines, names
}

func groupChanges(before, now []config.Group) (words []string) {
	was := byKey(before)
	is := byKey(now)
	for _, g := range now {
		if len(g.Resources) == 0 {
			continue
		}
		key := g.Resources[0]
		old, known := was[key]
		switch {
		case !known:
			words = append(words, key+" added")
		case !slices.Equal(old.Resources, g.Resources):
			words = append(words, key+" changed")
		case old.Home != g.Home:
			words = append(words, fmt.Sprintf("%s is at home on %s now", key, g.Home))
		}
	}
	for _, g := range before {
		if len(g.Resources) > 0 {
			if _, stays := is[g.Resources[0]]; !stays {
				words = append(words, g.Resources[0]+" removed")
			}
		}
	}
	return words
}

func byKey(groups []config.Group) map[string]config.Group {
	all := map[string]config.Group{}
	for _, g := range groups {
		if len(g.Resources) > 0 {
			all[g.Resources[0]] = g
		}
	}
	return all
}
