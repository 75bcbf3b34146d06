package cli

import (
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A number that belongs to somebody else by now is left alone, with a descriptor and without.
func TestStopProcessHarmsNobodyElse(t *testing.T) {
	bySignal := func(pid int, still func() bool) error { return stopProcess(pid, still, func() bool { return false }) }
	for name, stop := range map[string]func(int, func() bool) error{"by descriptor": bySignal, "by number": stopByNumber} {
		cmd := exec.Command("sleep", "1000")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		if err := stop(cmd.Process.Pid, func() bool { return false }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		select {
		case err := <-ended:
			t.Errorf("%s: a stranger was ended: %v", name, err)
			continue
		case <-time.After(100 * time.Millisecond): // a signal takes effect long before
		}
		// And the daemon itself is ended, and waited for.
		if err := stop(cmd.Process.Pid, func() bool { return unix.Kill(cmd.Process.Pid, 0) == nil }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := <-ended; err == nil {
			t.Errorf("%s: it was not ended by a signal", name)
		}
	}
}
