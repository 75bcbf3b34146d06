//go:build integration

package duel

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"heartbeatd/internal/lab"
)

func TestMain(m *testing.M) { os.Exit(lab.Main(m.Run)) }

// testDuel measures the daemon of this tree, quickly, or the test is skipped.
func testDuel(t *testing.T) *duel {
	t.Helper()
	if err := lab.Available(); err != nil {
		skip(t, err.Error())
	}
	procs, err := watchProcesses()
	if err != nil {
		skip(t, err.Error())
	}
	t.Cleanup(procs.close)
	project, err := lab.ProjectDir()
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "heartbeatd")
	build := exec.Command("go", "build", "-o", binary, "./cmd/heartbeatd")
	build.Dir = project
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the daemon: %v: %s", err, out)
	}
	ours, err := lab.Heartbeatd(binary, project)
	if err != nil {
		t.Fatal(err)
	}
	return &duel{ours: &ours, procs: procs, repeat: 1, quick: true, out: t.Output()}
}

func skip(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("HEARTBEATD_NEED_ROOT") == "1" {
		t.Fatalf("cannot run here, and HEARTBEATD_NEED_ROOT=1 forbids to skip: %s", reason)
	}
	t.Skip(reason)
}

// TestMeasuring measures every move, a flood and some beats once. It judges what was measured by itself, not by
// the clock: a busy machine is slow, but a whole is never less than its part.
func TestMeasuring(t *testing.T) {
	d := testDuel(t)
	story := &strings.Builder{}
	pairs, err := d.pairs(moved, d.ours)
	if err != nil {
		t.Fatal(err)
	}
	p := pairs[0]
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s", story)
			p.showLogs(t.Output())
		}
		p.close() //nolint:errcheck // what is left goes with the namespaces
	})
	b := &book{out: t.Output(), story: story}
	if err := d.again(b, p, func() error { return p.cycle(b) }); err != nil {
		t.Fatal(err)
	}
	r := &stageRun{Samples: b.samples}
	one := func(key rowKey, more string) float64 {
		v := r.values(key, nameOurs, more)
		if len(v) != 1 {
			t.Fatalf("%s %s was measured %d times, want once", key, more, len(v))
		}
		return v[0]
	}
	for _, key := range []rowKey{rowStop, rowOutage, rowStandby, rowReturns} {
		whole, scripts := one(key, "whole"), one(key, "scripts")
		if scripts < 0 || scripts >= whole || key != rowOutage && scripts == 0 || // an outage may have none: addresses are done within the daemon
			one(key, "")+scripts-whole > 0.001 {
			t.Errorf("%s: %.3f ms without the scripts' %.3f of %.3f", key, one(key, ""), scripts, whole)
		}
	}
	if call, answer, service := one(rowCutCall, ""), one(rowCutAnswer, ""), one(rowCutService, ""); call <= 0 || answer < call || service <= call {
		t.Errorf("power cut: first script after %.3f ms, answer after %.3f, service after %.3f", call, answer, service)
	}
	if one(rowStart, "") <= 0 {
		t.Error("the service ran before it was started")
	}
	for _, want := range []string{"heartbeatd, planned stop\n", "last answer before the silence", "exec", "announces the address", "says  service start\n"} {
		if !strings.Contains(story.String(), want) {
			t.Errorf("the story lacks %q:\n%s", want, story)
		}
	}
	measureStill(t, d, b, p)
}

// measureStill measures what needs no move.
func measureStill(t *testing.T, d *duel, b *book, p *pair) {
	if err := p.up(); err != nil {
		t.Fatal(err)
	}
	b.samples = nil
	if err := d.flood(b, p, moved, &sentries{}); err != nil {
		t.Fatal(err)
	}
	r := &stageRun{Samples: b.samples}
	if cpu := r.values(rowFloodCPU, nameOurs, ""); len(cpu) != 1 || cpu[0] <= 0 {
		t.Errorf("the flood took %v s", cpu)
	}
	if beats := r.values(rowFloodLate, nameOurs, "beats"); len(beats) != 1 || beats[0] < 5 {
		t.Errorf("beats seen beside the flood: %v", beats)
	}
	owner := p.runs()
	if u := usageOf(p.nodes[owner]); u.processes < 1 || u.memory < 1<<20 || u.processor <= 0 {
		t.Errorf("the owner uses %+v", u)
	}
}

// TestHogs: a hog of each kind runs until it is stopped, and leaves nothing.
func TestHogs(t *testing.T) {
	for kind := range hogKinds {
		cmd := exec.Command("/proc/self/exe", "-test.run", "TestHogItself")
		cmd.Env = append(os.Environ(), "DUEL_HOG="+kind)
		cmd.Dir = t.TempDir()
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		h := &hogs{running: []*exec.Cmd{cmd}}
		ended := make(chan struct{})
		time.AfterFunc(300*time.Millisecond, func() { close(ended) })
		<-ended
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", cmd.Process.Pid)); err != nil || slices.Contains(strings.Fields(string(text)), "Z") {
			t.Errorf("the %s hog has ended by itself: %v", kind, err)
		}
		h.stop()
		if left, _ := os.ReadDir(cmd.Dir); len(left) > 0 {
			t.Errorf("the %s hog has left %v", kind, left)
		}
	}
}

// TestHogItself is the program of TestHogs.
func TestHogItself(t *testing.T) {
	if kind := os.Getenv("DUEL_HOG"); kind != "" {
		t.Fatal(hog(kind))
	}
}
