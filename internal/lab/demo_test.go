//go:build integration

package lab

import (
	"bytes"
	"regexp"
	"testing"
)

// TestDemo runs the demonstration as `make demo` does.
func TestDemo(t *testing.T) { fairly(t, playDemo) }

func playDemo(t testing.TB) {
	newLab(t, 1) // skips where there are no private hosts
	binary, err := buildDaemon()
	if err != nil {
		t.Fatal(err)
	}
	project, err := ProjectDir()
	if err != nil {
		t.Fatal(err)
	}
	software, err := Heartbeatd(binary, project)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Demo(software, &out, false); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{
		`node1 \| .*Heartbeat shutdown in progress`,
		`node2 \| .*Received shutdown notice from 'node1'`,
		`node1 \| .*node node2: is dead`,
		`planned stop +node1 +node2 +\d+ ms`,
		`power cut +node2 +node1 +\d+ ms`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("the demonstration does not show %q:\n%s", want, out.String())
		}
	}
}
