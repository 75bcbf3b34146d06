package cli

import (
	"os/exec"
	"strings"
	"testing"
)

// TestInstallSteps asks make what it would do: which files go where, and that a site or a package
// without SysV scripts gets none.
func TestInstallSteps(t *testing.T) {
	if _, err := exec.LookPath("make"); err != nil {
		t.Skipf("make is missing: %v", err)
	}
	steps := func(target string, variables ...string) string {
		t.Helper()
		args := append([]string{"-n", "-C", "../..", "--no-print-directory", target, "VERSION=1", "DESTDIR=/image"}, variables...)
		out, err := exec.Command("make", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("make %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	for _, target := range []string{"install", "uninstall"} {
		for variable, want := range map[string]string{
			"PREFIX=/usr": "/image/etc/init.d/heartbeat", "INITDIR=/etc/rc.d/init.d": "/image/etc/rc.d/init.d/heartbeat", "INITDIR=": "",
		} {
			text := steps(target, variable)
			if want != "" && !strings.Contains(text, want) {
				t.Errorf("make %s %s does not name %s:\n%s", target, variable, want, text)
			}
			if want != "/image/etc/init.d/heartbeat" && (strings.Contains(text, "/image/etc/init.d") || strings.Contains(text, "rm -f /image/heartbeat")) {
				t.Errorf("make %s %s names /etc/init.d:\n%s", target, variable, text)
			}
			if want == "" && (strings.Contains(text, "heartbeat.init") || strings.Contains(text, "/image/heartbeat ")) {
				t.Errorf("make %s %s deals with the init script:\n%s", target, variable, text)
			}
		}
	}
	text := steps("install")
	for _, want := range []string{"docs/architecture.md", "docs/differences.md", "docs/man/cl_status.1", "docs/man/hb_standby.1", "docs/man/hb_takeover.1", "docs/man/heartbeatd.8",
		"hb_standby hb_takeover hb_addnode hb_delnode hb_setweight hb_setsite ha_propagate ResourceManager req_resource mach_down", "/image/etc/ha.d/rc.d"} {
		if !strings.Contains(text, want) {
			t.Errorf("make install does not install %s", want)
		}
	}
}
