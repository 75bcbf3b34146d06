package duel

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A sentry is a process that does nothing on one processor but sleep, with a priority above that of the daemons, and
// tell when it came late: then nothing on that processor could run, whatever it is.
const (
	sentrySleep = 250 * time.Microsecond
	// sentryNotes is what it tells of: less is the timers'.
	sentryNotes    = 250 * time.Microsecond
	sentryPriority = 90
)

// hold is a time in which a processor ran nothing that wanted to, in nanoseconds of the clock that frames are stamped with.
type hold struct{ from, to int64 }

// sentries watch all processors.
type sentries struct {
	running []*exec.Cmd
	reading sync.WaitGroup
	mu      sync.Mutex
	holds   []hold
	sorted  int // so many of them are in order
}

// startSentries begins to watch.
func startSentries() (*sentries, error) {
	s := &sentries{}
	for cpu := range runtime.NumCPU() {
		cmd := exec.Command("/proc/self/exe", "duel", "--sentry", fmt.Sprint(cpu))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			s.stop()
			return nil, fmt.Errorf("starting a sentry: %w", err)
		}
		s.running = append(s.running, cmd)
		s.reading.Go(func() { s.read(out) })
	}
	return s, nil
}

func (s *sentries) read(out io.Reader) {
	for {
		var h [2]int64
		if binary.Read(out, binary.NativeEndian, &h) != nil {
			return
		}
		s.mu.Lock()
		s.holds = append(s.holds, hold{h[0], h[1]})
		s.mu.Unlock()
	}
}

// stop ends them.
func (s *sentries) stop() {
	for _, cmd := range s.running {
		cmd.Process.Kill() //nolint:errcheck // it may have ended
	}
	s.reading.Wait()
	for _, cmd := range s.running {
		cmd.Wait() //nolint:errcheck // killed
	}
}

// during is for how long a processor at least was held up in a time.
func (s *sentries) during(from, to int64) (held int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sorted < len(s.holds) {
		slices.SortFunc(s.holds, func(a, b hold) int { return cmp.Compare(a.to, b.to) })
		s.sorted = len(s.holds)
	}
	first, _ := slices.BinarySearchFunc(s.holds, from, func(h hold, at int64) int { return cmp.Compare(h.to, at) })
	var in []hold
	for _, h := range s.holds[first:] {
		if h.to-to > longestHold {
			break
		}
		in = append(in, h)
	}
	slices.SortFunc(in, func(a, b hold) int { return cmp.Compare(a.from, b.from) })
	for _, h := range in {
		if begin, end := max(h.from, from), min(h.to, to); end > begin {
			held += end - begin
			from = end // no moment counts twice
		}
	}
	return held
}

// longestHold bounds how far beyond a time a hold that touches it can end.
const longestHold = int64(10 * time.Second)

// sentry watches a processor until it is killed, or who started it is.
func sentry(cpu int) error {
	runtime.LockOSThread()
	var set unix.CPUSet
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("keeping to processor %d: %w", cpu, err)
	}
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: sentryPriority}
	if err := unix.SchedSetAttr(0, &attr, 0); err != nil {
		return fmt.Errorf("getting a real-time priority: %w", err)
	}
	for parent := os.Getppid(); os.Getppid() == parent; { // nobody is told, and nobody ends it, where the duel was killed
		due := time.Now().Add(sentrySleep)
		ts := unix.NsecToTimespec(int64(sentrySleep))
		unix.Nanosleep(&ts, nil) //nolint:errcheck // a signal makes it short, which is no harm
		now := time.Now()
		if now.Sub(due) < sentryNotes {
			continue
		}
		if err := binary.Write(os.Stdout, binary.NativeEndian, [2]int64{due.UnixNano(), now.UnixNano()}); err != nil {
			return fmt.Errorf("telling of a hold: %w", err)
		}
	}
	return nil
}
