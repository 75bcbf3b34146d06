package daemon

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"heartbeatd/internal/fifo"
	"heartbeatd/internal/link/linktest"
	"heartbeatd/internal/wire"
)

// TestScriptsTellAndAreTold: what a script writes to the FIFO of one node, a script of the other is run for; and what
// does not belong there moves nothing.
func TestScriptsTellAndAreTold(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	a, b := newMachine(t, network, "node1", nil), newMachine(t, network, "node2", nil)
	for _, m := range []*machine{a, b} {
		rc := filepath.Join(m.dir, "ha.d", "rc.d")
		os.MkdirAll(rc, 0o755)
		m.d.opt.Paths.Programs = filepath.Join(m.dir, "none")
		for _, name := range []string{"mine", "status"} {
			script := "#!/bin/sh\necho \"$1 from $HA_src: $HA_word $HA_st, we are $HA_CURHOST $HA_OSTATUS\" >>" + m.dir + "/told\n"
			if err := os.WriteFile(filepath.Join(rc, name), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	a.start()
	b.start()
	a.until("web runs", a.runs)
	send := func(m *wire.Message) {
		t.Helper()
		if err := fifo.Send(filepath.Join(a.dir, "lib", "fifo"), m); err != nil {
			t.Fatal(err)
		}
	}
	send(wire.New("shutdone").AddStr("st", "dead"))
	send(wire.New("resource").AddStr("rsc_hold", "none").AddStr("rtype", "full").AddStr("isstable", "1"))
	send(wire.New("mine").AddStr("word", "hello"))
	for _, m := range []*machine{a, b} {
		m.until("its script is run", func() bool {
			told, _ := os.ReadFile(filepath.Join(m.dir, "told"))
			return strings.Contains(string(told), "mine from node1: hello , we are "+m.d.opt.Config.Self+" active\n")
		})
	}
	told, _ := os.ReadFile(filepath.Join(b.dir, "told"))
	if !strings.Contains(string(told), "status from node1:  active, we are node2 ") {
		t.Errorf("node2 was not told of node1: %s", told)
	}
	if !a.runs() || b.runs() || strings.Contains(b.log(), "Received shutdown notice") {
		t.Errorf("something was moved\n%s", b.log())
	}
	a.untilLog("WARN: message [shutdone] from the FIFO is passed over")
	a.stop()
	b.until("it takes over", b.runs)
	b.until("its script is run", func() bool {
		told, _ := os.ReadFile(filepath.Join(b.dir, "told"))
		return strings.Contains(string(told), "status from node1:  dead, we are node2 active\n")
	})
}

// TestHangingHookHoldsUpNothing: not a takeover, nor the stop, though it does not listen to its end.
func TestHangingHookHoldsUpNothing(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	a, b := newMachine(t, network, "node1", nil), newMachine(t, network, "node2", nil)
	rc := filepath.Join(b.dir, "ha.d", "rc.d")
	os.MkdirAll(rc, 0o755)
	b.d.opt.Paths.Programs = filepath.Join(b.dir, "none")
	script := "#!/bin/sh\ntrap '' TERM\necho $$ >>" + b.dir + "/hangs\nwhile :; do sleep 1; done\n"
	if err := os.WriteFile(filepath.Join(rc, "status"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	a.start()
	b.start()
	a.until("web runs", a.runs)
	b.until("its script hangs", func() bool { _, err := os.Stat(filepath.Join(b.dir, "hangs")); return err == nil })
	a.stop()
	b.until("it takes over", b.runs)
	b.stop()
	if b.runs() {
		t.Error("web still runs")
	}
	pids, _ := os.ReadFile(filepath.Join(b.dir, "hangs"))
	if n := strings.Count(string(pids), "\n"); n != 1 {
		t.Errorf("%d scripts were run side by side, or one after the other", n)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(pids)))
	if err != nil {
		t.Fatal(err)
	}
	b.until("the script is gone", func() bool { return errors.Is(syscall.Kill(-pid, 0), syscall.ESRCH) })
}

// TestNoMessageIsNoTurnOfTheLoop: it is told of what somebody writes to the FIFO while the loop is at something else.
func TestNoMessageIsNoTurnOfTheLoop(t *testing.T) {
	m := newMachine(t, linktest.New(nil, 1, "eth0"), "node1", nil).start()
	m.until("it answers", func() bool { return m.d.ask(func() {}) })
	hold, held := make(chan struct{}), make(chan struct{})
	go m.d.ask(func() { close(held); <-hold })
	<-held
	defer close(hold)
	w, err := os.OpenFile(filepath.Join(m.dir, "lib", "fifo"), os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.WriteString("y\ny\n"); err != nil {
		t.Fatal(err)
	}
	m.untilLog("there is text outside of a message: passed over")
}
