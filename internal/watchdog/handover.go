package watchdog

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Descriptor is another number for the open device, closed at exec until somebody says otherwise. Whoever inherits it
// keeps the device armed: the kernel sees neither an end nor a beginning.
func (d *Dog) Descriptor() (fd int, err error) {
	f, ok := d.device.(file)
	if !ok {
		return -1, fmt.Errorf("the watchdog device %s has no descriptor", d.name)
	}
	return unix.FcntlInt(uintptr(f), unix.F_DUPFD_CLOEXEC, 10)
}

// Adopt goes on with a device that this process has inherited, and is late for it already.
func Adopt(name string, fd int, deadtime time.Duration, log Log) *Dog {
	return begin(name, file(fd), deadtime, log)
}

// DisarmInherited ends the watch of a device that is not to be used any more.
func DisarmInherited(name string, fd int, log Log) {
	d := start(name, file(fd), log)
	d.Disarm()
}

// Leave ends the writing and nothing else: the device stays armed, for who has its descriptor.
func (d *Dog) Leave() { close(d.leave) }
