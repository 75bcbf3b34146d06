package mutate

import (
	"fmt"
	"strings"
	"testing"
)

const sampleSource = `package core

type core struct {
	on   bool
	n, m int
	s    string
}

const patience = 3

func (c *core) step(at int) {
	if c.on && at >= c.n+1 || c.s == "" {
		c.logf("at %d", at+1)
		c.n, c.m = at, 0
		return
	}
	switch c.s {
	case "a":
		c.m = min(at, patience)
	}
	c.logf("done")
}

func (c *core) logf(string, ...any) {}

func (c *core) ready() bool { return c.on && !(c.n == 0) }

func (c *core) String() string { return c.s[1:] }
`

// parsed is a program of one file.
func parsed(t *testing.T, text string) *program {
	t.Helper()
	exports, err := exportsOf("../..", "os", "strconv", "time")
	if err != nil {
		t.Fatal(err)
	}
	p, err := check([]string{"x.go"}, map[string][]byte{"x.go": []byte(text)}, exports)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every kind of fault is found where it should be, and nowhere in what is not to be changed.
func TestWhatIsChanged(t *testing.T) {
	in, err := instrument(parsed(t, sampleSource))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, m := range in.mutants[1:] {
		fmt.Fprintf(&got, "%d %s %s\n", m.Line, m.Kind, m.What)
	}
	const condition = `c.on && at >= c.n+1 || c.s == ""`
	want := strings.ReplaceAll(`11 return -> return at once
12 condition X -> !(X)
12 condition X -> false
12 condition X -> true
12 operand -> c.on && at >= c.n+1 && c.s == ""
12 operand -> without c.on && at >= c.n+1
12 operand -> without c.s == ""
12 operand -> c.on || at >= c.n+1
12 operand -> without c.on
12 operand -> without at >= c.n+1
12 boundary at >= c.n+1 -> at > c.n+1
12 number c.n+1 -> c.n - 1
12 number 1 -> 1 + 1
12 number 1 -> 1 - 1
13 log -> nothing
14 assignment c.n = at -> nothing
14 assignment c.m = 0 -> nothing
14 number 0 -> 0 + 1
15 return -> nothing
18 case case "a" -> never
19 assignment -> nothing
19 number min(at, patience) -> max(at, patience)
19 number patience -> patience + 1
19 number patience -> patience - 1
21 log -> nothing
26 operand c.on && !(c.n == 0) -> true
26 operand c.on && !(c.n == 0) -> false
26 operand -> c.on || !(c.n == 0)
26 operand -> without c.on
26 operand -> without !(c.n == 0)
`, "X", condition)
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

// The copy with all the faults in it is a Go program.
func TestCopyCompiles(t *testing.T) {
	in, err := instrument(parsed(t, sampleSource))
	if err != nil {
		t.Fatal(err)
	}
	exports, err := exportsOf("../..", "os", "strconv", "time")
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	texts := map[string][]byte{}
	for name, text := range in.files {
		order = append(order, name)
		texts[name] = []byte(text)
	}
	if _, err := check(order, texts, exports); err != nil {
		t.Errorf("%v\n%s", err, in.files["x.go"])
	}
}

// What stands before and behind a fault outlives changes elsewhere, and two alike are told apart.
func TestKeys(t *testing.T) {
	const text = "package core\n\nfunc f(a, b int) bool { return a < b || a < b }\n"
	one, err := instrument(parsed(t, text))
	if err != nil {
		t.Fatal(err)
	}
	other, err := instrument(parsed(t, strings.Replace(text, "\n\n", "\n\n// f is a comment.\n\n", 1)))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i, m := range one.mutants[1:] {
		if seen[m.Key()] {
			t.Errorf("twice: %s", m.Key())
		}
		seen[m.Key()] = true
		if k := other.mutants[i+1].Key(); k != m.Key() {
			t.Errorf("%q became %q", m.Key(), k)
		}
	}
	if !seen["x.go | f | func f(a, b int) bool { return a < b || a < b } | a < b -> a <= b #2"] {
		t.Errorf("%v", seen)
	}
}

func TestRenderRefusesOverlaps(t *testing.T) {
	same := func(s string) string { return s }
	if _, err := render([]byte("abcdef"), []site{{0, 3, same}, {2, 5, same}}); err == nil {
		t.Error("sites that overlap were rendered")
	}
	got, err := render([]byte("abcdef"), []site{
		{1, 5, func(s string) string { return "<" + s + ">" }}, {2, 3, func(s string) string { return "[" + s + "]" }},
		{2, 2, func(string) string { return "!" }},
	})
	if err != nil || got != "a<b![c]de>f" {
		t.Errorf("%q %v", got, err)
	}
}
