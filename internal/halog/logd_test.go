package halog

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
)

// logger is a stand-in for ha_logd.
type logger struct {
	*testing.T
	path   string
	listen net.Listener
	lines  chan string   // what it has read, as the genuine one writes it, without the time
	read   chan struct{} // not nil: it reads nothing before this is closed
}

func newLogger(t *testing.T) *logger {
	return &logger{T: t, path: filepath.Join(t.TempDir(), "log_daemon"), lines: make(chan string, 10000)}
}

// start begins to listen; stop ends it, and every connection.
func (g *logger) start() (stop func()) {
	g.Helper()
	l, err := net.Listen("unix", g.path)
	if err != nil {
		g.Fatal(err)
	}
	conns := make(chan net.Conn, 16)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(conns)
				return
			}
			conns <- c
			go g.serve(c)
		}
	}()
	return func() {
		l.Close()
		for c := range conns {
			c.Close()
		}
	}
}

func (g *logger) serve(c net.Conn) {
	if g.read != nil {
		<-g.read
	}
	for {
		line, err := readFrame(c)
		if err != nil {
			return
		}
		g.lines <- line
	}
}

// readFrame reads what is written here by what was seen of the genuine programs.
func readFrame(r io.Reader) (string, error) {
	head := make([]byte, frameHead)
	if _, err := io.ReadFull(r, head); err != nil {
		return "", err
	}
	order := binary.NativeEndian
	if order.Uint32(head[4:]) != 0xabcd {
		return "", fmt.Errorf("magic %x", head)
	}
	body := make([]byte, order.Uint32(head))
	if _, err := io.ReadFull(r, body); err != nil {
		return "", err
	}
	text := string(body[96:])
	if body[0] != 2 || int(order.Uint32(body[12:])) != len(text) || !strings.HasSuffix(text, "\x00") {
		return "", fmt.Errorf("body %q", body)
	}
	word := ""
	if order.Uint32(body[16:]) == 1 {
		word = Level(order.Uint32(body[8:])).prefix()
	}
	entity, _, _ := strings.Cut(string(body[24:88]), "\x00")
	return fmt.Sprintf("%s: [%d]: %s%s", entity, order.Uint32(body[20:]), word, strings.TrimSuffix(text, "\x00")), nil
}

func (g *logger) gets(want ...string) {
	g.Helper()
	for _, w := range want {
		select {
		case got := <-g.lines:
			if got != w {
				g.Errorf("the logging daemon got %q, want %q", got, w)
			}
		case <-time.After(30 * time.Second):
			g.Fatalf("the logging daemon did not get %q", w)
		}
	}
}

// directly is a log that has this daemon, and a file of its own.
func (g *logger) directly(change ...func(*tuning)) (l *Log, file string) {
	g.Helper()
	c := sampleConfig()
	c.File = filepath.Join(g.TempDir(), "log")
	c.Logd = Logd{Path: g.path, Retry: time.Hour}
	t := eager
	for _, f := range change {
		f(&t)
	}
	l = open(c, t)
	g.Cleanup(func() { l.Close(10 * time.Second) })
	return l, c.File
}

// TestLogdFrame: byte for byte what 3.0.6 and ha_logger were seen to send.
func TestLogdFrame(t *testing.T) {
	t.Parallel()
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the bytes below are from a little-endian machine")
	}
	name := func(s string) string { return s + strings.Repeat("\x00", 64-len(s)) }
	at := time.Unix(0x6b03b315, 0)
	daemon := "y\x00\x00\x00\xcd\xab\x00\x00\x02\x00\x00\x00\x08\x00\x00\x00\x06\x00\x00\x00\x19\x00\x00\x00\x01\x00\x00\x00\x11\x00\x00\x00" +
		name("heartbeat") + "\x15\xb3\x03k\x00\x00\x00\x00heartbeat: version 3.0.6\x00"
	script := "q\x00\x00\x00\xcd\xab\x00\x00\x02\x00\x00\x00\x08\x00\x00\x00\x06\x00\x00\x00\x11\x00\x00\x00\x00\x00\x00\x00\x9c\x00\x00\x00" +
		name("web(default)[77]") + "\x15\xb3\x03k\x00\x00\x00\x00ERROR: some text\x00"
	if got := appendFrame(nil, 8, Info, 1, 17, "heartbeat", at, "heartbeat: version 3.0.6"); string(got) != daemon {
		t.Errorf("of the daemon:\n%q, want\n%q", got, daemon)
	}
	if got := appendFrame(nil, 8, Info, 0, 156, "web(default)[77]", at, "ERROR: some text"); string(got) != script {
		t.Errorf("of a script:\n%q, want\n%q", got, script)
	}
}

