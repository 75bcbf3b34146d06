package lab

import "fmt"

// TakeAddress takes the host's own address on a link away, as somebody does who configures the
// wrong interface. The device and its cable stay.
func (h *Host) TakeAddress(link int) error {
	_, err := h.Run("ip", "address", "delete", h.Address(link).String()+"/24", "dev", fmt.Sprintf("eth%d", link))
	return err
}

// GiveAddress undoes [Host.TakeAddress].
func (h *Host) GiveAddress(link int) error {
	_, err := h.Run("ip", "address", "add", h.Address(link).String()+"/24", "broadcast", "+", "dev", fmt.Sprintf("eth%d", link))
	return err
}

// Gone is closed when the host has ended, by a power cut or by itself: a program on it may have
// rebooted it. It is nil while the host was never booted.
func (h *Host) Gone() <-chan struct{} { return h.gone }

// CableOut tells whether a device of the host is missing, see [Host.RemoveDevice].
func (h *Host) CableOut(link int) bool { return link >= len(h.ports) || h.ports[link] == "" }
