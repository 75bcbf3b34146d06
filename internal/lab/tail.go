package lab

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// Tail reads a log of a host as it grows. It survives power cuts of the host and a log that is
// not there yet.
type Tail struct {
	host *Host
	path string
	mu   sync.Mutex
	seen int64 // bytes read
	part string
}

// Tail follows a log from its present end.
func (h *Host) Tail(path string) *Tail {
	t := &Tail{host: h, path: path}
	if info, err := os.Stat(h.Path(path)); err == nil {
		t.seen = info.Size()
	}
	return t
}

// TailFromStart follows a log from its begin.
func (h *Host) TailFromStart(path string) *Tail { return &Tail{host: h, path: path} }

// Lines returns the whole lines that are new since the last call.
func (t *Tail) Lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	f, err := os.Open(t.host.Path(t.path))
	if err != nil {
		return nil
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() < t.seen {
		t.seen, t.part = 0, "" // rotated
	}
	var fresh bytes.Buffer
	if _, err := f.Seek(t.seen, 0); err != nil {
		return nil
	}
	n, _ := fresh.ReadFrom(f)
	t.seen += n
	lines := strings.Split(t.part+fresh.String(), "\n")
	t.part = lines[len(lines)-1]
	return lines[:len(lines)-1]
}

// Wait reads on until a line contains every one of the words, and returns that line. The lines
// after it are kept for the next call. Its error quotes the lines that came instead.
func (t *Tail) Wait(patience time.Duration, words ...string) (string, error) {
	var passed []string
	var found string
	err := Eventually(patience, fmt.Sprintf("%q in %s of %s", words, t.path, t.host.Name), func() bool {
		lines := t.Lines()
		for i, line := range lines {
			if containsAll(line, words) {
				t.putBack(lines[i+1:])
				found = line
				return true
			}
		}
		passed = append(passed, lines...)
		return false
	})
	if err != nil {
		return "", fmt.Errorf("%w; it says:\n%s", err, strings.Join(passed, "\n"))
	}
	return found, nil
}

func (t *Tail) putBack(lines []string) {
	if len(lines) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part = strings.Join(lines, "\n") + "\n" + t.part
}

func containsAll(line string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(line, w) {
			return false
		}
	}
	return true
}
