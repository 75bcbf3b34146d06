package address

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// Announcer announces addresses from a process that lives on. It has one socket for all, and keeps it: closing one
// holds up its caller (see sender).
type Announcer struct {
	mu sync.Mutex
	s  sender
}

// Announce sends one round at once, and the others of [Schedule] in the background, for as long as this machine has
// the address. Errors are those of the function Announce.
func (a *Announcer) Announce(spec Spec) error {
	held, out, err := Status(spec)
	switch {
	case err != nil:
		return err
	case !held:
		return fmt.Errorf("%w: %s", ErrNotHere, spec.Addr)
	}
	return a.On(spec.Addr, out.Index)
}

// On is Announce for one who has just put the address on the interface of that number.
func (a *Announcer) On(addr netip.Addr, index uint32) error {
	a.mu.Lock()
	err := a.s.round(index, addr)
	a.mu.Unlock()
	if !errors.Is(err, ErrNoNeighbours) {
		go a.goOn(addr, index, time.Now(), Schedule)
	}
	return err
}

func (a *Announcer) goOn(addr netip.Addr, index uint32, begin time.Time, schedule []time.Duration) {
	for _, at := range schedule {
		time.Sleep(time.Until(begin.Add(at)))
		if held, err := isHeld(index, addr); err != nil || !held {
			return
		}
		a.mu.Lock()
		_ = a.s.round(index, addr) // a link that is down for a moment may be up at the next round
		a.mu.Unlock()
	}
}
