package lab

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// stage is where the demonstration is shown: steps, remarks and the nodes' logs, one line at a
// time.
type stage struct {
	out    io.Writer
	colour bool
	mu     sync.Mutex
	steps  int
	tails  []*Tail
	stop   chan struct{}
	done   sync.WaitGroup
}

func newStage(out io.Writer, colour bool) *stage {
	s := &stage{out: out, colour: colour, stop: make(chan struct{})}
	s.done.Go(s.showLogs)
	return s
}

// nodeColours are ANSI colours, in the order of the hosts.
var nodeColours = []string{"36", "35", "33"}

func (s *stage) paint(code, text string) string {
	if !s.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// step announces a part of the demonstration.
func (s *stage) step(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps++
	fmt.Fprintf(s.out, "\n%s\n", s.paint("1", fmt.Sprintf("%d. %s", s.steps, text)))
}

// say adds a remark.
func (s *stage) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "   %s\n", fmt.Sprintf(format, args...))
}

// quote shows a file.
func (s *stage) quote(name, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		fmt.Fprintf(s.out, "     %-12s %s\n", s.paint("2", name), line)
		name = ""
	}
}

// follow shows what is written to a host's ha-log from now on.
func (s *stage) follow(h *Host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tails = append(s.tails, h.Tail("/var/log/ha-log"))
}

func (s *stage) showLogs() {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			s.showNew()
			return
		case <-tick.C:
			s.showNew()
		}
	}
}

func (s *stage) showNew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, t := range s.tails {
		for _, line := range t.Lines() {
			fmt.Fprintf(s.out, "   %s %s\n", s.paint(nodeColours[i%len(nodeColours)], t.host.Name+" |"), line)
		}
	}
}

// stopLogs shows the last lines and ends.
func (s *stage) stopLogs() {
	close(s.stop)
	s.done.Wait()
}
