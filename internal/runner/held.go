package runner

import (
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	// heldMax bounds the files kept for services that still write to them. Beyond it the
	// oldest is let go: it can then grow, but descriptors are the scarcer thing.
	heldMax = 512
	// heldEvery is the pause between two rounds of emptying them.
	heldEvery = 5 * time.Second
)

// held keeps the output files that a service went on writing to after its script had ended, and
// empties them again and again: nobody reads them, and a chatty service must not eat the memory.
type held struct {
	mu      sync.Mutex
	streams []*stream
	busy    bool          // the goroutine runs
	every   time.Duration // 0 is heldEvery
}

// keep takes over the files of a script that has ended.
func (h *held) keep(c *capture) {
	for _, s := range c.streams {
		h.add(s)
	}
}

func (h *held) add(s *stream) {
	if !s.inUse() {
		s.file.Close()
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.streams) >= heldMax {
		h.streams[0].file.Close()
		h.streams = h.streams[1:]
	}
	h.streams = append(h.streams, s)
	if !h.busy {
		h.busy = true
		go h.round()
	}
}

// round empties what is held until nothing is.
func (h *held) round() {
	every := h.every
	if every == 0 {
		every = heldEvery
	}
	for h.empty() {
		time.Sleep(every)
	}
}

func (h *held) empty() (more bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	keep := h.streams[:0]
	for _, s := range h.streams {
		if !s.inUse() {
			s.file.Close()
			continue
		}
		s.empty()
		keep = append(keep, s)
	}
	clear(h.streams[len(keep):])
	h.streams = keep
	h.busy = len(keep) > 0
	return h.busy
}

// adopt looks once through the open files of our processes for output files of an earlier daemon
// and goes on emptying them. Without that a daemon killed with -9 would leave them to grow.
func (h *held) adopt() {
	links, _ := filepath.Glob("/proc/[0-9]*/fd/[12]")
	seen := make(map[uint64]bool)
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil || target != outputTarget || !ownProcess(filepath.Dir(filepath.Dir(link))) {
			continue
		}
		file, ino := openOutput(link)
		if file == nil {
			continue
		}
		s := &stream{file: file}
		if seen[ino] || !s.claim() { // its daemon lives, or it is ours
			file.Close()
			continue
		}
		seen[ino] = true
		h.add(s)
	}
}
