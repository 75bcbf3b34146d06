package core

import (
	"testing"
	"time"
)

// TestDifferentFilesAreSaidOnce: as what is still to be done where a reload has made the difference, as an error where nobody has
// reloaded anything, and where it lasts for longer than a reload of two nodes takes; and its end is said.
func TestDifferentFilesAreSaidOnce(t *testing.T) {
	const differs, alarm, same = "haresources differs from that of node beta", "both nodes must have the same file", "haresources is the same as that of node beta now"
	b := joined(t, "1:1:db") // from the first word
	b.claim("1:1:db", "hbd_haresources", "x")
	b.times(alarm, 1)
	b.claim("1:1:db", "hbd_haresources", "x")
	b.advance(2*time.Minute, "beats", "hbd", "1")
	b.times(differs, 1)
	b.claim("1:1:db", "hbd_haresources", "f")
	b.claim("1:1:db", "hbd_haresources", "f")
	b.times(same, 1)

	for _, here := range []bool{false, true} {
		b := beside(t, "1:1:db", "f")
		reloaded := b.now
		if here {
			b.replace(file("g", "alpha ip1 web", "beta db"))
			b.wants("WARN " + differs + " now: copy the file there and reload that node, too")
			reloaded = b.now
		} else {
			b.claim("1:1:db", "hbd_haresources", "x")
			b.wants("WARN " + differs + ", which was reloaded: copy the file from there and reload this node, too")
		}
		b.times(differs, 1)
		b.advance(reloaded+reloadPatience-b.now-time.Millisecond, "beats", "hbd", "1")
		b.wantsNot(alarm)
		b.advance(3*time.Second, "beats", "hbd", "1")
		b.times(alarm, 1)
		b.advance(3*reloadPatience, "beats", "hbd", "1")
		b.times(alarm, 1)
		b.claim("1:1:db", "hbd_haresources", b.c.cfg.Fingerprint)
		b.times(same, 1)
	}

	b = beside(t, "1:1:db", "f") // in time, and again
	b.claim("1:1:db", "hbd_haresources", "x")
	b.claim("1:1:db", "hbd_haresources", "f")
	b.times(same, 1)
	b.advance(2*reloadPatience, "beats", "hbd", "1")
	b.wantsNot(alarm)
	b.claim("1:1:db", "hbd_haresources", "x")
	b.times(differs, 2)

	b = beside(t, "1:1:db", "x") // the reload brings what the other has
	b.replace(file("x", "alpha ip1 web", "beta db"))
	b.times(same, 1)
}

// TestReminderOfAReloadEnds: with the difference, and with the life of the node that has made it.
func TestReminderOfAReloadEnds(t *testing.T) {
	const alarm = "both nodes must have the same file"
	restarts := func(b *bench) {
		b.gen, b.seq = b.gen+1, 0
		b.beat("up", "hbd", "1")
		b.beat("active", "hbd", "1")
	}
	b := beside(t, "1:1:db", "f")
	b.claim("1:1:db", "hbd_haresources", "x")
	b.claim("1:1:db", "hbd_haresources", "f")
	restarts(b)
	b.claim("1:1:db", "hbd_haresources", "x")
	b.advance(2*reloadPatience, "beats", "hbd", "1")
	b.times(alarm, 1)

	b = beside(t, "1:1:db", "f")
	b.claim("1:1:db", "hbd_haresources", "x")
	restarts(b) // and does not say which file it has
	b.advance(2*reloadPatience, "beats", "hbd", "1")
	b.wantsNot(alarm)
}

// TestStandbyOfANodeThatLetsGo: what it had is taken, and its empty side; what it did not have may still run there by another name.
func TestStandbyOfANodeThatLetsGo(t *testing.T) {
	for lines, want := range map[string]string{"alpha ip1 web; beta db; beta ip3": "db start", "alpha ip1 web": ""} {
		held := map[bool]string{true: "1:1:db", false: ""}[want != ""]
		b := pair(t, lines, held)
		b.claim(held+" 0:0:-old", "hbd_haresources", "f")
		b.from("ask_resources", "rsc_hold", "local", "info", "me", "hbd", "1", "hbd_standby", hex(b.seq+1)+" asked")
		id := hex(b.seq)
		b.claim("0:0:-old", "hbd_haresources", "f", "hbd_standby", id+" waiting")
		b.wants("standby: acquire [local] resources")
		b.ran(want)
		if b.c.hold() != All {
			t.Errorf("%s: holds %s", lines, b.c.hold())
		}
	}
}
