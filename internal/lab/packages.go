package lab

import (
	"os/exec"
	"sync"
	"time"
)

// making is held while something is fetched or made in the cache: labs that need it wait for it.
var making sync.Mutex

// mirrorPauses are what lies before each try to get something from Debian's mirror.
var mirrorPauses = []time.Duration{0, 2 * time.Second, 10 * time.Second, 30 * time.Second}

// mirrorGone tells that all tries were in vain once: then nothing is worth waiting for.
var mirrorGone bool

// fromMirror does something that needs Debian's mirror. A mirror can be away for a moment, and a list of
// packages too old, or not there: what failed is done again after a pause, with fresh lists. The caller holds
// making.
func fromMirror(do func() error) (err error) {
	for i, pause := range mirrorPauses {
		if i > 0 {
			if mirrorGone {
				return err
			}
			time.Sleep(pause)
			exec.Command("apt-get", "-q", "update").Run() //nolint:errcheck // what needs it will say so
		}
		if err = do(); err == nil {
			return nil
		}
	}
	mirrorGone = true
	return err
}

// commandFromMirror runs a program that needs it.
func commandFromMirror(name string, args ...string) (out []byte, err error) {
	err = fromMirror(func() (err error) {
		cmd := exec.Command(name, args...)
		cmd.Env = append(cmd.Environ(), "DEBIAN_FRONTEND=noninteractive")
		out, err = cmd.CombinedOutput()
		return err
	})
	return out, err
}
