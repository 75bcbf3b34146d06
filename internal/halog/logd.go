package halog

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"
)

// LogdPath is where its socket is.
const LogdPath = "/var/lib/heartbeat/log_daemon"

// DefaultLogdTime is how long after a failure the logging daemon is tried again (3.0.6: conn_logd_time).
const DefaultLogdTime = time.Minute

// Logd is the way to the logging daemon, ha_logd of cluster-glue (use_logd).
type Logd struct {
	Path  string        // its socket; "": lines do not go there
	Retry time.Duration // conn_logd_time; 0 is DefaultLogdTime
}

// relay hands lines to the logging daemon, and to the destinations that the daemon writes to itself as long as it
// cannot be had. It is a hook of logrus; all lines pass through its one goroutine and so keep their order.
type relay struct {
	logd   Logd
	tune   tuning
	form   *layout
	direct []*sink
	now    func() time.Time

	queue   chan passing
	closing chan struct{}
	done    chan struct{}
	ended   chan net.Conn // a connection that the other side has closed
	anew    atomic.Bool   // try at once

	// The goroutine's.
	conn  *net.UnixConn
	retry time.Time       // not before then is it tried again
	lent  []*logrus.Entry // written, and perhaps not read yet
	left  int             // what of them was unread when that was looked at last
	since time.Time       // since when it has read nothing of them
	look  *time.Timer     // when that is looked at again
	told  bool            // that it cannot be had
	frame []byte
}

// passing is a line on its way, or a mark that [Log.Flush] waits for.
type passing struct {
	entry *logrus.Entry
	mark  chan struct{}
}

const (
	// mostLent is more lines than a socket holds: older ones have been read.
	mostLent = 1024
	// lookAgain is how soon after a line it is looked whether it was read.
	lookAgain = 100 * time.Millisecond
)

var errEnded = errors.New("it has ended")

func newRelay(l Logd, form *layout, direct []*sink, now func() time.Time, t tuning) *relay {
	if l.Retry <= 0 {
		l.Retry = DefaultLogdTime
	}
	return &relay{
		logd: l, tune: t, form: form, direct: direct, now: now,
		queue: make(chan passing, t.queue), closing: make(chan struct{}), done: make(chan struct{}),
		ended: make(chan net.Conn, 1), look: time.NewTimer(time.Hour),
	}
}

// Levels implements logrus.Hook.
func (r *relay) Levels() []logrus.Level { return logrus.AllLevels }

// Fire implements logrus.Hook, without waiting. What finds no room is written by the daemon itself.
func (r *relay) Fire(e *logrus.Entry) error {
	kept := &logrus.Entry{Logger: e.Logger, Time: e.Time, Level: e.Level, Message: e.Message, Data: maps.Clone(e.Data)}
	select {
	case r.queue <- passing{entry: kept}:
		return nil
	default:
		return r.write(kept)
	}
}

// write gives a line to the destinations of the daemon's own.
func (r *relay) write(e *logrus.Entry) error {
	var errs []error
	for _, s := range r.direct {
		errs = append(errs, s.Fire(e))
	}
	return errors.Join(errs...)
}

func (r *relay) run() {
	defer close(r.done)
	for {
		select {
		case p := <-r.queue:
			r.take(p)
		case conn := <-r.ended:
			if conn == r.conn {
				r.lose(errEnded)
			}
		case <-r.look.C:
			r.settle()
		case <-r.closing:
			r.drain()
			return
		}
	}
}

// drain is the end: what is queued goes out, and what was not read by then is written here.
func (r *relay) drain() {
	for len(r.queue) > 0 {
		r.take(<-r.queue)
	}
	for end := time.Now().Add(r.tune.send); r.conn != nil && len(r.lent) > 0; {
		r.settle()
		if len(r.lent) > 0 && time.Now().After(end) {
			r.lose(os.ErrDeadlineExceeded)
		}
		time.Sleep(time.Millisecond)
	}
	if r.conn != nil {
		_ = r.conn.Close()
	}
}

func (r *relay) take(p passing) {
	if p.mark != nil {
		close(p.mark)
		return
	}
	if r.anew.Swap(false) {
		r.retry = time.Time{}
	}
	r.settle()
	if r.conn == nil {
		r.dial(time.Now())
	}
	if r.conn == nil || !r.send(p.entry) {
		_ = r.write(p.entry)
	}
}

