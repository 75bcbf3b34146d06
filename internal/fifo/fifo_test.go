package fifo

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/wire"
)

// site is a FIFO and what came out of it.
type site struct {
	*testing.T
	path string
	r    *Reader
	mu   sync.Mutex
	got  []string
	said []string
}

func newSite(t *testing.T) *site {
	return &site{T: t, path: filepath.Join(t.TempDir(), "lib", "fifo")}
}

func (s *site) log(level, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, level+": "+text)
}

func (s *site) open() {
	s.Helper()
	r, err := Open(Config{Path: s.path, Log: s.log, Found: func(m *wire.Message) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.got = append(s.got, m.Str("t")+" "+m.Str("x"))
	}})
	if err != nil {
		s.Fatal(err)
	}
	s.r = r
	s.Cleanup(r.Close)
}

// wants waits until exactly these messages have come.
func (s *site) wants(want ...string) {
	s.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		s.mu.Lock()
		got := slices.Clone(s.got)
		s.mu.Unlock()
		if slices.Equal(got, want) {
			return
		}
		if len(got) > len(want) || time.Now().After(deadline) {
			s.Fatalf("came %q, want %q; said %q", got, want, s.said)
		}
	}
}

func TestSendAndRead(t *testing.T) {
	s := newSite(t)
	if err := Send(s.path, wire.New("a")); !errors.Is(err, ErrNobody) {
		t.Errorf("without a FIFO: %v", err)
	}
	s.open()
	if err := Send(s.path, wire.New("a").AddStr("x", "1")); err != nil {
		t.Fatal(err)
	}
	if err := Send(s.path, wire.New("b").AddStr("x", "2")); err != nil {
		t.Fatal(err)
	}
	if err := Send(s.path, wire.New("c").AddStr("x", "1\nt=shutdone")); !errors.Is(err, errLine) {
		t.Errorf("a line end: %v", err)
	}
	s.wants("a 1", "b 2")
	s.r.Close()
	if err := Send(s.path, wire.New("a")); !errors.Is(err, ErrNobody) {
		t.Errorf("with nobody to read it: %v", err)
	}
	info, err := os.Stat(s.path)
	if err != nil || info.Mode() != os.ModeNamedPipe|Mode {
		t.Errorf("it is %v, %v", info.Mode(), err)
	}
}

// TestHalfAMessage: a writer that hangs in the middle, and one that goes away there, keep nobody out.
func TestHalfAMessage(t *testing.T) {
	s := newSite(t)
	s.open()
	w, err := os.OpenFile(s.path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.WriteString(">>>\nt=half\nx="); err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString("1\n"); err != nil {
		t.Fatal(err)
	}
	if err := Send(s.path, wire.New("whole").AddStr("x", "2")); err != nil {
		t.Fatal(err)
	}
	s.wants("whole 2")
}

// TestWhatLiesInItsPlace: 3.0.6 removes what is no FIFO, and so do we; another's FIFO, or one with other rights, too.
func TestWhatLiesInItsPlace(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"nothing":       func(string) error { return nil },
		"a file":        func(p string) error { return os.WriteFile(p, []byte("t=x\n"), 0o644) },
		"a directory":   func(p string) error { return os.Mkdir(p, 0o755) },
		"a wide FIFO":   func(p string) error { return errors.Join(unix.Mkfifo(p, 0o600), os.Chmod(p, 0o666)) },
		"a link":        func(p string) error { return os.Symlink("/etc/passwd", p) },
		"another's":     func(p string) error { return errors.Join(unix.Mkfifo(p, 0o666), os.Chown(p, 1, 1)) },
		"a link to one": func(p string) error { return errors.Join(unix.Mkfifo(p+"2", 0o666), os.Symlink(p+"2", p)) },
	} {
		t.Run(name, func(t *testing.T) {
			if name == "another's" && os.Geteuid() != 0 {
				t.Skip("only root can give a file away")
			}
			s := newSite(t)
			if err := os.Mkdir(filepath.Dir(s.path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := put(s.path); err != nil {
				t.Fatal(err)
			}
			s.open()
			info, err := os.Lstat(s.path)
			if err != nil || info.Mode() != os.ModeNamedPipe|Mode || info.Sys().(*syscall.Stat_t).Uid != uint32(os.Geteuid()) {
				t.Fatalf("it is %v, %v", info.Mode(), err)
			}
			if said := strings.Contains(strings.Join(s.said, "\n"), "info: Creating FIFO "+s.path+"."); said != (name != "a wide FIFO") {
				t.Errorf("said %q", s.said)
			}
			if err := Send(s.path, wire.New("a").AddStr("x", "1")); err != nil {
				t.Fatal(err)
			}
			s.wants("a 1")
		})
	}
}

// flood opens the FIFO and writes a text to it, most times at most, until it is held up: that it must be.
func (s *site) flood(text string, most int) {
	s.Helper()
	s.open()
	w, err := os.OpenFile(s.path, os.O_WRONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		s.Fatal(err)
	}
	defer w.Close()
	w.SetWriteDeadline(time.Now().Add(time.Second))
	for range most {
		if _, err = w.WriteString(text); err != nil {
			break
		}
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		s.Errorf("nobody was held up: %v", err)
	}
}

// TestFloodWaits: who writes without end is slowed down, and loses nothing; Close does not wait for him.
func TestFloodWaits(t *testing.T) {
	s := newSite(t)
	s.flood(">>>\nt=a\n"+strings.Repeat("x=1\n", 50)+"<<<\n", 1<<16)
	s.mu.Lock()
	got := len(s.got)
	s.mu.Unlock()
	if got < burst || got > 1<<12 {
		t.Errorf("%d messages were taken", got)
	}
}

// TestFloodOfNoMessages: who writes what is no message waits as well, and he who comes after him not for long.
func TestFloodOfNoMessages(t *testing.T) {
	s := newSite(t)
	s.flood(strings.Repeat("y\n", 2048), 1<<12)
	s.mu.Lock()
	said := len(s.said)
	s.mu.Unlock()
	if said < burst || said > 1<<16 {
		t.Errorf("%d lines were said", said)
	}
}

// TestNoMessageHoldsUpNobodyForLong: a page of text costs those who write messages seconds, not minutes.
func TestNoMessageHoldsUpNobodyForLong(t *testing.T) {
	s := newSite(t)
	s.open()
	w, err := os.OpenFile(s.path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.WriteString(strings.Repeat("y\n", 2000)); err != nil {
		t.Fatal(err)
	}
	if err := Send(s.path, wire.New("a").AddStr("x", "1")); err != nil {
		t.Fatal(err)
	}
	s.wants("a 1")
}
