package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"heartbeatd/internal/pidfile"
)

const hbLog = "Jan 05 09:00:01 Node1.example heartbeat: [4134]: "
const hbBanner = hbLog + "info: **************************\n" +
	hbLog + "info: Configuration validated. Starting heartbeat 3.0.6\n"

// hb runs `heartbeat args` on m, with a validation that gives verdict, and tells what started.
func hb(m machine, verdict int, args ...string) (code int, stdout, stderr, started string) {
	var out, errs bytes.Buffer
	note := func(how string) func(DaemonOptions) int {
		return func(o DaemonOptions) int {
			started = fmt.Sprintf("%s foreground=%v debug=%d noresources=%v", how, o.Foreground, o.Debug, o.NoResources)
			return 0
		}
	}
	c := hbCall{machine: m, stdout: &out, stderr: &errs, hooks: Hooks{
		RunDaemon: note("run"),
		Validate: func(w io.Writer) int {
			io.WriteString(w, "validating\n")
			return verdict
		},
		Effective: func(w io.Writer) error { _, err := io.WriteString(w, "effective\n"); return err },
	}}
	c.daemonize = func(o DaemonOptions, _ io.Writer) int { return note("daemonize")(o) }
	code = c.run("/usr/libexec/heartbeat/heartbeat", args)
	return code, out.String(), errs.String(), started
}

func TestHeartbeatOptions(t *testing.T) {
	const invalid = "/usr/libexec/heartbeat/heartbeat: invalid option -- 'x'\n"
	const version = "3.0.6 (node: heartbeatd-devel)\n"
	for _, tc := range []struct {
		args    string
		verdict int
		code    int
		stdout  string
		stderr  string
		started string
	}{
		{"", 0, 0, "", "validating\n" + hbBanner, "daemonize foreground=false debug=0 noresources=false"},
		{"-ddMl operand", 0, 0, "", "validating\n" + hbBanner, "daemonize foreground=false debug=2 noresources=true"},
		{"-f -d", 0, 0, "", "validating\n" + hbBanner, "run foreground=true debug=1 noresources=false"},
		{"-v", 0, 0, "effective\n", "validating\n" + hbBanner, "daemonize foreground=false debug=0 noresources=false"},
		{"", 6, 6, "", "validating\n", ""},
		{"-f", 4, 4, "", "validating\n", ""},
		{"-V", 0, 0, version, "", ""},
		{"-xV", 0, 0, version, invalid, ""},
		{"-Vx", 0, 0, version, "", ""},
		{"-x", 0, 2, "", invalid + hbUsage, ""},
		{"-C", 0, 2, "", "/usr/libexec/heartbeat/heartbeat: option requires an argument -- 'C'\n" + hbUsage, ""},
		{"-C all", 0, 2, "", hbUsage, ""},
		{"-C foo", 0, 2, "", hbLog + "ERROR: encode_resources: bad resource type [foo]\n" + hbUsage, ""},
		{"-s", 0, 3, "heartbeat is stopped. No process\n", "", ""},
		{"-ks", 0, 0, "", "INFO: Heartbeat already stopped.\n", ""},
		{"-k", 0, 0, "", "INFO: Heartbeat already stopped.\n", ""},
		{"-R", 6, 1, "", "", ""},
		{"-R -C all", 0, 6, "", "ERROR: heartbeat is not running.\n", ""},
		{"-rR", 0, 6, "", "ERROR: heartbeat is not running.\n", ""},
		{"-r", 6, 6, "", "validating\n", ""},
		{"-r", 0, 0, "", "validating\nvalidating\n" + hbBanner, "daemonize foreground=false debug=0 noresources=false"},
	} {
		code, out, errs, started := hb(testMachine(t), tc.verdict, strings.Fields(tc.args)...)
		if code != tc.code || out != tc.stdout || errs != tc.stderr || started != tc.started {
			t.Errorf("heartbeat %s: exit %d, want %d\nstdout %q\nwant   %q\nstderr %q\nwant   %q\nstarted %q",
				tc.args, code, tc.code, out, tc.stdout, errs, tc.stderr, started)
		}
	}
}

// The goldens are the output of 3.0.6.
func TestDefaultTables(t *testing.T) {
	for args, file := range map[string]string{"-D": "D", "-DW": "DW", "-sD": "D"} {
		_, out, _, _ := hb(testMachine(t), 0, args)
		want, err := os.ReadFile(filepath.Join("testdata", "heartbeat", file+".golden"))
		if err != nil || out != string(want) {
			t.Errorf("heartbeat %s differs from 3.0.6: %v, got\n%s", args, err, out)
		}
	}
}