// dial connects if it is time to.
func (r *relay) dial(now time.Time) {
	if now.Before(r.retry) {
		return
	}
	conn, err := net.DialTimeout("unix", r.logd.Path, r.tune.send)
	if err == nil {
		r.conn, r.told = conn.(*net.UnixConn), false
		go r.watch(conn)
		return
	}
	r.retry = now.Add(r.logd.Retry)
	if !r.told {
		r.told = true
		// 3.0.6: the same words.
		r.say(Warn, "Initializing connection to logging daemon failed. Logging daemon may not be running")
	}
}

// send writes one line. A daemon that reads nothing is waited for once, for no longer than a second.
func (r *relay) send(e *logrus.Entry) bool {
	r.frame = r.form.appendLogd(r.frame[:0], e)
	_ = r.conn.SetWriteDeadline(time.Now().Add(r.tune.send))
	if _, err := r.conn.Write(r.frame); err != nil {
		r.lose(err)
		return false
	}
	r.lend(e)
	return true
}

// watch waits for the other side to close: it never says anything.
func (r *relay) watch(conn net.Conn) {
	_, _ = io.Copy(io.Discard, conn)
	select {
	case r.ended <- conn:
	case <-r.done:
	}
}

// lend remembers a line until it was read: a daemon that is killed leaves some unread, and nobody else would write
// them.
func (r *relay) lend(e *logrus.Entry) {
	if len(r.lent) >= mostLent {
		r.lent = append(r.lent[:0], r.lent[1:]...)
	}
	now := r.unread()
	if len(r.lent) == 0 || now <= r.left { // as many bytes as were written have been read
		r.since = time.Now()
	}
	r.left = now
	r.lent = append(r.lent, e)
	r.look.Reset(lookAgain)
}

// settle forgets what was lent if all of it has been read. A socket whose other side is gone has nothing
// unread either, but says that it is gone before it drops what was unread: so that is asked last.
func (r *relay) settle() {
	if r.conn == nil || len(r.lent) == 0 {
		return
	}
	if now := r.unread(); now > 0 {
		if now < r.left { // it reads, though lines come faster
			r.since = time.Now()
		}
		r.left = now
		if r.tune.unread > 0 && time.Since(r.since) > r.tune.unread {
			r.lose(os.ErrDeadlineExceeded)
		}
		r.look.Reset(lookAgain)
		return
	}
	if r.hungUp() {
		r.lose(errEnded)
		return
	}
	clear(r.lent)
	r.lent = r.lent[:0]
}

// unread is how much of what was written the other side has not read; more than 0 if that is not known.
func (r *relay) unread() int {
	n := 1
	r.control(func(fd int) {
		if v, err := unix.IoctlGetInt(fd, unix.SIOCOUTQ); err == nil {
			n = v
		}
	})
	return n
}

// hungUp says whether the other side has closed.
func (r *relay) hungUp() bool {
	hung := false
	r.control(func(fd int) {
		p := []unix.PollFd{{Fd: int32(fd)}}
		n, err := unix.Poll(p, 0)
		hung = err == nil && n > 0 && p[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0
	})
	return hung
}

func (r *relay) control(f func(fd int)) {
	if raw, err := r.conn.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { f(int(fd)) })
	}
}

// lose gives up the connection; what may not have been read is written again.
func (r *relay) lose(why error) {
	_ = r.conn.Close()
	r.conn = nil
	r.retry = time.Now().Add(r.logd.Retry)
	r.told = true
	r.say(Warn, fmt.Sprintf("the logging daemon takes no lines (%s): they are written here, it is tried again in %v", whyNot(why), r.logd.Retry))
	for _, e := range r.lent {
		_ = r.write(e)
	}
	clear(r.lent)
	r.lent = r.lent[:0]
}

func whyNot(err error) string {
	if isTimeout(err) {
		return "it does not read"
	}
	return why(err)
}

// say writes a line of the relay's own.
func (r *relay) say(level Level, text string) {
	_ = r.write(&logrus.Entry{Time: r.now(), Level: level.logrus(), Message: text, Data: logrus.Fields{fieldLevel: level}})
}

func (r *relay) flush(timeout time.Duration) bool {
	mark := make(chan struct{})
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case r.queue <- passing{mark: mark}:
	case <-r.done:
		return true
	case <-timer.C:
		return false
	}
	select {
	case <-mark:
	case <-r.done:
	case <-timer.C:
		return false
	}
	return true
}
