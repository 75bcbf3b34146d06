package runner

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// outputMax is how much of a script's output is kept, in bytes; half of it is the head.
	outputMax = 64 << 10
	// outputRoom is how long a script's output may grow before its middle is given back to the
	// kernel. A multiple of any page size.
	outputRoom = 1 << 20
	// watchEvery is the pause between two looks at that.
	watchEvery = 100 * time.Millisecond
)

// stream is a file in memory that a script writes to. A pipe would not do: a service that the
// script starts inherits it, would hold it open for ever, and would die of SIGPIPE with the
// daemon. The file has no name and no disk behind it that could be full or slow.
type stream struct {
	file *os.File // ours
	hole int64    // everything between the head and here was given back
}

// streamName is what /proc shows; [held.adopt] finds the files of an earlier daemon by it.
const streamName = "heartbeatd-script"

// newStream returns our end and the script's. They are opened separately: the script's appends,
// and the kernel can tell whether anybody still has it open.
func newStream() (s *stream, script *os.File, err error) {
	fd, err := unix.MemfdCreate(streamName, unix.MFD_CLOEXEC|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3
		fd, err = unix.MemfdCreate(streamName, unix.MFD_CLOEXEC)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("making a file in memory for its output: %w", err)
	}
	file := os.NewFile(uintptr(fd), streamName)
	script, err = os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", fd), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		file.Close()
		return nil, nil, fmt.Errorf("opening the file for its output: %w", err)
	}
	s = &stream{file: file}
	s.claim()
	return s, script, nil
}

// claim marks the file as looked after, until we close it or end. It tells whether nobody else
// did so before. A lock works across PID namespaces, where a process id would not.
func (s *stream) claim() bool {
	return unix.Flock(int(s.file.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil
}

// empty throws away what was written. By path, as ours may be open for reading only.
func (s *stream) empty() {
	_ = unix.Truncate(fmt.Sprintf("/proc/self/fd/%d", s.file.Fd()), 0)
	s.hole = 0
}

func (s *stream) size() int64 {
	var st unix.Stat_t
	if err := unix.Fstat(int(s.file.Fd()), &st); err != nil {
		return 0
	}
	return st.Size
}

// trim gives the middle of a long output back to the kernel.
func (s *stream) trim() {
	const keep = outputMax
	size := s.size()
	if size < s.hole { // the script truncated it
		s.hole = 0
	}
	from := max(s.hole, keep)
	to := (size - keep) &^ (keep - 1)
	if to-from < outputRoom {
		return
	}
	mode := uint32(unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE)
	if unix.Fallocate(int(s.file.Fd()), mode, from, to-from) == nil {
		s.hole = to
	}
}

// text is what was written, with the middle left out of a long output.
func (s *stream) text() string {
	size := s.size()
	if size <= outputMax {
		return string(s.read(0, size))
	}
	head, tail := s.read(0, outputMax/2), s.read(size-outputMax/2, outputMax/2)
	return fmt.Sprintf("%s\n... (%d bytes left out) ...\n%s", head, size-outputMax, tail)
}

func (s *stream) read(at, length int64) []byte {
	buf := make([]byte, length)
	n, _ := s.file.ReadAt(buf, at)
	return buf[:n]
}

// inUse tells whether somebody else can still write to it. A read lease is given only on a file
// that nobody has open for writing; ours does not count because it was not opened by a path.
func (s *stream) inUse() bool {
	fd := s.file.Fd()
	_, err := unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_RDLCK)
	if err == nil {
		_, _ = unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_UNLCK)
		return false
	}
	return true // EAGAIN; or leases are unknown here and it may be so
}

// capture holds the output of one script: a file for both streams, or one for each.
type capture struct {
	streams        []*stream
	stdout, stderr *os.File // the script's ends, until it has them
}

func newCapture(apart bool) (*capture, error) {
	s, end, err := newStream()
	if err != nil {
		return nil, err
	}
	c := &capture{streams: []*stream{s}, stdout: end, stderr: end}
	if !apart {
		return c, nil
	}
	s, end, err = newStream()
	if err != nil {
		c.started()
		c.streams[0].file.Close()
		return nil, err
	}
	c.streams, c.stderr = append(c.streams, s), end
	return c, nil
}

// started closes our copies of the script's ends.
func (c *capture) started() {
	c.stdout.Close()
	if c.stderr != c.stdout {
		c.stderr.Close()
	}
}

// watch keeps the output from eating the memory until the returned function is called.
func (c *capture) watch() (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				for _, s := range c.streams {
					s.trim()
				}
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// text returns what stdout got and what both got.
func (c *capture) text() (stdout, both string) {
	stdout = c.streams[0].text()
	both = stdout
	if len(c.streams) > 1 {
		both += c.streams[1].text()
	}
	return stdout, both
}