func TestHeartbeatStatusStalePidFile(t *testing.T) {
	m := testMachine(t)
	os.WriteFile(m.pidFile, []byte("not a number\n"), 0o644)
	if code, out, _, _ := hb(m, 0, "-s"); code != 3 || out != "heartbeat is stopped. No process\n" {
		t.Errorf("no number: exit %d, %q", code, out)
	}
	os.WriteFile(m.pidFile, fmt.Appendf(nil, "%10d\n", os.Getpid()), 0o644)
	if code, out, _, _ := hb(m, 0, "-s"); code != 1 || out != "heartbeat is stopped. No process\n" {
		t.Errorf("a number that is somebody else's now: exit %d, %q", code, out)
	}
	if code, _, errs, _ := hb(m, 0, "-k"); code != 0 || errs != "INFO: Heartbeat already stopped.\n" {
		t.Errorf("-k: exit %d, %q", code, errs)
	}
}

// With CLI_TEST_CHILD set the test binary is the daemon of the tests below.
func init() {
	role, path, _ := strings.Cut(os.Getenv("CLI_TEST_CHILD"), " ")
	if role != "" {
		os.Exit(daemonChild(Hooks{RunDaemon: func(o DaemonOptions) int { return playDaemon(role, path, o) }}, os.Args[1:]))
	}
}

func playDaemon(role, path string, o DaemonOptions) int {
	if role == "fail" {
		fmt.Fprintln(os.Stderr, "no socket for you")
		return 17
	}
	f, err := pidfile.Create(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	term := make(chan os.Signal, 2)
	signal.Notify(term, syscall.SIGTERM, syscall.SIGHUP)
	fmt.Fprintf(os.Stderr, "opening, debug %d\n", o.Debug)
	o.Ready()
	fmt.Fprintln(os.Stderr, "must not reach the terminal")
	for sig := range term {
		if sig == syscall.SIGTERM {
			break
		}
		os.WriteFile(path+".hup", []byte("1"), 0o644)
	}
	time.Sleep(200 * time.Millisecond) // releasing: -k has to wait for this
	f.Remove()
	return 0
}

func child(t *testing.T, role string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-dd")
	cmd.Env = append(os.Environ(), "CLI_TEST_CHILD="+role)
	return cmd
}

func TestDaemonizeReportsFailure(t *testing.T) {
	var errs bytes.Buffer
	if code := startDetached(child(t, "fail"), &errs); code != 17 || errs.String() != "no socket for you\n" {
		t.Errorf("exit %d, stderr %q", code, &errs)
	}
	errs.Reset()
	code := startDetached(exec.Command("/bin/true"), &errs)
	if want := "heartbeatd: error: starting the daemon: it ended before it was ready\n"; code != 1 || errs.String() != want {
		t.Errorf("exit %d, stderr %q", code, &errs)
	}
}

func TestDaemonLife(t *testing.T) {
	m := testMachine(t)
	var errs bytes.Buffer
	cmd := child(t, "serve "+m.pidFile)
	if code := startDetached(cmd, &errs); code != 0 || errs.String() != "opening, debug 2\n" {
		t.Fatalf("exit %d, stderr %q", code, &errs)
	}
	pid, err := pidfile.Read(m.pidFile) // ready means that the file is there
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(pid, syscall.SIGKILL)
	go func() { // the test is the parent that a daemon started from a terminal loses
		var ws syscall.WaitStatus
		syscall.Wait4(pid, &ws, 0, nil)
	}()
	if sid, _, _ := syscall.Syscall(syscall.SYS_GETSID, uintptr(pid), 0, 0); int(sid) != pid {
		t.Errorf("session %d, want its own, %d", sid, pid)
	}
	want := fmt.Sprintf("heartbeat OK [pid %d et al] is running on Node1.example [node1.example]...\n", pid)
	if code, out, _, _ := hb(m, 0, "-s"); code != 0 || out != want {
		t.Errorf("-s: exit %d, %q", code, out)
	}
	os.WriteFile(m.nodeinfo, []byte(" ALPHA \nbeta\n"), 0o644)
	want = fmt.Sprintf("heartbeat OK [pid %d et al] is running on Node1.example [alpha]...\n", pid)
	if _, out, _, _ := hb(m, 0, "-s"); out != want {
		t.Errorf("-s: %q", out)
	}
	want = fmt.Sprintf("validating\n%s%sinfo: heartbeat: already running [pid %d].\n", hbBanner, hbLog, pid)
	if code, _, errs, started := hb(m, 0); code != 0 || errs != want || started != "" {
		t.Errorf("second start: exit %d, %q, started %q", code, errs, started)
	}
	want = fmt.Sprintf("ERROR: Heartbeat already running [pid %d].\n", pid)
	if code, _, errs, _ := hb(m, 0, "-R"); code != 1 || errs != want {
		t.Errorf("-R: exit %d, %q", code, errs)
	}
	for verdict, wantCode := range map[int]int{6: 1, 4: 4} {
		want = fmt.Sprintf("validating\n%sinfo: Config errors: Heartbeat pid %d NOT restarted\n", hbLog, pid)
		if code, _, errs, _ := hb(m, verdict, "-r"); code != wantCode || errs != want {
			t.Errorf("-r, bad configuration: exit %d, %q", code, errs)
		}
	}
	want = fmt.Sprintf("validating\n%sinfo: Signalling heartbeat pid %d to reread config files\n", hbLog, pid)
	if code, _, errs, _ := hb(m, 0, "-r"); code != 0 || errs != want {
		t.Errorf("-r: exit %d, %q", code, errs)
	}
	for deadline := time.Now().Add(time.Minute); ; {
		if _, err := os.Stat(m.pidFile + ".hup"); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("SIGHUP did not arrive")
		}
	}
	if code, out, errs, _ := hb(m, 0, "-k"); code != 0 || out+errs != "" {
		t.Errorf("-k: exit %d, %q%q", code, out, errs)
	}
	if _, err := os.Stat(m.pidFile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("-k returned before the daemon had cleaned up: %v", err)
	}
	if code, _, _, _ := hb(m, 0, "-s"); code != 3 {
		t.Errorf("-s after a clean stop: exit %d, want 3", code)
	}
}

