package lab

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// eventsOf reads "MILLISECONDS HOST RESOURCE WHAT" lines.
func eventsOf(t *testing.T, text string) []Event {
	t.Helper()
	var b strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		ms, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		fmt.Fprintf(&b, "%s000000 %s\n", ms, rest)
	}
	events, err := ParseEvents(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func at(ms int64) time.Time { return time.Unix(0, ms*1e6) }

func TestOwnership(t *testing.T) {
	tests := map[string]struct {
		events   string
		owners   string
		overlaps string // "FIRST SECOND FROM FOR", milliseconds
		gaps     string // "BEFORE AFTER FROM FOR"
	}{
		"a planned move": {
			events: "100 a web start\n150 a web started\n1000 a web stop\n1100 a web stopped\n1200 b web start\n1300 b web started",
			owners: "[b]", gaps: "a b 1000 300",
		},
		"the power goes": {
			events: "100 a web start\n150 a web started\n1000 a - power\n3000 b web start\n3050 b web started",
			owners: "[b]", gaps: "a b 1000 2050",
		},
		"the new owner starts before the old has stopped": {
			events: "100 a web start\n150 a web started\n1000 a web stop\n1050 b web start\n1060 b web started\n1100 a web stopped",
			owners: "[b]", overlaps: "a b 1050 50", gaps: "a b 1000 60",
		},
		"both for good": {
			events: "100 a web start\n150 a web started\n1000 b web start\n1060 b web started",
			owners: "[a b]", overlaps: "a b 1000 9000",
		},
		"a stop that never ended may still hold it": {
			events: "100 a web start\n150 a web started\n900 a web stop\n1000 b web start\n1060 b web started",
			owners: "[b]", overlaps: "a b 1000 9000", gaps: "a b 900 160",
		},
		"a failed start is no service": {
			events: "100 a web start\n150 a web stop\n160 a web stopped\n500 b web start\n600 b web started",
			owners: "[b]",
		},
		"a second start and a stop elsewhere change nothing": {
			events: "100 a web start\n150 a web started\n200 a web start\n210 a web started\n300 b web stop\n310 b web stopped",
			owners: "[a]",
		},
		"another resource": {
			events: "100 a web start\n150 a web started\n200 b mail start\n210 b mail started",
			owners: "[a]",
		},
		"restarted in place": {
			events: "100 a web start\n150 a web started\n200 a web stop\n300 a web stopped\n400 a web start\n450 a web started",
			owners: "[a]", gaps: "a a 200 250",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := Ownership(eventsOf(t, tt.events), "web")
			if got := fmt.Sprint(h.Owners()); got != tt.owners {
				t.Errorf("owners %s, want %s", got, tt.owners)
			}
			var overlaps, gaps []string
			for _, o := range h.Overlaps(at(10000)) {
				overlaps = append(overlaps, fmt.Sprint(o.First, " ", o.Second, " ", o.From.UnixMilli(), " ", o.For.Milliseconds()))
			}
			for _, g := range h.Gaps() {
				gaps = append(gaps, fmt.Sprint(g.Before, " ", g.After, " ", g.From.UnixMilli(), " ", g.For.Milliseconds()))
			}
			if got := strings.Join(overlaps, "\n"); got != tt.overlaps {
				t.Errorf("overlaps %q, want %q", got, tt.overlaps)
			}
			if got := strings.Join(gaps, "\n"); got != tt.gaps {
				t.Errorf("gaps %q, want %q", got, tt.gaps)
			}
		})
	}
}

func TestParseEventsRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"1 a web":        "events:1: want 4 words, got 3",
		"x a web start":  `events:1: strconv.ParseInt: parsing "x": invalid syntax`,
		"1 a web begin":  `events:1: unknown event "begin"`,
		"1 a - power\n2": "events:2: want 4 words, got 1",
	} {
		if _, err := ParseEvents(strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}
