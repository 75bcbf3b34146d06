package link

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// port is a serial port: a pseudo terminal, and a name for it that stays when the terminal changes.
type port struct {
	t      *testing.T
	path   string
	master *os.File
	keep   *os.File // the terminal's own side, kept open: else its master cannot be read
}

func newPort(t *testing.T) *port {
	t.Helper()
	p := &port{t: t, path: filepath.Join(t.TempDir(), "ttyS0")}
	p.plug()
	t.Cleanup(p.unplug)
	return p
}

// plug gives the port a new terminal.
func (p *port) plug() {
	p.t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		noPTY(p.t, err)
	}
	p.master = os.NewFile(uintptr(fd), "ptmx")
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	name := fmt.Sprintf("/dev/pts/%d", n)
	if err == nil {
		p.keep, err = os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		noPTY(p.t, err)
	}
	_ = os.Remove(p.path)
	if err := os.Symlink(name, p.path); err != nil {
		p.t.Fatal(err)
	}
}

func noPTY(t *testing.T, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" || os.Getenv("HEARTBEATD_NEED_ROOT") == "1" {
		t.Fatalf("needs pseudo terminals: %v", err)
	}
	t.Skipf("needs pseudo terminals: %v", err)
}

// unplug takes the terminal away, as if a USB adapter were pulled.
func (p *port) unplug() {
	_ = os.Remove(p.path)
	_ = p.keep.Close()
	_ = p.master.Close()
}

// hold stops or lets go what is written to the line.
func (p *port) hold(on bool) {
	p.t.Helper()
	action := 1 // TCOON
	if on {
		action = 0 // TCOOFF
	}
	if err := unix.IoctlSetInt(int(p.keep.Fd()), unix.TCXONC, action); err != nil {
		p.t.Fatal(err)
	}
}

// write is what the other end of the line says.
func (p *port) write(text string) {
	p.t.Helper()
	if _, err := p.master.Write([]byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

// hear collects what is written to the line.
func (p *port) hear() *ears {
	e := &ears{}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := p.master.Read(buf)
			e.mu.Lock()
			e.text = append(e.text, buf[:n]...)
			e.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return e
}

type ears struct {
	mu   sync.Mutex
	text []byte
}

func (e *ears) all() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return string(e.text)
}

// cable joins two ports, as a null modem does.
func cable(a, b *port) {
	go func() { _, _ = io.Copy(a.master, b.master) }()
	go func() { _, _ = io.Copy(b.master, a.master) }()
}

func (p *port) medium() Medium { return Medium{Kind: Serial, Device: p.path, Baud: 115200} }

func openSerialOn(t *testing.T, p *port, opt Options) node {
	t.Helper()
	if opt.Locks == "" {
		opt.Locks = t.TempDir()
	}
	return open(t, opt, p.medium())
}

func message(format string, args ...any) string {
	return ">>>\nt=" + fmt.Sprintf(format, args...) + "\n<<<\n"
}
