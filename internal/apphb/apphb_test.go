package apphb

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// stand is a stand-in for apphbd: what it is told, in words.
type stand struct {
	*testing.T
	path  string
	heard chan string
	lines chan string
	code  uint32
}

func newStand(t *testing.T) *stand {
	return &stand{T: t, path: filepath.Join(t.TempDir(), "comm"), heard: make(chan string, 100), lines: make(chan string, 100)}
}

func (s *stand) listen() (stop func()) {
	s.Helper()
	l, err := net.Listen("unix", s.path)
	if err != nil {
		s.Fatal(err)
	}
	conns := make(chan net.Conn, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(conns)
				return
			}
			conns <- c
			go s.serve(c)
		}
	}()
	return func() {
		l.Close()
		for c := range conns {
			c.Close()
		}
	}
}

func (s *stand) serve(c net.Conn) {
	for {
		var head [8]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			s.heard <- "end"
			return
		}
		body := make([]byte, binary.NativeEndian.Uint32(head[:]))
		io.ReadFull(c, body) //nolint:errcheck // seen below
		s.heard <- words(body)
		if !strings.HasPrefix(string(body), "hb") {
			answer := binary.NativeEndian.AppendUint32([]byte("\x04\x00\x00\x00\xcd\xab\x00\x00"), s.code)
			c.Write(answer) //nolint:errcheck // the test sees it
		}
	}
}

// words tells a message as it was seen of 3.0.6.
func words(body []byte) string {
	text := func(b []byte) string { s, _, _ := strings.Cut(string(b), "\x00"); return s }
	kind := text(body[:8])
	switch {
	case kind == "reg" && len(body) == 788:
		n := binary.NativeEndian.Uint32
		return fmt.Sprintf("reg %s %s %s %d %d %d", text(body[8:]), text(body[264:]), text(body[520:]), n(body[776:]), n(body[780:]), n(body[784:]))
	case strings.HasPrefix(kind, "set") && len(body) == 16:
		return fmt.Sprintf("%s %d", kind, binary.NativeEndian.Uint64(body[8:]))
	case len(body) == 8:
		return kind
	}
	return fmt.Sprintf("%q", body)
}

func (s *stand) gets(from chan string, want ...string) {
	s.Helper()
	for _, w := range want {
		select {
		case got := <-from:
			if !strings.HasPrefix(got, w) {
				s.Fatalf("got %q, want %q", got, w)
			}
		case <-time.After(30 * time.Second):
			s.Fatalf("no %q", w)
		}
	}
}

func (s *stand) client(pause time.Duration) *Client {
	return Open(Config{Path: s.path, Deadtime: 5 * time.Second, Warntime: 2 * time.Second, Again: pause,
		Log: func(level, text string) { s.lines <- level + ": " + text }})
}

func (s *stand) registration() []string {
	dir, _ := os.Getwd()
	return []string{fmt.Sprintf("reg heartbeat master_control_process %s %d %d %d", dir, os.Getpid(), os.Getuid(), os.Getgid()),
		"setint 5000", "setwarn 2000", "hb"}
}

// TestLife: what 3.0.6 says, a beat for each tickle, and a sign-off.
func TestLife(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the stand-in answers for a little-endian machine")
	}
	s := newStand(t)
	defer s.listen()()
	a := s.client(time.Hour)
	s.gets(s.heard, s.registration()...)
	s.gets(s.lines, "info: Registered with apphbd as heartbeat/master_control_process.")
	for range 3 {
		a.Tickle()
		s.gets(s.heard, "hb")
	}
	a.Close()
	s.gets(s.heard, "unreg", "end")
}

// TestMissing: it is tried again until it is there, and again when it has ended; each is said once.
func TestMissing(t *testing.T) {
	s := newStand(t)
	a := s.client(time.Nanosecond)
	defer a.Close()
	s.gets(s.lines, "ERROR: Unable to register with apphbd.: no such file or directory", "info: Continuing to try and register.")
	for range 3 {
		a.Tickle()
	}
	stop := s.listen()
	a.until(t, s, "setwarn 2000")
	s.gets(s.lines, "info: Registered with apphbd")
	stop()
	for len(s.heard) > 0 {
		<-s.heard
	}
	for said := false; !said; {
		a.Tickle()
		select {
		case line := <-s.lines:
			if said = true; !strings.HasPrefix(line, "ERROR: apphb_hb() failed.: ") {
				t.Errorf("%q", line)
			}
		case <-time.After(time.Millisecond):
		}
	}
	defer s.listen()()
	a.until(t, s, "setwarn 2000")
}

// until tickles until the stand-in hears that.
func (a *Client) until(t *testing.T, s *stand, want string) {
	t.Helper()
	for end := time.After(30 * time.Second); ; {
		a.Tickle()
		select {
		case got := <-s.heard:
			if got == want {
				return
			}
		case <-end:
			t.Fatalf("no %q", want)
		case <-time.After(time.Millisecond):
		}
	}
}

// TestRefused: an apphbd that refuses is not told anything more.
func TestRefused(t *testing.T) {
	s := newStand(t)
	s.code = 22
	defer s.listen()()
	a := s.client(time.Hour)
	s.gets(s.lines, "ERROR: Unable to register with apphbd.: it refuses (22)")
	a.Tickle()
	a.Close()
	s.gets(s.heard, "reg", "end")
}
