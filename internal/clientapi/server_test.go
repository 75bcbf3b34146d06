package clientapi

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

// echo is a cluster that says to its own clients what they say.
type echo struct {
	server *Server
	guard  sync.Mutex
	logs   []string
}

func (e *echo) State() (State, bool)     { return recordedState() }
func (e *echo) Audience(core.Class) bool { return true }
func (e *echo) Say(m *wire.Message) bool { e.server.Deliver(m, core.Keep); return true }
func (e *echo) Log(_ core.Level, s, _ string) {
	e.guard.Lock()
	defer e.guard.Unlock()
	e.logs = append(e.logs, s)
}

// served is a server whose rule for "test" names whoever runs this.
func served(t testing.TB) (*Server, *echo, string) {
	t.Helper()
	cfg := recordedConfig()
	cfg.Rules["test"] = Rule{UIDs: []uint32{uint32(os.Geteuid())}}
	e := &echo{}
	e.server = NewServer(cfg, e)
	path := filepath.Join(t.TempDir(), "register")
	if err := e.server.Listen(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.server.Close)
	return e.server, e, path
}

// soon is long enough for anything that happens at all.
func soon() time.Time { return time.Now().Add(time.Minute) }

func dial(t testing.TB, path, name string) *Client {
	t.Helper()
	c, err := Dial(path, name, soon())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.conn.Close() })
	return c
}

// TestSocket: sign on, ask, send, hear, sign off; the socket is everybody's, and gone at the end.
func TestSocket(t *testing.T) {
	s, _, path := served(t)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o777 {
		t.Errorf("the socket: %v %v", info.Mode(), err)
	}
	c := dial(t, path, "test")
	if len(c.Others) != 1 || !c.Others[0].StrIs("st", "join") {
		t.Errorf("its own joining comes before the answer: %v", c.Others)
	}
	nodes, err := c.List("nodelist")
	if err != nil || len(nodes) != 3 || !nodes[2].StrIs("node", "10.77.0.9") {
		t.Errorf("nodes: %v %v", nodes, err)
	}
	if _, err := Dial(path, "test", soon()); err == nil || err.Error() != "duplicate add request" {
		t.Errorf("twice: %v", err)
	}
	c.Send(wire.New("hello").AddStr("text", "two\nlines"))
	m, err := c.Read()
	if err != nil || !m.StrIs("t", "hello") || !m.StrIs("text", "two\nlines") || !m.StrIs("from_id", "test") {
		t.Errorf("heard %v %v", m, err)
	}
	c.Close()
	again := dial(t, path, "test")
	s.Close()
	if _, err := again.Read(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the socket is still there")
	}
}

// TestSession is a client in the daemon, and one outside, of other names and of the same.
func TestSession(t *testing.T) {
	s, _, path := served(t)
	se, err := s.Open("test")
	if err != nil {
		t.Fatal(err)
	}
	if m := <-se.Messages(); !m.StrIs("st", "join") {
		t.Errorf("first: %v", m)
	}
	if _, err := s.Open("test"); !errors.Is(err, ErrTaken) {
		t.Errorf("twice: %v", err)
	}
	if _, err := Dial(path, "test", soon()); err == nil || err.Error() != "duplicate add request" {
		t.Errorf("from outside: %v", err)
	}
	hello := wire.New("hello")
	if err := se.Send(hello); err != nil {
		t.Fatal(err)
	}
	if m := <-se.Messages(); !m.StrIs("t", "hello") || !m.StrIs("from_id", "test") || hello.Has("from_id") {
		t.Errorf("heard %v, said %v", m, hello)
	}
	if st, err := se.State(); err != nil || len(st.Nodes) != 3 || st.Holding != "local" {
		t.Errorf("state %v %v", st, err)
	}
	if v, set := se.Parameter("deadtime"); v != "5" || !set {
		t.Errorf("deadtime %q", v)
	}
	for range sessionRoom + 1 {
		s.Deliver(wire.New("status"), core.Keep)
	}
	s.turn(s.deliverWaiting)
	for range se.Messages() { // ends: it was cut off
	}
	if err := se.Send(hello); err == nil {
		t.Error("who was cut off can still speak")
	}
	if se, err = s.Open("test"); err != nil {
		t.Fatal(err)
	}
	se.Close()
	s.Close()
	if _, err := s.Open("test"); !errors.Is(err, ErrEnded) {
		t.Errorf("after the end: %v", err)
	}
}

