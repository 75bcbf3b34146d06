package lab

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"
)

const clock = "15:04:05.000"

// report prints who served when and how long the client had to wait, and is an error if two
// nodes served at once or any other than the expected did.
func (d *demo) report() error {
	fetches, err := d.client.Stop()
	if err != nil {
		return err
	}
	stretches := Stretches(fetches)
	d.out.step("What the client saw")
	for _, line := range stretchTable(stretches) {
		d.out.say("%s", line)
	}
	d.out.say("")
	for _, line := range moveTable(d.moves, fetches) {
		d.out.say("%s", line)
	}
	d.out.say("")
	d.out.say("%s", totals(fetches))
	if err := judge(stretches, d.moves); err != nil {
		return err
	}
	d.out.say("Never did two nodes serve at once. Apart from the moves, the longest wait for an answer was %d ms.",
		elsewhere(fetches, stretches).Milliseconds())
	return nil
}

// elsewhere is the longest silence while one node served on.
func elsewhere(fetches []Fetch, stretches []Stretch) time.Duration {
	longest := time.Duration(0)
	for _, s := range stretches {
		// Both ends are answers of this server, so every silence in between is its own.
		silence, _ := Silence(fetches, s.First, s.Last)
		longest = max(longest, silence)
	}
	return longest
}

func stretchTable(stretches []Stretch) []string {
	lines := []string{fmt.Sprintf("%-8s %-14s %-14s %8s", "served", "from", "until", "answers")}
	for _, s := range stretches {
		lines = append(lines, fmt.Sprintf("%-8s %-14s %-14s %8d", s.Server, s.First.Format(clock), s.Last.Format(clock), s.Answers))
	}
	return lines
}

func moveTable(moves []move, fetches []Fetch) []string {
	lines := []string{fmt.Sprintf("%-14s %-7s %-7s %14s %15s", "move", "from", "to", "longest outage", "failed fetches")}
	for _, m := range moves {
		longest, failed := Silence(fetches, m.begun, m.done)
		lines = append(lines, fmt.Sprintf("%-14s %-7s %-7s %11d ms %15d", m.what, m.from, m.to, longest.Milliseconds(), failed))
	}
	return lines
}

func totals(fetches []Fetch) string {
	byServer := map[string]int{}
	for _, f := range fetches {
		byServer[f.Server]++
	}
	var parts []string
	for _, name := range sortedKeys(byServer) {
		if name != "" {
			parts = append(parts, fmt.Sprintf("%s answered %d", name, byServer[name]))
		}
	}
	return fmt.Sprintf("%d fetches: %s, nobody %d (before the first start and during the moves).",
		len(fetches), strings.Join(parts, ", "), byServer[""])
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// judge compares who served with the moves that were made. Each further change of the server would
// mean that two served at once or that the service moved unasked.
func judge(stretches []Stretch, moves []move) error {
	if len(moves) == 0 {
		return errors.New("nothing moved")
	}
	want := []string{moves[0].from}
	for _, m := range moves {
		want = append(want, m.to)
	}
	var got []string
	for _, s := range stretches {
		got = append(got, s.Server)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		return fmt.Errorf("the client was served by %s, want %s: two nodes served at once, or the service moved unasked",
			strings.Join(got, ", "), strings.Join(want, ", "))
	}
	return nil
}
