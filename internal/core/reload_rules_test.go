package core

import (
	"strings"
	"testing"
	"time"
)

// pair is a settled core with a haresources of its own, called f, which its peer has too.
func pair(t *testing.T, lines, theirs string, change ...func(*Config)) *bench {
	t.Helper()
	b := joined(t, theirs, append([]func(*Config){file("f", strings.Split(lines, ";")...)}, change...)...)
	b.claim(theirs, "hbd_haresources", "f")
	b.clear()
	return b
}

// ran is what the scripts have done since clear.
func (b *bench) ran(want string) {
	b.t.Helper()
	if got := b.scripts(); got != want {
		b.t.Errorf("ran %q, want %q\n%s", got, want, b.text())
	}
}

// waiting are the groups and their homes; one whose change waits has a "?".
func waiting(b *bench) string {
	var list []string
	for _, g := range b.c.View(b.now).Groups {
		mark := ""
		if g.Waits != "" {
			mark = "?"
		}
		list = append(list, g.Key+"@"+g.Home+mark)
	}
	return strings.Join(list, " ")
}

// TestTiedGroupsWaitTogether: what is tied by resources that move waits as a whole, also over several groups; a resource
// that two groups may have does not tie them, and goes on for the one that keeps it.
func TestTiedGroupsWaitTogether(t *testing.T) {
	for _, tt := range []struct{ name, was, is, runs, claims string }{
		{"one gives to the next", "alpha ip1 web; alpha ip2 x; alpha ip3", "alpha ip1; alpha ip2 web; alpha ip3 x", "", "1:ip1 1:ip2 1:ip3 -ip1 -ip2 -ip3"},
		{"merged under a new name", "alpha ip1; alpha ip2 x", "alpha new ip1 ip2 x", "", "1:ip1 1:ip2 -ip1 -ip2"},
		{"divided among new names", "alpha ip1 u v; alpha ip2 x", "alpha n u x; alpha m v", "", "1:ip1 1:ip2 -ip1 -ip2"},
		{"mail in one more", "alpha ip1 mail; alpha ip2", "alpha ip1 mail; alpha ip2 mail", "", "1:ip1 1:ip2"},
		{"mail in one less", "alpha ip1 mail; alpha ip2 mail", "alpha ip1; alpha ip2 mail", "", "1:ip1 1:ip2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := pair(t, tt.was+"; beta db", "1:1:db")
			b.replace(file("g", strings.Split(tt.is+"; beta db", ";")...))
			b.advance(time.Minute, "beats", "hbd", "1")
			b.ran(tt.runs)
			if got := listed(b.c); got != tt.claims {
				t.Errorf("claims %q, want %q", got, tt.claims)
			}
			if tt.runs == "" {
				b.wantsNot("run n ", "run m ", "run new ")
			}
		})
	}
}

