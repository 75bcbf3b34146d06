//go:build integration

package duel

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"heartbeatd/internal/lab"
)

// testLane is a pair without daemons, whose service is started by a program that waits for a word.
func testLane(t *testing.T, procs *processes, name string) *pair {
	t.Helper()
	p, err := newPair(name, nil, lab.HostOptions{}, 1, procs, func(h *lab.Host) error {
		return errors.Join(h.WriteFile("/etc/ha.d/resource.d/service", serviceScript, 0o755),
			h.WriteFile("/etc/waits", "#!/bin/sh\necho yes >/run/waits\nread -r word </run/go\n/etc/ha.d/resource.d/service start\n", 0o755))
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.close() }) //nolint:errcheck // what is left goes with the namespaces
	waits := p.nodes[1]
	if out, err := waits.Run("mkfifo", "/run/go"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := waits.Start("/etc/waits"); err != nil {
		t.Fatal(err)
	}
	if err := lab.Eventually(patience, "the program that waits", func() bool { text, _ := waits.ReadFile("/run/waits"); return text != "" }); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestLanesDoNotMix: lanes have nodes of the same names side by side. One move is made at a time, so that no other takes
// its processor, or what the kernel tells of its processes; and each hears the scripts of its own nodes only.
func TestLanesDoNotMix(t *testing.T) {
	if err := lab.Available(); err != nil {
		skip(t, err.Error())
	}
	procs, err := watchProcesses()
	if err != nil {
		skip(t, err.Error())
	}
	t.Cleanup(procs.close)
	moves := make([]*move, lanes)
	errs := make([]error, lanes)
	var all sync.WaitGroup
	var within atomic.Int32
	another := make(chan struct{}, lanes)
	pairs := make([]*pair, lanes)
	for i := range pairs {
		pairs[i] = testLane(t, procs, string(rune('a'+i)))
	}
	for i, p := range pairs {
		all.Go(func() {
			moves[i], errs[i] = p.move(0, func(int) (int, error) {
				defer within.Add(-1)
				if within.Add(1) > 1 {
					t.Error("two moves at a time")
					another <- struct{}{}
				}
				select { // long enough for the others to come in, if they are let in
				case <-another:
				case <-time.After(2 * calm):
				}
				return 0, p.nodes[1].WriteFile("/run/go", "now\n", 0o644)
			})
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for i, m := range moves {
		if said := len(m.calls); said != 2 { // begin and end
			t.Errorf("lane %d: heard %d words of scripts: %v", i, said, m.calls)
		}
		ran := m.log.scripts(scriptNames, both(m.of))
		if len(ran) != 1 || ran[0].from != m.started {
			t.Errorf("lane %d: scripts ran %v, the service since %d", i, ran, m.started)
		}
		for k, other := range moves {
			if k != i && len(m.log.scripts(scriptNames, both(other.of))) > 0 {
				t.Errorf("lane %d sees what lane %d runs", i, k)
			}
		}
	}
}
