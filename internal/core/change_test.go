package core

import (
	"strings"
	"testing"
	"time"
)

// file makes a haresources of lines "HOME RESOURCE...".
func file(print string, lines ...string) func(*Config) {
	return func(c *Config) {
		c.Groups, c.Fingerprint = nil, print
		for _, l := range lines {
			f := strings.Fields(l)
			c.Groups = append(c.Groups, GroupConfig{Home: f[0], Resources: f[1:]})
		}
	}
}

// scripts are the starts and stops since clear, in order.
func (b *bench) scripts() string {
	var list []string
	for _, a := range b.all {
		if r, ok := a.(Run); ok && r.Op != Status {
			list = append(list, r.Resource+" "+r.Op.String())
		}
	}
	return strings.Join(list, ", ")
}

// beside is a settled core whose peer has said which file it has.
func beside(t *testing.T, groups, files string) *bench {
	t.Helper()
	b := joined(t, groups)
	b.claim(groups, "hbd_haresources", files)
	b.clear()
	return b
}

// finds lets a resource be found running.
func (b *bench) finds(word string) {
	works := b.answer
	b.answer = func(r Run) (int, string, bool) {
		if r.Resource == word && r.Op == Status {
			return 0, "running", true
		}
		return works(r)
	}
}

// TestReloadChangesOnlyTheDifference: alpha has ip1 and web, beta has db and says that its file is the old one, f.
func TestReloadChangesOnlyTheDifference(t *testing.T) {
	for _, tt := range []struct{ name, lines, runs, claims string }{
		{"nothing", "alpha ip1 web; beta db", "", "1:ip1"},
		{"another order", "beta db; alpha ip1 web", "", "1:ip1"},
		{"added in the middle", "alpha ip1 fs web; beta db", "fs start", "1:ip1"},
		{"added at the end", "alpha ip1 web log; beta db", "log start", "1:ip1"},
		{"taken out", "alpha ip1; beta db", "web stop", "1:ip1"},
		{"in another order", "alpha ip1 log web fs; beta db", "log start, fs start", "1:ip1"},
		{"another one", "alpha ip1 www; beta db", "web stop, www start", "1:ip1"},
		{"the other's", "alpha ip1 web; beta db log", "", "1:ip1"},
		{"gone", "beta db", "web stop, ip1 stop", ""},
		{"the other's gone", "alpha ip1 web", "", "1:ip1"},
		{"another home", "beta ip1 web; alpha db", "", "1:ip1"},
		{"new", "alpha ip1 web; alpha ip2; beta db; beta ip3", "", "1:ip1"},
		{"renamed", "alpha ip2 web; beta db", "", "1:ip1 -ip1"},
		{"merged", "alpha ip1 web db", "", "1:ip1 -ip1"},
		{"divided", "alpha ip1; alpha web; beta db", "", "1:ip1 -ip1"},
	} {
		b := beside(t, "1:1:db", "f")
		b.replace(file("g", strings.Split(tt.lines, ";")...))
		b.advance(10*time.Minute, "beats", "hbd", "1")
		if got := b.scripts(); got != tt.runs {
			t.Errorf("%s: ran %q, want %q", tt.name, got, tt.runs)
		}
		if got := listed(b.c); got != tt.claims {
			t.Errorf("%s: claims %q, want %q", tt.name, got, tt.claims)
		}
		if m := b.lastClaim(); tt.name != "nothing" && m.Str("hbd_haresources") != "g" {
			t.Errorf("%s: the other node is not told of the new file", tt.name)
		}
		b.wantsNot("is dead", "wants to go standby")
	}
}

// listed is what a core claims, without ages: "1:ip1 -ip1".
func listed(c *Core) string {
	var list []string
	for _, w := range strings.Fields(c.listing(false)) {
		list = append(list, strings.TrimPrefix(strings.Replace(w, "0:0:-", "-", 1), "b"))
	}
	return strings.Join(list, " ")
}

