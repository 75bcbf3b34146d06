package children

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// play is a keeper whose actions are written down.
type play struct {
	*Keeper
	t    *testing.T
	at   time.Duration
	said []string
}

func newPlay(t *testing.T, programs ...Program) *play {
	return &play{Keeper: NewKeeper(programs), t: t}
}

func program(command string) Program {
	return Program{Command: command, Account: Account{Name: "hacluster", UID: 899, GID: 898}}
}

func (p *play) did(actions []Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case Start:
			p.said = append(p.said, fmt.Sprintf("start %d", a.N))
		case Signal:
			p.said = append(p.said, fmt.Sprintf("signal %d %d", a.N, a.Sig))
		case Log:
			p.said = append(p.said, a.Level+": "+a.Text)
		case Reboot:
			p.said = append(p.said, "reboot "+a.Reason)
		case Gone:
			p.said = append(p.said, "gone")
		}
	}
}

// wants compares what was done since it was asked last.
func (p *play) wants(lines ...string) {
	p.t.Helper()
	if !slices.Equal(p.said, lines) {
		p.t.Fatalf("at %v:\n%s\nwant:\n%s", p.at, strings.Join(p.said, "\n"), strings.Join(lines, "\n"))
	}
	p.said = nil
}

// due goes to what is due next and does it.
func (p *play) due() {
	p.t.Helper()
	next := p.Next()
	if next == Never {
		p.t.Fatal("nothing is due")
	}
	p.at = next
	p.did(p.Tick(p.at))
}

func TestStartInOrderOfTheFile(t *testing.T) {
	p := newPlay(t, program("/bin/a x"), program("/bin/b"))
	if p.did(p.Tick(0)); len(p.said) > 0 || p.Next() != Never {
		t.Fatalf("before communication is up: %q", p.said)
	}
	p.did(p.Begin(0))
	p.did(p.Begin(0))
	p.did(p.Started(0, 0, 40))
	p.did(p.Started(0, 1, 41))
	p.wants(`info: Starting child client "/bin/a x" (899,898)`, "start 0", `info: Starting child client "/bin/b" (899,898)`, "start 1",
		`info: Starting "/bin/a x" as uid 899  gid 898 (pid 40)`, `info: Starting "/bin/b" as uid 899  gid 898 (pid 41)`)
}

// up starts all programs, the first as process 40, and forgets what was said.
func (p *play) up() {
	p.did(p.Begin(p.at))
	for n := range p.children {
		p.did(p.Started(p.at, n, 40+n))
	}
	p.said = nil
}

// TestRestart: whoever lived less than 30 s waits a second before the next life, 3.0.6's lines are said at once.
func TestRestart(t *testing.T) {
	p := newPlay(t, program("/bin/a"))
	p.up()
	p.at = 30*time.Second - 1
	p.did(p.Ended(p.at, 0, Ending{Code: 3}))
	p.wants("WARN: Managed /bin/a process 40 exited with return code 3.", `ERROR: Respawning client "/bin/a":`,
		`info: Starting child client "/bin/a" (899,898)`)
	if p.Next() != p.at+time.Second {
		t.Fatalf("next is %v", p.Next())
	}
	p.did(p.Tick(p.at + time.Second - 1))
	p.wants()
	born := p.at
	p.due()
	p.wants("start 0")
	p.did(p.Started(p.at, 0, 50))
	p.said = nil
	p.at = born + 30*time.Second // its life began with the pause
	p.did(p.Ended(p.at, 0, Ending{}))
	p.wants("info: Managed /bin/a process 50 exited with return code 0.", `ERROR: Respawning client "/bin/a":`,
		`info: Starting child client "/bin/a" (899,898)`, "start 0")
}