// TestChangeBesideAnyNode: what may be done at once depends on who is there, or may come back.
func TestChangeBesideAnyNode(t *testing.T) {
	settledC := func(hold string) func(t *testing.T) *bench {
		return func(t *testing.T) *bench { return joinedToC(t, hold) }
	}
	silent := func(begin func(t *testing.T) *bench) func(t *testing.T) *bench {
		return func(t *testing.T) *bench {
			b := begin(t)
			b.advance(12 * time.Second)
			b.wants("node beta: is dead")
			return b
		}
	}
	hbd := func(t *testing.T) *bench { return beside(t, "1:1:db", "f") }
	gone := func(t *testing.T) *bench {
		b := hbd(t)
		b.from("shutdone", "st", "dead")
		return b
	}
	never := func(t *testing.T) *bench { return newBench(t) }
	const (
		added   = "alpha ip1 log web; beta db"
		home    = "alpha ip1 web; alpha db"
		renamed = "alpha ip2 web; beta db"
		merged  = "beta db ip1 web"
		old     = "ip1@alpha? db@beta"
	)
	for _, tt := range []struct {
		name  string
		begin func(t *testing.T) *bench
		lines string
		want  string
	}{
		{"dead, added", silent(hbd), added, "ip1@alpha db@beta"},
		{"dead, another home", silent(hbd), home, "ip1@alpha db@alpha"},
		{"dead, renamed", silent(hbd), renamed, old},
		{"never heard, added", silent(never), added, "ip1@alpha db@beta"},
		{"never heard, another home", silent(never), home, "ip1@alpha db@alpha"},
		{"never heard, renamed", silent(never), renamed, old},
		{"dead C, added", silent(settledC("local")), added, "ip1@alpha db@beta"},
		{"dead C, another home", silent(settledC("local")), home, "ip1@alpha db@beta?"},
		{"dead C, renamed", silent(settledC("local")), renamed, old},
		{"C, added", settledC("local"), added, "ip1@alpha db@beta"},
		{"C, another home", settledC("local"), home, "ip1@alpha db@beta?"},
		{"C, renamed", settledC("local"), renamed, "ip2@alpha db@beta"},
		{"C, merged with its own", settledC("local"), merged, "ip1@alpha? db@beta?"},
		{"said goodbye, renamed", gone, renamed, "ip2@alpha db@beta"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := tt.begin(t)
			b.clear()
			b.replace(file("g", strings.Split(tt.lines, ";")...))
			switch n := b.c.peer; {
			case n.claim.gone: // before it is dead
				b.advance(time.Second)
			case n.dead():
				b.advance(20 * time.Second)
			default:
				b.advance(20*time.Second, "beats")
			}
			if got := waiting(b); got != tt.want {
				t.Errorf("%s, want %s\n%s", got, tt.want, b.text())
			}
			if log := strings.Contains(b.scripts(), "log start"); log != (tt.lines == added) {
				t.Errorf("ran %q", b.scripts())
			}
		})
	}
	b := joinedToC(t, "local", file("f", "alpha ip1", "alpha web", "beta db")) // two of one side: no C node can tell
	b.replace(file("g", "alpha ip1 web", "beta db"))
	b.advance(20*time.Second, "beats")
	if got := waiting(b); got != "ip1@alpha db@beta" {
		t.Errorf("merged beside C: %s", got)
	}
}

// TestAddedBesideAThirdFile: what a group gets may run where a file is that this node has forgotten, or of which nothing is known.
func TestAddedBesideAThirdFile(t *testing.T) {
	added := file("g", "alpha ip1 log web", "beta db")
	b := beside(t, "1:1:db", "x")
	b.replace(added)
	b.advance(time.Minute, "beats", "hbd", "1")
	b.ran("")
	if got := listed(b.c); got != "1:ip1 -ip1" {
		t.Errorf("claims %q", got)
	}

	b = beside(t, "1:1:db", "f")
	b.gen, b.seq = 6, 0
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.clear()
	b.replace(added)
	b.advance(5*time.Second, "beats", "hbd", "1")
	b.ran("") // it has restarted, and did not say yet
	b.claim("1:1:db", "hbd_haresources", "f")
	b.ran("log start")

	b = joined(t, "1:1:db") // it names no file
	b.replace(added)
	b.ran("log start")
}

// TestTiedChangeWaitsForAnActiveNode: a claim that overtakes the word of its sender's start is not enough.
func TestTiedChangeWaitsForAnActiveNode(t *testing.T) {
	b := beside(t, "1:1:db", "f")
	b.replace(file("g", "alpha ip2 web", "beta db"))
	b.gen, b.seq = 6, 0
	b.beat("up", "hbd", "1")
	b.claim("1:1:db", "hbd_haresources", "g")
	b.advance(time.Second)
	b.ran("")
	b.beat("active", "hbd", "1")
	b.ran("ip1 stop, ip2 start")

	b = beside(t, "1:1:db 0:0:-db", "g") // nor for what it has let go
	b.replace(file("g", "alpha ip1 web db"))
	b.gen, b.seq = 6, 0
	b.beat("up", "hbd", "1")
	b.claim("", "hbd_haresources", "g")
	b.advance(time.Second)
	b.ran("")
	b.beat("active", "hbd", "1")
	b.ran("db start")
}

// TestNothingIsChangedWhileStopping: what waits is not begun by a node that is told to stop.
func TestNothingIsChangedWhileStopping(t *testing.T) {
	b := pair(t, "alpha ip1 web; beta db x", "1:1:db")
	b.replace(file("g", "alpha ip1 web", "beta db2 x"))
	b.hang()
	b.step(StopCommand{})
	b.claim("1:1:db2", "hbd_haresources", "g")
	b.advance(time.Second, "beats", "hbd", "1")
	b.wantsNot("db2")
	b.end(0, "")
	b.end(0, "")
	b.wants("t=shutdone")
	b.ran("web stop, ip1 stop")
}