// TestReloadWhenBothHaveTheFile: what waited begins, but for what the other still has to let go.
func TestReloadWhenBothHaveTheFile(t *testing.T) {
	for _, tt := range []struct{ name, lines, theirs, runs string }{
		{"new", "alpha ip1 web; alpha ip2; beta db; beta ip3", "1:1:db", "ip2 start"},
		{"new, and the other has it", "alpha ip1 web; alpha ip2; beta db", "1:1:db 1:1:ip2", ""},
		{"new, and the other lets go", "alpha ip1 web; alpha ip2; beta db", "1:1:db 0:0:-db", ""},
		{"renamed", "alpha ip2 web; beta db", "1:1:db", "ip1 stop, ip2 start"},
		{"renamed, its home too", "beta ip2 web; beta db", "1:1:db", "ip1 stop, ip2 start"},
		{"merged", "alpha ip1 web db", "", "db start"},
		{"merged, and the other lets go", "alpha ip1 web db", "1:1:db 0:0:-db", ""},
		{"merged with the other's", "beta db ip1 web", "1:1:db", "web stop, ip1 stop"},
		{"divided", "alpha ip1; alpha web; beta db", "1:1:db", ""},
		{"divided, its home too", "alpha ip1; beta web; beta db", "1:1:db", ""},
	} {
		b := beside(t, "1:1:db", "f")
		b.replace(file("g", strings.Split(tt.lines, ";")...))
		b.clear()
		b.claim(tt.theirs, "hbd_haresources", "g")
		b.advance(time.Minute, "beats", "hbd", "1")
		if got := b.scripts(); got != tt.runs {
			t.Errorf("%s: ran %q, want %q", tt.name, got, tt.runs)
		}
	}
}

// TestWordOfTwoGroups: a resource was written into a second group by mistake. Taking it out of one of them again must not
// stop it under the other, which says that it runs.
func TestWordOfTwoGroups(t *testing.T) {
	for _, tt := range []struct{ name, lines, runs string }{
		{"the second group gone", "alpha ip1 web; beta db", "ip2 stop"},
		{"out of the second group", "alpha ip1 web; alpha ip2; beta db", ""},
		{"out of the first group", "alpha ip1; alpha ip2 web; beta db", ""},
		{"the first group gone", "alpha ip2 web; beta db", "ip1 stop"},
		{"out of both", "alpha ip1; alpha ip2; beta db", "web stop, web stop"},
	} {
		b := beside(t, "1:1:db", "f")
		both := func(print string, lines string) {
			b.replace(file(print, strings.Split(lines, ";")...))
			b.claim("1:1:db", "hbd_haresources", print)
			b.advance(time.Minute, "beats", "hbd", "1")
		}
		both("g", "alpha ip1 web; alpha ip2 web; beta db")
		b.clear()
		both("h", tt.lines)
		if got := b.scripts(); got != tt.runs {
			t.Errorf("%s: ran %q, want %q", tt.name, got, tt.runs)
		}
	}
}

// TestReloadWhileAResetIsDue: what the dead node may have is not taken under another name.
func TestReloadWhileAResetIsDue(t *testing.T) {
	for _, lines := range []string{"alpha ip1 web db", "alpha ip1 web; alpha new db", "alpha ip1 web; beta db; alpha new"} {
		b := dead(t, "1:1:db")
		b.fenced(1, false, 1)
		b.clear()
		b.replace(file("g", strings.Split(lines, ";")...))
		b.advance(time.Second)
		if b.scripts() != "" {
			t.Errorf("%s: ran %q", lines, b.scripts())
		}
		b.advance(5 * time.Second)
		b.fenced(2, true, 0)
		if !strings.Contains(b.scripts(), "db start") {
			t.Errorf("%s: ran %q\n%s", lines, b.scripts(), b.text())
		}
	}
}

