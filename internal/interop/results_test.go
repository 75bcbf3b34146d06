package interop

import (
	"errors"
	"strings"
	"testing"
)

func TestErrorsAreSaidOnce(t *testing.T) {
	down := func(p Pairing) error {
		return &playError{pairings: []Pairing{p}, err: errors.New("mine.txt:4: the daemon must be down")}
	}
	err := onceEach([]error{down(Pairing{H, C}), errors.New("no room"), nil, down(Pairing{C, C}), &playError{pairings: []Pairing{{H, H}}, err: errors.New("other")}})
	const want = "mine.txt:4: the daemon must be down (on C+C, H+C)\nno room\nother (on H+H)"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if err := onceEach([]error{nil, nil}); err != nil {
		t.Errorf("nothing is %v", err)
	}
}

func TestSummaryCounts(t *testing.T) {
	s := script(t, "mine", shortest)
	titles := map[int]string{4: "A holder that restarts", 9: "Another"}
	for _, test := range []struct {
		all        []Verdict
		everything bool
		want, not  string
	}{
		{[]Verdict{{Script: s, Plays: 1}}, false, "\n1 scenario, 1 play: 0 failed.\n", "No scenario needs"},
		{[]Verdict{{Script: s, Plays: 4, Explained: []Difference{{Entry: 4}}}, {Script: s, Plays: 4}}, true, "\n2 scenarios, 8 plays: 0 failed.\n", "4 9"},
		{[]Verdict{{Script: s, Plays: 4, Explained: []Difference{{Entry: 4}}}}, true, "No scenario needs: 9\n", "1 scenarios"},
	} {
		var out strings.Builder
		Summary(&out, titles, test.all, test.everything)
		if !strings.Contains(out.String(), test.want) || strings.Contains(out.String(), test.not) {
			t.Errorf("want %q, not %q:\n%s", test.want, test.not, &out)
		}
	}
}
