//go:build integration

package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/chaos"
	"heartbeatd/internal/lab"
)

func TestMain(m *testing.M) { os.Exit(lab.Main(m.Run)) }

// TestShortSet plays the scenarios of short.txt and two seeds on the four pairings, as
// `lab interop --short` does.
func TestShortSet(t *testing.T) {
	if err := lab.Available(); err != nil {
		skip(t, err.Error())
	}
	project, err := lab.ProjectDir()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lab.GenuineSoftware(filepath.Join(project, "cache")); err != nil {
		skip(t, err.Error())
	}
	daemons, err := Daemons(project, buildDaemon(t, project))
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := Short(filepath.Join(project, "testdata/interop"))
	if err != nil {
		t.Fatal(err)
	}
	farm, err := NewFarm(project, func(s *Script, p Pairing) (*Observation, error) { return Play(s, p, daemons) })
	if err != nil {
		t.Fatal(err)
	}
	farm.Out, farm.Results = t.Output(), t.TempDir()
	for _, v := range fairly(t, farm, scripts) {
		t.Run(v.Script.Name, func(t *testing.T) {
			if v.Failed() {
				var why strings.Builder
				v.Explain(&why)
				seen, _ := os.ReadFile(filepath.Join(farm.Results, v.Script.Name+".txt"))
				t.Errorf("\n%s%s", &why, seen)
			}
		})
	}
}

// tooLate is what a thread that wants to run all the time may be held up without a consequence for daemons that
// beat every half second.
const tooLate = 200 * time.Millisecond

// fairly plays scenarios, and those that failed while the machine was measurably held up once more, by
// themselves: such a failure tells nothing.
func fairly(t *testing.T, farm *Farm, scripts []*Script) []Verdict {
	t.Helper()
	m := chaos.StartMetronome()
	defer m.Stop()
	begin := time.Now()
	all := farm.Run(scripts)
	for n := 1; n < 3; n++ {
		var failed []*Script
		for _, v := range all {
			if v.Failed() {
				failed = append(failed, v.Script)
			}
		}
		late := time.Duration(0)
		for _, l := range m.Between(begin, time.Now()) {
			late = max(late, l.By)
		}
		if len(failed) == 0 || late < tooLate {
			break
		}
		t.Logf("play %d of %d scenarios tells nothing, so they are played again: the machine was held up by %v", n, len(failed), late)
		begin = time.Now()
		all = append(slices.DeleteFunc(all, Verdict.Failed), farm.Run(failed)...)
	}
	return all
}

// skip skips a test with its reason. Where HEARTBEATD_NEED_ROOT is set, nothing may be skipped.
func skip(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("HEARTBEATD_NEED_ROOT") == "1" {
		t.Fatalf("cannot run here, and HEARTBEATD_NEED_ROOT=1 forbids to skip: %s", reason)
	}
	t.Skip(reason)
}

func buildDaemon(t *testing.T, project string) string {
	t.Helper()
	if binary := os.Getenv("HEARTBEATD"); binary != "" {
		return binary // another daemon than the one of this tree
	}
	binary := filepath.Join(t.TempDir(), "heartbeatd")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "./cmd/heartbeatd")
	build.Dir, build.Env = project, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the daemon: %v\n%s", err, out)
	}
	return binary
}
