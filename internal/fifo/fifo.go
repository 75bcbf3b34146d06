package fifo

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/wire"
)

// Mode is 3.0.6's: what comes out of the FIFO is an order of root's.
const Mode = 0o600

// What a writer may have sent without a pause, and how often more. Who writes more waits: neither the network nor the
// other node should hear of a script that has run wild. What is no message counts, too.
const (
	burst = 64
	every = 100 * time.Millisecond
)

// Reader reads the FIFO.
type Reader struct {
	file *os.File
	done chan struct{}
}

// Config is where the FIFO is, and who hears of it. Neither function may wait for long: found may, it holds up writers.
type Config struct {
	Path  string
	Found func(*wire.Message)
	Log   func(level, text string)
}

// Open makes the FIFO if need be, and reads it until Close.
func Open(c Config) (*Reader, error) {
	if err := Make(c.Path, c.Log); err != nil {
		return nil, err
	}
	// For writing as well, so that there is no end when a writer closes it.
	f, err := os.OpenFile(c.Path, os.O_RDWR|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, fmt.Errorf("opening the FIFO: %w", err)
	}
	if err := check(f); err != nil {
		f.Close()
		return nil, err
	}
	r := &Reader{file: f, done: make(chan struct{})}
	go r.read(c)
	return r, nil
}

// Make sees to it that the path is a FIFO, ours, and for nobody else. 3.0.6: what else lies there is removed.
func Make(path string, log func(level, text string)) error {
	info, err := os.Lstat(path)
	if err == nil && info.Mode().Type() == os.ModeNamedPipe && owned(info) {
		if info.Mode().Perm() == Mode {
			return nil
		}
		return os.Chmod(path, Mode)
	}
	log("info", fmt.Sprintf("Creating FIFO %s.", path))
	if err == nil {
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("what lies in the place of the FIFO cannot be removed: %w", err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making the FIFO: %w", err)
	}
	if err := unix.Mkfifo(path, Mode); err != nil {
		return fmt.Errorf("making the FIFO %s: %w", path, err)
	}
	return os.Chmod(path, Mode) // whatever the umask
}

func owned(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}

var errNotFIFO = errors.New("it is not a FIFO of ours")

// check looks at what was opened: another may have put something else there.
func check(f *os.File) error {
	info, err := f.Stat()
	if err == nil && (info.Mode().Type() != os.ModeNamedPipe || !owned(info)) {
		err = errNotFIFO
	}
	if err != nil {
		return fmt.Errorf("opening the FIFO %s: %w", f.Name(), err)
	}
	return nil
}

func (r *Reader) read(c Config) {
	defer close(r.done)
	var s Scanner
	var found []*wire.Message
	buf := make([]byte, 4096)
	credit, at := burst, time.Now()
	for {
		n, err := r.file.Read(buf)
		if err != nil {
			return // closed
		}
		found = found[:0]
		s.Write(buf[:n], func(m *wire.Message) { found = append(found, m) }, func(why string) {
			c.Log("WARN", fmt.Sprintf("%s: %s: passed over", c.Path, why))
			if credit > -burst { // thousands of such lines fit into one reading: those who write messages wait for seconds, not minutes
				credit--
			}
		})
		for _, m := range found {
			c.Found(m)
			credit--
		}
		if back := int(time.Since(at) / every); back > 0 {
			credit, at = min(burst, credit+back), at.Add(time.Duration(back)*every)
		}
		if credit <= 0 {
			time.Sleep(every * time.Duration(1-credit))
		}
	}
}

// Close ends the reading. The FIFO stays, as that of 3.0.6 does: who writes to it then waits.
func (r *Reader) Close() {
	r.file.Close()
	select {
	case <-r.done:
	case <-time.After(time.Second): // it rests after a flood; what it has read already goes nowhere
	}
}

var errLine = errors.New("a value holds a line end or a NUL")

// ErrNobody is what Send says where no daemon reads.
var ErrNobody = errors.New("heartbeat is not running: nobody reads the FIFO")

// Send writes a message for the daemon of this machine. It does not wait for a daemon that is not there.
func Send(path string, m *wire.Message) error {
	f, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, unix.ENXIO), errors.Is(err, os.ErrNotExist):
		return ErrNobody
	case err != nil:
		return fmt.Errorf("writing to the daemon: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Mode().Type() != os.ModeNamedPipe {
		return ErrNobody // a file that a script of 3.0.6 made, while there was no FIFO
	}
	f.SetWriteDeadline(time.Now().Add(5 * time.Second)) //nolint:errcheck // a FIFO can
	text := []byte(">>>\n")
	for _, field := range m.Fields {
		if bytes.ContainsAny(field.Value, "\n\x00") {
			return errLine
		}
		text = append(append(append(text, field.Name...), '='), field.Value...)
		text = append(text, '\n')
	}
	if _, err := f.Write(append(text, "<<<\n"...)); err != nil {
		return fmt.Errorf("writing to the daemon: %w", err)
	}
	return nil
}

// Descriptor is another number for the FIFO, closed at exec until somebody says otherwise. As long as somebody has it
// open, what scripts write is not lost.
func (r *Reader) Descriptor() (fd int, err error) {
	raw, err := r.file.SyscallConn()
	if err != nil {
		return -1, fmt.Errorf("the FIFO: %w", err)
	}
	var dup error
	err = raw.Control(func(n uintptr) { fd, dup = unix.FcntlInt(n, unix.F_DUPFD_CLOEXEC, 10) })
	return fd, errors.Join(err, dup)
}