// TestStandbyGoesOnByTheOldNames: a change waits for the end of a standby, but not while the other node takes what we have given: it
// may be waiting for what we have to let go.
func TestStandbyGoesOnByTheOldNames(t *testing.T) {
	b := pair(t, "alpha ip1 web; beta db x", "1:1:db")
	b.replace(file("g", "alpha ip2 web", "beta db2 x"))
	b.clear()
	b.step(StandbyCommand{Local})
	id := hex(b.c.standby.id)
	b.claim("1:1:db", "hbd_haresources", "g")
	b.ran("")
	if got := waiting(b); got != "ip1@alpha? db@beta?" {
		t.Errorf("asked: %s", got)
	}
	b.claim("1:1:db", "hbd_haresources", "f")
	b.from("ask_resources", "rsc_hold", "local", "info", "other", "hbd", "1", "hbd_standby", id+" offered")
	b.ran("web stop, ip1 stop")
	b.wants("info=done")
	if got := waiting(b); got != "ip1@alpha? db@beta?" || b.c.standby.phase != standbyWaiting {
		t.Errorf("%s: %s", b.c.standby.phase, got)
	}
	b.claim("1:1:db2", "hbd_haresources", "g", "hbd_standby", id+" taking")
	if got := waiting(b); got != "ip2@alpha? db2@beta?" && got != "ip2@alpha db2@beta" || b.c.standby.phase != standbyWaiting {
		t.Errorf("%s: %s", b.c.standby.phase, got)
	}
	b.ran("web stop, ip1 stop")
}

// TestBusyGroupIsChangedLater: a group that is being stopped for another reason first comes to rest. The other node need not wait for
// what it only gets.
func TestBusyGroupIsChangedLater(t *testing.T) {
	for lines, claims := range map[string]string{"alpha ip1 log web; beta db": "1:ip1", "alpha ip1 log; beta db": "1:ip1 -ip1"} {
		b := beside(t, "1:1:db", "x")
		b.replace(file("g", strings.Split(lines, ";")...))
		b.clear()
		b.hang()
		b.claim("1:1:db 0:1:ip1", "hbd_haresources", "x") // it has had the group for longer
		b.ran("web stop")
		b.claim("1:1:db 0:1:ip1", "hbd_haresources", "g")
		b.ran("web stop")
		if got := listed(b.c); got != claims {
			t.Errorf("%s: claims %q, want %q", lines, got, claims)
		}
		b.end(0, "")
		b.ran("web stop, ip1 stop")
		b.end(0, "")
		b.advance(time.Minute, "beats", "hbd", "1")
		b.ran("web stop, ip1 stop")
		b.wantsNot("no longer has")
		if got := waiting(b); got != "ip1@alpha db@beta" || len(b.c.group0().resources) == 2 && strings.Contains(lines, "web") {
			t.Errorf("%s: %s", lines, got)
		}
	}
}

func (c *Core) group0() *group { return c.groups[0] }

// TestNodeWithoutAFileName: of a heartbeatd that names no haresources nobody says that it has another one, or lets go.
func TestNodeWithoutAFileName(t *testing.T) {
	b := joined(t, "1:1:db 1:1:ip1")
	b.replace(file("g", "alpha ip2 web", "beta db"))
	b.clear()
	b.claim("1:1:db")
	b.ran("ip1 start, web start")

	b = joined(t, "1:1:db 1:1:ip1 1:1:old")
	b.claim("1:1:db 1:1:old")
	b.ran("ip1 start, web start")
	if b.c.View(b.now).Differs {
		t.Error("it has not said that its file is another one")
	}
}

// TestGroupThatOnlyLostSomethingStartsAnywhere: nobody else can have what is left of it by another name.
func TestGroupThatOnlyLostSomethingStartsAnywhere(t *testing.T) {
	b := beside(t, "1:1:db", "x")
	b.replace(file("g", "alpha ip1", "beta db"))
	b.ran("web stop")
	b.clear()
	b.claim("1:1:db 0:1:ip1", "hbd_haresources", "x")
	b.ran("ip1 stop")
	b.clear()
	b.claim("1:1:db", "hbd_haresources", "x")
	b.ran("ip1 start")
}

