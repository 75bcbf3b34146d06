package halog

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sirupsen/logrus"
)

// output is where a sink's lines end up. Only the sink's goroutine calls it.
type output interface {
	// write writes one whole line. An error means that the line is lost.
	write(line []byte) error
	// refresh looks whether the destination is still the right one. rotated is true if it was
	// replaced behind our back.
	refresh(now time.Time, idle bool) (rotated bool)
	// reopen forgets the open destination; the next write opens it anew.
	reopen()
	close()
	name() string
}

// item is a line, or a mark that [Log.Flush] waits for.
type item struct {
	line   []byte
	remark bool // about another destination: not counted if it is lost
	mark   chan struct{}
}

// sink is one destination: a hook of logrus with a queue that its goroutine empties.
type sink struct {
	out     output
	form    *layout
	debug   atomic.Bool // takes debug lines
	now     func() time.Time
	tune    tuning
	queue   chan item
	wake    chan struct{}
	closing chan struct{}
	done    chan struct{}
	reopen  atomic.Bool

	lost     atomic.Uint64         // in all
	pending  atomic.Uint64         // of these, not yet reported
	reason   atomic.Pointer[error] // of the last loss
	reported time.Time             // when the last report was written; the goroutine's

	tell func(from *sink, why string) // says in the others that lines are lost here
	told atomic.Int64                 // when that was last done, in ns since 1970; 0 for never
}

func newSink(out output, form *layout, debug bool, now func() time.Time, t tuning) *sink {
	s := &sink{
		out: out, form: form, now: now, tune: t,
		queue:   make(chan item, t.queue),
		wake:    make(chan struct{}, 1),
		closing: make(chan struct{}),
		done:    make(chan struct{}),
	}
	s.debug.Store(debug)
	return s
}

// onlooker says that a destination shows lines to who looks on, whatever keeps them.
func (s *sink) onlooker() bool { return s.form.place == terminal || s.form.place == journal }

// Levels implements logrus.Hook.
func (s *sink) Levels() []logrus.Level { return logrus.AllLevels }

// Fire implements logrus.Hook: it formats and queues the entry, without waiting.
func (s *sink) Fire(e *logrus.Entry) error {
	if e.Data[fieldLevel] == Debug && !s.debug.Load() {
		return nil
	}
	line, err := s.form.Format(e)
	if err != nil {
		return err
	}
	select {
	case s.queue <- item{line: line}:
	default:
		s.lose(errBehind)
	}
	return nil
}

var errBehind = errors.New("more lines than could be written")

func (s *sink) lose(reason error) {
	s.reason.Store(&reason)
	s.lost.Add(1)
	s.pending.Add(1)
	now, told := time.Now().UnixNano(), s.told.Load()
	if (told == 0 || now-told >= int64(s.tune.tell)) && s.told.CompareAndSwap(told, now) {
		s.tell(s, why(reason))
	}
}

// why leaves out of an error what the name of the destination says already.
func why(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number.Error()
	}
	return err.Error()
}

func (s *sink) run() {
	defer close(s.done)
	idle := time.NewTicker(s.tune.idle)
	defer idle.Stop()
	for {
		select {
		case it := <-s.queue:
			s.take(it)
		case <-s.wake:
			s.look(false)
		case <-idle.C:
			s.look(true)
			s.report()
		case <-s.closing:
			s.drain()
			return
		}
	}
}

// drain empties the queue for the last time.
func (s *sink) drain() {
	for {
		select {
		case it := <-s.queue:
			s.take(it)
		default:
			s.report()
			s.out.close()
			return
		}
	}
}

func (s *sink) take(it item) {
	if it.mark != nil {
		close(it.mark)
		return
	}
	s.look(false)
	if s.pending.Load() > 0 && time.Since(s.reported) >= s.tune.notice && !s.report() {
		if !it.remark {
			s.lose(*s.reason.Load())
		}
		return
	}
	if err := s.out.write(it.line); err != nil && !it.remark {
		s.lose(err)
	}
}

// look follows a rotation, whether it was announced or not.
func (s *sink) look(idle bool) {
	if s.reopen.Swap(false) {
		s.out.reopen()
		return
	}
	if !s.out.refresh(time.Now(), idle) {
		return
	}
	line := s.form.daemonLine(s.now(), Info, "log-rotate detected on logfile "+s.out.name())
	if err := s.out.write([]byte(line)); err != nil {
		s.lose(err)
	}
}

// report says how many lines were lost. It tells whether the destination took that.
func (s *sink) report() bool {
	n := s.pending.Load()
	if n == 0 {
		return true
	}
	text := fmt.Sprintf("%d log lines were lost: %v", n, *s.reason.Load())
	if err := s.out.write([]byte(s.form.daemonLine(s.now(), Warn, text))); err != nil {
		s.reason.Store(&err)
		return false
	}
	s.pending.Add(-n)
	s.reported = time.Now()
	return true
}

func (s *sink) flush(timeout time.Duration) bool {
	mark := make(chan struct{})
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case s.queue <- item{mark: mark}:
	case <-s.done:
		return true
	case <-timer.C:
		return false
	}
	select {
	case <-mark:
	case <-s.done:
	case <-timer.C:
		return false
	}
	return true
}
