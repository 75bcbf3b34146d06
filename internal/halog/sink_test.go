package halog

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// stuck is a terminal that takes nothing until it is released.
type stuck struct {
	entered chan struct{}
	release chan struct{}
	once    sync.Once
	mu      sync.Mutex
	got     bytes.Buffer
}

func newStuck() *stuck {
	return &stuck{entered: make(chan struct{}), release: make(chan struct{})}
}

func (s *stuck) Write(b []byte) (int, error) {
	s.once.Do(func() { close(s.entered) })
	<-s.release
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.Write(b)
}

func (s *stuck) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.String()
}

// A slow terminal costs its own lines: callers do not wait, the file gets everything, and the
// terminal is told how many it missed.
func TestStuckTerminal(t *testing.T) {
	t.Parallel()
	term := newStuck()
	c := sampleConfig()
	c.Stderr = term
	l := open(c, eager)
	l.Line(Info, "first")
	<-term.entered
	const lines = 1000
	for i := range lines {
		l.Line(Info, fmt.Sprint(i)) // would hang here
	}
	wantLost := uint64(lines - eager.queue)
	if l.Lost() != wantLost {
		t.Errorf("Lost = %d, want %d", l.Lost(), wantLost)
	}
	if l.Close(10 * time.Millisecond) {
		t.Error("Close of a stuck terminal says all is written")
	}
	close(term.release)
	if !l.Close(10 * time.Second) {
		t.Fatal("Close timed out after the release")
	}
	want := fmt.Sprintf("%d log lines were lost: more lines than could be written", wantLost)
	if got := term.String(); strings.Count(got, want) != 1 || !strings.Contains(got, "info: 63\n") {
		t.Errorf("want once %q and line 63 in\n%s", want, got)
	}
	l.Line(Info, "after the end")
	if l.Lost() != wantLost+1 {
		t.Errorf("a line after Close: Lost = %d, want %d", l.Lost(), wantLost+1)
	}
}

// The report of lost lines comes by itself when nothing more is logged.
func TestReportWithoutFurtherLines(t *testing.T) {
	t.Parallel()
	term := newStuck()
	c := sampleConfig()
	c.Stderr = term
	tune := eager
	tune.queue, tune.idle, tune.notice = 1, time.Millisecond, time.Hour
	l := open(c, tune)
	defer l.Close(time.Second)
	l.sinks[0].reported = time.Now() // a report is not due with the next line
	l.Line(Info, "first")
	<-term.entered
	l.Line(Info, "second")
	l.Line(Info, "third")
	close(term.release)
	deadline := time.Now().Add(10 * time.Second)
	for !strings.Contains(term.String(), "1 log lines were lost") {
		if time.Now().After(deadline) {
			t.Fatalf("no report in %q", term.String())
		}
		time.Sleep(time.Millisecond)
	}
}

// Many writers and rotations at once; for the race detector, and nothing may be lost or torn.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var out bytes.Buffer
	c := sampleConfig()
	c.File, c.DebugFile, c.Stderr = dir+"/log", dir+"/debug", &out
	tune := eager
	tune.queue = 10000
	l := open(c, tune)
	var wg sync.WaitGroup
	for g := range 10 {
		wg.Go(func() {
			for i := range 100 {
				l.Line(Info, fmt.Sprintf("%d/%d", g, i))
				l.Script("ResourceManager", "default", Info, "x")
				if i%20 == 0 {
					l.Reopen()
					l.Lost()
				}
			}
		})
	}
	wg.Wait()
	if !l.Close(10 * time.Second) {
		t.Fatal("Close timed out")
	}
	if l.Lost() != 0 {
		t.Errorf("Lost = %d", l.Lost())
	}
	if n := strings.Count(out.String(), "\n"); n != 2000 {
		t.Errorf("%d lines, want 2000", n)
	}
}
