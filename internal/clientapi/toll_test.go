package clientapi

import (
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

// TestLongNamesGoNowhere: a question about a client carries no more than a name over the cluster, and no answer repeats more.
func TestLongNamesGoNowhere(t *testing.T) {
	longest, tooLong := strings.Repeat("n", longestName), strings.Repeat("n", longestName+1)
	ask := func(cn string) *wire.Message {
		return msg("t=hbapi-req reqtype=clientstatus pid=12 from_id=12 node=node2").AddStr("cn", cn)
	}
	table := withIpfail(t)
	if got := text(table.Received(2, ask(longest))); got != "say: t=query-cstatus dest=node2 cn="+longest+" from_id=12\n" {
		t.Error(got)
	}
	for _, cn := range []string{tooLong, strings.Repeat("x", 60000), "a\x00b", "a\x14b"} {
		if got := text(table.Received(2, ask(cn))); got != "to 2: t=hbapi-resp reqtype=clientstatus result=badreq info=EINVAL\n" {
			t.Errorf("asked for %.40q: %.200s", cn, got)
		}
	}
	query := func(cn, from string) string {
		return text(table.Deliver(msg("t=query-cstatus src=node2").AddStr("cn", cn).AddStr("from_id", from), core.Keep))
	}
	if got := query(longest, longest); !strings.HasPrefix(got, "say: t=respond-cstatus") {
		t.Error(got)
	}
	if got := query(tooLong, "x") + query("x", tooLong); got != "" {
		t.Errorf("answered: %.200s", got)
	}
}

// TestWhatCannotBeSaid: a message is bounded, more so where a serial line has to carry it, and what no node could read is
// refused.
func TestWhatCannotBeSaid(t *testing.T) {
	sized := func(n int) *wire.Message { return msg("t=x").AddStr("text", strings.Repeat("x", n)) }
	bytes := func(v string) *wire.Message { return msg("t=x").AddStr("text", v) }
	for _, tc := range []struct {
		line int
		m    *wire.Message
		said bool
	}{
		{0, sized(31 << 10), true},
		{0, sized(33 << 10), false},
		{1920, sized(2500), true},
		{1920, sized(3000), false},
		{0, bytes("two\nlines"), true},
		{0, bytes("a\x00b"), false},
		{0, &wire.Message{Fields: append(msg("t=x").Fields, wire.Field{Type: wire.Struct, Name: "s", Msg: wire.New("a").AddStr("y", "\x14")})}, false},
	} {
		table := withIpfail(t)
		cfg := recordedConfig()
		cfg.LineBytes = tc.line
		table.Configure(cfg)
		got := text(table.Received(1, tc.m))
		if strings.HasPrefix(got, "say:") != tc.said || !tc.said && !strings.HasPrefix(got, "log WARN: client [ipfail] wants to send a message of type [x]") {
			t.Errorf("line %d, %d bytes: %.200s", tc.line, tc.m.NetstringLen(), got)
		}
	}
}

// now is a client of a user that does not wait: each message goes out at once, or not at all.
func now(s *Server, peer Peer, trusts bool) *conn {
	over := make(chan struct{})
	close(over)
	who := &user{requests: newBucket(requestsPerSecond, requestsAtOnce), moves: newBucket(movesPerSecond, movesAtOnce)}
	return &conn{server: s, peer: peer, user: who, over: over, signed: true, trusts: trusts}
}

// passing is how many of n go out at once.
func passing(c *conn, m *wire.Message, n int) (went int) {
	for range n {
		if c.server.toll(c, m) {
			went++
		}
	}
	return went
}

// TestWhoMayOnlyAskHoldsUpNobody: questions of clients without a name are few over the cluster, signons under names that are
// not theirs are none, and those whom apiauth names, and a client in the daemon, wait for neither.
func TestWhoMayOnlyAskHoldsUpNobody(t *testing.T) {
	s, _, _ := served(t)
	question, own := msg("t=hbapi-req reqtype=clientstatus node=node2 cn=x"), msg("t=hbapi-req reqtype=clientstatus node=NODE1 cn=x")
	anybody := Peer{UID: 1000, GID: 1000}
	if n := passing(now(s, anybody, false), question, 1000); n < questionsAtOnce || n > 10*questionsAtOnce {
		t.Errorf("%d questions of 1000 went out at once", n)
	}
	if n := passing(now(s, anybody, false), own, 1000); n != 1000 {
		t.Errorf("%d of 1000 questions that this node answers itself", n)
	}
	forged := now(s, anybody, false)
	forged.signed = false
	if n := passing(forged, signon("ipfail", 9, 1000, 1000), 1000); n != 1000 {
		t.Errorf("%d signons that will be refused passed of 1000", n)
	}
	member := now(s, Peer{UID: 103}, true)
	if n := passing(member, question, messagesAtOnce/2) + passing(member, wire.New("hello"), messagesAtOnce/2); n != messagesAtOnce {
		t.Errorf("of those whom apiauth names %d messages went out at once, want %d", n, messagesAtOnce)
	}
	if !passes(t, s) {
		t.Error("a client in the daemon waits for others")
	}
}

// passes says whether a client in the daemon can speak while all others have used up their share for long.
func passes(t *testing.T, s *Server) bool {
	t.Helper()
	s.rates.said.take(1e6, time.Now())
	s.rates.questions.take(1e6, time.Now())
	se, err := s.Open("inside")
	if err != nil {
		t.Fatal(err)
	}
	defer se.Close()
	sent := make(chan error, 1)
	go func() { sent <- se.Send(wire.New("hello")) }()
	select {
	case err := <-sent:
		return err == nil
	case <-time.After(time.Minute):
		return false
	}
}

// TestSerialLineIsShared: where a serial line carries them, messages of clients are half of it in bytes, questions less.
func TestSerialLineIsShared(t *testing.T) {
	cfg := recordedConfig()
	cfg.LineBytes = 960
	s := NewServer(cfg, &echo{})
	t.Cleanup(s.Close)
	size := wire.New("hello").NetstringLen() + usualMessage
	most := (cfg.LineBytes*3/2)/size + 1
	if n := passing(now(s, Peer{UID: 103}, true), wire.New("hello"), 40); n == 0 || n > 2*most {
		t.Errorf("%d messages of %d bytes went out at once, want %d", n, size, most)
	}
	if r := s.rates.questions.rate * usualMessage; r > float64(cfg.LineBytes)/8 {
		t.Errorf("questions take %v bytes a second", r)
	}
	if n := passing(now(s, Peer{UID: 103}, true), wire.New("hello").AddStr("x", strings.Repeat("x", 30000)), 3); n != 3 {
		t.Error("what will be refused is paid for") // by all others
	}
}

// TestWhoLeavesPaysNothing: comers and goers do not use up what nobody got.
func TestWhoLeavesPaysNothing(t *testing.T) {
	b := newBucket(1, 1)
	over := make(chan struct{})
	close(over)
	for range 1000 {
		b.wait(over)
	}
	if d := b.take(1, time.Now()); d > 2*time.Second {
		t.Errorf("the next waits for %v", d)
	}
}

// TestMovesAreFew: nobody fills the logs of both nodes with standbys and takeovers, and no user's wait for another's.
func TestMovesAreFew(t *testing.T) {
	s, _, _ := served(t)
	one, two := now(s, Peer{UID: 1}, true), now(s, Peer{UID: 2}, true)
	n := 0
	for range 10 {
		n += passing(one, msg("t=ask_resources rsc_hold=all info=me"), 1) + passing(one, msg("t=hb_takeover rsc_hold=all"), 1)
	}
	if n < movesAtOnce || n > 3*movesAtOnce {
		t.Errorf("%d of 20 at once", n)
	}
	if passing(two, msg("t=hb_takeover rsc_hold=all"), 1) != 1 {
		t.Error("another user waits")
	}
}

// counting is a cluster that counts what it is to say.
type counting struct {
	echo
	said atomic.Int64
}

func (c *counting) Say(*wire.Message) bool { c.said.Add(1); return true }

// TestQuestionsOfAnotherNodeAreFew: another node's clients do not fill our lines with our answers.
func TestQuestionsOfAnotherNodeAreFew(t *testing.T) {
	c := &counting{}
	s := NewServer(recordedConfig(), c)
	t.Cleanup(s.Close)
	for range 1000 {
		s.Deliver(msg("t=query-cstatus cn=x from_id=9 src=node2"), core.Keep)
	}
	s.turn(s.deliverWaiting)
	if n := c.said.Load(); n < answersAtOnce || n > 10*answersAtOnce {
		t.Errorf("%d answers", n)
	}
}

// seat gives a user a connection that nobody serves.
func seat(t *testing.T, s *Server, so *socket, peer Peer, heard int) *conn {
	t.Helper()
	c := &conn{server: s, uc: &net.UnixConn{}, peer: peer, known: s.known(peer), over: make(chan struct{})}
	if c.user, _ = so.users.admit(peer.UID, c.known); c.user == nil {
		t.Fatalf("user %d finds no place", peer.UID)
	}
	c.heard.Store(int64(heard))
	so.keep(c)
	return c
}

func isCut(c *conn) bool {
	select {
	case <-c.over:
		return true
	default:
		return false
	}
}

// TestPlacesForThoseWithARule: users whom apiauth does not name cannot hold all places: some are kept for the others, and a
// newcomer gets that of who has most and was silent for longest.
func TestPlacesForThoseWithARule(t *testing.T) {
	s, e, _ := served(t)
	so := &socket{users: users{of: map[uint32]*user{}}, conns: map[*conn]struct{}{}}
	var all []*conn
	for uid := range uint32(mostOfStrangers / mostOfOne) {
		for range mostOfOne {
			all = append(all, seat(t, s, so, Peer{UID: 1000 + uid, GID: 1000}, 1000-len(all)))
		}
	}
	oldest := all[len(all)-1]
	if s.place(so, pairOf(t), Peer{UID: 1000, GID: 1000}); isCut(oldest) || !e.logged("user 1000 is turned away") {
		t.Error("a user with 48 connections gets one more")
	}
	for range mostOfOthers - mostOfStrangers {
		seat(t, s, so, Peer{UID: 103, GID: 106}, 0)
	}
	if isCut(oldest) {
		t.Error("somebody was cut off for a place that was free")
	}
	if s.place(so, pairOf(t), Peer{UID: 2000, GID: 2000}); !isCut(oldest) || !e.logged("one of user 1002 makes room") || e.logged("user 2000 is turned away") {
		t.Error("a newcomer finds no place, or another's than that of who was silent for longest")
	}
	if s.place(so, pairOf(t), Peer{UID: 104, GID: 106}); e.logged("user 104 is turned away") || !e.logged("one of user 1001 makes room") {
		t.Error("a user of apiauth does not get a stranger's place")
	}
	for so.evict() != nil {
	}
	so.users.guard.Lock()
	defer so.users.guard.Unlock()
	if so.users.alien != 0 || so.users.other > mostOfOthers-mostOfStrangers+1 {
		t.Errorf("%d are left, %d of them strangers", so.users.other, so.users.alien)
	}
}

// pairOf is our end of a connection whose other end says nothing.
func pairOf(t *testing.T) *net.UnixConn {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
	t.Cleanup(func() { theirs.Close() })
	defer ours.Close()
	c, err := net.FileConn(ours)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*net.UnixConn)
}

// logged says whether a line with text was written.
func (e *echo) logged(text string) bool {
	e.guard.Lock()
	defer e.guard.Unlock()
	return slices.ContainsFunc(e.logs, func(line string) bool { return strings.Contains(line, text) })
}
