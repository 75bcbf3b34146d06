package link

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestSerialCarriesBothWays(t *testing.T) {
	a, b := newPort(t), newPort(t)
	cable(a, b)
	here, far := openSerialOn(t, a, Options{}), openSerialOn(t, b, Options{})
	beat(t, far, here, message("from afar"), a.path)
	beat(t, here, far, message("from here"), b.path)
	big := message("%s", strings.Repeat("0123456789", 6000))
	here.Send([]byte(big))
	d := far.await(t, big)
	if d.From != (netip.AddrPort{}) || d.At.IsZero() {
		t.Errorf("from %v at %v", d.From, d.At)
	}
	if n := here.said("info: glib: Starting serial heartbeat on tty " + a.path + " (115200 baud)"); n != 1 {
		t.Errorf("%d lines of the start in %q", n, here.all())
	}
	if s := here.medium(0); !s.Up || !s.Open || s.Sent == 0 || s.Failed != 0 || s.Heard == 0 {
		t.Errorf("state: %+v", s)
	}
}

// 3.0.6's settings, and the two that are better.
func TestSerialTerminalIsRaw(t *testing.T) {
	p := newPort(t)
	openSerialOn(t, p, Options{})
	term, err := unix.IoctlGetTermios(int(p.keep.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	if term.Iflag != unix.IGNBRK|unix.IGNCR || term.Oflag&unix.OPOST != 0 || term.Lflag&(unix.ICANON|unix.ECHO|unix.ISIG) != 0 {
		t.Errorf("not raw: %+v", term)
	}
	// A pseudo terminal has eight bits and no parity whatever it is told.
	if term.Cflag&unix.CBAUD != unix.B115200 || term.Cflag&unix.CRTSCTS == 0 || term.Cflag&unix.CLOCAL == 0 || term.Cflag&unix.CREAD == 0 {
		t.Errorf("line settings: %x", term.Cflag)
	}
}

func TestSerialSurvivesNoise(t *testing.T) {
	p := newPort(t)
	here := openSerialOn(t, p, Options{Max: 1000})
	p.write("\xff\x00\xfe rubbish\n<<<\n" + message("one") + ">>>\nt=half\nsrc=")
	p.write(strings.Repeat("\x7f", 3000) + "\n")
	p.write(message("two") + ">>>\nt=no end\n" + message("three\r"))
	for _, want := range []string{"one", "two", "three"} {
		if d := here.next(t); string(d.Data) != message("%s", want) {
			t.Errorf("got %q, want %s", d.Data, want)
		}
	}
	awaitTrue(t, "it is counted", func() bool { return here.Counters()["garbled"] >= 3 }) // just after it was handed over
}

// A line that takes nothing holds up nobody, is named once, and begins anew when it can.
func TestSerialHangs(t *testing.T) {
	p := newPort(t)
	heard := p.hear()
	here := openSerialOn(t, p, Options{})
	p.hold(true)
	began := time.Now()
	for i := range 2000 {
		here.Send([]byte(message("old %d %s", i, strings.Repeat("x", 300))))
	}
	if took := time.Since(began); took > 30*time.Second { // each would wait for half a second
		t.Errorf("2000 messages took %v to send", took)
	}
	here.await2(t, "WARN: glib: TTY write timeout on ["+p.path+"] (no connection or bad cable? [see documentation])")
	here.await2(t, "info: glib: See http://linux-ha.org/wiki/FAQ#TTY_timeout for details")
	awaitTrue(t, "everything is lost and counted", func() bool { return here.medium(0).Failed == 2000 })
	if s := here.medium(0); s.Up || s.Err == "" {
		t.Errorf("state: %+v", s)
	}
	p.hold(false)
	late := time.Now().Add(patience)
	for i := 0; !strings.Contains(heard.all(), message("new")) && time.Now().Before(late); i++ {
		here.Send([]byte(message("new")))
		time.Sleep(20 * time.Millisecond)
	}
	here.await2(t, "sending works again")
	if n := here.said("TTY write timeout"); n != 1 {
		t.Errorf("the timeout was said %d times", n)
	}
	text := heard.all()
	if n := strings.Count(text, "t=old"); n > 1 {
		t.Errorf("%d messages of the time when it hung were written after it", n)
	}
	if !strings.Contains(text, endOfHalf+message("new")) {
		t.Errorf("the half message before it was not ended: %.100q", text)
	}
}

func (n node) await2(t *testing.T, line string) {
	t.Helper()
	n.journal.await(t, 1, line)
}

// An adapter that is pulled and put back, as another device.
func TestSerialUnplugged(t *testing.T) {
	p := newPort(t)
	here := openSerialOn(t, p, Options{Retry: 20 * time.Millisecond})
	p.write(message("one"))
	here.next(t)
	p.unplug()
	awaitTrue(t, "it is known to be gone", func() bool { return !here.medium(0).Open })
	here.Send([]byte(message("into the void")))
	p.plug()
	awaitTrue(t, "it is open again", func() bool { return here.medium(0).Open })
	heard := p.hear()
	awaitTrue(t, "it carries again, out", func() bool {
		here.Send([]byte(message("again")))
		return strings.Contains(heard.all(), message("again"))
	})
	p.write(message("and in"))
	here.await(t, message("and in"))
	if here.Counters()["reopened"] == 0 || here.said("Starting serial heartbeat") < 2 {
		t.Error("it was not said that it works again")
	}
}

// What is no terminal is waited for, as a bad link is.
func TestSerialNoTerminal(t *testing.T) {
	for path, why := range map[string]string{
		"/dev/null":     "cannot get tty attributes",
		"/nonexistent":  "no such file",
		"/etc/hostname": "not a char device",
	} {
		s := open(t, Options{Locks: t.TempDir()}, Medium{Kind: Serial, Device: path, Baud: 9600})
		if err := s.medium(0).Err; !strings.Contains(err, why) && !strings.Contains(err, "no such file") {
			t.Errorf("%s: %q, want %q", path, err, why)
		}
		s.Send([]byte(message("x")))
	}
}

func TestSerialMediaThatMakeNoSense(t *testing.T) {
	for _, m := range []Medium{{Kind: Serial, Device: "ttyS0", Baud: 9600}, {Kind: Serial, Device: "/dev/ttyS0", Baud: 300}} {
		if s, err := Open([]Medium{m}, Options{}); err == nil {
			s.Close()
			t.Errorf("%+v was opened", m)
		}
	}
}

// Beats of the pacer take the same way.
func TestSerialPaced(t *testing.T) {
	p := newPort(t)
	heard := p.hear()
	m := &metronome{t: t, fd: -1}
	here := openSerialOn(t, p, Options{Paced: m})
	awaitTrue(t, "a beat is on the line", func() bool {
		m.beat(message("beat"))
		return strings.Contains(heard.all(), message("beat"))
	})
	sent := m.Count(0).Sent
	awaitTrue(t, "they are counted once", func() bool { return here.medium(0).Sent == sent })
	if n := here.Counters()["sent"]; n != sent {
		t.Errorf("%d counted of %d", n, sent)
	}
}

func TestSerialText(t *testing.T) {
	p := newPort(t)
	heard := p.hear()
	here := openSerialOn(t, p, Options{Text: func(dst, datagram []byte) []byte {
		if bytes.Equal(datagram, []byte("unspeakable")) {
			return dst
		}
		return fmt.Appendf(dst, "<%s>", datagram)
	}})
	here.Send([]byte("unspeakable"))
	here.Send([]byte("words"))
	awaitTrue(t, "the text is on the line", func() bool { return heard.all() == "<words>" })
	if s := here.medium(0); s.Failed != 1 || !s.Up {
		t.Errorf("state: %+v", s)
	}
}

// Noise without end does not hide that everything that came before was yielded, and keeps no beat away for good.
func TestSerialFlood(t *testing.T) {
	p := newPort(t)
	here := openSerialOn(t, p, Options{})
	stop := make(chan struct{})
	var flood sync.WaitGroup
	flood.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			_, _ = p.master.Write([]byte("noise noise noise\n"))
		}
	})
	end := sync.OnceFunc(func() { close(stop); flood.Wait() })
	defer end()
	awaitTrue(t, "the flood is there", func() bool { return here.medium(0).Waiting })
	begin := here.opt.Clock()
	late := time.After(patience)
	for !here.CaughtUp(begin) {
		select {
		case <-here.Inbox():
		case <-time.After(time.Millisecond):
		case <-late:
			t.Fatal("never caught up")
		}
	}
	end()
	p.write(message("after it"))
	here.await(t, message("after it"))
}