// TestNothingMovesByAReload: another auto_failback, or another home, is for the next return of the other node.
func TestNothingMovesByAReload(t *testing.T) {
	for _, failback := range []AutoFailback{FailbackOn, FailbackLegacy} {
		b := beside(t, "", "f") // db is nobody's: beta could not start it
		b.claim("", "hbd_failed", "db", "hbd_haresources", "f")
		b.wants("run db start")
		b.claim("", "hbd_haresources", "f")
		b.group("db").failback = true
		b.clear()
		b.replace(func(c *Config) { c.Failback = failback })
		b.advance(time.Minute, "beats", "hbd", "1")
		b.wantsNot("standby", "stop")
		b.advance(10 * time.Second)
		b.wants("node beta: is dead")
		b.gen, b.seq = 6, 0
		b.beat("up", "hbd", "1")
		b.beat("active", "hbd", "1")
		b.claim("", "hbd_haresources", "f")
		b.advance(3*time.Second, "beats", "hbd", "1")
		b.wants("alpha wants to go standby [foreign]")
	}
}

// TestPeerCannotBeReplacedAlive: nor while it waits for its reset. One that was not there before is waited for.
func TestPeerCannotBeReplacedAlive(t *testing.T) {
	other := func(c *Config) { c.Peer, c.Order = "gamma", []string{"alpha", "gamma"} }
	b := joined(t, "1:1:db")
	if _, err := resumeFrom(t, b.c, other); err == nil || !strings.Contains(err.Error(), "node beta is not dead") {
		t.Error(err)
	}
	if _, err := resumeFrom(t, b.c, func(c *Config) { c.Peer, c.Order = "", nil }); err == nil {
		t.Error("it was taken out alive")
	}
	b = dead(t, "1:1:db")
	b.fenced(1, false, 1)
	if _, err := resumeFrom(t, b.c, other); err == nil || !strings.Contains(err.Error(), "waits for its reset") {
		t.Error(err)
	}
	b.advance(5 * time.Second)
	b.fenced(2, true, 0)
	b.clear()
	b.replace(other)
	b.advance(9 * time.Second)
	b.wantsNot("is dead")
	b.advance(2 * time.Second)
	b.wants("node gamma: is dead")

	b = newBench(t, func(c *Config) { c.Peer, c.Groups = "", c.Groups[:1] })
	b.clear()
	b.replace(func(c *Config) { c.Peer, c.Order, c.Initdead = "beta", []string{"alpha", "beta"}, 10*time.Second })
	b.advance(9 * time.Second)
	b.wantsNot("is dead", "stop", "start")
	b.advance(2 * time.Second)
	b.wants("node beta: is dead")
}

// TestLongerKeepaliveCountsLater: a beat that tells the new deadtime may be lost.
func TestLongerKeepaliveCountsLater(t *testing.T) {
	b := joined(t, "1:1:db")
	b.replace(func(c *Config) { c.Keepalive, c.Deadtime = 10*time.Second, 60*time.Second })
	b.clear()
	b.advance(4500*time.Millisecond, "beats", "hbd", "1")
	if n := len(b.sent("status")); n != 4 {
		t.Errorf("%d beats", n)
	}
	b.advance(10*time.Second, "beats", "hbd", "1")
	b.clear()
	b.advance(20*time.Second, "beats", "hbd", "1")
	if n := len(b.sent("status")); n != 2 {
		t.Errorf("%d beats", n)
	}
}

// TestDeviceIsTakenOut: without one nothing waits.
func TestDeviceIsTakenOut(t *testing.T) {
	b := dead(t, "1:1:db")
	b.fenced(1, false, 1)
	b.clear()
	b.replace(func(c *Config) { c.Stonith = "" })
	b.wants("WARN No STONITH device configured.", "run db start", "mach_down takeover complete")
	b.advance(time.Minute)
	b.wantsNoFence()
}