func TestKilledBySignal(t *testing.T) {
	for _, c := range []struct {
		sig  syscall.Signal
		want string
	}{{syscall.SIGKILL, "9 [SIGKILL - Kill, unblockable]."}, {syscall.SIGTERM, "15 [SIGTERM - Termination (ANSI)]."}, {40, "40."}} {
		p := newPlay(t, program("/bin/a"))
		p.up()
		p.did(p.Ended(0, 0, Ending{Signal: c.sig}))
		p.wants("WARN: Managed /bin/a process 40 killed by signal "+c.want, `ERROR: Respawning client "/bin/a":`, `info: Starting child client "/bin/a" (899,898)`)
	}
}

func TestExit100(t *testing.T) {
	p := newPlay(t, program("/bin/a"))
	p.up()
	p.did(p.Ended(0, 0, Ending{Code: 100}))
	p.wants("WARN: Managed /bin/a process 40 exited with return code 100.")
	p.did(p.Reconsider(0))
	if p.wants(); p.Next() != Never {
		t.Error("it is started again")
	}
}

// dieYoung lets the first program die n times, each time after a life of that length.
func (p *play) dieYoung(n int, life time.Duration) {
	p.t.Helper()
	for i := range n {
		if p.children[0].state == pausing {
			p.due()
			p.did(p.Started(p.at, 0, 50+i))
		}
		p.at = p.children[0].since + life
		p.said = nil
		p.did(p.Ended(p.at, 0, Ending{Code: 1}))
	}
}

// TestTooFast: the eleventh young death in a row is the last; a longer life between them begins the count anew.
func TestTooFast(t *testing.T) {
	p := newPlay(t, program("/bin/a"))
	p.up()
	p.dieYoung(10, 2*time.Second)
	if p.Next() == Never {
		t.Fatal("given up after ten")
	}
	p.dieYoung(1, 2*time.Second)
	p.wants("WARN: Managed /bin/a process 50 exited with return code 1.", `ERROR: Client /bin/a "respawning too fast"`)
	if p.Next() != Never {
		t.Error("it is started again")
	}
	p.did(p.Reconsider(p.at))
	p.wants(`info: Starting child client "/bin/a" (899,898)`, "start 0")

	p = newPlay(t, program("/bin/a"))
	p.up()
	p.dieYoung(10, 2*time.Second)
	p.due()
	p.did(p.Started(p.at, 0, 70))
	p.dieYoung(1, time.Minute)
	p.did(p.Started(p.at, 0, 71))
	p.dieYoung(10, 2*time.Second)
	if p.Next() == Never {
		t.Error("a long life was not counted")
	}
}

func TestCannotBeStarted(t *testing.T) {
	p := newPlay(t, program("/bin/a"))
	p.did(p.Begin(0))
	p.said = nil
	p.did(p.Failed(0, 0, "Cannot exec /bin/a: No such file or directory"))
	p.wants("ERROR: Cannot exec /bin/a: No such file or directory")
	p.did(p.Leave(0))
	p.wants("info: client [/bin/a] is not running.", "gone")
}

// TestCannotBeStartedIsReconsidered: an administrator who has mended it has a way to say so.
func TestCannotBeStartedIsReconsidered(t *testing.T) {
	p := newPlay(t, program("/bin/a"))
	p.did(p.Begin(0))
	p.did(p.Failed(0, 0, "Cannot exec /bin/a: No such file or directory"))
	p.said = nil
	p.did(p.Reconsider(time.Minute))
	p.wants(`info: Starting child client "/bin/a" (899,898)`, "start 0")
	p.did(p.Failed(time.Minute, 0, "Cannot exec /bin/a: No such file or directory"))
	p.said = nil
	p.did(p.Reconsider(time.Hour))
	p.did(p.Started(time.Hour, 0, 40))
	p.said, p.at = nil, time.Hour
	p.dieYoung(1, time.Second)
	if p.Next() == Never {
		t.Error("one young death is the last")
	}
}

