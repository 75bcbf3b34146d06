package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheckAsksDRBD: a resource that is not configured, or a drbdadm that is not there, is said before the start.
func TestCheckAsksDRBD(t *testing.T) {
	drbdadm := filepath.Join(t.TempDir(), "drbdadm")
	script := "#!/bin/sh\ncase $* in sh-resources) echo r0 data ;; '-S sh-resources') echo top ;; *) exit 3 ;; esac\n"
	if err := os.WriteFile(drbdadm, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	broken := drbdadm + ".broken"
	if err := os.WriteFile(broken, []byte("#!/bin/sh\necho '/etc/drbd.conf:3: Parse error' >&2\nexit 10\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(drbdadm+".silent", []byte("#!/bin/sh\nexit 10\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := (scriptPlaces{drbdadm: drbdadm + ".silent"}).drbdFault("drbddisk::r0"); got != "drbdadm sh-resources: exit status 10" {
		t.Errorf("one that says nothing: %q", got)
	}
	for _, c := range []struct{ drbdadm, word, want string }{
		{drbdadm, "drbddisk::r0", ""},
		{drbdadm, "drbddisk::data", ""},
		{drbdadm, "drbddisk", ""},
		{drbdadm, "drbdupper::top", ""},
		{drbdadm, "drbddisk::r1", "has no resource r1"},
		{drbdadm, "drbddisk::top", "has no resource top"},
		{drbdadm, "drbdupper::r0", "has no resource r0"},
		{drbdadm, "web::r1", ""},
		{broken, "drbddisk::r0", "exit status 10: /etc/drbd.conf:3: Parse error"},
		{"/nosuch/drbdadm", "drbddisk::r0", "install the package drbd-utils"},
		{"", "drbddisk::r1", ""},
	} {
		got := scriptPlaces{drbdadm: c.drbdadm}.drbdFault(c.word)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s, %s: %q, want %q", c.drbdadm, c.word, got, c.want)
		}
	}
	root := t.TempDir()
	installed := filepath.Join(root, "installed")
	if err := os.MkdirAll(filepath.Join(installed, "resource.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(installed, "resource.d/drbddisk")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := testChecker(root)
	c.places.drbdadm, c.locate = drbdadm, c.places.locate
	want := path + "; WARNING: the configuration of DRBD has no resource r1, so it cannot start"
	if got := c.script(installed, "drbddisk::r1"); got != want || c.warnings != 1 {
		t.Errorf("%d warnings, %q, want %q", c.warnings, got, want)
	}
}
