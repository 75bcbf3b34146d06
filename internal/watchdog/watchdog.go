// Package watchdog keeps the device of the directive watchdog from resetting this machine, as long as somebody
// who is alive says so.
//
// Writing is done beside the caller, so that a device that hangs cannot hold him up; but nothing is ever written
// that he has not asked for. When he hangs or dies, nobody writes, and the device does what it is for.
package watchdog

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Device is an open watchdog.
type Device interface {
	Write(b []byte) (int, error)
	SetTimeout(seconds int) error
	Close() error
}

// Log takes a line as 3.0.6 writes it. It must not wait.
type Log func(level, text string)

// disarmWithin is how long a device may take at the end; after that the daemon ends without it.
const disarmWithin = time.Second

// Dog is an armed device. Its methods are for one goroutine. A nil *Dog is none.
type Dog struct {
	name    string
	device  Device
	log     Log
	tickles chan struct{}
	disarm  chan struct{}
	leave   chan struct{} // the device is somebody else's now, see Leave
	over    chan struct{}
}

// Timeout is what the device is set to, in seconds (3.0.6: deadtime and 10 ms, rounded up).
func Timeout(deadtime time.Duration) int {
	return int((deadtime + 10*time.Millisecond + time.Second - 1) / time.Second)
}

// Open arms a device, which from now on wants a tickle within its timeout. One that cannot be opened is said, and
// lived without, as 3.0.6 does: the answer is nil.
func Open(name string, deadtime time.Duration, log Log) *Dog {
	return arm(name, deadtime, log, openFile)
}

func arm(name string, deadtime time.Duration, log Log, open func(string) (Device, error)) *Dog {
	device, err := open(name)
	if err != nil {
		log("ERROR", fmt.Sprintf("Cannot open watchdog device: %s: %v", name, plain(err)))
		return nil
	}
	log("notice", "Using watchdog device: "+name)
	return begin(name, device, deadtime, log)
}

// begin sets an open device to its time, and tickles it.
func begin(name string, device Device, deadtime time.Duration, log Log) *Dog {
	seconds := Timeout(deadtime)
	if err := device.SetTimeout(seconds); err != nil {
		log("ERROR", fmt.Sprintf("WDIOC_SETTIMEOUT: Failed to set watchdog timer to %d seconds.: %v", seconds, plain(err)))
	}
	d := start(name, device, log)
	d.Tickle()
	return d
}

func start(name string, device Device, log Log) *Dog {
	d := &Dog{
		name: name, device: device, log: log, tickles: make(chan struct{}, 1),
		disarm: make(chan struct{}), leave: make(chan struct{}), over: make(chan struct{}),
	}
	go d.write()
	return d
}

// Tickle says that the caller lives. It does not wait.
func (d *Dog) Tickle() {
	if d == nil {
		return
	}
	select {
	case d.tickles <- struct{}{}:
	default: // one is on its way
	}
}

// Disarm ends the device's watch. Whoever does not call it before the end leaves the device armed.
func (d *Dog) Disarm() {
	if d == nil {
		return
	}
	close(d.disarm)
	select {
	case <-d.over:
	case <-time.After(disarmWithin):
		d.log("ERROR", fmt.Sprintf("The watchdog device %s hangs: it was not disarmed", d.name))
	}
}

// write writes what the caller has asked for.
func (d *Dog) write() {
	defer close(d.over)
	defer d.device.Close()
	for broken := false; ; {
		select {
		case <-d.leave:
			return
		case <-d.disarm:
			if _, err := d.device.Write([]byte("V")); err != nil {
				d.log("ERROR", fmt.Sprintf("Watchdog write magic character failure: closing %s!: %v", d.name, plain(err)))
			}
			return
		case <-d.tickles:
			_, err := d.device.Write([]byte{0})
			if err != nil && !broken { // 3.0.6 closes it, and the machine is reset though nothing hangs
				d.log("ERROR", fmt.Sprintf("Watchdog write failure: %s: %v", d.name, plain(err)))
			}
			broken = err != nil
		}
	}
}

// plain is the system's own word for an error.
func plain(err error) error {
	var no unix.Errno
	if errors.As(err, &no) {
		return no
	}
	return err
}

// file is the device by its bare number: a runtime that waits for it would be one more thing that can hang.
type file int

// openFile never waits: what is named may be a FIFO without a reader.
func openFile(name string) (Device, error) {
	fd, err := unix.Open(name, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	return file(fd), nil
}

func (f file) Write(b []byte) (int, error) { return unix.Write(int(f), b) }
func (f file) Close() error                { return unix.Close(int(f)) }

// SetTimeout is the ioctl WDIOC_SETTIMEOUT.
func (f file) SetTimeout(seconds int) error {
	return unix.IoctlSetPointerInt(int(f), unix.WDIOC_SETTIMEOUT, seconds)
}
