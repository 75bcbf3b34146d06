package link

import (
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/pacer"
)

// metronome is a Paced whose beats the test sends.
type metronome struct {
	t     *testing.T
	mu    sync.Mutex
	fd    int // -1: closed
	to    pacer.Address
	count pacer.LineCount
	opens int
}

func newMetronome(t *testing.T) *metronome {
	m := &metronome{t: t, fd: -1}
	t.Cleanup(func() { m.Closed(0) })
	return m
}

func (m *metronome) Opened(line, fd int, to pacer.Address) {
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if line != 0 || err != nil {
		m.t.Errorf("line %d opened with descriptor %d: %v", line, fd, err)
	}
	m.Closed(line)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fd, m.to = own, to
	m.opens++
}

func (m *metronome) Closed(int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fd >= 0 {
		unix.Close(m.fd)
	}
	m.fd = -1
}

func (m *metronome) Count(int) pacer.LineCount {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.count
}

// beat sends one beat, if the line is open.
func (m *metronome) beat(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fd < 0 {
		return
	}
	if err := m.to.Send(m.fd, []byte(text)); err != nil {
		m.count.Failed++
		m.count.InARow++
		m.count.Errno, m.count.Size = err.(unix.Errno), len(text)
		return
	}
	m.count.Sent++
	m.count.InARow = 0
}

// until beats every 20 ms until something is so.
func (m *metronome) until(what string, so func() bool) {
	m.t.Helper()
	late := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
			m.beat("paced")
		case <-late:
			m.t.Fatalf("%s: did not happen", what)
		}
	}
}

// Whoever sends the beats, the operator reads the same words and the same figures.
func TestPacedBeatsAreInTheBooks(t *testing.T) {
	for kind, m := range kinds() {
		t.Run(kind, func(t *testing.T) {
			p := newPair(t)
			far := openOn(t, p.peer, m[1])
			paced := newMetronome(t)
			here := open(t, Options{Paced: paced, Retry: 50 * time.Millisecond}, m[0])
			paced.beat("the first")
			far.await(t, "the first")
			if s := here.medium(0); s.Sent != 1 || here.Counters()["sent"] != 1 || !s.Up {
				t.Errorf("after one beat: %+v, %v", s, here.Counters())
			}

			command(t, "ip link set eth0 down")
			failed := func() bool { return here.medium(0).Failed > 30 }
			paced.until("sending fails", failed)
			here.journal.await(t, 1, "WARN: Is a cable unplugged on "+kind+" eth0?")
			for what, want := range map[string]int{
				"ERROR: glib: " + kind + "_write: Unable to send HBcomm packet eth0 ": 1,
				"len=5 [-1]: Network is":                                    1,
				"ERROR: write_child: write failure on " + kind + " eth0.: ": 1,
				"WARN: Temporarily Suppressing write error messages":        1,
				"works again": 0,
			} {
				if got := here.said(what); got != want {
					t.Errorf("%q is in the log %d times, want %d", what, got, want)
				}
			}
			if s := here.medium(0); s.Up || s.Err == "" || here.Counters()["send-errors"] != s.Failed {
				t.Errorf("while down: %+v, %v", s, here.Counters())
			}

			command(t, "ip link set eth0 up")
			again := "info: " + kind + " eth0: sending works again. "
			paced.until("sending works again", func() bool { return here.said(again) == 1 })
			if s := here.medium(0); !s.Up || s.Sent+s.Failed != paced.count.Sent+paced.count.Failed {
				t.Errorf("after: %+v, counted %+v", s, paced.count)
			}
		})
	}
}

// An interface that was removed and made anew has another socket, and the one who sends beats gets it.
func TestPacedGetsTheNewSocket(t *testing.T) {
	p := newPair(t)
	far := openOn(t, p.peer, bcast("eth0"))
	paced := newMetronome(t)
	here := open(t, Options{Paced: paced, Retry: 50 * time.Millisecond}, bcast("eth0"))
	p.eth0.unplug()
	here.journal.await(t, 1, "interface is gone")
	paced.mu.Lock()
	if paced.fd >= 0 {
		t.Error("the line is not closed though its interface is gone")
	}
	paced.mu.Unlock()
	p.eth0.plug()
	here.journal.await(t, 2, bcast("eth0").startLine())
	heard := func() bool { // the wire needs a moment
		select {
		case d := <-far.Inbox():
			return string(d.Data) == "paced"
		default:
			return false
		}
	}
	paced.until("beats are heard again", heard)
	here.Close()
	if paced.fd >= 0 || paced.opens != 2 {
		t.Errorf("after Close: descriptor %d, opened %d times", paced.fd, paced.opens)
	}
}

// Failures and successes between two looks: only the end of the row is known, and it decides what is said.
func TestPacedOrder(t *testing.T) {
	failing := pacer.LineCount{Failed: 3, Sent: 5, InARow: 2, Errno: unix.ENETDOWN, Size: 9}
	mended := pacer.LineCount{Failed: 3, Sent: 9, InARow: 0, Errno: unix.ENETDOWN, Size: 9}
	paced := newMetronome(t)
	j := newJournal()
	s := &Set{opt: Options{Log: j.log, Paced: paced}.withDefaults()}
	l := newLine(s, 0, ucast("eth0", "10.9.0.2"))
	s.lines = []*line{l}
	l.sock = &sockets{}
	l.setUp(true)
	paced.count = failing
	s.notePaced()
	if l.up || l.sending.count != 2 || l.sent != 5 || l.failed != 3 {
		t.Errorf("up %t, %d in a row, %d sent, %d failed", l.up, l.sending.count, l.sent, l.failed)
	}
	paced.count = mended
	s.notePaced()
	s.notePaced()
	if !l.up || l.sending.count != 0 || l.sent != 9 || l.failed != 3 {
		t.Errorf("up %t, %d in a row, %d sent, %d failed", l.up, l.sending.count, l.sent, l.failed)
	}
	if j.said("works again") != 2 { // once within the first look
		t.Errorf("log: %q", j.all())
	}
	// A socket that was closed: counted, and nothing said.
	l.sock = nil
	before := len(j.all())
	paced.count.Failed, paced.count.InARow = 5, 2
	s.notePaced()
	if l.failed != 5 || len(j.all()) != before {
		t.Errorf("%d failed, log: %q", l.failed, j.all())
	}
}
