package cli

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// initScript is a copy of init/heartbeat.init whose paths lie in dir and whose programs are
// fakes: heartbeat exits with the number in dir/rc, but with the one in dir/running for -s.
func initScript(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile("../../init/heartbeat.init")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for old, repl := range map[string]string{
		"HEARTBEAT=/usr/libexec/heartbeat/heartbeat\n": "HEARTBEAT=" + dir + "/heartbeat\n",
		"STANDBY=/usr/share/heartbeat/hb_standby\n":    "STANDBY=" + dir + "/heartbeat\n",
		"HA_DIR=/etc/ha.d\n":                           "HA_DIR=" + dir + "/ha.d\n",
		"RUN=/run/heartbeat\n":                         "RUN=" + dir + "/run\n",
		"SUBSYS=/var/lock/subsys\n":                    "SUBSYS=" + dir + "/subsys\nsleep() { echo \"$1\" >" + dir + "/slept; }\n",
		"/lib/lsb/init-functions":                      dir + "/no-init-functions",
		"/etc/default/heartbeat":                       dir + "/default",
	} {
		if !strings.Contains(text, old) {
			t.Fatalf("init/heartbeat.init does not contain %q", old)
		}
		text = strings.ReplaceAll(text, old, repl)
	}
	fake := "#!/bin/sh\necho \"$*\" >>" + dir + "/calls\n" +
		"[ \"$1\" = -s ] && { echo 'heartbeat says so'; exit $(cat " + dir + "/running); }\n" +
		"echo 'words of heartbeat' >&2\nexit $(cat " + dir + "/rc)\n"
	hook := "#!/bin/sh\necho \"hook $*\" >>" + dir + "/calls\n"
	script := filepath.Join(dir, "init.d")
	os.MkdirAll(filepath.Join(dir, "ha.d", "resource.d"), 0o755)
	for path, content := range map[string]string{
		script: text, filepath.Join(dir, "heartbeat"): fake, filepath.Join(dir, "ha.d/resource.d/startstop"): hook,
	} {
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return script
}

func TestInitScript(t *testing.T) {
	const started = "Starting High-Availability services: Done.\n\n"
	const stopped = "Stopping High-Availability services: Done.\n\n"
	for _, tc := range []struct {
		action, hacf, rc, running string
		stdout                    string
		code                      int
		calls, slept              string
	}{
		{"start", "", "0", "3", started, 0, "hook pre-start||hook post-start 0", ""},
		{"start", "", "6", "3", "Starting High-Availability services:  Heartbeat failure [rc=6]. Failed.\n\nwords of heartbeat\n\n", 6,
			"hook pre-start||hook post-start 6", ""},
		{"stop", "", "0", "0", stopped, 0, "hook pre-stop|-k|hook post-stop 0", ""},
		{"status", "", "0", "0", "heartbeat says so\n", 0, "-s", ""},
		{"status", "", "0", "3", "heartbeat says so\n", 3, "-s", ""},
		{"restart", "deadtime 5", "0", "0", stopped + "Waiting to allow resource takeover to complete:Done.\n" + started, 0,
			"hook pre-stop|-k|hook post-stop 0|hook pre-start||hook post-start 0", "15"},
		{"restart", "deadtime 1500ms # short", "0", "0", stopped + "Waiting to allow resource takeover to complete:Done.\n" + started, 0,
			"hook pre-stop|-k|hook post-stop 0|hook pre-start||hook post-start 0", "12"},
		{"restart", "", "0", "0", stopped + "Waiting to allow resource takeover to complete:Done.\n" + started, 0,
			"hook pre-stop|-k|hook post-stop 0|hook pre-start||hook post-start 0", "40"},
		{"restart", "", "6", "0", "Stopping High-Availability services:  Heartbeat failure [rc=6]. Failed.\n\n" +
			"Waiting to allow resource takeover to complete:Done.\n" +
			"Starting High-Availability services:  Heartbeat failure [rc=6]. Failed.\n\nwords of heartbeat\n\n", 6,
			"hook pre-stop|-k|hook post-stop 6|hook pre-start||hook post-start 6", "40"},
		{"reload", "", "0", "0", "Reloading High-Availability services: Done.\n\n", 0, "-r", ""},
		{"force-reload", "", "1", "0", "Reloading High-Availability services:  Heartbeat failure [rc=1]. Failed.\n\nwords of heartbeat\n\n", 1, "-r", ""},
		{"standby", "auto_failback off", "0", "0", "auto_failback: off\nAttempting to enter standby modeDone.\n", 0, "-s|", ""},
		{"standby", "auto_failback off", "1", "0", "auto_failback: off\nAttempting to enter standby mode Heartbeat failure [rc=1]. Failed.\n\nwords of heartbeat\n\n", 1, "-s|", ""},
		{"standby", "auto_failback off", "0", "3", "auto_failback: off\nHeartbeat is not currently running.\n", 1, "-s", ""},
		{"standby", "auto_failback legacy", "0", "0", "auto_failback is set to legacy.  Cannot enter standby.\n", 1, "", ""},
		{"standby", "", "0", "0", "auto_failback defaulted to legacy.  Cannot enter standby.\n", 1, "", ""},
		{"", "", "0", "0", "Usage: SCRIPT {start|stop|status|restart|reload|force-reload}\n", 1, "", ""},
		{"start", "missing", "0", "0", "Heartbeat not configured: DIR/ha.d/ha.cf not found. Heartbeat failure [rc=1]. Failed.\n", 0, "", ""},
	} {
		dir := t.TempDir()
		script := initScript(t, dir)
		for name, content := range map[string]string{"rc": tc.rc, "running": tc.running, "ha.d/ha.cf": tc.hacf + "\n"} {
			if tc.hacf == "missing" && name == "ha.d/ha.cf" {
				continue
			}
			os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644)
		}
		cmd := exec.Command("/bin/sh", script, tc.action)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		code := 0
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			code = exit.ExitCode()
		}
		want := strings.NewReplacer("SCRIPT", script, "DIR", dir).Replace(tc.stdout)
		calls, _ := os.ReadFile(filepath.Join(dir, "calls"))
		slept, _ := os.ReadFile(filepath.Join(dir, "slept"))
		gotCalls := strings.ReplaceAll(strings.TrimSuffix(string(calls), "\n"), "\n", "|")
		if string(out) != want || code != tc.code || gotCalls != tc.calls || strings.TrimSpace(string(slept)) != tc.slept {
			t.Errorf("%s (%q): exit %d, stdout %q\nwant %d, %q\ncalls %q, want %q; slept %q", tc.action, tc.hacf,
				code, out, tc.code, want, gotCalls, tc.calls, slept)
		}
	}
}