// TestReloadBesideC: a C node names sides. What is new on a side that is here is taken, what is new on its own is its own, and what
// would go from one to the other stays.
func TestReloadBesideC(t *testing.T) {
	b := joinedToC(t, "local")
	b.replace(file("g", "alpha ip1 web", "alpha ip2", "beta db", "beta ip3"))
	b.advance(time.Minute, "beats")
	if b.scripts() != "ip2 start" {
		t.Errorf("ran %q", b.scripts())
	}
	b.clear()
	b.replace(file("h", "beta ip1 web", "alpha ip4 ip2", "beta db", "beta ip3"))
	b.advance(time.Minute, "beats")
	if b.scripts() != "ip2 stop, ip4 start" && b.scripts() != "ip4 start" {
		t.Errorf("ran %q", b.scripts())
	}
	if string(b.c.hold()) != "local" {
		t.Errorf("holds %s", b.c.hold())
	}
	b.wantsNot("Both machines own", "t=ask_resources")

	b = joinedToC(t, "none") // everything is here
	b.from("resource", "rsc_hold", "none", "rtype", "full", "isstable", "1")
	for _, g := range b.c.groups {
		if !g.want {
			b.c.acquire(g)
		}
	}
	b.step(Tick{})
	b.clear()
	b.replace(file("g", "alpha ip1 web", "beta db", "beta ip3"))
	b.advance(time.Minute, "beats")
	if b.scripts() != "ip3 start" {
		t.Errorf("ran %q", b.scripts())
	}
	b.wantsNot("t=ask_resources")
}

// TestCarefulGroupStaysCareful: a third file does not make it forget that the other node lets go what the second has moved.
func TestCarefulGroupStaysCareful(t *testing.T) {
	b := beside(t, "1:1:db 0:0:-db", "g")
	b.replace(file("g", "alpha ip1 web db"))
	b.replace(file("h", "alpha ip1 web db log"))
	b.claim("1:1:db 0:0:-db", "hbd_haresources", "h")
	b.advance(time.Minute, "beats", "hbd", "1")
	if b.scripts() != "" {
		t.Errorf("ran %q", b.scripts())
	}
	b.claim("", "hbd_haresources", "h")
	if b.scripts() != "db start, log start" {
		t.Errorf("ran %q", b.scripts())
	}
}

// TestNothingIsTakenFromWhoLetsGo: also by a node that has just been started with the new file.
func TestNothingIsTakenFromWhoLetsGo(t *testing.T) {
	b := newBench(t)
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.from("repnodes", "dest", "alpha", "nodelist", "alpha beta ", "delnodelist", " ")
	b.claim("1:1:old 0:0:-old", "hbd_haresources", "f")
	b.advance(time.Minute, "beats", "hbd", "1")
	if b.scripts() != "" {
		t.Errorf("ran %q", b.scripts())
	}
	b.claim("", "hbd_haresources", "f")
	if b.scripts() != "ip1 start, web start" {
		t.Errorf("ran %q", b.scripts())
	}
}

// TestTiedChangeWhileTheOtherIsAway: after a goodbye it is made; while it is only dead it is not, for it may come back with the old file.
func TestTiedChangeWhileTheOtherIsAway(t *testing.T) {
	renamed := file("g", "alpha ip2 web", "beta db")
	for _, back := range []bool{false, true} {
		b := beside(t, "1:1:db", "f")
		b.from("shutdone", "st", "dead")
		b.advance(10 * time.Second)
		b.wants("node beta: is dead")
		if back { // and dies without one
			b.gen, b.seq = 6, 0
			b.beat("up", "hbd", "1")
			b.advance(20 * time.Second)
		}
		b.clear()
		b.replace(renamed)
		b.advance(time.Minute)
		if want := map[bool]string{false: "ip1 stop, ip2 start", true: ""}[back]; b.scripts() != want {
			t.Errorf("it came back %v: ran %q, want %q", back, b.scripts(), want)
		}
	}
}

// TestTiedChangeWhenTheOtherIsBack: its goodbye counts no more.
func TestTiedChangeWhenTheOtherIsBack(t *testing.T) {
	b := beside(t, "1:1:db", "f")
	b.from("shutdone", "st", "dead")
	b.advance(10 * time.Second)
	b.gen, b.seq = 6, 0
	b.beat("up", "hbd", "1")
	b.beat("active", "hbd", "1")
	b.claim("", "hbd_haresources", "f")
	b.clear()
	b.replace(file("g", "alpha ip2 web", "beta db"))
	b.advance(time.Minute, "beats", "hbd", "1")
	if b.scripts() != "" {
		t.Errorf("ran %q", b.scripts())
	}
}

