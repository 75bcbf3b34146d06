//go:build integration

package pacer

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const patience = 20 * time.Second

// ear is a UDP socket on the loopback interface that beats are sent to, and one that sends them.
type ear struct {
	t          *testing.T
	recv, send int
	to         Address
	port       int
}

func newEar(t *testing.T) *ear {
	t.Helper()
	socket := func() int {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		return fd
	}
	e := &ear{t: t, recv: socket(), send: socket()}
	here := unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	if err := unix.Bind(e.recv, &here); err != nil {
		t.Fatal(err)
	}
	at, err := unix.Getsockname(e.recv)
	if err != nil {
		t.Fatal(err)
	}
	e.port = at.(*unix.SockaddrInet4).Port
	e.to = loopback(e.port)
	if err := unix.SetsockoptInt(e.recv, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		t.Fatal(err)
	}
	return e
}

// heard is one datagram, with the moment the kernel got it, on CLOCK_MONOTONIC.
type heard struct {
	text string
	at   int64
}

// next gives the next datagram; false: none came for so long.
func (e *ear) next(wait time.Duration) (heard, bool) {
	e.t.Helper()
	poll := []unix.PollFd{{Fd: int32(e.recv), Events: unix.POLLIN}}
	for end := time.Now().Add(wait); ; {
		n, err := unix.Poll(poll, int(max(0, time.Until(end).Milliseconds())))
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			e.t.Fatal(err)
		}
		if n > 0 {
			break
		}
		if time.Now().After(end) {
			return heard{}, false
		}
	}
	buf, control := make([]byte, 65536), make([]byte, 64)
	n, c, _, _, err := unix.Recvmsg(e.recv, buf, control, unix.MSG_DONTWAIT)
	if err != nil {
		e.t.Fatal(err)
	}
	h := heard{text: string(buf[:n])}
	if msgs, err := unix.ParseSocketControlMessage(control[:c]); err == nil && len(msgs) > 0 && len(msgs[0].Data) >= 16 {
		d := msgs[0].Data
		wall := int64(binary.NativeEndian.Uint64(d))*1e9 + int64(binary.NativeEndian.Uint64(d[8:]))
		now := time.Now().UnixNano() // before the other clock: who is held up in between finds it later, never too early
		h.at = clock() - (now - wall)
	}
	return h, true
}

// want waits for a datagram with that text.
func (e *ear) want(text string) heard {
	e.t.Helper()
	h, ok := e.next(patience)
	if !ok || h.text != text {
		e.t.Fatalf("heard %q, want %q", h.text, text)
	}
	return h
}

// quiet says that nothing waits in the socket.
func (e *ear) quiet() {
	e.t.Helper()
	if h, ok := e.next(0); ok {
		e.t.Fatalf("heard %q, and nothing should have been sent", h.text)
	}
}

// journal collects log lines.
type journal struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (j *journal) log(level, text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	fmt.Fprintf(&j.lines, "%s: %s\n", level, text)
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines.String()
}

func (j *journal) said(part string) bool { return strings.Contains(j.text(), part) }

// paced is a Pacer at work with one line into an ear.
type paced struct {
	*Pacer
	*journal
	*ear
}

func newPaced(t *testing.T, opt Options) paced {
	t.Helper()
	j := &journal{}
	opt.Log = j.log
	p, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	all := paced{p, j, newEar(t)}
	t.Cleanup(func() {
		p.Close()
		if t.Failed() {
			t.Logf("log:\n%s", j.text())
		}
	})
	p.Opened(0, all.send, all.to)
	all.ready()
	return all
}

// ready waits for a pacer that takes beats.
func (p paced) ready() {
	p.t.Helper()
	p.until("a pacer", p.Alive)
}

// until waits until something is so: for news, or because the pacer counts what it has sent a moment later and says nothing.
func (p paced) until(what string, so func() bool) {
	p.t.Helper()
	late := time.After(patience)
	for !so() {
		select {
		case <-p.News():
		case <-time.After(5 * time.Millisecond):
		case <-late:
			p.t.Fatalf("not seen: %s; log:\n%s", what, p.text())
		}
	}
}

// offer offers a beat for so long after now, and returns its moment.
func (p paced) offer(after time.Duration, text string) int64 {
	p.t.Helper()
	at := clock() + int64(after)
	if !p.Offer(time.Duration(at), []byte(text)) {
		p.t.Fatalf("%q was not taken; log:\n%s", text, p.text())
	}
	return at
}
