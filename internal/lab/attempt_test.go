//go:build integration

package lab

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// attempts is how often a test is played at most.
	attempts = 4
	// attemptsLast is how long a test may have taken and still be played once more.
	attemptsLast = 5 * time.Minute
)

// fairly plays a test of one or two hosts when there is room for it, beside others. A play that failed tells
// nothing of heartbeatd if this machine was measurably held up meanwhile, or if a C node showed a fault it is
// known for; the first failure beside a C node tells nothing yet. Such a test is played again, with nothing beside
// it, and the reason is printed. Any other failure is the test's.
func fairly(t *testing.T, play func(testing.TB)) {
	t.Helper()
	t.Parallel()
	again(t, aShare, soon, play)
}

// atOnce is fairly for a test that takes long: it must not be the last to begin.
func atOnce(t *testing.T, play func(testing.TB)) {
	t.Helper()
	t.Parallel()
	again(t, aShare, first, play)
}

// alone is fairly for a test that keeps the processors busy by itself.
func alone(t *testing.T, play func(testing.TB)) {
	t.Helper()
	t.Parallel()
	again(t, everything, last, play)
}

// again plays a test when there is room, and again as often as its failures tell nothing.
func again(t *testing.T, share int, when urgency, play func(testing.TB)) {
	t.Helper()
	a := repeat(t, share, when, play)
	for _, l := range a.logs {
		t.Log(l)
	}
	switch {
	case a.failed && a.excuse != "":
		t.Fatalf("it has failed each time, and each time %s; this time by: %s", a.excuse, a.why)
	case a.failed:
		t.Fatalf("it has failed by: %s", a.why) // once more, after all those logs
	case a.skipped != "":
		t.Skip(a.skipped)
	}
}

// repeat makes attempts until one tells something, and returns the last.
func repeat(t *testing.T, share int, when urgency, play func(testing.TB)) *attempt {
	t.Helper()
	for n, begin := 1, time.Now(); ; n++ {
		a := attemptAt(t, share, when, play)
		if a.excuse == "" && a.genuine && n == 1 {
			a.excuse = "a C node took part, and it may have been its fault"
		}
		if !a.failed || a.excuse == "" || n == attempts || time.Since(begin) > attemptsLast {
			return a
		}
		t.Logf("play %d tells nothing, so it is played again: %s\n%s", n, a.excuse, strings.Join(a.logs, "\n"))
		share, when = everything, last
	}
}

// attemptAt makes one attempt when it is its turn.
func attemptAt(t *testing.T, share int, when urgency, play func(testing.TB)) *attempt {
	t.Helper()
	room.take(share, when)
	defer room.give(share)
	if share == everything {
		machine.awaitCalm()
	}
	a, begin := &attempt{TB: t}, time.Now()
	a.play(play)
	if a.excuse == "" {
		a.excuse = machine.heldUp(begin, time.Now())
	}
	return a
}

// attempt is one play: it fails by itself, without the test.
type attempt struct {
	testing.TB
	guard    sync.Mutex
	failed   bool
	skipped  string
	why      string // its first error
	excuse   string // why a failure tells nothing
	genuine  bool   // a C node took part
	logs     []string
	cleanups []func()
}

// play runs the test as the testing package would, in a goroutine that Fatal can end.
func (a *attempt) play(test func(testing.TB)) {
	var ended sync.WaitGroup
	ended.Add(1)
	go func() {
		defer ended.Done()
		defer func() {
			for i := len(a.cleanups) - 1; i >= 0; i-- {
				a.cleanups[i]()
			}
		}()
		test(a)
	}()
	ended.Wait()
}

// watch looks for an excuse in a lab before it is closed. A C node that says that it lost a message of its own is
// one: a takeover of 3.0.6 in about a hundred ends so, whoever its peer is. It has more races than it tells of:
// a failure beside one counts if it comes twice.
func (a *attempt) watch(l *Lab) {
	a.Cleanup(func() {
		if a.excuse == "" {
			a.excuse = l.Spoiled()
		}
		a.genuine = a.genuine || l.Genuine()
	})
}

