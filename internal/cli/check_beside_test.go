package cli

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"heartbeatd/internal/config"
)

// bareHost is checkHost with root and operator as its only accounts.
type bareHost struct{ config.Host }

func (bareHost) UserExists(name string) bool {
	return slices.Contains([]string{"root", "operator"}, name)
}
func (bareHost) GroupExists(name string) bool { return name == "root" || name == "wheel" }

// besideChecker says what it has found: the lines of check that begin with a level, and the number of warnings.
func besideChecker(t *testing.T, root, haCf, haresources string, args ...string) (found []string, warnings string) {
	t.Helper()
	for name, text := range map[string]string{
		"ha.cf": goodHaCf + "bcast eth0\n" + haCf, "authkeys": "auth 1\n1 sha1 x\n", "haresources": haresources,
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := testChecker(root)
	c.host = bareHost{c.host}
	c.places.drbdConf, c.places.logd, c.places.apphbd = root+"/drbd.conf", root+"/logd", root+"/apphbd"
	code, out, errs := runCheck(t, c, append(args, root)...)
	if code != exitOK {
		t.Errorf("%s: exit %d\n%s%s", haCf, code, out, errs)
	}
	for _, line := range strings.Split(strings.ReplaceAll(out, root, "ROOT"), "\n") {
		for _, level := range []string{"warning: ", "info: ", "hint: "} {
			if strings.HasPrefix(line, level) && !strings.Contains(line, "does not exist on this machine") {
				found = append(found, line)
			}
		}
	}
	return found, strings.TrimSpace(out[strings.LastIndex(out, ", ")+2:])
}

func wantFound(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	wantText(t, what, strings.Join(got, "\n"), strings.Join(want, "\n"))
}

// TestCheckNamesMissingDaemons: who is to write the log, or to watch, and does not run.
func TestCheckNamesMissingDaemons(t *testing.T) {
	root := t.TempDir()
	const settled = "warning: ha.cf:5: use_logd: logd is enabled but logfile/debugfile is still configured in ha.cf"
	const settledHint = "hint: lines go where /etc/logd.cf says; these files are used only while ha_logd does not run; remove use_logd to do without it"
	const logdHint = "hint: have ha_logd (package cluster-glue, service logd) started at boot, or write `use_logd off` and `logfile /var/log/ha-log`"
	const apphbdHint = "hint: have apphbd started at boot, or remove the line; the directive watchdog is there for the same"
	got, warnings := besideChecker(t, root, "use_logd on\nuse_apphbd yes\ndebugfile /d\nlogfacility local0\n", "")
	wantFound(t, "neither", got, "warning: ha.cf:5: use_logd: logd is enabled but logfile/debugfile is still configured in ha.cf", settledHint,
		"warning: ha.cf: use_logd: ha_logd does not run (there is no socket ROOT/logd): lines go to /l and /d and syslog until it does", logdHint,
		"warning: ha.cf: use_apphbd: apphbd does not run (there is no socket ROOT/apphbd): until it does nobody notices that this daemon hangs", apphbdHint)
	wantText(t, "neither", warnings, "3 warnings")

	gone, err := net.Listen("unix", root+"/logd")
	if err != nil {
		t.Fatal(err)
	}
	gone.(*net.UnixListener).SetUnlinkOnClose(false)
	gone.Close() // as one that was killed leaves it
	runs, err := net.Listen("unix", root+"/apphbd")
	if err != nil {
		t.Fatal(err)
	}
	defer runs.Close()
	got, warnings = besideChecker(t, root, "use_logd on\nuse_apphbd yes\n", "")
	wantFound(t, "a socket without a daemon", got, settled, settledHint,
		"warning: ha.cf: use_logd: ha_logd does not run (nobody listens at ROOT/logd): lines go to /l until it does", logdHint)
	wantText(t, "a socket without a daemon", warnings, "2 warnings")

	for name, c := range map[string]struct {
		haCf string
		args []string
	}{
		"not asked for":      {"use_logd off\nuse_apphbd no\n", nil},
		"of another machine": {"use_apphbd yes\nuse_logd on\n", []string{"--node=web2"}},
	} {
		got, _ := besideChecker(t, root, c.haCf, "", c.args...)
		if text := strings.Join(got, "\n"); strings.Contains(text, "does not run (") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// TestCheckLogNowhere: with a facility that means none, ha_logd is all there is.
func TestCheckLogNowhere(t *testing.T) {
	c := testChecker(t.TempDir())
	c.places.logd = "/nosuch"
	c.cfg = &config.Config{Log: config.Logging{UseLogd: true, Facility: "kern"}}
	if got := c.daemons(); len(got) != 1 || !strings.HasSuffix(got[0].Text, ": its lines are lost until it does") {
		t.Error(got)
	}
}

// TestCheckNamesMissingPrograms: of the C daemon's package, whose lines are not refused for it.
func TestCheckNamesMissingPrograms(t *testing.T) {
	for _, c := range []struct {
		haCf string
		want []string
	}{
		{"respawn root /bin/sh -c true\nfailfast operator /bin/sh\napiauth x uid=root,hacluster gid=0\napiauth y gid=haclient,wheel\napiauth z uid=hacluster,1234\n", nil},
		{"respawn root /usr/lib/heartbeat/ipfail -x\n",
			[]string{"info: ha.cf:5: /usr/lib/heartbeat/ipfail is not on this machine: the daemon does its work itself"}},
		{"respawn hacluster /usr/libexec/heartbeat/dopd\napiauth dopd uid=hacluster gid=haclient\n", // which needs neither
			[]string{"info: ha.cf:5: /usr/libexec/heartbeat/dopd is not on this machine: the daemon does its work itself"}},
		{"failfast hacluster /bin/sh -c true\napiauth x uid=hacluster gid=haclient\n", []string{
			"warning: ha.cf:5: /bin/sh cannot be started: this machine has no user hacluster",
			"warning: ha.cf: apiauth: no client can sign on as x: this machine has none of hacluster, haclient", "hint: " + accountsHint}},
	} {
		got, warnings := besideChecker(t, t.TempDir(), c.haCf, "")
		got = slices.DeleteFunc(got, func(l string) bool { return strings.HasPrefix(l, "hint: the package of the C daemon made it") })
		wantFound(t, c.haCf, got, c.want...)
		if len(c.want) < 2 && strings.Contains(c.haCf, "ipfail") && warnings != "0 warnings" {
			t.Errorf("%s: %s", c.haCf, warnings)
		}
	}
}
