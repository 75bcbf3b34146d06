//go:build integration

package lab

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

const serialDevice = "/dev/ttyS0"

// serialCable is a null modem between two hosts: a pseudo terminal on each, and this program between them.
type serialCable struct {
	testing.TB
	hosts [2]*Host

	mu    sync.Mutex
	ends  [2]*os.File // masters of the terminals
	keep  [2]*os.File // their own sides: a master whose terminal nobody has open cannot be read
	said  [2][]byte   // all that each host has written
	cut   [2]bool     // what this host says does not arrive
	after sync.WaitGroup
}

func newSerialCable(t testing.TB, a, b *Host) *serialCable {
	t.Helper()
	c := &serialCable{TB: t, hosts: [2]*Host{a, b}}
	t.Cleanup(func() {
		c.unplug(0)
		c.unplug(1)
		c.after.Wait()
	})
	c.plug(0)
	c.plug(1)
	return c
}

// plug gives a host its port; one that has booted needs a new one.
func (c *serialCable) plug(end int) {
	c.Helper()
	c.unplug(end)
	h := c.hosts[end]
	run(c.TB, h, "sh", "-c", "mkdir -p /dev/pts && { mountpoint -q /dev/pts || mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts; }")
	master, err := os.OpenFile(h.Path("/dev/pts/ptmx"), os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		c.Fatal(err)
	}
	name := ""
	raw, err := master.SyscallConn()
	if err != nil {
		c.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) {
		var n int
		if n, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN); err == nil {
			name, err = fmt.Sprintf("/dev/pts/%d", n), unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0)
		}
	})
	if err != nil {
		c.Fatal(err)
	}
	keep, err := os.OpenFile(h.Path(name), os.O_RDWR|unix.O_NOCTTY, 0)
	if err == nil { // a port that nobody has open does not echo
		err = unix.IoctlSetTermios(int(keep.Fd()), unix.TCSETS, &unix.Termios{Cflag: unix.CS8 | unix.CREAD | unix.B9600})
	}
	if err != nil {
		c.Fatal(err)
	}
	c.mu.Lock()
	c.ends[end], c.keep[end] = master, keep
	c.mu.Unlock()
	run(c.TB, h, "ln", "-sfn", name, serialDevice)
	c.after.Go(func() { c.relay(end, master) })
}

// unplug takes the port off a host, as if an adapter were pulled.
func (c *serialCable) unplug(end int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ends[end] != nil {
		c.ends[end].Close()
		c.keep[end].Close()
		c.ends[end] = nil
	}
}

// relay hands on what a host writes.
func (c *serialCable) relay(from int, master *os.File) {
	buf := make([]byte, 4096)
	for {
		n, err := master.Read(buf)
		if err != nil {
			return
		}
		c.mu.Lock()
		c.said[from] = append(c.said[from], buf[:n]...)
		to := c.ends[1-from]
		if c.cut[from] {
			to = nil
		}
		c.mu.Unlock()
		if to != nil {
			_, _ = to.Write(buf[:n])
		}
	}
}

// inject writes to a host what its peer has not said.
func (c *serialCable) inject(to int, data []byte) {
	c.Helper()
	c.mu.Lock()
	end := c.ends[to]
	c.mu.Unlock()
	if _, err := end.Write(data); err != nil {
		c.Fatal(err)
	}
}

// carries says whether what a host says arrives.
func (c *serialCable) carries(from int, yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut[from] = !yes
}

// hold stops what a host writes, as a line does whose handshake says no, or lets it go on.
func (c *serialCable) hold(end int, on bool) {
	c.Helper()
	action := 1 // TCOON
	if on {
		action = 0 // TCOOFF
	}
	c.mu.Lock()
	keep := c.keep[end]
	c.mu.Unlock()
	if err := unix.IoctlSetInt(int(keep.Fd()), unix.TCXONC, action); err != nil {
		c.Fatal(err)
	}
}

// heard is all that a host has written so far.
func (c *serialCable) heard(from int) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]byte(nil), c.said[from]...)
}
