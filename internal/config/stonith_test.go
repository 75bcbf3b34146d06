package config

import (
	"slices"
	"strings"
	"testing"
)

// TestStonithDevice: the last line that is for this host wins, as in 3.0.6.
func TestStonithDevice(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		want        *Stonith
	}{
		{"none", "", nil},
		{"for another host", "stonith_host n2 external/ipmi n1", nil},
		{"for each", "stonith_host * external/ipmi n2 10.0.0.9 secret", &Stonith{Type: "external/ipmi", Words: []string{"n2", "10.0.0.9", "secret"}, Where: "ha.cf:4"}},
		{"for this", "stonith_host N1 null  n2", &Stonith{Type: "null", Words: []string{"n2"}, Where: "ha.cf:4"}},
		{"a file", "stonith meatware /etc/passwd", &Stonith{Type: "meatware", File: "/etc/passwd", Where: "ha.cf:4"}},
		{"the last", "stonith meatware /etc/passwd\nstonith_host n1 null n2\nstonith_host n2 external/ssh n1", &Stonith{Type: "null", Words: []string{"n2"}, Where: "ha.cf:5"}},
		{"an agent", "stonith_host * fence_ipmilan ip=h", &Stonith{Type: "fence_ipmilan", Words: []string{"ip=h"}, Where: "ha.cf:4"}},
	} {
		cfg, report := Load(set(base+c.lines+"\nbcast eth0\n"), newHost("n1"))
		if cfg == nil || len(report) != 0 {
			t.Errorf("%s: %s", c.name, lines(report))
			continue
		}
		got := cfg.Stonith
		if (got == nil) != (c.want == nil) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
			continue
		}
		if got != nil && (got.Type != c.want.Type || got.File != c.want.File || got.Where != c.want.Where || !slices.Equal(got.Words, c.want.Words)) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// TestStonithProgramMissing: 3.0.6 refuses a device whose plug-in it does not find. A takeover would wait for ever.
func TestStonithProgramMissing(t *testing.T) {
	h := newHost("n1")
	delete(h.paths, "/usr/sbin/stonith")
	_, report := Load(set(base+"stonith_host * null n2\nbcast eth0\n"), h)
	compare(t, lines(report), "error ha.cf:4: stonith_host: Invalid Stonith type [null]")
	if len(report) == 1 && !strings.Contains(report[0].Hint, "cluster-glue") {
		t.Errorf("hint: %s", report[0].Hint)
	}
}