// TestWhatGoesOnUnderAnotherName: only what runs, from a group that had it, and not before the other node has let go the rest.
func TestWhatGoesOnUnderAnotherName(t *testing.T) {
	b := beside(t, "1:1:db 0:0:-db", "g") // half of it waits to be started: it is stopped under the old name
	b.replace(file("g", "alpha ip1 web db"))
	b.replace(file("h", "alpha ip2 web db"))
	b.claim("1:1:db 0:0:-db", "hbd_haresources", "h")
	b.ran("db stop, web stop, ip1 stop")
	b.claim("", "hbd_haresources", "h")
	b.advance(time.Minute, "beats", "hbd", "1")
	b.ran("db stop, web stop, ip1 stop, ip2 start, web start, db start")

	b = pair(t, "alpha ip1; alpha ip2; beta db", "1:1:db") // two become one
	b.replace(file("g", "alpha new ip1 ip2", "beta db"))
	b.claim("1:1:db", "hbd_haresources", "g")
	b.ran("new start")
	if got := listed(b.c); got != "1:new" {
		t.Errorf("claims %q", got)
	}

	b = pair(t, "alpha ip1 web; beta db x", "1:1:db") // what the other node has under a new name does not begin here
	b.replace(file("g", "alpha ip1 web x", "beta new db"))
	b.claim("1:1:new", "hbd_haresources", "g")
	b.advance(time.Minute, "beats", "hbd", "1")
	b.ran("x start")
	if got := listed(b.c); got != "1:ip1" {
		t.Errorf("claims %q", got)
	}

	b = beside(t, "1:1:db 0:0:-db", "g")
	b.replace(file("g", "alpha new ip1 web db"))
	b.advance(time.Minute, "beats", "hbd", "1")
	b.ran("")
	b.claim("", "hbd_haresources", "g")
	b.ran("new start, db start")

	b = pair(t, "alpha ip1 web; beta db", "1:1:db") // all of it goes on: nothing is said to be stopped
	b.replace(file("g", "alpha web ip1", "beta db"))
	b.claim("1:1:db", "hbd_haresources", "g")
	b.ran("")
	b.wantsNot("no longer has")
	if got := listed(b.c); got != "1:web" {
		t.Errorf("claims %q", got)
	}
}

// TestAnotherHome: it moves nothing by itself, neither here nor there.
func TestAnotherHome(t *testing.T) {
	b := pair(t, "alpha ip1 web; beta db", "1:1:db", failbackOn) // db is here, and beta is not settled yet
	b.advance(10 * time.Second)
	b.gen, b.seq = 6, 0
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "0", "hbd", "1", "hbd_groups", "", "hbd_haresources", "f")
	b.clear()
	b.replace(file("g", "alpha ip1 web", "alpha db"))
	b.claim("", "hbd_haresources", "g")
	b.advance(20*time.Second, "beats", "hbd", "1")
	b.wantsNot("standby", "run ")

	b = pair(t, "alpha ip1 web; beta db", "1:1:db", func(c *Config) { c.Failback = FailbackLegacy })
	b.replace(file("g", "beta ip1 web", "beta db"))
	b.claim("1:1:db", "hbd_haresources", "g")
	b.advance(20*time.Second, "beats", "hbd", "1")
	b.wantsNot("standby", "run ")

	b = pair(t, "alpha ip1 web; beta db", "") // beta is about to take db, which is its own by the old file
	b.replace(file("g", "alpha ip1 web", "alpha db"))
	b.advance(20*time.Second, "beats", "hbd", "1")
	b.ran("")
	b.claim("", "hbd_haresources", "g")
	b.ran("db start")

	b = pair(t, "alpha ip1 web; beta db", "1:1:db") // what was here all the time comes back without the other's new file
	b.replace(file("g", "beta ip1 web", "beta db"))
	b.claim("1:1:db 0:1:ip1", "hbd_haresources", "f")
	b.claim("1:1:db", "hbd_haresources", "f", "hbd_failed", "ip1")
	b.ran("web stop, ip1 stop, ip1 start, web start")

	b = beside(t, "1:1:db", "f") // who is new stays new
	b.finds("ip2")
	b.replace(file("g", "alpha ip1 web", "beta ip2 log", "beta db"))
	b.clear()
	b.replace(file("h", "alpha ip1 web", "alpha ip2 log", "beta db"))
	b.advance(20*time.Second, "beats", "hbd", "1")
	b.ran("")
	b.wantsNot("taken by nobody")
	b.claim("1:1:db", "hbd_haresources", "h")
	b.ran("log start")
}

