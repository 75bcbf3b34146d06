package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"heartbeatd/internal/config"
	"heartbeatd/internal/link"
	"heartbeatd/internal/link/linktest"
	"heartbeatd/internal/wire"
)

// debugMachine is a node whose debug lines can be read, and whose script writes down the level it finds.
func debugMachine(t *testing.T) (*machine, *linktest.End) {
	t.Helper()
	network := linktest.New(nil, 1, "eth0")
	m := newMachine(t, network, "node1", func(c *config.Config) {
		c.Log.DebugFile = c.Log.File
		c.Nodes, c.Initdead, c.Deadtime = []string{"node1"}, time.Second, time.Second
		script := fmt.Sprintf("#!/bin/sh\necho \"$1 $HA_debug\" >>%s/levels\n[ $1 != status ] || exit 3\n", filepath.Dir(c.Dir))
		if err := os.WriteFile(filepath.Join(c.Dir, "resource.d", "web"), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	})
	return m, network.Join("stranger", 16)
}

// TestDebugSignals: USR1 and USR2 change the level, with the lines of 3.0.6, and scripts find it.
func TestDebugSignals(t *testing.T) {
	m, _ := debugMachine(t)
	m.start()
	m.untilLog("Local Resource acquisition completed.")
	for i, s := range []struct {
		signal syscall.Signal
		want   string
	}{
		{syscall.SIGUSR2, "debug: debug now set to 0 [pid %d]"},
		{syscall.SIGUSR1, "debug: debug now set to 1 [pid %d]"},
		{syscall.SIGUSR1, "debug: debug now set to 2 [pid %d]"},
		{syscall.SIGALRM, "ERROR: Unexpected alarm in process %d"},
		{syscall.SIGUSR2, "debug: debug now set to 1 [pid %d]"},
		{syscall.SIGUSR2, "debug: debug now set to 0 [pid %d]"},
		{syscall.SIGUSR1, "debug: debug now set to 1 [pid %d]"},
	} {
		before := len(m.log())
		m.d.signals <- s.signal
		want := fmt.Sprintf(s.want, os.Getpid())
		m.until(fmt.Sprint("signal ", i, " is obeyed: ", want), func() bool { return strings.Contains(m.log()[before:], want) })
	}
	if n := strings.Count(m.log(), "info: heartbeat: version 3.0.6"); n != 3 {
		t.Errorf("%d lines with the version, want that of the start and two of a first level", n)
	}
	m.stop()
	levels, _ := os.ReadFile(filepath.Join(m.dir, "levels"))
	if got := string(levels); !strings.HasPrefix(got, "status 0\n") || !strings.HasSuffix(got, "stop 1\n") {
		t.Errorf("scripts found these levels:\n%s", got)
	}
	if want := "debug: asked to stop\n"; !strings.Contains(m.log(), want) {
		t.Errorf("no %q", want)
	}
}

// TestDebugLevels: what each level adds, and that none shows a signature.
func TestDebugLevels(t *testing.T) {
	adds := map[int]string{debugSteps: "web status", debugRefusals: "on eth0 refused: ", debugMessages: "sending: t=status", debugFields: "hg="}
	for _, level := range []int{0, debugSteps, debugRefusals, debugMessages, debugFields} {
		m, end := debugMachine(t)
		m.d.debug = level
		m.start()
		m.untilLog("Local Resource acquisition completed.")
		end.Send([]byte("no message"))
		m.until("the datagram is counted", func() bool { return len(m.status().Dropped) > 0 })
		m.stop()
		for at, words := range adds {
			if has := strings.Contains(m.log(), words); has != (level >= at) {
				t.Errorf("level %d: %q is there: %v", level, words, has)
			}
		}
		if strings.Contains(m.log(), "auth=") {
			t.Errorf("level %d shows signatures", level)
		}
	}
	d := &daemon{debug: debugFields}
	msg := &wire.Message{Fields: []wire.Field{{Name: "t", Value: []byte("status")}, {Name: "auth", Value: []byte("1 d1")}, {Name: "x", Value: []byte("y")}}}
	if got := d.summary(msg); got != "t=status x=y" {
		t.Errorf("a signed message is shown as %q", got)
	}
}

// TestDebugFlood: whoever sends datagrams does not fill the disk at any level, and it is said that there were more.
func TestDebugFlood(t *testing.T) {
	m, end := debugMachine(t)
	m.d.debug = debugFields
	m.start()
	m.untilLog("Local Resource acquisition completed.")
	var seconds int // that passed meanwhile
	m.d.ask(func() {
		begin := m.d.now().Truncate(time.Second)
		for range 3 * mostTraced {
			m.d.refuse(link.Datagram{Link: "eth0"}, wire.ErrNoStart)
		}
		seconds = int(m.d.now().Truncate(time.Second)-begin) / int(time.Second)
		m.d.traced.second-- // the next one is another second's
	})
	end.Send([]byte("no message"))
	m.untilLog("more datagrams were received that are not told of")
	m.stop()
	if n := strings.Count(m.log(), "on eth0 refused: "); n > (seconds+2)*mostTraced || n < mostTraced-50 {
		t.Errorf("%d lines about %d datagrams, in %d seconds", n, 3*mostTraced, seconds)
	}
}