// TestLogd: every kind of line gets there, in order, and nowhere else.
func TestLogd(t *testing.T) {
	t.Parallel()
	g := newLogger(t)
	defer g.start()()
	l, file := g.directly()
	l.Line(Warn, "one\ntwo")
	l.Line(Debug, "little")
	l.Part("ipfail", Info, "of a part")
	l.Script("ResourceManager", "", Plain, "ERROR: of a script")
	l.ScriptOf(77, "IPaddr", "10.0.0.1", Info, "of another process")
	l.Line(Info, strings.Repeat("x", 600))
	g.gets("heartbeat: [3029]: WARN: one two", "heartbeat: [3029]: debug: little", "ipfail: [3029]: info: of a part",
		"ResourceManager(default)[3029]: [3029]: ERROR: of a script", "IPaddr(10.0.0.1)[77]: [77]: info: of another process",
		"heartbeat: [3029]: info: "+strings.Repeat("x", textMax))
	flushed(t, l)
	if got, err := os.ReadFile(file); err == nil {
		t.Errorf("the file has it too: %q", got)
	}
}

const noLogd = "WARN: Initializing connection to logging daemon failed. Logging daemon may not be running"

// TestLogdMissing: the file has the lines until there is a logging daemon.
func TestLogdMissing(t *testing.T) {
	t.Parallel()
	g := newLogger(t)
	l, file := g.directly()
	l.Line(Info, "one")
	l.Line(Info, "two")
	flushed(t, l)
	expect(t, file, strings.Replace(info("x"), "info: x", noLogd, 1)+info("one")+info("two"))
	defer g.start()()
	l.Line(Info, "too early to try again")
	flushed(t, l)
	l.Reopen() // SIGHUP
	l.Line(Info, "three")
	g.gets("heartbeat: [3029]: info: three")
	if n := l.Lost(); n != 0 {
		t.Errorf("%d lines were lost", n)
	}
}

// TestLogdBehind: one that reads all the time, and yet has always something left to read, is kept.
func TestLogdBehind(t *testing.T) {
	t.Parallel()
	g := newLogger(t)
	listen, err := net.Listen("unix", g.path)
	if err != nil {
		t.Fatal(err)
	}
	defer listen.Close()
	const patience = 1500 * time.Millisecond // more than this test itself can be held up
	l, file := g.directly(func(t *tuning) { t.unread = patience })
	l.Line(Info, "line 0")
	conn, err := listen.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	n := 1
	for end := time.Now().Add(2 * patience); time.Now().Before(end); n++ {
		l.Line(Info, fmt.Sprint("line ", n))
		flushed(t, l)
		if line, err := readFrame(conn); err != nil || line != fmt.Sprint("heartbeat: [3029]: info: line ", n-1) {
			got, _ := os.ReadFile(file)
			t.Fatalf("after line %d: %q, %v; the file has\n%.600s", n, line, err, got)
		}
	}
	if got, err := os.ReadFile(file); err == nil {
		t.Errorf("the file has lines of it: %q", got)
	}
}

// TestLogdEnds: what it had not read when it was killed is in the file, and so is what comes later.
func TestLogdEnds(t *testing.T) {
	t.Parallel()
	g := newLogger(t)
	stop := g.start()
	l, file := g.directly()
	l.Line(Info, "read")
	g.gets("heartbeat: [3029]: info: read")
	g.settled(l)
	g.read = make(chan struct{})
	stop()
	g.written(file, "it has ended")
	stop = g.start()
	l.Reopen()
	l.Line(Info, "unread")
	flushed(t, l)
	stop()
	close(g.read)
	g.written(file, "info: unread\n")
	l.Line(Info, "late")
	flushed(t, l)
	got, _ := os.ReadFile(file)
	if strings.Contains(string(got), ": read\n") || !strings.HasSuffix(string(got), info("unread")+info("late")) || l.Lost() != 0 {
		t.Errorf("%d lost, the file has\n%s", l.Lost(), got)
	}
}