// excusedBy gives an attempt an excuse that its test knows of.
func excusedBy(t testing.TB, why string) {
	if a, ok := t.(*attempt); ok && a.excuse == "" {
		a.excuse = why
	}
}

func (a *attempt) note(text string) {
	where := whereFrom()
	a.guard.Lock()
	defer a.guard.Unlock()
	a.logs = append(a.logs, where+strings.TrimSuffix(text, "\n"))
}

// whereFrom names the lines of the tests that led here, the innermost first: what a log of the testing package
// has by itself.
func whereFrom() string {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var lines []string
	for {
		f, more := frames.Next()
		file := filepath.Base(f.File)
		if strings.HasSuffix(file, "_test.go") && file != "attempt_test.go" && len(lines) < 5 {
			lines = append(lines, fmt.Sprintf("%s:%d", file, f.Line))
		}
		if !more {
			break
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, " < ") + ": "
}

// because keeps the begin of the first error.
func (a *attempt) because(text string) {
	a.guard.Lock()
	defer a.guard.Unlock()
	if a.why == "" {
		a.why = text[:min(len(text), 700)]
	}
}

func (a *attempt) Cleanup(f func())           { a.cleanups = append(a.cleanups, f) }
func (a *attempt) Failed() bool               { a.guard.Lock(); defer a.guard.Unlock(); return a.failed }
func (a *attempt) Log(args ...any)            { a.note(fmt.Sprintln(args...)) }
func (a *attempt) Logf(f string, args ...any) { a.note(fmt.Sprintf(f, args...)) }
func (a *attempt) Fail()                      { a.guard.Lock(); defer a.guard.Unlock(); a.failed = true }
func (a *attempt) FailNow()                   { a.Fail(); runtime.Goexit() }
func (a *attempt) Error(args ...any)          { a.Log(args...); a.because(fmt.Sprint(args...)); a.Fail() }
func (a *attempt) Errorf(f string, args ...any) {
	a.Logf(f, args...)
	a.because(fmt.Sprintf(f, args...))
	a.Fail()
}
func (a *attempt) Fatal(args ...any) { a.Log(args...); a.because(fmt.Sprint(args...)); a.FailNow() }
func (a *attempt) Fatalf(f string, args ...any) {
	a.Logf(f, args...)
	a.because(fmt.Sprintf(f, args...))
	a.FailNow()
}
func (a *attempt) Skip(args ...any)            { a.skipped = fmt.Sprint(args...); runtime.Goexit() }
func (a *attempt) SkipNow()                    { a.Skip("no reason given") }
func (a *attempt) Skipf(f string, args ...any) { a.Skip(fmt.Sprintf(f, args...)) }

// A play that fails and has an excuse is played again, any other failure is the test's.
func TestOnlyAnExcuseGivesAnotherPlay(t *testing.T) {
	plays := 0
	again(t, aShare, soon, func(t testing.TB) {
		if plays++; plays == 1 {
			t.Cleanup(func() { excusedBy(t, "a reason") })
			t.Fatal("on purpose")
		}
	})
	if plays != 2 {
		t.Errorf("%d plays, want 2", plays)
	}
	for _, c := range []struct{ fails, plays int }{{1, 2}, {2, 2}} { // beside a C node
		plays = 0
		a := repeat(t, aShare, soon, func(t testing.TB) {
			t.(*attempt).genuine = true
			if plays++; plays <= c.fails {
				t.Fatal("on purpose")
			}
		})
		if plays != c.plays || a.failed != (c.fails == 2) {
			t.Errorf("beside a C node, %d failures: %d plays, failed in the end: %v", c.fails, plays, a.failed)
		}
	}
	a, cleaned := &attempt{TB: t}, false
	a.play(func(t testing.TB) {
		t.Cleanup(func() { cleaned = true })
		t.Fatalf("on %s", "purpose")
	})
	if !a.failed || a.excuse != "" || !cleaned || len(a.logs) != 1 {
		t.Errorf("failed %v, excuse %q, cleaned %v, logs %q", a.failed, a.excuse, cleaned, a.logs)
	}
}
