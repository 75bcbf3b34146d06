package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheckNamesMissingAgents: the scripts as they are shipped, a site's own and one of another kind.
func TestCheckNamesMissingAgents(t *testing.T) {
	root := t.TempDir()
	agents := filepath.Join(root, "ocf")
	if err := os.Mkdir(agents, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"MailTo": 0o755, "Xinetd": 0o644} {
		if err := os.WriteFile(filepath.Join(agents, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	own := filepath.Join(root, "own")
	if err := os.WriteFile(own, []byte("#!/bin/sh\n# OCF_TYPE=Wrong\n. /etc/ha.d/resource.d/hto-mapfuncs\nOCF_TYPE=Own\nexport OCF_TYPE\nra_execocf $1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	p := scriptPlaces{agents: agents}
	shipped := "../../etc/ha.d/resource.d/"
	for script, want := range map[string]string{
		shipped + "MailTo": "", shipped + "Xinetd": "Xinetd", own: "Own", filepath.Join(root, "gone"): "",
		shipped + "IPaddr": "", shipped + "OCF": "", shipped + "drbddisk": "", root: "",
	} {
		if got := p.missingAgent(script); strings.TrimPrefix(got, agents+"/") != want {
			t.Errorf("%s: %q, want %q", script, got, want)
		}
	}
	for _, script := range []string{"AudibleAlarm", "Delay", "Filesystem", "ICP", "IPsrcaddr", "LVM", "LinuxSCSI", "Raid1", "SendArp", "ServeRAID", "WAS", "WinPopup", "apache", "db2", "ids", "portblock"} {
		if got, want := p.missingAgent(shipped+script), filepath.Join(agents, script); got != want {
			t.Errorf("%s: %q, want %q", script, got, want)
		}
	}
	c := testChecker(root)
	c.places.agents, c.locate = agents, c.places.locate
	if err := os.MkdirAll(filepath.Join(root, "installed/resource.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(own, filepath.Join(root, "installed/resource.d/own")); err != nil {
		t.Fatal(err)
	}
	want := root + "/installed/resource.d/own; WARNING: the OCF agent " + agents + "/Own is missing, so it cannot start: install the package resource-agents"
	if got := c.script(filepath.Join(root, "installed"), "own::x"); got != want || c.warnings != 1 {
		t.Errorf("%d warnings, %q, want %q", c.warnings, got, want)
	}
}