// TestEachWaitIsSaid: also the second one of a group.
func TestEachWaitIsSaid(t *testing.T) {
	b := beside(t, "1:1:db", "f")
	b.replace(file("g", "alpha ip1 web db"))
	b.wants("what haresources has changed about resource group ip1 waits")
	b.claim("", "hbd_haresources", "g")
	b.ran("db start")
	if got := waiting(b); got != "ip1@alpha" {
		t.Error(got)
	}
	b.clear()
	b.replace(file("h", "alpha ip1 web", "beta db"))
	b.wants("what haresources has changed about resource group ip1 waits")
	if !b.c.View(b.now).Differs {
		t.Error("beta has another file")
	}
	b.claim("", "hbd_haresources", "h")
	if b.c.View(b.now).Differs {
		t.Error("beta has the same file")
	}

	b = beside(t, "1:1:db", "f")
	b.replace(file("g", "alpha ip1 web", "alpha ip2", "beta db"))
	b.wants("resource group ip2 is taken by nobody yet")
	b.claim("1:1:db", "hbd_haresources", "g")
	b.ran("ip2 start")
	b.replace(file("h", "alpha ip1 web ip2", "beta db"))
	b.wants("what haresources has changed about resource group ip2 waits")
}

// TestGroupIsChangedInTheMiddleOfItsStart: what stands before the place where it waits is not left out.
func TestGroupIsChangedInTheMiddleOfItsStart(t *testing.T) {
	b := beside(t, "1:1:db 0:0:-db", "g")
	b.replace(file("g", "alpha ip1 web db"))
	b.replace(file("h", "alpha ip1 log web db"))
	b.claim("1:1:db 0:0:-db", "hbd_haresources", "h")
	b.ran("")
	b.claim("", "hbd_haresources", "h")
	b.ran("log start, db start")
}

// TestWhatStaysIsNotAsked: of a group that only loses something nothing else is touched.
func TestWhatStaysIsNotAsked(t *testing.T) {
	b := beside(t, "1:1:db", "f")
	b.replace(file("g", "alpha ip1", "beta db"))
	b.advance(time.Minute, "beats", "hbd", "1")
	b.ran("web stop")
	b.wantsNot("status\n", "Acquiring")
}

// TestSlowStatusAtTheStartIsNoOwnership: what a status that hung tells after all has no claim on the group: its home has.
func TestSlowStatusAtTheStartIsNoOwnership(t *testing.T) {
	cfg := testConfig()
	b := &bench{t: t, c: New(cfg), now: time.Hour, gen: 5}
	works := newBench(t).answer
	b.answer = func(r Run) (int, string, bool) {
		rc, out, ends := works(r)
		return rc, out, ends && r.Resource != "db"
	}
	b.step(Started{})
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.from("repnodes", "dest", "alpha", "nodelist", "alpha beta ", "delnodelist", " ")
	b.claim("", "hbd_haresources", "f")
	b.advance(3*time.Minute, "beats", "hbd", "1")
	b.wants("db status has been running")
	b.clear()
	b.answer = works
	b.end(0, "running")
	b.wants("run db stop")
	b.wantsNot("db start")
}

// TestGroupIsChangedWhileItWaitsForAReset: in the middle of its start. What comes later in the new file is not left out.
func TestGroupIsChangedWhileItWaitsForAReset(t *testing.T) {
	b := joined(t, "1:1:db 1:1:ip1", withDevice, file("f", "alpha ip1 web log", "beta db"))
	works := b.answer
	b.answer = func(r Run) (int, string, bool) {
		rc, out, _ := works(r)
		return rc, out, r.Resource != "web" || r.Op != Start
	}
	b.claim("1:1:db", "hbd_haresources", "f")
	b.ran("ip1 start, web start")
	b.from("status", "st", "active", "dt", "3e8", "protocol", "1", "hbd", "1", "hbd_sees", "dead")
	b.claim("1:1:db 2:1:ip1", "hbd_haresources", "f", "hbd_sees", "dead")
	b.answer = works
	b.end(0, "")
	b.advance(1100 * time.Millisecond)
	b.wants("Resetting node beta")
	b.fenced(1, false, 1)
	b.ran("ip1 start, web start")
	b.clear()
	b.replace(file("g", "alpha ip1 log", "beta db"))
	b.ran("web stop")
	b.advance(5 * time.Second)
	b.fenced(2, true, 0)
	b.wants("run log start")
}