// TestInheritedGroupStays: what goes on here under another name, whose home is elsewhere, is not sent there by auto_failback legacy.
func TestInheritedGroupStays(t *testing.T) {
	b := beside(t, "1:1:db", "g")
	b.c.cfg.Failback = FailbackLegacy
	b.replace(file("g", "beta ip2 web", "beta db"))
	b.advance(time.Minute, "beats", "hbd", "1")
	b.wants("run ip2 start")
	b.wantsNot("standby")
}

// TestThirdFile: what was forgotten by one change, and comes back by the next, may run where the first file still is.
func TestThirdFile(t *testing.T) {
	b := beside(t, "1:1:db", "f")
	b.replace(file("g", "alpha ip1 web"))
	b.replace(file("h", "alpha ip1 web db"))
	b.advance(time.Minute, "beats", "hbd", "1")
	if b.scripts() != "" {
		t.Errorf("ran %q", b.scripts())
	}
	b.claim("1:1:db 0:0:-db", "hbd_haresources", "h")
	if b.scripts() != "" {
		t.Errorf("ran %q", b.scripts())
	}
	b.claim("", "hbd_haresources", "h")
	if b.scripts() != "db start" {
		t.Errorf("ran %q", b.scripts())
	}
}

// TestOldNamesAreNotTakenInAStandby: the giver has the new file already, and runs under the new name what we know by the old one.
func TestOldNamesAreNotTakenInAStandby(t *testing.T) {
	b := beside(t, "1:1:db 1:1:ip1", "f")
	b.replace(file("g", "alpha ip2 web", "beta db"))
	b.clear()
	b.from("ask_resources", "rsc_hold", "foreign", "info", "me", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
	id := hex(b.seq)
	b.claim("1:1:db 2:6:ip2", "hbd_haresources", "g", "hbd_standby", id+" waiting")
	b.advance(5*time.Second, "beats", "hbd", "1", "hbd_standby", id+" waiting")
	b.wants("standby: acquire [foreign] resources")
	b.wantsNot("ip1 start", "web start")
}

// TestFourthFile: a file that was not wholly in force is none that the other node could have had in common with us.
func TestFourthFile(t *testing.T) {
	b := beside(t, "1:1:db", "f")
	b.replace(file("g", "alpha ip1", "beta db web log"))
	b.wants("waits: node beta has not the same haresources yet")
	b.clear()
	b.replace(file("h", "alpha ip1 web log", "beta db"))
	b.claim("1:1:db", "hbd_haresources", "g") // it starts web and log
	b.advance(time.Minute, "beats", "hbd", "1")
	if b.scripts() != "" {
		t.Errorf("ran %q", b.scripts())
	}
	b.claim("1:1:db", "hbd_haresources", "h")
	if b.scripts() != "log start" {
		t.Errorf("ran %q", b.scripts())
	}
}

// TestOldNamesAreNotTaken: the other node has a third file, and may have what we know by an old name under another one.
func TestOldNamesAreNotTaken(t *testing.T) {
	for files, want := range map[string]string{"f": "ip1 start, web start", "h": ""} {
		b := beside(t, "1:1:db 1:1:ip1", "f")
		b.replace(file("f", "alpha ip1 web", "beta db")) // its file until now has no name
		b.replace(file("g", "alpha ip2 web", "beta db"))
		b.replace(file("i", "alpha ip3 web", "beta db")) // the names of what waits are still those of f
		b.clear()
		b.claim("1:1:db 2:6:new", "hbd_haresources", files)
		b.advance(time.Minute, "beats", "hbd", "1")
		if b.scripts() != want {
			t.Errorf("beside %s: ran %q, want %q\n%s", files, b.scripts(), want, b.text())
		}
	}
}