// TestWhoStopsReading is cut off, and nobody else hears less or later for it.
func TestWhoStopsReading(t *testing.T) {
	s, _, path := served(t)
	lazy := dial(t, path, "test")
	busy, err := s.Open("busy")
	if err != nil {
		t.Fatal(err)
	}
	<-busy.Messages()
	big := wire.New("status").AddStr("x", string(make([]byte, 0)))
	for range 100 {
		big.AddStr("filler", "0123456789012345678901234567890123456789")
	}
	const number = 2000
	for range number {
		s.Deliver(big, core.Keep)
		select {
		case <-busy.Messages():
		case <-time.After(time.Minute):
			t.Fatal("the other client is held up")
		}
	}
	m, got := (*wire.Message)(nil), 0
	for err = nil; err == nil; got++ {
		m, err = lazy.Read()
	}
	if got >= number || m != nil {
		t.Errorf("it was not cut off: %d messages, %v", got, m)
	}
	if _, err := Dial(path, "test", soon()); err != nil {
		t.Errorf("its name is not free: %v", err)
	}
}

// TestGarbage: whatever comes in place of a frame, and however much of it, ends a connection at the most.
func TestGarbage(t *testing.T) {
	_, e, path := served(t)
	head := func(n, magic uint32) string {
		b := binary.NativeEndian.AppendUint32(nil, n)
		return string(binary.NativeEndian.AppendUint32(b, magic))
	}
	long := make([]byte, 64<<10)
	for name, bytes := range map[string]string{
		"other magic": head(8, 0xabce) + "12345678", "text": "GET / HTTP/1.0\r\n\r\n", "negative": head(1<<31, magic), "huge": head(1<<30, magic),
		"long before the signon": head(maxSignon+1, magic) + string(long), "zeros": string(long),
		"no message": stringOf(20, head(3, magic)+"abc"), "empty": stringOf(20, head(0, magic)),
	} {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(soon())
		conn.Write([]byte(bytes))
		if b, err := io.ReadAll(conn); len(b) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %q %v", name, b, err)
		}
		conn.Close()
	}
	half, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	half.Write([]byte(head(100, magic) + ">>>\n"))
	half.Close()
	c := dial(t, path, "")
	if m, err := c.Ask("getrsc"); err != nil || !m.StrIs("rsc_hold", "local") {
		t.Errorf("afterwards: %v %v", m, err)
	}
	e.guard.Lock()
	defer e.guard.Unlock()
	if len(e.logs) == 0 {
		t.Error("nothing was said of it")
	}
}

func stringOf(n int, s string) (all string) {
	for range n {
		all += s
	}
	return all
}

// TestMostConnections: nobody gets more places than there are, and root finds one when a user has taken his.
func TestMostConnections(t *testing.T) {
	u := users{of: map[uint32]*user{}}
	for uid := range uint32(10) {
		n := 0
		for takes(&u, uid+1, false) {
			n++
		}
		if want := min(mostOfOne, mostOfStrangers-int(uid)*mostOfOne); n != max(want, 0) {
			t.Errorf("user %d has %d connections, want %d", uid+1, n, want)
		}
	}
	n := 0
	for takes(&u, 103, true) {
		n++
	}
	if n != mostOfOthers-mostOfStrangers {
		t.Errorf("a user whom apiauth names has %d", n)
	}
	for n = 0; takes(&u, 0, false); {
		n++
	}
	if n != mostConnections-mostOfOthers {
		t.Errorf("root has %d", n)
	}
	u.leave(1, false)
	if takes(&u, 2, false) || !takes(&u, 1, false) {
		t.Error("a place that became free")
	}
}

func takes(u *users, uid uint32, known bool) bool {
	who, _ := u.admit(uid, known)
	return who != nil
}

// TestBucket: at once what is there, then as fast as it fills.
func TestBucket(t *testing.T) {
	b := newBucket(10, 3)
	now := time.Unix(1000, 0)
	for i, want := range []time.Duration{0, 0, 0, 100 * time.Millisecond, 200 * time.Millisecond} {
		if got := b.take(1, now); (got - want).Abs() > time.Millisecond {
			t.Errorf("%d: wait %v, want %v", i, got, want)
		}
	}
	if got := b.take(1, now.Add(time.Hour)); got != 0 {
		t.Errorf("later: %v", got)
	}
}