// TestFailfast: killed or with an exit status other than 0 it takes the machine along, but not when the daemon ends.
func TestFailfast(t *testing.T) {
	risky := program("/bin/a")
	risky.Failfast = true
	for _, end := range []Ending{{Code: 1}, {Code: 100}, {Signal: syscall.SIGSEGV}} {
		p := newPlay(t, risky)
		p.up()
		p.did(p.Ended(0, 0, end))
		p.wants("WARN: Managed /bin/a process 40 "+end.String(), "EMERG: Rebooting system.  Reason: /bin/a", "reboot /bin/a")
	}
	p := newPlay(t, risky)
	p.up()
	p.did(p.Ended(0, 0, Ending{}))
	p.wants("info: Managed /bin/a process 40 exited with return code 0.", `ERROR: Respawning client "/bin/a":`, `info: Starting child client "/bin/a" (899,898)`)
	p = newPlay(t, risky)
	p.up()
	p.did(p.Leave(0))
	p.did(p.Ended(0, 0, Ending{Signal: syscall.SIGTERM}))
	p.wants("info: killing /bin/a process group 40 with signal 15", "signal 0 15", "gone")
}

// TestLeave: the last one first, each when the one behind it is gone; nothing is started any more.
func TestLeave(t *testing.T) {
	p := newPlay(t, program("/bin/a"), program("/bin/b"), program("/bin/c"), program("/bin/d"))
	p.up()
	p.did(p.Ended(0, 1, Ending{Code: 1})) // waits for its second
	p.said = nil
	p.did(p.Leave(0))
	p.wants("info: killing /bin/d process group 43 with signal 15", "signal 3 15")
	p.did(p.Leave(0))
	p.did(p.Begin(0))
	p.did(p.Reconsider(0))
	p.did(p.Ended(0, 0, Ending{Code: 1})) // by itself, before its turn
	p.wants()
	p.did(p.Ended(0, 3, Ending{Code: 7}))
	p.wants("info: killing /bin/c process group 42 with signal 15", "signal 2 15")
	p.did(p.Ended(0, 2, Ending{Signal: syscall.SIGTERM}))
	p.wants("info: client [/bin/b] is not running.", "info: client [/bin/a] is not running.", "gone")
	p.did(p.Tick(time.Hour))
	p.did(p.Ended(0, 2, Ending{}))
	p.wants()
}

// TestLeaveDoesNotWaitForEver: 3.0.6 does.
func TestLeaveDoesNotWaitForEver(t *testing.T) {
	p := newPlay(t, program("/bin/a"))
	p.up()
	p.did(p.Leave(0))
	p.said = nil
	p.due()
	if p.at != patience {
		t.Errorf("killed at %v", p.at)
	}
	p.wants("WARN: /bin/a does not end: killing its process group 40 with signal 9", "signal 0 9")
	p.did(p.Ended(p.at, 0, Ending{Signal: syscall.SIGKILL}))
	p.wants("gone")
}

// TestRest: while the resources are released nobody is started again, and no failure reboots the machine.
func TestRest(t *testing.T) {
	risky := program("/bin/b")
	risky.Failfast = true
	p := newPlay(t, program("/bin/a"), risky, program("/bin/c"))
	p.up()
	p.did(p.Ended(0, 2, Ending{Code: 1}))
	p.said = nil
	p.did(p.Rest(0))
	p.did(p.Tick(time.Hour))
	p.did(p.Reconsider(time.Hour))
	p.wants()
	p.did(p.Ended(time.Hour, 1, Ending{Code: 1}))
	p.did(p.Ended(time.Hour, 0, Ending{Signal: syscall.SIGTERM}))
	p.wants("WARN: Managed /bin/b process 41 exited with return code 1.", "WARN: Managed /bin/a process 40 killed by signal 15 [SIGTERM - Termination (ANSI)].")
	p.did(p.Leave(time.Hour))
	p.wants("info: client [/bin/c] is not running.", "info: client [/bin/b] is not running.", "info: client [/bin/a] is not running.", "gone")
}

