package daemon

import (
	"strings"
	"syscall"
	"testing"

	"heartbeatd/internal/auth"
	"heartbeatd/internal/link/linktest"
)

// TestKeysAreChangedOneNodeAtATime: both learn the new key, both sign with it, both forget the old one; each
// step on one node first. At no moment is a datagram refused, a node held for dead or a group moved.
func TestKeysAreChangedOneNodeAtATime(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	a, b := newMachine(t, network, "node1", nil), newMachine(t, network, "node2", nil)
	next := map[*machine]*auth.Keys{}
	for _, m := range []*machine{a, b} {
		m.d.opt.Reread = func() Reread { return Reread{Keys: next[m]} }
		m.start()
	}
	a.until("web runs", a.runs)
	a.untilLog("Local Resource acquisition completed.")
	b.untilLog("remote resource transition completed.")
	before := a.starts()
	step := 0
	for _, table := range []struct {
		sending int
		secrets map[int]string
	}{
		{1, map[int]string{1: "secret", 2: "fresh"}},
		{2, map[int]string{1: "secret", 2: "fresh"}},
		{2, map[int]string{2: "fresh"}},
	} {
		step++
		for _, m := range []*machine{a, b} {
			next[m] = keyTable(t, table.sending, table.secrets)
			m.rekey(step)
			a.hears()
			b.hears()
		}
	}
	for _, m := range []*machine{a, b} {
		if d := m.status().Dropped; d["bad-signature"]+d["unknown-key"] > 0 {
			t.Errorf("%s refused datagrams: %v", m.d.opt.Config.Self, d)
		}
		if log := m.log(); strings.Contains(log, "is dead") || strings.Contains(log, "Link ") && strings.Contains(log, " dead.") {
			t.Errorf("somebody was held for dead:\n%s", log)
		}
	}
	if !a.runs() || b.runs() || a.starts() != before || b.starts() != 0 {
		t.Errorf("web moved: %d starts here, %d there", a.starts()-before, b.starts())
	}
	// All of it is in force: what the old key signs is a stranger's.
	stranger := network.Join("stranger", 8)
	defer stranger.Close()
	stranger.Send(keyTable(t, 1, map[int]string{1: "secret"}).Seal(shutdoneOf("node2"), true))
	a.until("the old key is refused", func() bool { return a.status().Dropped["unknown-key"] > 0 })
}

func keyTable(t *testing.T, sending int, secrets map[int]string) *auth.Keys {
	t.Helper()
	table := map[int]auth.Key{}
	for n, s := range secrets {
		table[n] = auth.Key{Method: auth.SHA1, Secret: []byte(s)}
	}
	keys, err := auth.NewKeys(sending, table)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// rekey is `heartbeat -r` after authkeys was written for the nth time.
func (m *machine) rekey(nth int) {
	m.Helper()
	m.d.signals <- syscall.SIGHUP
	m.until("the new keys are in force", func() bool { return strings.Count(m.log(), "Rereading authentication file.") == nth })
}

// hears waits until a node knows of three more messages of the other.
func (m *machine) hears() {
	m.Helper()
	from := m.status().Received
	m.until("beats arrive", func() bool { return m.status().Received >= from+3 })
}

// starts is how often ha-log says that web was started.
func (m *machine) starts() int { return strings.Count(m.log(), "resource.d/web  start") }