// settled waits until the relay knows that everything was read.
func (g *logger) settled(l *Log) {
	g.Helper()
	time.Sleep(10 * lookAgain) // a longer wait only makes the test surer; a shorter one lets a line be written twice
	flushed(g.T, l)
}

func (g *logger) written(file, want string) {
	g.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		got, _ := os.ReadFile(file)
		if bytes.Contains(got, []byte(want)) {
			return
		}
		if time.Now().After(end) {
			g.Fatalf("%q is not in the file:\n%s", want, got)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestLogdStuck: a logging daemon that reads nothing holds up nobody, and costs no line.
func TestLogdStuck(t *testing.T) {
	t.Parallel()
	g := newLogger(t)
	g.read = make(chan struct{})
	defer close(g.read)
	defer g.start()()
	const lines = 3000
	l, file := g.directly(func(t *tuning) { t.queue, t.send, t.flush = 2*lines, 50*time.Millisecond, time.Minute })
	for i := range lines {
		l.Line(Info, fmt.Sprintf("line %d", i)) // would hang here
	}
	flushed(t, l)
	got, _ := os.ReadFile(file)
	rest := string(got)
	for i := range lines {
		_, after, found := strings.Cut(rest, info(fmt.Sprintf("line %d", i)))
		if !found {
			t.Fatalf("line %d is missing, or not in its place", i)
		}
		rest = after
	}
	if l.Lost() != 0 || !strings.Contains(string(got), "the logging daemon takes no lines (it does not read)") {
		t.Errorf("%d lost:\n%.500s", l.Lost(), got)
	}
}

// TestLogdHangs: a single line is not left with a logging daemon that does not read it.
func TestLogdHangs(t *testing.T) {
	t.Parallel()
	g := newLogger(t)
	g.read = make(chan struct{})
	defer close(g.read)
	defer g.start()()
	l, file := g.directly(func(t *tuning) { t.unread = time.Millisecond })
	l.Line(Info, "the only one")
	g.written(file, "info: the only one\n")
	if n := l.Lost(); n != 0 {
		t.Errorf("%d lost", n)
	}
}

// TestLogdCloses: the last lines get there before the log is closed.
func TestLogdCloses(t *testing.T) {
	t.Parallel()
	g := newLogger(t)
	defer g.start()()
	l, _ := g.directly(func(t *tuning) { t.queue = 1000 })
	var want []string
	for i := range 500 {
		l.Line(Info, fmt.Sprint(i))
		want = append(want, fmt.Sprintf("heartbeat: [3029]: info: %d", i))
	}
	if !l.Close(30 * time.Second) {
		t.Error("Close timed out")
	}
	g.gets(want...)
}

// TestSetDebug: the terminal gets debug lines from the level 1 on.
func TestSetDebug(t *testing.T) {
	t.Parallel()
	var term bytes.Buffer
	c := sampleConfig()
	c.Stderr = &term
	l := open(c, eager)
	for _, level := range []int{0, 2, 0} {
		l.SetDebug(level)
		l.Line(Debug, fmt.Sprintf("at %d", level))
	}
	l.Close(10 * time.Second)
	if got := term.String(); strings.Count(got, "\n") != 1 || !strings.HasSuffix(got, "debug: at 2\n") {
		t.Errorf("%q", got)
	}
}

// TestLogdGone: a socket whose other side is gone has nothing unread either; that does not count as read.
func TestLogdGone(t *testing.T) {
	t.Parallel()
	g := newLogger(t)
	listen, err := net.Listen("unix", g.path)
	if err != nil {
		t.Fatal(err)
	}
	defer listen.Close()
	conn, err := net.Dial("unix", g.path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := listen.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c := sampleConfig()
	c.File = filepath.Join(t.TempDir(), "log")
	l := open(c, eager)
	defer l.Close(10 * time.Second)
	r := newRelay(Logd{Path: g.path}, &layout{place: logDaemon, entity: ownEntity}, l.sinks, c.Now, eager)
	r.conn = conn.(*net.UnixConn)
	r.send(&logrus.Entry{Time: sample, Message: "unread", Data: logrus.Fields{fieldLevel: Info}})
	r.settle()
	if len(r.lent) != 1 {
		t.Fatalf("%d lines are kept, want the one that was not read", len(r.lent))
	}
	other.Close()
	r.settle()
	flushed(t, l)
	if got, _ := os.ReadFile(c.File); !strings.HasSuffix(string(got), info("unread")) {
		t.Errorf("the file has %q", got)
	}
}
