//go:build integration

package lab

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// attempts is how often a test of C nodes is played at most.
const attempts = 3

// withC plays a test in which C nodes run, and plays it again if it failed and a C node had garbled a
// message of its own: one takeover of 3.0.6 in about a hundred ends so, whoever its peer is.
func withC(t *testing.T, test func(testing.TB)) {
	t.Helper()
	for n := 1; ; n++ {
		a := &attempt{TB: t}
		a.play(test)
		if a.failed && a.excuse != "" && n < attempts {
			t.Logf("attempt %d tells nothing, so once more: %s\n%s", n, a.excuse, strings.Join(a.logs, "\n"))
			continue
		}
		for _, l := range a.logs {
			t.Log(l)
		}
		switch {
		case a.failed:
			t.FailNow()
		case a.skipped != "":
			t.Skip(a.skipped)
		}
		return
	}
}

// attempt is one play: it fails by itself, without the test.
type attempt struct {
	testing.TB
	guard    sync.Mutex
	failed   bool
	skipped  string
	excuse   string // the C node's own line
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

// watch looks for an excuse in the logs of a lab's hosts before the lab is closed.
func (a *attempt) watch(l *Lab) {
	a.Cleanup(func() {
		for _, h := range l.hosts {
			log, _ := h.ReadFile("/var/log/ha-log")
			for _, line := range strings.Split(log, "\n") {
				if a.excuse == "" && Garbled(line) {
					a.excuse = h.Name + ": " + line
				}
			}
		}
	})
}

func (a *attempt) note(text string) {
	a.guard.Lock()
	defer a.guard.Unlock()
	a.logs = append(a.logs, strings.TrimSuffix(text, "\n"))
}

func (a *attempt) Cleanup(f func())             { a.cleanups = append(a.cleanups, f) }
func (a *attempt) Failed() bool                 { return a.failed }
func (a *attempt) Log(args ...any)              { a.note(fmt.Sprintln(args...)) }
func (a *attempt) Logf(f string, args ...any)   { a.note(fmt.Sprintf(f, args...)) }
func (a *attempt) Fail()                        { a.failed = true }
func (a *attempt) FailNow()                     { a.failed = true; runtime.Goexit() }
func (a *attempt) Error(args ...any)            { a.Log(args...); a.Fail() }
func (a *attempt) Errorf(f string, args ...any) { a.Logf(f, args...); a.Fail() }
func (a *attempt) Fatal(args ...any)            { a.Log(args...); a.FailNow() }
func (a *attempt) Fatalf(f string, args ...any) { a.Logf(f, args...); a.FailNow() }
func (a *attempt) Skip(args ...any)             { a.skipped = fmt.Sprint(args...); runtime.Goexit() }
func (a *attempt) Skipf(f string, args ...any)  { a.Skip(fmt.Sprintf(f, args...)) }

// An attempt that fails beside a garbled message is played again, any other failure is the test's.
func TestOnlyAGarbledMessageExcuses(t *testing.T) {
	plays := 0
	withC(t, func(t testing.TB) {
		if plays++; plays == 1 {
			t.Cleanup(func() { t.(*attempt).excuse = "garbled" })
			t.Fatal("on purpose")
		}
	})
	if plays != 2 {
		t.Errorf("%d plays, want 2", plays)
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
