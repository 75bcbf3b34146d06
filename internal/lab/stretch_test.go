package lab

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// fetchesOf reads "BEGAN ENDED SERVER" lines in milliseconds, "-" for no answer.
func fetchesOf(t *testing.T, text string) []Fetch {
	t.Helper()
	var all []Fetch
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var began, ended int64
		var server string
		if _, err := fmt.Sscan(line, &began, &ended, &server); err != nil {
			t.Fatal(err)
		}
		f, err := parseFetch(fmt.Sprintf("%d %d ok %s", began*1e6, ended*1e6, server))
		if server == "-" {
			f, err = parseFetch(fmt.Sprintf("%d %d failed no route to host", began*1e6, ended*1e6))
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

func TestJudgeWhoServed(t *testing.T) {
	moves := []move{{from: "a", to: "b"}, {from: "b", to: "a"}}
	tests := map[string]struct{ fetches, refused string }{
		"as announced":                       {fetches: "1 2 a\n2 3 a\n3 9 -\n5 6 b\n7 8 a"},
		"a slow answer of the old is none":   {fetches: "1 2 a\n2 9 a\n5 6 b\n8 10 b\n10 11 a"},
		"two at once":                        {fetches: "1 2 a\n3 4 b\n5 6 a\n7 8 b\n9 10 a", refused: "served by a, b, a, b, a, want a, b, a"},
		"the last move did not happen":       {fetches: "1 2 a\n3 4 b", refused: "served by a, b, want"},
		"the wrong node began":               {fetches: "1 2 b\n3 4 a", refused: "served by b, a, want"},
		"nobody served":                      {fetches: "1 2 -", refused: "served by , want"},
		"two at once at the very last fetch": {fetches: "1 2 a\n3 4 b\n5 6 a\n7 8 b", refused: "a, b, a, b, want"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := judge(Stretches(fetchesOf(t, tt.fetches)), moves)
			switch {
			case tt.refused == "" && err != nil:
				t.Error(err)
			case tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)):
				t.Errorf("got %v, want %s", err, tt.refused)
			}
		})
	}
}

func TestSilence(t *testing.T) {
	fetches := fetchesOf(t, "0 10 a\n10 20 a\n30 130 -\n60 160 -\n90 100 b\n300 400 -\n500 510 b")
	for _, tt := range []struct {
		from, until int64
		longest     time.Duration
		failed      int
	}{
		{25, 95, 80 * time.Millisecond, 2}, // the silence begins before the move is ordered
		{0, 25, 80 * time.Millisecond, 0},  // and counts though it ends after the time asked for
		{200, 600, 410 * time.Millisecond, 1},
		{511, 600, 0, 0},
	} {
		longest, failed := Silence(fetches, at(tt.from), at(tt.until))
		if longest != tt.longest || failed != tt.failed {
			t.Errorf("%d..%d: %v and %d failed, want %v and %d", tt.from, tt.until, longest, failed, tt.longest, tt.failed)
		}
	}
}

func TestSilenceElsewhere(t *testing.T) {
	fetches := fetchesOf(t, "0 10 a\n20 30 a\n40 45 a\n300 310 b\n320 322 b\n360 370 b")
	if got := elsewhere(fetches, Stretches(fetches)); got != 48*time.Millisecond {
		t.Errorf("longest silence apart from the move %v, want 48ms", got)
	}
}

func TestParseFetchRefuses(t *testing.T) {
	for _, line := range []string{"", "1 2 ok", "x 2 ok a", "1 y ok a", "1 2 maybe a"} {
		if f, err := parseFetch(line); err == nil {
			t.Errorf("%q became %+v", line, f)
		}
	}
}
