package link

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// baudRates are the speeds that 3.0.6 knows.
var baudRates = map[int]uint32{
	9600: unix.B9600, 19200: unix.B19200, 38400: unix.B38400, 57600: unix.B57600,
	115200: unix.B115200, 230400: unix.B230400, 460800: unix.B460800,
}

// special is which device file a path leads to. A path may be a link, and a device that was unplugged may come
// back as another.
type special struct{ fs, inode, rdev uint64 }

// lookUpTTY fails with ENOENT or ENXIO if there is no such device now.
func lookUpTTY(path string) (device, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return device{}, fmt.Errorf("serial line %s: %w", path, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFCHR {
		return device{}, fmt.Errorf("serial line %s: not a char device", path)
	}
	return device{file: special{fs: uint64(st.Dev), inode: st.Ino, rdev: uint64(st.Rdev)}}, nil //nolint:unconvert // 32 bits elsewhere
}

// tty is an open serial line. Messages that are to be written wait in a socket pair: so whoever sends on a medium's
// socket, the pacer too, need not know that this one is none, and one process alone writes to the line, one whole
// message after the other.
type tty struct {
	line  *os.File      // the terminal device
	queue *os.File      // the end of the pair that messages come out of
	baud  time.Duration // what one byte takes: a start bit, eight, a stop bit
	lock  ttyLock
	once  sync.Once
}

// queueRoom lets the longest message wait, or some hundred beats; those that have waited too long are not written.
const queueRoom = 128 << 10

// openSerial opens a serial line as if it were two sockets.
func openSerial(m Medium, dev device, locks string) (*sockets, error) {
	lock, err := lockTTY(locks, m.Device)
	if err != nil {
		return nil, err
	}
	t := &tty{baud: 10 * time.Second / time.Duration(m.Baud), lock: lock}
	k := &sockets{dev: dev, send: -1, name: m.Device, tty: t}
	if err := k.openTTY(m); err != nil {
		t.close()
		if k.send >= 0 {
			_ = unix.Close(k.send)
		}
		return nil, err
	}
	return k, nil
}

func (k *sockets) openTTY(m Medium) error {
	// Non-blocking, or it would wait for a modem to answer.
	fd, err := unix.Open(m.Device, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("cannot open %s: %w", m.Device, err)
	}
	if err := setTerminal(fd, m.Baud); err != nil {
		_ = unix.Close(fd)
		return err
	}
	// NewFile hands a non-blocking descriptor to the runtime's poller, so that Close ends a Read.
	k.tty.line = os.NewFile(uintptr(fd), m.Device)
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("making a queue for %s: %w", m.Device, err)
	}
	k.send = pair[0]
	k.tty.queue = os.NewFile(uintptr(pair[1]), m.Device+" queue")
	if err := setAll(pair[0], option{"SO_SNDBUF", unix.SOL_SOCKET, unix.SO_SNDBUF, queueRoom / 2}); err != nil { // the kernel doubles it
		return err
	}
	if err := setAll(pair[1], option{"SO_TIMESTAMPNS", unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1}); err != nil {
		return err
	}
	k.recv = k.tty.line
	k.ask = k.askKernel
	k.raw, err = k.recv.SyscallConn()
	return err
}

// setTerminal makes a raw line of eight bits with hardware handshake, as 3.0.6 does.
func setTerminal(fd, baud int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return fmt.Errorf("cannot get tty attributes: %w", err)
	}
	// 3.0.6: carriage returns are dropped. DIFFERS: bit 7 stays (its ISTRIP takes it away, and with it every message
	// that holds a byte above 127), and a break is passed over (its BRKINT throws away what came before it, and what
	// is on its way out).
	t.Iflag = unix.IGNBRK | unix.IGNCR
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ICANON | unix.ECHO | unix.ECHONL | unix.ISIG | unix.IEXTEN
	t.Cflag &^= unix.CBAUD | unix.CSIZE | unix.PARENB | unix.CSTOPB | unix.HUPCL
	t.Cflag |= unix.CS8 | unix.CREAD | unix.CLOCAL | unix.CRTSCTS | baudRates[baud]
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	flush(fd, unix.TCIOFLUSH)
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, t); err != nil {
		return fmt.Errorf("cannot set tty attributes: %w", err)
	}
	return nil
}

// flush throws away what waits to be read or written. A line that cannot do so has nothing.
func flush(fd, which int) { _ = unix.IoctlSetInt(fd, unix.TCFLSH, which) }

// onLine does something with the descriptor, unless it is closed.
func (t *tty) onLine(f func(fd int)) {
	if c, err := t.line.SyscallConn(); err == nil {
		_ = c.Control(func(fd uintptr) { f(int(fd)) })
	}
}

// close ends the reader and the writer.
func (t *tty) close() {
	t.once.Do(func() {
		if t.line != nil {
			// Else the kernel waits up to half a minute for a hanging line to take the rest.
			t.onLine(func(fd int) { flush(fd, unix.TCIOFLUSH) })
			_ = t.line.Close()
		}
		if t.queue != nil {
			_ = t.queue.Close()
		}
		t.lock.release()
	})
}

// errHungUp is what a line says whose other end, or whose adapter, is gone for good.
var errHungUp = errors.New("the line was hung up")
