package outdater

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"heartbeatd/internal/clientapi"
	"heartbeatd/internal/dopd"
	"heartbeatd/internal/wire"
)

// place is a socket, and what was logged.
type place struct {
	*Server
	path  string
	guard sync.Mutex
	lines []string
}

func (p *place) log(text string) {
	p.guard.Lock()
	defer p.guard.Unlock()
	p.lines = append(p.lines, text)
}

func (p *place) logged() string {
	p.guard.Lock()
	defer p.guard.Unlock()
	return strings.Join(p.lines, "\n")
}

func newPlace(t *testing.T, may bool) *place {
	t.Helper()
	p := &place{path: filepath.Join(t.TempDir(), "outdater")}
	s, err := Listen(Config{Path: p.path, Self: "node1", Group: -1, May: func(clientapi.Peer) bool { return may }, Log: p.log})
	if err != nil {
		t.Fatal(err)
	}
	p.Server = s
	t.Cleanup(s.Close)
	return p
}

func (p *place) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := net.Dial("unix", p.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute)) //nolint:errcheck // a socket has one
	return c
}

func (p *place) event(t *testing.T) Event {
	t.Helper()
	select {
	case e := <-p.Events():
		return e
	case <-time.After(time.Minute):
		t.Fatal("nothing happens")
		return Event{}
	}
}

// The frames that the programs of 3.0.6 send.
const (
	genuineQuestion = "O\x00\x00\x00\xcd\xab\x00\x00>>>\nt=outdater\nsrc=drbd-peer-outdater\noutdater_peer=node2\noutdater_res=r0\n<<<\n\x00"
	genuineAnswer   = "-\x00\x00\x00\xcd\xab\x00\x00>>>\nt=outdater_rc\nsrc=node1\ndop_value=4\n<<<\n\x00"
)

// TestFramesAreGenuine: both ends speak as 3.0.6's, to the byte.
func TestFramesAreGenuine(t *testing.T) {
	p := newPlace(t, true)
	c := p.dial(t)
	fmt.Fprint(c, genuineQuestion)
	e := p.event(t)
	if e.Peer != "node2" || e.Resource != "r0" || e.Left {
		t.Errorf("%+v", e)
	}
	p.Answer(e.ID, dopd.Outdated)
	got := make([]byte, len(genuineAnswer))
	if _, err := c.Read(got); err != nil || string(got) != genuineAnswer {
		t.Errorf("%v: %q", err, got)
	}
	c.Close()
	if left := p.event(t); !left.Left || left.ID != e.ID {
		t.Errorf("%+v", left)
	}
	if q := clientapi.AppendFrame(nil, newQuestion("node2", "r0"), wire.Classic); string(q) != genuineQuestion {
		t.Errorf("%q", q)
	}
}

// TestWhatIsNoQuestion ends its own connection, and no other.
func TestWhatIsNoQuestion(t *testing.T) {
	p := newPlace(t, true)
	waits := p.dial(t)
	fmt.Fprint(waits, genuineQuestion)
	e := p.event(t)
	for _, text := range []string{
		"garbage that is long enough", "\xff\xff\xff\x7f\xcd\xab\x00\x00", "\xff\xff\xff\xff\xcd\xab\x00\x00", "\x00\x20\x00\x00\xcd\xab\x00\x00",
		strings.Replace(genuineQuestion, "t=outdater", "t=outdates", 1), strings.Replace(genuineQuestion, "_res=r0", "_foo=r0", 1), "",
	} {
		c := p.dial(t)
		fmt.Fprint(c, text)
		c.(*net.UnixConn).CloseWrite()
		if n, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("%q: %d bytes come back", text, n)
		}
	}
	p.Answer(e.ID, dopd.Primary)
	if m, err := clientapi.ReadMessage(waits, mostMessage); err != nil || m.Str(fieldAnswer) != "6" {
		t.Errorf("who waits: %v, %v", m, err)
	}
}

// TestFewAtATime: who floods the socket gets the door, and who asks then again an answer.
func TestFewAtATime(t *testing.T) {
	p := newPlace(t, true)
	p.Server.guard.Lock()
	p.most = 8
	p.Server.guard.Unlock()
	var conns []net.Conn
	for range 3 * 8 {
		conns = append(conns, p.dial(t))
	}
	if _, err := conns[len(conns)-1].Read(make([]byte, 1)); err == nil {
		t.Error("the last one is served")
	}
	if !strings.Contains(p.logged(), "too many connections") {
		t.Errorf("logged: %s", p.logged())
	}
	for _, c := range conns {
		c.Close()
	}
	go func() {
		for e := range p.Events() {
			if !e.Left {
				p.Answer(e.ID, dopd.Outdated)
			}
		}
	}()
	if v, err := Ask(p.path, "node2", "r0", time.Minute); v != dopd.Outdated || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}

