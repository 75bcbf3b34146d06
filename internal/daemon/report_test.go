package daemon

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/config"
	"heartbeatd/internal/control"
	"heartbeatd/internal/halog"
	"heartbeatd/internal/link/linktest"
)

// TestMissingScriptIsNamedOnce: the probe of a word without a script is one line, its failing start
// another, and the return code names the script.
func TestMissingScriptIsNamedOnce(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	missing := func(c *config.Config) {
		c.Groups = []config.Group{{Home: "node1", Resources: []string{"nosuch::x"}}}
	}
	a, b := newMachine(t, network, "node1", missing), newMachine(t, network, "node2", missing)
	a.start()
	b.start()
	a.untilLog("ERROR: Return code 127 from nosuch\n")
	before, _, _ := strings.Cut(a.log(), "ERROR: Return code 127")
	theirs := regexp.MustCompile(`(?m)ResourceManager\(default\)\[\d+\]:\s+ERROR: Cannot locate resource script nosuch$`)
	if n := len(theirs.FindAllString(before, -1)); n != 2 {
		t.Errorf("ResourceManager names it %d times before its return code, want once for the probe, once for the start", n)
	}
	if n := strings.Count(before, "Cannot locate"); n != 2 {
		t.Errorf("it is named %d times by anybody", n)
	}
	if strings.Contains(before, "Running ") {
		t.Error("something is said to run")
	}
	if t.Failed() {
		t.Log(before)
	}
	for _, m := range []*machine{a, b} { // or its stop would be tried again for long
		script := filepath.Join(m.d.opt.Config.Dir, "resource.d", "nosuch")
		if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStartIsLoggedAsRunning: the line comes from the very lookup that is run.
func TestStartIsLoggedAsRunning(t *testing.T) {
	_, a, _ := pair(t)
	a.d.ask(func() { a.d.log.Flush() })
	if n := strings.Count(a.log(), "info: Running "+filepath.Join(a.dir, "ha.d", "resource.d", "web")+"  start\n"); n != 1 {
		t.Errorf("%d lines about the start of web\n%s", n, a.log())
	}
	if strings.Contains(a.log(), "resource.d/web  status") {
		t.Errorf("a status is logged:\n%s", a.log())
	}
}

// TestEndOfAFloodKeepsItsLevel: the line that counts the end of a flood weighs what the flood did.
func TestEndOfAFloodKeepsItsLevel(t *testing.T) {
	_, a, _ := pair(t)
	a.d.ask(func() {
		a.d.limited("a flood", halog.Crit, "water")
		a.d.limited("a flood", halog.Crit, "more water")
		for _, line := range a.d.limiter.Due(a.d.now() + 2*time.Minute) {
			a.d.log.Line(line.Level, line.Text)
		}
		a.d.log.Flush()
	})
	if !strings.Contains(a.log(), "CRIT: water\n") || !strings.Contains(a.log(), "CRIT: more water\n") {
		t.Errorf("ha-log:\n%s", a.log())
	}
}

// TestMediaAreShown: what the link layer knows of each medium reaches the status.
func TestMediaAreShown(t *testing.T) {
	_, a, _ := pair(t)
	m := a.status().Media
	if len(m) != 1 || m[0].Name != "eth0" || m[0].Kind != "bcast" || !m[0].Open || m[0].Error != "" || m[0].Sent == 0 || m[0].Heard == 0 ||
		time.Since(m[0].Since) > time.Minute || time.Until(m[0].Since) > 0 {
		t.Errorf("media: %+v", m)
	}
}

// TestStatusOfAnEndingDaemon: no answer is better than an empty one.
func TestStatusOfAnEndingDaemon(t *testing.T) {
	_, a, _ := pair(t)
	a.stop()
	s, err := handler{a.d}.Status()
	var refusal *control.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != "heartbeatd is ending" || s.Node != "" {
		t.Errorf("%+v, %v", s, err)
	}
}
