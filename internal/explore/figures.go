package explore

import (
	"fmt"
	"io"
	"sort"
	"strings"
	"time"
)

const header = "scope                 states  transitions  depth    calmed  back in      cpu  complete?"

const meaning = `
states       the pair with all that can still bear on it, each counted once (times and numbers are relative)
transitions  choices tried, each in one state (of orders that come to the same, one)
depth        choices on the longest way without a repetition
calmed       quiet states from which the pair was left alone: it came to one owner and stayed so (every other state comes to one of
             these when everything is mended; a scope that breaks stop scripts mends them in every state)
back in      the longest time that took
cpu          processor time
complete?    closed: every choice of every state was tried, within the budgets that --list shows`

// String is the scope's line of the closing table.
func (r *Result) String() string {
	end := "closed"
	switch {
	case r.Found != nil:
		end = "BROKEN: " + r.Found.Wrong
	case r.Cut != "":
		end = fmt.Sprintf("CUT SHORT by %s: not complete; %d %% of the last choices led to new states", r.Cut, 100*r.Fresh/freshOf)
	}
	return fmt.Sprintf("%-18s %9d %12d %6d %9d %8s %8s  %s", r.Scope.Name, r.States, r.Transitions, r.Depth, r.Calmed,
		r.Longest.Round(time.Millisecond), r.Took.Round(100*time.Millisecond), end)
}

// total is what all scopes came to.
type total struct {
	scopes, closed, broken, states, transitions, depth, calmed int
	took                                                       time.Duration
}

func (t *total) add(r *Result) {
	t.scopes++
	switch {
	case r.Found != nil:
		t.broken++
	case r.Cut == "":
		t.closed++
	}
	t.states += r.States
	t.transitions += r.Transitions
	t.calmed += r.Calmed
	t.depth = max(t.depth, r.Depth)
	t.took += r.Took
}

func (t total) String() string {
	return fmt.Sprintf("%d scopes (%d closed, %d cut short, %d broken), %d states, %d transitions, depth %d, %d calmed, in %s of processor time",
		t.scopes, t.closed, t.scopes-t.closed-t.broken, t.broken, t.states, t.transitions, t.depth, t.calmed, t.took.Round(time.Second))
}

// words is the scope in words.
func (s *Scope) words() string {
	var w []string
	if s.Cold {
		w = append(w, "both machines off")
	} else {
		w = append(w, "a settled pair")
	}
	w = append(w, fmt.Sprintf("groups %d", len(s.Groups)), "auto_failback "+map[bool]string{true: "on", false: "off"}[s.Failback])
	b := &s.Budget
	for _, part := range []struct {
		name string
		n    int
	}{
		{"crash", b.Crash}, {"partition", b.Cut}, {"stall", b.Stall}, {"command", b.Command}, {"lost", b.Lose}, {"doubled", b.Double},
		{"overtaking", b.Order}, {"late", b.Delay}, {"slow script", b.Slow}, {"failing script", b.Fail}, {"hanging script", b.Hang}, {"replacement", b.Replace},
	} {
		if part.n > 0 {
			w = append(w, fmt.Sprintf("%s %d", part.name, part.n))
		}
	}
	if s.Next != nil {
		w = append(w, "or reload of another haresources")
	}
	if s.NoReboot {
		w = append(w, "no reboot comes")
	}
	return strings.Join(w, ", ")
}

func (c *Coverage) count() (reached, all int) {
	for _, n := range c.Pairs() { // order does not matter: it is counted
		all++
		if n > 0 {
			reached++
		}
	}
	return reached, all
}

func (c *Coverage) list(w io.Writer) {
	var lines []string
	for pair, n := range c.Pairs() { // sorted below
		lines = append(lines, fmt.Sprintf("%-60s %d", pair, n))
	}
	sort.Strings(lines)
	fmt.Fprintln(w, strings.Join(lines, "\n"))
}
