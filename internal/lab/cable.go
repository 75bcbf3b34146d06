package lab

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// cableUp gives the network namespace of a process a host's devices and addresses.
func (h *Host) cableUp(pid int) error {
	h.ports = make([]string, h.opts.Links)
	for i := range h.ports {
		if err := h.addDevice(i, pid); err != nil {
			return err
		}
	}
	if len(h.rough.loss) > 0 || len(h.rough.deaf) > 0 {
		return h.nft(pid, h.roughRules())
	}
	return nil
}

// addDevice makes the device ethLINK with its cable, and gives it the host's address.
func (h *Host) addDevice(link, pid int) error {
	port := h.lab.nextPort()
	err := h.lab.ip(
		fmt.Sprintf("link add name %s type veth peer name eth%d netns %d", port, link, pid),
		fmt.Sprintf("link set %s master br%d up", port, link))
	if err != nil {
		return err
	}
	h.ports[link] = port
	device := fmt.Sprintf("eth%d", link)
	cmd := exec.Command("nsenter", "-t", fmt.Sprint(pid), "-n", "--", "ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(fmt.Sprintf("address add %s/24 broadcast + dev %s\nlink set %s up\n", h.Address(link), device, device))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("lab: addresses of %s: %w: %s", h.Name, err, strings.TrimSpace(string(out)))
	}
	return h.awaitPort(link)
}

// awaitPort waits until the switch forwards for a cable: on a busy machine the kernel takes up to
// a second to notice that both ends are up.
func (h *Host) awaitPort(link int) error {
	return Eventually(time.Minute, "the switch to forward for "+h.Name, func() bool {
		time.Sleep(20 * time.Millisecond) // to ask takes two programs
		cmd := exec.Command("nsenter", "-t", fmt.Sprint(h.lab.net.Process.Pid), "-n", "--", "ip", "-details", "-oneline", "link", "show", h.ports[link])
		out, err := cmd.Output()
		return err == nil && strings.Contains(string(out), "state forwarding")
	})
}

// RemoveDevice takes the device ethLINK out of a running host, as a failing card or a driver
// being unloaded does.
func (h *Host) RemoveDevice(link int) error {
	port := h.ports[link]
	h.ports[link] = ""
	return h.lab.ip("link delete " + port)
}

// AddDevice puts the device ethLINK back after [Host.RemoveDevice].
func (h *Host) AddDevice(link int) error { return h.addDevice(link, h.pid) }

// Unplug pulls the cable of ethLINK: the host sees its carrier go.
func (h *Host) Unplug(link int) error { return h.lab.ip("link set " + h.ports[link] + " down") }

// Plug puts the cable of ethLINK back in.
func (h *Host) Plug(link int) error {
	if err := h.lab.ip("link set " + h.ports[link] + " up"); err != nil {
		return err
	}
	return h.awaitPort(link)
}

// cables does the same to the switch's ends of all cables, at once.
func (h *Host) cables(do string) error {
	var lines []string
	for _, port := range h.ports {
		if port != "" {
			lines = append(lines, "link set "+port+" "+do)
		}
	}
	if len(lines) == 0 || !h.Up() {
		return nil // a host that ended by itself has taken its cables along
	}
	return h.lab.ip(lines...)
}

// cablesGone takes the cables of a host without power away. The kernel removes those of a network
// nobody is in by itself, sooner or later: one that is gone already is no error.
func (h *Host) cablesGone() error {
	for i, port := range h.ports {
		if port == "" {
			continue
		}
		h.ports[i] = ""
		err := h.lab.ip("link delete " + port)
		if err != nil && !strings.Contains(err.Error(), "Cannot find device") && !strings.Contains(err.Error(), "No such device") {
			return err
		}
	}
	return nil
}

// Forbid makes the host's firewall refuse to send UDP to a port on a device: programs see EPERM.
// It needs iptables.
func (h *Host) Forbid(device string, port int) error { return h.firewall("-I", device, port) }

// Allow undoes [Host.Forbid].
func (h *Host) Allow(device string, port int) error { return h.firewall("-D", device, port) }

func (h *Host) firewall(op, device string, port int) error {
	if _, err := h.Run("iptables", "-w", op, "OUTPUT", "-o", device, "-p", "udp", "--dport", fmt.Sprint(port), "-j", "DROP"); err != nil {
		return errors.Join(err, errors.New("the package iptables is needed for this"))
	}
	return nil
}

// Reach tells whether packets get from the host to an address (or a name) and back: nil if they do.
func (h *Host) Reach(to string) error {
	_, err := h.Run(toolPath, stageWord, "reach", to)
	return err
}

// stageReach knocks at a port nobody listens on. The refusal proves that a live kernel answered.
func stageReach(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: reach ADDRESS")
	}
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(args[0], "9"), 1500*time.Millisecond)
	if err == nil {
		return conn.Close()
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil
	}
	return fmt.Errorf("reach: %w", err)
}
