package address

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// release removes one address and nothing else. The kernel takes the secondary addresses of an
// IPv4 subnet away together with their primary unless promote_secondaries is set, so an address
// that happened to be the first of its subnet would drag the others with it.
func (c *conn) release(h holding) error {
	dependants, err := c.dependants(h)
	if err != nil {
		return err
	}
	if len(dependants) == 0 {
		return c.removeOne(h)
	}
	dev, err := c.deviceByIndex(h.index)
	if err != nil {
		return err
	}
	if !dev.promote && c.setPromote(h.index, true) == nil {
		defer func() { _ = c.setPromote(h.index, false) }()
	}
	if err := c.removeOne(h); err != nil {
		return err
	}
	return c.restore(h, dependants)
}

// removeOne: an address that is gone already, alone or with its interface, is a success.
func (c *conn) removeOne(h holding) error {
	err := c.remove(h)
	if errors.Is(err, unix.EADDRNOTAVAIL) || errors.Is(err, unix.ENODEV) {
		return nil
	}
	return err
}

// dependants lists the secondary addresses of which h is the primary.
func (c *conn) dependants(h holding) ([]holding, error) {
	if h.addr.Is6() || h.flags&unix.IFA_F_SECONDARY != 0 {
		return nil, nil
	}
	all, err := c.holdings(false)
	if err != nil {
		return nil, err
	}
	var found []holding
	for _, o := range all {
		if o.index == h.index && o.flags&unix.IFA_F_SECONDARY != 0 && o.subnet == h.subnet {
			found = append(found, o)
		}
	}
	return found, nil
}

// restore adds again what a kernel without promotion took away, and says so when it cannot.
func (c *conn) restore(gone holding, wanted []holding) error {
	all, err := c.holdings(false)
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, o := range all {
		have[key(o)] = true
	}
	var failed []error
	for _, w := range wanted {
		if have[key(w)] {
			continue
		}
		if err := c.addAgain(w); err != nil && !errors.Is(err, unix.EEXIST) {
			failed = append(failed, fmt.Errorf("%s went with %s and cannot be added again: %w", w.addr, gone.addr, err))
		}
	}
	return errors.Join(failed...)
}

func key(h holding) string { return fmt.Sprint(h.index, h.addr, h.bits) }
