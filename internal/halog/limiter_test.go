package halog

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

func TestLimiter(t *testing.T) {
	t.Parallel()
	l := NewLimiter(time.Minute, 10)
	level := Error
	step := func(at time.Duration, key, text, want string, wantOK bool) {
		t.Helper()
		got, ok := l.Limit(key, at, Line{level, text})
		if got.Text != want || ok != wantOK || ok && got.Level != level {
			t.Errorf("%v %s: got %q, %v; want %q, %v", at, key, got, ok, want, wantOK)
		}
	}
	step(0, "a", "bad 1", "bad 1", true)
	for i := range 42 {
		step(time.Duration(i)*time.Second, "a", "bad", "", false)
	}
	step(time.Second, "b", "other", "other", true)
	step(time.Minute-1, "a", "late", "", false)
	step(time.Minute, "a", "bad 2", "bad 2 (43 more in the last 60 s)", true)
	step(3*time.Minute, "a", "bad 3", "bad 3", true)

	// A flood that ends is counted by Due, once.
	step(3*time.Minute+time.Second, "a", "bad 4", "", false)
	level = Debug // the latest line's
	step(3*time.Minute+2*time.Second, "a", "bad 5", "", false)
	if got := l.Due(3*time.Minute + 3*time.Second); len(got) != 0 {
		t.Errorf("Due before its time: %q", got)
	}
	want := []Line{{Debug, "bad 5 (1 more in the last 60 s)"}}
	if got := l.Due(4 * time.Minute); !reflect.DeepEqual(got, want) {
		t.Errorf("Due = %q, want %q", got, want)
	}
	if got := l.Due(9 * time.Minute); len(got) != 0 {
		t.Errorf("Due twice: %q", got)
	}
}

// What Skip counts need not be made up, and is told of like the rest.
func TestLimiterSkips(t *testing.T) {
	l := NewLimiter(time.Minute, 10)
	key, made := []byte("a"), 0
	for i := range 1000 {
		if !l.Skip(key, time.Duration(i)*time.Millisecond) {
			made++
			l.Limit("a", time.Duration(i)*time.Millisecond, Line{Warn, fmt.Sprint("bad ", i)})
		}
	}
	if made != 2 {
		t.Errorf("%d lines were made, want the one that passes and the one that is left out first", made)
	}
	want := []Line{{Warn, "bad 1 (998 more in the last 90 s)"}}
	if got := l.Due(90 * time.Second); !reflect.DeepEqual(got, want) {
		t.Errorf("Due = %q, want %q", got, want)
	}
	if l.Skip(key, 100*time.Second) || l.Skip([]byte("b"), 0) {
		t.Error("a line is skipped before any other was left out")
	}
	l.Limit("a", 100*time.Second, Line{Warn, "left out"})
	if line, ok := l.Limit("a", 100*time.Second, Line{Warn, "left out"}); ok {
		t.Error(line)
	}
	if !l.Skip(key, 149*time.Second) || l.Skip(key, 150*time.Second) {
		t.Error("it does not end with the interval")
	}
	if n := testing.AllocsPerRun(100, func() { l.Skip(key, 149*time.Second) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Invented keys neither fill the memory nor get each a line of their own.
func TestLimiterKeysAreBounded(t *testing.T) {
	t.Parallel()
	l := NewLimiter(time.Minute, 10)
	passed := 0
	for i := range 100000 {
		if _, ok := l.Limit(fmt.Sprint(i), time.Second, Line{Warn, "x"}); ok {
			passed++
		}
	}
	if passed != 11 || len(l.keys) != 11 {
		t.Errorf("%d lines passed, %d keys kept; want 11 and 11", passed, len(l.keys))
	}
	if line, ok := l.Limit("new", 2*time.Minute, Line{Warn, "x"}); !ok || line.Text != "x" {
		t.Errorf("old keys keep a new one out: %q, %v", line.Text, ok)
	}
}
