package chaos

import (
	"fmt"
	"io"
	"sort"
	"strings"
	"time"
)

// clock is how times are shown.
const clock = "15:04:05.000"

// entry is one line of a story.
type entry struct {
	at   time.Time
	text string
}

// explain tells all about a play: what was broken, the plan, what happened, and how to play it again.
func explain(w io.Writer, r *Record, j Judgement, rounds int) {
	fmt.Fprintf(w, "\n%s", r.Plan.Text())
	for _, b := range j.Breaches {
		fmt.Fprintf(w, "BROKEN %s at %s: %s\n", b.Rule, b.At.Format(clock), b.Text)
	}
	if late := worst(r.Lates); late.By > 0 {
		fmt.Fprintf(w, "the machine was held up %d times, for %v at worst, until %s\n", len(r.Lates), late.By.Round(time.Millisecond), late.At.Format(clock))
	}
	fmt.Fprintf(w, "what was done and who had what:\n")
	for _, e := range r.story() {
		fmt.Fprintf(w, "  %s  %s\n", e.at.Format(clock), e.text)
	}
	if len(r.Skipped) > 0 {
		fmt.Fprintf(w, "left out:\n  %s\n", strings.Join(r.Skipped, "\n  "))
	}
	around(w, r, j)
	again := fmt.Sprintf("make chaos SEED=%d", r.Plan.Seed)
	if rounds > 1 {
		again += fmt.Sprintf(" CHAOS='--rounds %d'", rounds)
	}
	fmt.Fprintf(w, "again: %s\n\n", again)
}

// story is what was done and what the scripts did, in order of time.
func (r *Record) story() []entry {
	var all []entry
	for _, c := range r.Changes {
		text := fmt.Sprintf("%-6s %s %s", c.Node, c.Fact, c.Value)
		if d := c.End.Sub(c.Begin); d > 10*time.Millisecond {
			text += fmt.Sprintf("  (in %d ms)", d.Milliseconds())
		}
		all = append(all, entry{c.Begin, text})
	}
	for _, c := range r.Calls {
		all = append(all, entry{c.At, fmt.Sprintf("%-6s     %s %s", c.Node, c.Word, c.What)})
	}
	for _, c := range r.Commands {
		all = append(all, entry{c.Begin, fmt.Sprintf("%-6s command %s: code %d after %v %s", c.Node, c.Text, c.Code, c.End.Sub(c.Begin).Round(time.Millisecond), firstLine(c.Out))})
	}
	for _, e := range r.Ended {
		all = append(all, entry{e.At, fmt.Sprintf("%-6s the %s ended by itself", e.Node, e.What)})
	}
	for _, c := range r.Calms {
		all = append(all, entry{c.Begin, "calm: everything is mended"})
		if c.Settled.IsZero() {
			all = append(all, entry{c.End, "not settled: " + c.Why})
		} else {
			all = append(all, entry{c.Settled, "settled"})
		}
	}
	sort.SliceStable(all, func(i, k int) bool { return all[i].at.Before(all[k].at) })
	return all
}

// around shows both logs from before the first breach on.
func around(w io.Writer, r *Record, j Judgement) {
	if len(j.Breaches) == 0 {
		return
	}
	from, to := j.Breaches[0].At.Add(-25*time.Second), j.Breaches[0].At.Add(10*time.Second)
	fmt.Fprintf(w, "ha-log, each line with the time at which it was read:\n")
	for _, l := range r.Lines {
		if l.At.After(from) && l.At.Before(to) {
			fmt.Fprintf(w, "  %s  %-6s %s\n", l.At.Format(clock), l.Node, l.Text)
		}
	}
}

// Summary writes the closing figures and says whether no guarantee was broken.
func Summary(w io.Writer, all []Verdict, took time.Duration) bool {
	words, faults, calls := map[string]int{}, map[string]int{}, map[string]int{}
	checked, longest := map[string]int{}, map[string]time.Duration{}
	plays, discarded, moves, injected, lateOK := 0, 0, 0, 0, 0
	for _, v := range all {
		words[v.Word()]++
		plays += v.Plays
		discarded += v.Discarded
		for i, j := range v.Judged {
			moves += j.Moves
			for what, n := range j.Calls {
				calls[what] += n
			}
			for verb, n := range v.Records[i].Done {
				faults[verb] += n
				injected += n
			}
			for rule, n := range j.Checked {
				if strings.HasPrefix(rule, "most ") {
					checked[rule] = max(checked[rule], n)
				} else {
					checked[rule] += n
				}
			}
			if len(j.Breaches) > 0 {
				continue
			}
			if worst(v.Records[i].Lates).By > tooLate {
				lateOK++
			}
			for name, d := range j.Longest {
				longest[name] = max(longest[name], d)
			}
		}
	}
	fmt.Fprintf(w, "\nFaults and commands: %s\n", counts(faults))
	fmt.Fprintf(w, "What the scripts did: %s\n", counts(calls))
	fmt.Fprintf(w, "Looked at: %s\n", counts(checked))
	var times []string
	for name, d := range longest {
		times = append(times, fmt.Sprintf("%s %v", name, d.Round(10*time.Millisecond)))
	}
	sort.Strings(times)
	fmt.Fprintf(w, "Longest: %s\n", strings.Join(times, ", "))
	for _, v := range all {
		if word := v.Word(); word != wordOK {
			fmt.Fprintf(w, "%s seed %d: make chaos SEED=%d\n", word, v.Plan.Seed, v.Plan.Seed)
		}
	}
	failed := words[wordFailed] + words[wordOnce] + words[wordError]
	fmt.Fprintf(w, "chaos: %d runs, %d failed, %d broken once and not again, %d errors of the rig, %d without a verdict; %d plays, %d discarded "+
		"because the machine was held up (%d were held up and held all the same); %d faults and commands, %d changes of ownership; %v\n",
		len(all), words[wordFailed], words[wordOnce], words[wordError], words[wordDiscarded], plays, discarded, lateOK, injected, moves, took.Round(time.Second))
	return failed == 0
}

func counts(m map[string]int) string {
	var parts []string
	for name, n := range m {
		parts = append(parts, fmt.Sprintf("%s %d", name, n))
	}
	sort.Strings(parts)
	return strings.Join(parts, ", ")
}

// firstLine keeps a line a line. A daemon's start says more than a story needs.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line[:min(len(line), 120)]
}
