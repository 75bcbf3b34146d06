package interop

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// environments compares what each script found around it at its first call of each action.
func (c *comparison) environments() {
	type variation struct {
		node, text string
		rule       rule
	}
	calls := map[variation][]string{} // those whose environment varies so
	var order []variation
	for _, key := range slices.Sorted(maps.Keys(c.judge.Env)) {
		want, got := c.judge.Env[key], c.other.Env[key]
		if got == nil {
			continue // never called: the calls tell
		}
		node, call, _ := strings.Cut(key, " ")
		for _, name := range slices.Sorted(maps.Keys(both(want, got))) {
			v := variation{node: node, text: varies(name, want, got), rule: c.envRule(node, name)}
			if v.text == "" || v.rule == noDifference {
				continue
			}
			if calls[v] == nil {
				order = append(order, v)
			}
			calls[v] = append(calls[v], call)
		}
	}
	for _, v := range order {
		c.add(-1, "env:"+v.node, v.rule, fmt.Sprintf("environment of %s: %s", strings.Join(calls[v], ", "), v.text))
	}
}

func both(a, b map[string]string) map[string]bool {
	names := map[string]bool{}
	for name := range a {
		names[name] = true
	}
	for name := range b {
		names[name] = true
	}
	return names
}

// varies tells how a variable differs, "" for not at all.
func varies(name string, want, got map[string]string) string {
	w, inWant := want[name]
	g, inGot := got[name]
	if inWant == inGot && w == g {
		return ""
	}
	return fmt.Sprintf("%s\n  - %s\n  + %s", name, shown(w, inWant), shown(g, inGot))
}

func shown(value string, set bool) string {
	if !set {
		return "(not set)"
	}
	return fmt.Sprintf("%q", value)
}