// `kill -9` and `heartbeat` in one breath start a new daemon.
func TestStartRightAfterAKill(t *testing.T) {
	for range 5 {
		m := testMachine(t)
		if code := startDetached(child(t, "serve "+m.pidFile), io.Discard); code != 0 {
			t.Fatalf("exit %d", code)
		}
		pid, err := pidfile.Read(m.pidFile)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if code, _, errs, started := hb(m, 0); code != 0 || started == "" {
			t.Errorf("exit %d, %q, nothing was started", code, errs)
		}
	}
}

// A pid file that somebody removed does not hide the daemon, and -k ends it.
func TestDaemonWhosePIDFileIsGone(t *testing.T) {
	m := testMachine(t)
	if code := startDetached(child(t, "serve "+m.pidFile), io.Discard); code != 0 {
		t.Fatalf("exit %d", code)
	}
	pid, err := pidfile.Read(m.pidFile)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(pid, syscall.SIGKILL)
	go func() { // as in TestDaemonLife
		var ws syscall.WaitStatus
		syscall.Wait4(pid, &ws, 0, nil)
	}()
	if err := os.Remove(m.pidFile); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("heartbeat OK [pid %d et al] is running on Node1.example [node1.example]...\n", pid)
	if code, out, _, _ := hb(m, 0, "-s"); code != 0 || out != want {
		t.Errorf("-s: exit %d, %q", code, out)
	}
	want = fmt.Sprintf("validating\n%s%sinfo: heartbeat: already running [pid %d].\n", hbBanner, hbLog, pid)
	if code, _, errs, started := hb(m, 0); code != 0 || errs != want || started != "" {
		t.Errorf("second start: exit %d, %q, started %q", code, errs, started)
	}
	var out, errs bytes.Buffer
	want = fmt.Sprintf("heartbeatd: error: a daemon is running, pid %d, but not answering: ", pid)
	if code := m.status(nil, &out, &errs); code != statusUnknown || !strings.HasPrefix(errs.String(), want) {
		t.Errorf("status: exit %d, %q", code, &errs)
	}
	if code, out, errs, _ := hb(m, 0, "-k"); code != 0 || out+errs != "" {
		t.Errorf("-k: exit %d, %q%q", code, out, errs)
	}
	if code, out, _, _ := hb(m, 0, "-s"); code != hbStopped {
		t.Errorf("-s after -k: exit %d, %q", code, out)
	}
}

// Who cannot find the pid is told so, never that there is nothing to stop.
func TestUnknownPID(t *testing.T) {
	var errs bytes.Buffer
	c := hbCall{machine: machine{pidFile: "/run/heartbeat.pid"}, stderr: &errs}
	want := "ERROR: heartbeat is running, but its pid is unknown: /run/heartbeat.pid does not say. Run this as root.\n"
	if code := c.noPID(); code != hbNotPermitted || errs.String() != want {
		t.Errorf("exit %d, %q", code, &errs)
	}
	if got := pidText(0) + pidText(7); got != "unknown7" {
		t.Errorf("got %q", got)
	}
}