// TestRestBeforeCommunicationIsUp: who is told to end before it has begun starts nothing.
func TestRestBeforeCommunicationIsUp(t *testing.T) {
	p := newPlay(t, program("/bin/a"))
	p.did(p.Rest(0))
	p.did(p.Begin(0))
	p.did(p.Leave(0))
	p.wants("gone")
}

func TestLeaveBeforeCommunicationIsUp(t *testing.T) {
	p := newPlay(t, program("/bin/a"))
	p.did(p.Leave(0))
	p.wants("gone")
	p.did(p.Begin(0))
	p.wants()
}

// TestLeaveDuringAStart: a program whose start is on its way is waited for, and then ended.
func TestLeaveDuringAStart(t *testing.T) {
	p := newPlay(t, program("/bin/a"))
	p.did(p.Begin(0))
	p.said = nil
	p.did(p.Leave(0))
	p.wants()
	p.did(p.Started(0, 0, 40))
	p.wants(`info: Starting "/bin/a" as uid 899  gid 898 (pid 40)`, "info: killing /bin/a process group 40 with signal 15", "signal 0 15")
}

// TestLeaveDuringAStartThatHangs: a program on a disk that is gone holds up the stop for a while, not for ever.
func TestLeaveDuringAStartThatHangs(t *testing.T) {
	p := newPlay(t, program("/bin/a"), program("/nfs/b"), program("/bin/c"))
	p.did(p.Begin(0))
	p.did(p.Started(0, 0, 40))
	p.said = nil
	p.did(p.Tick(time.Hour))
	if p.wants(); p.Next() != Never {
		t.Error("a start is judged though nobody waits for it")
	}
	p.did(p.Leave(time.Hour))
	p.wants()
	p.due()
	if p.at != time.Hour+patience {
		t.Errorf("given up at %v", p.at)
	}
	p.wants("WARN: /nfs/b does not start: going on without it", "WARN: /bin/c does not start: going on without it",
		"info: client [/bin/c] is not running.", "info: client [/nfs/b] is not running.", "info: killing /bin/a process group 40 with signal 15", "signal 0 15")
	p.did(p.Started(p.at, 1, 41))
	p.wants("signal 1 9")
	p.did(p.Failed(p.at, 2, "Cannot exec /bin/c"))
	p.wants()
	p.did(p.Ended(p.at, 0, Ending{}))
	p.wants("gone")
	p.did(p.Ended(p.at, 1, Ending{Signal: syscall.SIGKILL}))
	p.wants()
}

// TestLeaveDuringAStartBehindALongEnd: who is given up and starts after all, before it would have been its turn.
func TestLeaveDuringAStartBehindALongEnd(t *testing.T) {
	p := newPlay(t, program("/nfs/a"), program("/bin/b"))
	p.did(p.Begin(0))
	p.did(p.Started(0, 1, 41))
	p.did(p.Leave(0))
	p.said = nil
	p.due()
	p.wants("WARN: /nfs/a does not start: going on without it", "WARN: /bin/b does not end: killing its process group 41 with signal 9", "signal 1 9")
	p.did(p.Started(p.at, 0, 40))
	p.wants("signal 0 9")
	p.did(p.Ended(p.at, 0, Ending{Signal: syscall.SIGKILL}))
	p.did(p.Ended(p.at, 1, Ending{Signal: syscall.SIGKILL}))
	p.wants("info: client [/nfs/a] is not running.", "gone")
}

// TestHelper: what is built in has no process to talk of.
func TestHelper(t *testing.T) {
	p := newPlay(t, Program{Command: "/usr/lib/heartbeat/ipfail", Helper: "ipfail"})
	p.did(p.Begin(0))
	p.did(p.Started(0, 0, 0))
	p.wants(`info: Starting child client "/usr/lib/heartbeat/ipfail" (0,0)`, "start 0")
	p.did(p.Leave(0))
	p.wants("signal 0 15")
	p.did(p.Ended(0, 0, Ending{}))
	p.wants("gone")
}
