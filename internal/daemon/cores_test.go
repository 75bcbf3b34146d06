package daemon

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/config"
	"heartbeatd/internal/halog"
	"heartbeatd/internal/runner"
)

// TestCoreDirectory: core files go where nobody else can write, or nowhere.
func TestCoreDirectory(t *testing.T) {
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	defer os.Chdir(home) //nolint:errcheck // the next test would say it
	dir := filepath.Join(t.TempDir(), "deep", "root")
	if err := enter(dir); err != nil {
		t.Fatal(err)
	}
	if now, _ := os.Getwd(); now != dir {
		t.Errorf("in %s, want %s", now, dir)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
	link := filepath.Join(t.TempDir(), "root")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if err := enter(link); err == nil {
		t.Error("a link was followed")
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := enter(dir); err == nil || err.Error() != "others can write there" {
		t.Errorf("a directory for all: %v", err)
	}
}

// TestCoreRootOfOthers: a directory of ours is none where somebody else can put another one in its place.
func TestCoreRootOfOthers(t *testing.T) {
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	defer os.Chdir(home) //nolint:errcheck // the next test would say it
	place := t.TempDir()
	root := filepath.Join(place, "cores")
	linked := filepath.Join(t.TempDir(), "cores")
	if err := errors.Join(enter(filepath.Join(root, "root")), os.Symlink(root, linked), enter(filepath.Join(linked, "root"))); err != nil {
		t.Fatal(err)
	}
	scripts := func() string {
		d := newDaemon(Options{Config: &config.Config{CoreRoot: root}, Paths: Paths{LibDir: t.TempDir()}})
		d.log = halog.Open(halog.Config{})
		defer d.log.Close(0)
		d.dumpable()
		return d.scriptsDir()
	}
	for name, c := range map[string]struct {
		dir  string
		mode os.FileMode
		ok   bool
	}{
		"others write there":          {root, 0o777, false},
		"a group writes there":        {root, 0o775, false},
		"as /tmp":                     {root, 0o777 | os.ModeSticky, true},
		"others write a step before":  {place, 0o777, false},
		"a step before it is as /tmp": {place, 0o777 | os.ModeSticky, true},
	} {
		if err := os.Chmod(c.dir, c.mode); err != nil {
			t.Fatal(err)
		}
		for _, way := range []string{root, linked} {
			if err := enter(filepath.Join(way, "root")); (err == nil) != c.ok || err != nil && !errors.Is(err, runner.ErrNotOurs) {
				t.Errorf("%s, by %s: %v", name, way, err)
			}
		}
		if got := scripts(); (got == filepath.Join(root, "root")) != c.ok {
			t.Errorf("%s: scripts run in %s", name, got)
		}
		if err := os.Chmod(c.dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if os.Geteuid() != 0 {
		return // nobody but root gives a directory away
	}
	for _, path := range []string{root, linked} {
		if err := os.Lchown(path, 65534, 65534); err != nil {
			t.Fatal(err)
		}
		if err := enter(filepath.Join(path, "root")); !errors.Is(err, runner.ErrNotOurs) {
			t.Errorf("of somebody else: %v", err)
		}
		if err := os.Lchown(path, 0, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDumpable: what each value of coredumps makes of the limit, and of a death.
func TestDumpable(t *testing.T) {
	const mark = "HEARTBEATD_TEST_DUMPABLE"
	if value := os.Getenv(mark); value != "" {
		asked := map[string]config.Coredumps{"unsaid": config.CoresUnsaid, "on": config.CoresOn, "off": config.CoresOff}[value]
		d := newDaemon(Options{Config: &config.Config{Coredumps: asked, CoreRoot: os.Getenv("CORES")}})
		limit := unix.Rlimit{Cur: 4096, Max: 8192}
		if err := unix.Setrlimit(unix.RLIMIT_CORE, &limit); err != nil {
			t.Fatal(err)
		}
		d.dumpable()
		if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
			t.Fatal(err)
		}
		if soft := map[string]uint64{"unsaid": 4096, "on": 8192, "off": 0}[value]; limit.Cur != soft || limit.Max != 8192 {
			t.Fatalf("%+v, want %d", limit, soft)
		}
		panic("the end")
	}
	for value, want := range map[string]struct {
		code  int
		trace bool
	}{"unsaid": {2, true}, "on": {-1, true}, "off": {2, false}} {
		root := t.TempDir()
		cmd := exec.Command(os.Args[0], "-test.run=^TestDumpable$")
		cmd.Env = append(os.Environ(), mark+"="+value, "CORES="+root)
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != want.code || !strings.Contains(string(out), "panic: the end") {
			t.Errorf("%s: exit %d, want %d (-1: by a signal)\n%s", value, code, want.code, out)
		}
		trace, _ := os.ReadFile(filepath.Join(root, "root", tracesName))
		if strings.Contains(string(trace), "the end") != want.trace {
			t.Errorf("%s: the trace says %q", value, trace)
		}
	}
}