// A line that works but has too much to carry says so in other words than one that hangs, and carries what it can.
func TestSerialTooSlow(t *testing.T) {
	p := newPort(t)
	release := make(chan struct{})
	here := openSerialOn(t, p, Options{Text: func(dst, datagram []byte) []byte {
		if string(datagram) == "first" {
			<-release // a line that is slow: the terminal here is not
		}
		return append(dst, datagram...)
	}})
	heard := p.hear()
	here.Send([]byte("first"))
	here.Send([]byte("late"))
	time.Sleep(stale + 100*time.Millisecond)
	close(release)
	awaitTrue(t, "the old one is discarded", func() bool { return here.medium(0).Failed == 1 })
	here.await2(t, "WARN: serial "+p.path+": 115200 baud are not enough: what has waited for 2s is discarded")
	here.Send([]byte("new"))
	awaitTrue(t, "the new one is written", func() bool { return heard.all() == "firstnew" })
	if here.said("TTY write timeout") != 0 {
		t.Error("it is said to hang")
	}
}

// All that had come before a read which found no more than it could take was yielded by it.
func TestSerialKnowsWhatItHasRead(t *testing.T) {
	k := &sockets{}
	r := &lineReader{reader: newReader(newLine(&Set{opt: Options{}.withDefaults()}, 0, Medium{Kind: Serial}), k)}
	r.stream.Max = 100
	r.stream.Use(r.bufs[0])
	for _, c := range []struct {
		began time.Duration
		got   int
		want  time.Duration
	}{{3, 10, 3}, {5, chunk, 3}, {7, chunk - 1, 7}} {
		r.began, r.got = c.began, r.bytes[:c.got]
		if !r.deliver() || time.Duration(k.behind.Load()) != c.want {
			t.Errorf("%+v: %d", c, k.behind.Load())
		}
	}
}

func TestSerialCloseLeavesNothing(t *testing.T) {
	p := newPort(t)
	warm := openSerialOn(t, p, Options{})
	warm.Close()
	before := descriptors(t)
	for range 5 {
		s := openSerialOn(t, p, Options{})
		s.Send([]byte(message("x")))
		p.hold(true)
		s.Send([]byte(message("hangs")))
		s.Close()
		p.hold(false)
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
