//go:build integration

package lab

import (
	"fmt"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// watcher measures what this machine does to the programs on it, in two ways: how late a thread comes that
// wants to run every 20 ms, and how long a small script takes that is always the same.
type watcher struct {
	begin    sync.Once
	guard    sync.Mutex
	holds    []hold
	quickest time.Duration // of all scripts so far
	scripts  []script
}

// hold is a time in which nothing ran that wanted to, script one in which a script did.
type (
	hold   struct{ from, to time.Time }
	script struct{ from, to time.Time }
)

const (
	watcherBeat = 20 * time.Millisecond
	// tooLate is what a daemon with a deadtime of a second can be held up without a consequence.
	tooLate = 300 * time.Millisecond
	// A script that takes so many times as long as on a quiet machine, and that long, shows that all do.
	tooSlow      = 8
	tooSlowAtAll = 150 * time.Millisecond
	scriptEvery  = 500 * time.Millisecond
	// calm is so much at most: a quarter of it.
	calmFor, calmPatience = time.Second, 45 * time.Second
)

// machine is the one that the tests run on.
var machine watcher

// start begins to measure, once.
func (w *watcher) start() {
	w.begin.Do(func() {
		go w.beat()
		for range 3 {
			w.script()
		}
		go func() {
			for ; ; time.Sleep(scriptEvery) {
				w.script()
			}
		}()
	})
}

func (w *watcher) beat() {
	runtime.LockOSThread()
	for {
		from := time.Now()
		ts := unix.NsecToTimespec(int64(watcherBeat))
		unix.Nanosleep(&ts, nil) //nolint:errcheck // a signal makes it short, which is no harm
		if to := time.Now(); to.Sub(from)-watcherBeat > tooLate/4 {
			w.guard.Lock()
			w.holds = append(w.holds, hold{from.Add(watcherBeat), to})
			w.guard.Unlock()
		}
	}
}

// script runs one as long as a resource script, with a few programs in it.
func (w *watcher) script() {
	from := time.Now()
	if exec.Command("/bin/sh", "-c", "for i in 1 2 3 4 5 6; do /bin/true; done").Run() != nil {
		return
	}
	to := time.Now()
	w.guard.Lock()
	defer w.guard.Unlock()
	if took := to.Sub(from); w.quickest == 0 || took < w.quickest {
		w.quickest = took
	}
	w.scripts = append(w.scripts, script{from, to})
}

// worst is the longest hold and the longest script that touch a time.
func (w *watcher) worst(from, to time.Time) (late, slow, quickest time.Duration) {
	w.guard.Lock()
	defer w.guard.Unlock()
	for _, h := range w.holds {
		if h.to.After(from) && h.from.Before(to) {
			late = max(late, h.to.Sub(h.from))
		}
	}
	for _, s := range w.scripts {
		if s.to.After(from) && s.from.Before(to) {
			slow = max(slow, s.to.Sub(s.from))
		}
	}
	return late, slow, w.quickest
}

// heldUp says how the machine was held up in a time, "" if it was not.
func (w *watcher) heldUp(from, to time.Time) string {
	late, slow, quickest := w.worst(from, to)
	switch {
	case late > tooLate:
		return fmt.Sprintf("this machine was held up: a thread that wanted to run every %v came %v late", watcherBeat, late.Round(time.Millisecond))
	case slow > max(tooSlow*quickest, tooSlowAtAll):
		return fmt.Sprintf("this machine was busy: a script that takes %v took %v", quickest.Round(time.Millisecond), slow.Round(time.Millisecond))
	}
	return ""
}

// slack is what must be allowed in a time for something that is to happen at once: nothing on a machine that
// was not held up.
func (w *watcher) slack(from, to time.Time) (d time.Duration) {
	late, slow, quickest := w.worst(from, to)
	if late > tooLate/2 {
		d += 3 * late
	}
	if slow > max(tooSlow*quickest, tooSlowAtAll) {
		d += 3 * slow
	}
	return d
}

// awaitCalm waits until the machine has been itself for a while, but not for ever.
func (w *watcher) awaitCalm() {
	for end := time.Now().Add(calmPatience); time.Now().Before(end); time.Sleep(scriptEvery) {
		late, slow, quickest := w.worst(time.Now().Add(-calmFor), time.Now())
		if late < tooLate/4 && slow < tooSlow/4*quickest {
			return
		}
	}
}

// TestWatcherSeesAHold: what took long in a time is an excuse for it, and for no other.
func TestWatcherSeesAHold(t *testing.T) {
	zero := time.Now()
	at := func(ms int) time.Time { return zero.Add(time.Duration(ms) * time.Millisecond) }
	w := watcher{quickest: 10 * time.Millisecond,
		holds:   []hold{{at(1000), at(1200)}, {at(2000), at(2400)}},
		scripts: []script{{at(3000), at(3100)}, {at(4000), at(4200)}}}
	for _, c := range []struct {
		from, to int
		excused  bool
	}{{0, 1900, false}, {1900, 2100, true}, {2300, 2900, true}, {2500, 3900, false}, {4100, 4150, true}} {
		if got := w.heldUp(at(c.from), at(c.to)); (got != "") != c.excused {
			t.Errorf("%d..%d: %q, want an excuse: %v", c.from, c.to, got, c.excused)
		}
	}
}
