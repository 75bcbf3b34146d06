package agents

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shipped are the names of 3.0.6's resource.d, and the two that the sites with DRBD have.
const shipped = "AudibleAlarm Delay Filesystem ICP IPaddr IPaddr2 IPsrcaddr IPv6addr LVM LinuxSCSI MailTo OCF Raid1 SendArp " +
	"ServeRAID WAS WinPopup Xinetd apache db2 hto-mapfuncs ids portblock drbddisk drbdupper"

// place is where the scripts under test find their agents, files and programs.
type place struct {
	t   *testing.T
	dir string
	env []string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	scripts, err := filepath.Abs("../../etc/ha.d/resource.d")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	return &place{t: t, dir: dir, env: []string{
		"PATH=" + dir + "/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HA_RESOURCEDIR=" + scripts, "HA_DIR=" + dir + "/ha.d",
		"OCF_ROOT=" + dir + "/ocf", "HA_LOGFILE=" + dir + "/log", "PROC_DRBD=" + dir + "/proc-drbd", "LC_ALL=C",
	}}
}

// write makes an executable file.
func (p *place) write(path, text string) {
	p.t.Helper()
	path = filepath.Join(p.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		p.t.Fatal(err)
	}
}

// read is the content of a file, "" if there is none.
func (p *place) read(path string) string {
	p.t.Helper()
	b, err := os.ReadFile(filepath.Join(p.dir, path))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		p.t.Fatal(err)
	}
	return string(b)
}

// agent makes an OCF agent that records its call, with its parameters, and ends with a code.
func (p *place) agent(path string, code int) {
	p.t.Helper()
	p.write("ocf/resource.d/"+path, fmt.Sprintf(`#!/bin/sh
{ echo "CALL ${0##*/} $*"; env; } >>%s/calls
echo "words of the agent: not running, OK"
exit %d
`, p.dir, code))
}

// calls is what the agents were called with since the last run: a line each, with their parameters in order.
func (p *place) calls() string {
	p.t.Helper()
	var all strings.Builder
	for _, call := range strings.Split(p.read("calls"), "CALL ")[1:] {
		lines := strings.Split(strings.TrimSpace(call), "\n")
		given := slices.DeleteFunc(lines[1:], func(line string) bool {
			return !strings.HasPrefix(line, "OCF_RESKEY_") && !strings.HasPrefix(line, "OCF_TYPE=") && !strings.HasPrefix(line, "OCF_RESOURCE_INSTANCE=")
		})
		slices.Sort(given)
		line := strings.Join(append([]string{lines[0]}, given...), " ")
		all.WriteString(strings.ReplaceAll(strings.ReplaceAll(line, "OCF_RESKEY_", ""), "OCF_", "") + "\n")
	}
	return all.String()
}

// run calls a script; it returns what it printed to standard output, and its exit code.
func (p *place) run(script string, args ...string) (string, int) {
	p.t.Helper()
	path, err := filepath.Abs("../../etc/ha.d/resource.d/" + script)
	if err != nil {
		p.t.Fatal(err)
	}
	os.Remove(filepath.Join(p.dir, "calls"))
	cmd := exec.Command(path, args...)
	cmd.Env, cmd.Dir = p.env, p.dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState == nil {
		p.t.Fatal(err)
	}
	if text := stderr.String(); text != "" {
		p.t.Logf("%s %q: %s", script, args, strings.TrimSpace(text))
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// TestAllNamesAreShipped: each name is there, can be executed, and nothing else is.
func TestAllNamesAreShipped(t *testing.T) {
	want := map[string]bool{}
	for _, name := range strings.Fields(shipped) {
		want[name] = true
		st, err := os.Stat("../../etc/ha.d/resource.d/" + name)
		if err != nil {
			t.Error(err)
		} else if st.Mode().Perm() != 0o755 {
			t.Errorf("%s has mode %v", name, st.Mode())
		}
	}
	entries, err := os.ReadDir("../../etc/ha.d/resource.d")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !want[e.Name()] {
			t.Errorf("%s is in no list", e.Name())
		}
	}
}
