package halog

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// stream is a terminal or whatever else stands behind stderr.
type stream struct{ w io.Writer }

func (s *stream) write(line []byte) error {
	if _, err := s.w.Write(line); err != nil {
		return fmt.Errorf("write to the terminal: %w", err)
	}
	return nil
}

func (s *stream) refresh(time.Time, bool) bool { return false }
func (s *stream) reopen()                      {}
func (s *stream) close()                       {}
func (s *stream) name() string                 { return "stderr" }

var keepAliveOnce sync.Once

// keepAlive catches SIGPIPE, with which Go ends a process whose stderr has lost its reader: a
// log line must not cost the daemon. Caught and not ignored, so that scripts inherit the default.
func keepAlive() {
	keepAliveOnce.Do(func() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) })
}
