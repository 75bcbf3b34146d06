//go:build integration

package lab

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// thief is a socket of a user without rights on the port of the beats, in a node's network; or why there
// can be none. The options are those with which a port can be shared.
func thief(t testing.TB, h *Host, port int, device string, options ...int) (fd int, err error) {
	t.Helper()
	inside(t, h, func() error {
		// Of this thread alone, which ends with its work.
		if _, _, errno := syscall.RawSyscall(unix.SYS_SETRESUID, 65534, 65534, 65534); errno != 0 {
			return errno
		}
		if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		for _, o := range options {
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, o, 1) //nolint:errcheck // then the bind fails
		}
		if device != "" {
			if err = unix.BindToDevice(fd, device); err != nil {
				return nil
			}
		}
		err = unix.Bind(fd, &unix.SockaddrInet4{Port: port})
		return nil
	})
	return fd, err
}

// TestHostilePort: no other user can take the beats away by binding to their port as well, not even where
// udpport is one that everybody may have. Of a unicast datagram the kernel gives each to one socket only.
func TestHostilePort(t *testing.T) { fairly(t, playHostilePort) }

func playHostilePort(t testing.TB) {
	const port = 6940
	c := newCluster(t, func(_ string, f *Files) {
		f.HACF = strings.Replace(strings.Replace(f.HACF, "udpport 694", fmt.Sprintf("udpport %d", port), 1), "bcast eth0", "ucast eth0 10.77.0.1\nucast eth0 10.77.0.2", 1)
	})
	c.startBoth()
	for _, device := range []string{"", "eth0", "eth1"} {
		for _, options := range [][]int{{}, {unix.SO_REUSEADDR}, {unix.SO_REUSEPORT}, {unix.SO_REUSEADDR, unix.SO_REUSEPORT}} {
			fd, err := thief(t, c.nodes["node1"], port, device, options...)
			defer unix.Close(fd)
			if err == nil {
				t.Errorf("a user without rights has port %d of %q too, with the options %v", port, device, options)
			}
		}
	}
	time.Sleep(clusterDeadtime + clusterSlack)
	c.nothingMoved()
}
