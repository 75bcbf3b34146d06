package interop

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Script is a scenario as read by [Parse], or made from a seed.
type Script struct {
	Name   string
	File   string // as given on the command line, "" for one that was not
	Links  int
	CF     []string   // lines of ha.cf
	Keys   []string   // lines of authkeys, nil for the given ones
	Groups [][]string // lines of haresources, in words
	Steps  []Step
}

// Step is one command.
type Step struct {
	Line int
	Verb string
	Args []string
}

func (s Step) String() string { return strings.Join(append([]string{s.Verb}, s.Args...), " ") }

// Given is the ha.cf that `cf` lines change.
var Given = []string{
	"logfile /var/log/ha-log", "keepalive 500ms", "warntime 2500ms", "deadtime 4", "initdead 6",
	"udpport 694", "bcast eth0", "auto_failback off", "node node1 node2",
}

// verbs are the commands of the second part, with the least and the most number of words after
// them; -1 for any. The first word of most is a node.
var verbs = map[string]struct {
	least, most int
	node        bool
}{
	"start": {1, 2, true}, "stop": {1, 2, true}, "kill": {1, 1, true}, "killmaster": {1, 1, true},
	"freeze": {1, 1, true}, "thaw": {1, 1, true}, "crash": {1, 1, true}, "boot": {1, 1, true},
	"cut": {1, -1, true}, "mend": {1, -1, true}, "deafen": {2, 2, true}, "hear": {2, 2, true},
	"loss": {2, 2, true}, "standby": {1, 2, true}, "takeover": {1, 2, true}, "script": {3, 3, true},
	"generation": {2, 2, true}, "authkeys": {2, -1, true}, "reload": {1, 1, true}, "config": {2, -1, true},
	"software": {2, 2, true}, "run": {2, -1, true}, "wait": {1, 1, false}, "settle": {0, 1, false},
	"differs": {2, -1, false},
}

// Parse reads a scenario; its error names the line.
func Parse(name, text string) (*Script, error) {
	s := &Script{Name: name, Links: 1, CF: append([]string{}, Given...)}
	replaced := map[string]bool{}
	for i, line := range strings.Split(text, "\n") {
		f := strings.Fields(line)
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		if err := s.line(i+1, f, replaced); err != nil {
			return nil, fmt.Errorf("%s:%d: %s: %w", name, i+1, strings.TrimSpace(line), err)
		}
	}
	if len(s.Steps) == 0 || s.Steps[len(s.Steps)-1].Verb != "settle" && s.Steps[len(s.Steps)-1].Verb != "differs" {
		return nil, fmt.Errorf("%s: must end with a settle", name)
	}
	return s, nil
}

func (s *Script) line(number int, f []string, replaced map[string]bool) error {
	if len(s.Steps) > 0 && slices.Contains([]string{"links", "cf", "keys", "group"}, f[0]) {
		return fmt.Errorf("belongs before the first command, which is in line %d", s.Steps[0].Line)
	}
	switch f[0] {
	case "links":
		n, err := strconv.Atoi(strings.Join(f[1:], " "))
		if err != nil || n < 1 || n > 4 {
			return fmt.Errorf("want a number from 1 to 4")
		}
		s.Links = n
		return nil
	case "cf":
		if len(f) < 2 {
			return fmt.Errorf("want a directive")
		}
		kind := directive(f[1])
		if !replaced[kind] && kind != "node" {
			replaced[kind] = true
			s.CF = without(s.CF, kind)
		}
		s.CF = append(s.CF, strings.Join(f[1:], " "))
		return nil
	case "keys":
		s.Keys = append(s.Keys, strings.Join(f[1:], " "))
		return nil
	case "group":
		if err := checkGroup(f[1:]); err != nil {
			return err
		}
		s.Groups = append(s.Groups, f[1:])
		return nil
	}
	return s.step(Step{Line: number, Verb: f[0], Args: f[1:]})
}

// directive is the first word of a line of ha.cf; any medium takes the place of the given one.
func directive(line string) string {
	word, _, _ := strings.Cut(line, " ")
	if word == "ucast" || word == "mcast" {
		return "bcast"
	}
	return word
}

// without leaves out the lines of a directive.
func without(lines []string, directive string) []string {
	var kept []string
	for _, l := range lines {
		if strings.Fields(l)[0] != directive {
			kept = append(kept, l)
		}
	}
	return kept
}

func (s *Script) step(st Step) error {
	v, ok := verbs[st.Verb]
	switch {
	case !ok:
		return fmt.Errorf("unknown command")
	case len(st.Args) < v.least, v.most >= 0 && len(st.Args) > v.most:
		return fmt.Errorf("wrong number of words")
	}
	if v.node {
		if err := checkNode(st.Args[0]); err != nil {
			return err
		}
	}
	if err := s.check(st); err != nil {
		return err
	}
	s.Steps = append(s.Steps, st)
	return nil
}

func isNode(name string) bool { return name == Nodes[0] || name == Nodes[1] }

// at is where a line of the scenario stands, as compilers say it; 0 for the whole.
func (s *Script) at(line int) string {
	where := s.Name
	if s.File != "" {
		where = s.File
	}
	if line > 0 {
		where += fmt.Sprintf(":%d", line)
	}
	return where
}

// Resources are all resource words of the scenario, in the order of haresources.
func (s *Script) Resources() []string {
	var all []string
	for _, g := range s.Groups {
		all = append(all, g[1:]...)
	}
	return all
}

// Text is the scenario as [Parse] reads it; for those made from a seed.
func (s *Script) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "links %d\n", s.Links)
	changed := map[string]bool{}
	for _, l := range s.CF {
		changed[directive(l)] = changed[directive(l)] || !slices.Contains(Given, l)
	}
	for _, l := range s.CF {
		// A given line beside another of its directive would be replaced by that.
		if !slices.Contains(Given, l) || changed[directive(l)] && directive(l) != "node" {
			fmt.Fprintf(&b, "cf %s\n", l)
		}
	}
	for _, k := range s.Keys {
		fmt.Fprintf(&b, "keys %s\n", k)
	}
	for _, g := range s.Groups {
		fmt.Fprintf(&b, "group %s\n", strings.Join(g, " "))
	}
	for _, st := range s.Steps {
		b.WriteString(st.String() + "\n")
	}
	return b.String()
}
