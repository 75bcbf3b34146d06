package runner

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestScriptsOfAnEarlierDaemonEndFirst: a killed daemon leaves a start script behind. The next
// daemon must not ask for the status before that script has had its effect.
func TestScriptsOfAnEarlierDaemonEndFirst(t *testing.T) {
	s := newSite(t)
	s.records.dir = t.TempDir()
	old := exec.Command("sleep", "100")
	if err := old.Start(); err != nil {
		t.Fatal(err)
	}
	earlier := records{dir: s.records.dir}
	earlier.add(old.Process.Pid, "/etc/ha.d/resource.d/web start")
	// The number of a process that has ended and one that means another process now.
	os.WriteFile(earlier.path(1<<22-1), []byte("1\ngone\n"), 0o600)
	os.WriteFile(earlier.path(os.Getpid()), []byte("1\nanother\n"), 0o600)

	s.script("web", "echo running")
	s.Start(1, "web", "status")
	waitFor(t, "the earlier script is named", func() bool {
		return strings.Contains(strings.Join(s.logged(), "\n"), "/etc/ha.d/resource.d/web start (process "+strconv.Itoa(old.Process.Pid)+") of an earlier heartbeat still runs")
	})
	select {
	case r := <-s.done:
		t.Errorf("ran beside the earlier script: %+v", r)
	default:
	}
	old.Process.Kill()
	old.Wait()
	select {
	case r := <-s.done:
		if r.RC != 0 {
			t.Errorf("%+v", r)
		}
	case <-time.After(time.Minute):
		t.Fatal("still waiting")
	}
	if left, _ := filepath.Glob(s.records.dir + "/*"); len(left) != 0 {
		t.Errorf("records left behind: %v", left)
	}
}

func TestScriptsAreNotedWhileTheyRun(t *testing.T) {
	s := newSite(t)
	s.records.dir = t.TempDir()
	s.script("web", `ls `+s.records.dir+`; while [ ! -s `+s.records.dir+`/$$ ]; do sleep 0.01; done; cat `+s.records.dir+`/$$`)
	r := s.run("web", "start")
	if !strings.Contains(r.Output, "resource.d/web start") {
		t.Errorf("%+v", r)
	}
	if left, _ := filepath.Glob(s.records.dir + "/*"); len(left) != 0 {
		t.Errorf("records left behind: %v", left)
	}
}
