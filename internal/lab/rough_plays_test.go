//go:build integration

package lab

import (
	"regexp"
	"sort"
	"strings"
	"sync"
	"testing"
)

// plays are those of one test on every pairing: PAIRING KIND, where the kind is the test's own word.
type plays struct {
	play   func(t testing.TB, pairing, kind string) *pair
	always []*regexp.Regexp // what C nodes may write at any time

	guard sync.Mutex
	good  []*pair
}

// run plays all names, as many at a time as there is room for, and compares what C nodes wrote.
func (s *plays) run(t *testing.T, when urgency, names []string) {
	t.Helper()
	inParallel(t, names, func(t *testing.T, name string) { s.one(t, when, name) })
	s.judgeLogs(t)
}

// one plays one name. Two C nodes can fail no test: they show what C does, and at times that is nothing good.
func (s *plays) one(t *testing.T, when urgency, name string) {
	t.Helper()
	pairing, kind, _ := strings.Cut(name, " ")
	var p *pair
	play := func(t testing.TB) { p = s.play(t, pairing, kind) }
	if pairing == "C+C" {
		if a := attemptAt(t, aShare, when, play); a.failed {
			t.Logf("this play of two C nodes tells nothing, they did not live with it:\n%s", strings.Join(a.logs, "\n"))
			return
		}
	} else {
		again(t, aShare, when, play)
	}
	if p != nil {
		p.name, p.kind = name, kind
		s.guard.Lock()
		s.good = append(s.good, p)
		s.guard.Unlock()
	}
}

// judgeLogs compares what C nodes complain of beside heartbeatd with what they complain of beside each other.
// 3.0.6 has complaints that come once in a hundred lives: a new one must come again, each time it is played.
func (s *plays) judgeLogs(t *testing.T) {
	t.Helper()
	allowed := map[string]bool{}
	for _, p := range s.good {
		if p.pairing == "C+C" {
			p.allow(allowed)
		}
	}
	t.Logf("C+C wrote:\n%s", strings.Join(sortedKeys(allowed), "\n"))
	sort.Slice(s.good, func(i, j int) bool { return s.good[i].name < s.good[j].name })
	for _, p := range s.good {
		if p.pairing == "C+C" {
			continue
		}
		strange := p.strange(allowed, s.always)
		for n := 0; n < 2 && len(strange) > 0; n++ {
			t.Logf("%s: a C node wrote what C+C did not, so both are played again: %q", p.name, strange)
			strange = s.oncemore(t, p, strange, allowed)
		}
		for plain, line := range strange {
			t.Errorf("%s: a C node writes what C+C does not, each time (%s): %s", p.name, plain, line)
		}
	}
}

// oncemore plays a pair again, and C+C of the same kind, and returns what stays strange.
func (s *plays) oncemore(t *testing.T, p *pair, strange map[string]string, allowed map[string]bool) map[string]string {
	t.Helper()
	var judge, other *pair
	attemptAt(t, everything, last, func(t testing.TB) { judge = s.play(t, "C+C", p.kind) })
	if judge != nil {
		judge.allow(allowed)
	}
	again(t, everything, last, func(t testing.TB) { other = s.play(t, p.pairing, p.kind) })
	still, now := map[string]string{}, other.strange(allowed, s.always)
	for plain, line := range strange {
		if now[plain] != "" {
			still[plain] = line
		}
	}
	return still
}

// allow adds what C nodes complained of to what they may.
func (p *pair) allow(allowed map[string]bool) {
	for _, log := range p.kept {
		for plain := range complaints(log) {
			allowed[plain] = true
		}
	}
}

// strange are the complaints of a C node that are not allowed, with their lines.
func (p *pair) strange(allowed map[string]bool, always []*regexp.Regexp) map[string]string {
	found := map[string]string{}
	for i, log := range p.kept {
		for plain, line := range complaints(log) {
			if p.kinds[i] == "C" && !allowed[plain] && !matches(line, always) {
				found[plain] = line
			}
		}
	}
	return found
}

// errors fails the test for what heartbeatd itself calls an error.
func (p *pair) errors() {
	p.Helper()
	for i, h := range p.nodes {
		text, err := h.ReadFile("/var/log/ha-log")
		p.must(err)
		for _, line := range strings.Split(text, "\n") {
			if p.kinds[i] == "H" && seriously.MatchString(line) {
				p.Errorf("heartbeatd on %s writes: %s", h.Name, line)
			}
		}
	}
}

var (
	complaint = regexp.MustCompile(`\b(ERROR|CRIT|ALERT|EMERG)\b|(?i:missing|fail)`)
	seriously = regexp.MustCompile(`\b(ERROR|CRIT|ALERT|EMERG): `)
	logPrefix = regexp.MustCompile(`^.*? (EMERG|ALERT|CRIT|ERROR|WARN|notice|info|debug): `)
	numbers   = regexp.MustCompile(`[0-9]+`)
	names     = regexp.MustCompile(`\bnode[12]\b`)
)

// complaints are the lines of a log that an operator would worry about, without what differs from
// run to run: numbers and which node it is.
func complaints(log string) map[string]string {
	found := map[string]string{}
	for _, line := range strings.Split(log, "\n") {
		if !complaint.MatchString(line) {
			continue
		}
		plain := logPrefix.ReplaceAllString(names.ReplaceAllString(line, "NODE"), "$1: ")
		found[numbers.ReplaceAllString(plain, "N")] = line
	}
	return found
}

func matches(line string, patterns []*regexp.Regexp) bool {
	for _, p := range patterns {
		if p.MatchString(line) {
			return true
		}
	}
	return false
}

// inParallel runs subtests side by side: they wait for their turns. (Parallel would run as many as -parallel says.)
func inParallel(t *testing.T, names []string, run func(t *testing.T, name string)) {
	t.Helper()
	var all sync.WaitGroup
	for _, name := range names {
		all.Go(func() { t.Run(name, func(t *testing.T) { run(t, name) }) })
	}
	all.Wait()
}

// TestStrange: a complaint is strange if no C+C had it and it is not always allowed, whatever its numbers.
func TestStrange(t *testing.T) {
	log := "x heartbeat: [1]: ERROR: seen 12 on node1\nx heartbeat: [2]: ERROR: unseen 3\nx heartbeat: [2]: WARN: always failing\nx heartbeat: [3]: info: fine"
	judge := &pair{kinds: [2]string{"C", "C"}, kept: [2]string{"y heartbeat: [9]: ERROR: seen 4 on node2", ""}}
	allowed := map[string]bool{}
	judge.allow(allowed)
	always := []*regexp.Regexp{regexp.MustCompile("always")}
	for _, c := range []struct {
		kinds [2]string
		want  int
	}{{[2]string{"C", "H"}, 1}, {[2]string{"H", "C"}, 0}} {
		p := &pair{kinds: c.kinds, kept: [2]string{log, ""}}
		if got := p.strange(allowed, always); len(got) != c.want {
			t.Errorf("%v: %q", c.kinds, got)
		}
	}
}