func TestStrangers(t *testing.T) {
	p := newPlace(t, false)
	if v, err := Ask(p.path, "node2", "r0", time.Second); v != dopd.Down || err == nil {
		t.Errorf("%d, %v", v, err)
	}
	if want := fmt.Sprintf("user %d (pid %d) may not ask: refused", os.Geteuid(), os.Getpid()); !strings.Contains(p.logged(), want) {
		t.Errorf("logged: %s", p.logged())
	}
	if info, err := os.Stat(p.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// TestOpensAgain: what an earlier one left behind is replaced, a directory is not; after the end nobody is held.
func TestOpensAgain(t *testing.T) {
	p := newPlace(t, true)
	c := p.dial(t)
	fmt.Fprint(c, genuineQuestion)
	p.event(t)
	p.Close()
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the connection goes on")
	}
	os.WriteFile(p.path, nil, 0o600)
	again, err := Listen(Config{Path: p.path, Group: -1})
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
	os.Remove(p.path)
	os.Mkdir(p.path, 0o755)
	if _, err := Listen(Config{Path: p.path, Group: -1}); err == nil {
		t.Error("a directory is replaced")
	}
}

// TestAskWaitsForDOPD: one that is just started again, as 3.0.6's is after an answer, is asked then.
func TestAskWaitsForDOPD(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outdater")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		if c, err := l.Accept(); err == nil { // it dies with the question
			c.Close()
		}
		if c, err := l.Accept(); err == nil {
			c.Read(make([]byte, 1000))
			other := clientapi.AppendFrame(nil, wire.New("hello").AddStr(fieldAnswer, "6"), wire.Classic)
			c.Write(append(other, genuineAnswer...))
		}
	}()
	defer l.Close()
	if v, err := Ask(path, "node2", "r0", time.Minute); v != dopd.Outdated || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}

// drbdadm writes a stand-in.
func drbdadm(t *testing.T, script string) Drbdadm {
	t.Helper()
	path := filepath.Join(t.TempDir(), "drbdadm")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return Drbdadm{Program: path, Limit: time.Minute}
}

func TestOutdate(t *testing.T) {
	for _, c := range []struct {
		script string
		status int
		said   string
		fails  bool
	}{
		{`[ "$*" = "outdate r0" ] && [ "$LC_ALL" = C ]`, 0, "", false},
		{"echo one; echo two >&2; exit 17", 17, "two", false},
		{"i=0; while [ $i -lt 3000 ]; do echo a line that is as long as this one; i=$((i+1)); done; echo last; exit 5", 5, "last", false},
		{"exit 255", 255, "", false},
		{"kill -9 $$", 0, "", true},
	} {
		status, said, err := drbdadm(t, c.script).Outdate(context.Background(), "r0")
		if status != c.status || said != c.said || (err != nil) != c.fails {
			t.Errorf("%s: %d, %q, %v", c.script, status, said, err)
		}
	}
	if _, _, err := (Drbdadm{Program: "nosuch-drbdadm"}).Outdate(context.Background(), "r0"); err == nil || err.Error() != "nosuch-drbdadm is not installed" {
		t.Errorf("%v", err)
	}
	if _, _, err := (Drbdadm{Program: "/nosuch/drbdadm"}).Outdate(context.Background(), "r0"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// TestOutdateHangs: it is killed, with what it has started.
func TestOutdateHangs(t *testing.T) {
	d := drbdadm(t, `trap "" TERM; sleep 1000 & echo $! >"${0%/*}/child"; wait; sleep 1000`)
	d.Limit = 300 * time.Millisecond
	if status, _, err := d.Outdate(context.Background(), "r0"); err == nil || !strings.Contains(err.Error(), "not ended within 300ms: killed") {
		t.Errorf("%d, %v", status, err)
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(d.Program), "child"))
	child, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || child <= 0 {
		t.Fatalf("%q, %v", text, err)
	}
	for deadline := time.Now().Add(time.Minute); runs(child); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("what it has started goes on")
		}
	}
	d = drbdadm(t, `: >"${0%/*}/begun"; sleep 1000`)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		_, _, err := d.Outdate(ctx, "r0")
		done <- err
	}()
	begun := filepath.Join(filepath.Dir(d.Program), "begun")
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if _, err := os.Stat(begun); err == nil {
			break
		}
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("the end of dopd is not its end")
	}
}

// runs says whether a process does more than wait to be forgotten.
func runs(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(text), ") ")
	return err == nil && !strings.HasPrefix(state, "Z")
}
