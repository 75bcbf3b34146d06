package chaos

import (
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Metronome measures how late this machine is: a thread that wants to run every 20 ms, as a daemon wants to
// beat, and sees when it really does. What happened while the machine was held up says nothing of a daemon.
type Metronome struct {
	mu   sync.Mutex
	late []Lateness
	stop chan struct{}
}

// Lateness is a time in which the machine was held up.
type Lateness struct {
	At time.Time // its end
	By time.Duration
}

const (
	metronomeBeat = 20 * time.Millisecond
	// noticed is the lateness that is remembered at all.
	noticed = 50 * time.Millisecond
	// tooLate is more than a daemon may be held up without a consequence that the judge would see.
	tooLate = 400 * time.Millisecond
)

// StartMetronome starts one.
func StartMetronome() *Metronome {
	m := &Metronome{stop: make(chan struct{})}
	go m.run()
	return m
}

// Stop ends it.
func (m *Metronome) Stop() { close(m.stop) }

func (m *Metronome) run() {
	runtime.LockOSThread()
	for {
		select {
		case <-m.stop:
			return
		default:
		}
		begin := time.Now()
		ts := unix.NsecToTimespec(int64(metronomeBeat))
		unix.Nanosleep(&ts, nil) //nolint:errcheck // a signal makes it short, which is no harm
		if by := time.Since(begin) - metronomeBeat; by > noticed {
			m.mu.Lock()
			m.late = append(m.late, Lateness{time.Now(), by})
			m.mu.Unlock()
		}
	}
}

// Between are the latenesses of a time.
func (m *Metronome) Between(from, to time.Time) []Lateness {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Lateness
	for _, l := range m.late {
		if l.At.After(from) && l.At.Add(-l.By).Before(to) {
			all = append(all, l)
		}
	}
	return all
}

// worst is the worst of them.
func worst(all []Lateness) (w Lateness) {
	for _, l := range all {
		if l.By > w.By {
			w = l
		}
	}
	return w
}

// heldUp is how long the machine was held up in a time: it does not count for what is to happen in time. What
// was once measured late was late for everybody, twice: when it was to run, and when it was to go on.
func (r *Record) heldUp(from, to time.Time) time.Duration {
	sum := time.Duration(0)
	for _, l := range r.Lates {
		if l.At.After(from) && l.At.Add(-l.By).Before(to) {
			sum += 2 * l.By
		}
	}
	return sum
}
