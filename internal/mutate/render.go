package mutate

import (
	"fmt"
	"sort"
	"strings"
)

// render applies the sites of a file to its text, inner ones first.
func render(text []byte, sites []site) (string, error) {
	// Of two sites of the same stretch the one found later is the inner one.
	sort.SliceStable(sites, func(i, j int) bool {
		a, b := sites[i], sites[j]
		if a.start != b.start {
			return a.start < b.start
		}
		if (a.start == a.end) != (b.start == b.end) {
			return a.start == a.end // what is inserted comes before what begins here
		}
		return a.end > b.end
	})
	out, rest, err := within(text, 0, len(text), sites)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d sites overlap", len(rest))
	}
	return out, err
}

// within renders a stretch with the sites that begin in it, and returns the sites behind it.
func within(text []byte, start, end int, sites []site) (string, []site, error) {
	var b strings.Builder
	at := start
	for len(sites) > 0 && (sites[0].start < end || sites[0].start == end && sites[0].end == end && start == end) {
		s := sites[0]
		if s.start < at || s.end > end {
			return "", nil, fmt.Errorf("site %d-%d overlaps another", s.start, s.end)
		}
		b.Write(text[at:s.start])
		inner, rest := "", sites[1:]
		if s.end > s.start {
			var err error
			if inner, rest, err = within(text, s.start, s.end, rest); err != nil {
				return "", nil, err
			}
		}
		b.WriteString(s.wrap(inner))
		at, sites = s.end, rest
	}
	b.Write(text[at:end])
	return b.String(), sites, nil
}
