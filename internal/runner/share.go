package runner

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// What scripts have in common with other programs that the daemon starts.

// Spawn starts p as scripts are started: with umask 022, the usual priority and the usual place in the kernel's
// list of victims. The thread that forks it ends at once: p must have no Pdeathsig.
func Spawn(p *exec.Cmd) error { return spawn(p) }

// ReadAhead is to be called before a program is started from a disk that may hang: it waits for that disk in place of
// the fork, which would hold up all of this process.
func ReadAhead(path string) { readAhead(path) }

// OwnEnvironment is the environment of this process without systemd's private words to it.
func OwnEnvironment() (env []string) {
	for _, entry := range os.Environ() {
		if name, _, ok := strings.Cut(entry, "="); ok && !isPrivate(name) {
			env = append(env, entry)
		}
	}
	return env
}

// Records notes which programs run, in files that outlive this process, as is done for scripts.
type Records struct{ records records }

// NewRecords keeps notes in dir, which must not survive a reboot; "" keeps none.
func NewRecords(dir string) *Records { return &Records{records: records{dir: dir}} }

// Add notes a program that was just started.
func (r *Records) Add(pid int, line string) { r.records.add(pid, line) }

// Remove forgets a program that has ended.
func (r *Records) Remove(pid int) { r.records.remove(pid) }

// endsWithin is how long a program of an earlier daemon has from SIGTERM to SIGKILL.
const endsWithin = 10 * time.Second

// End ends the programs that an earlier daemon has left running, with their process groups, but for those of the
// numbers in kept, whose notes stay, and returns when they are gone. It must be called before the first Add.
func (r *Records) End(log func(level, text string), kept ...int) {
	r.records.each(log, "programs", func(o orphan) { o.end(log) }, kept...)
}

// orphan is a process of an earlier daemon that still runs. fd holds it: its number cannot be another's.
type orphan struct {
	pid, fd int
	line    string
}

func (o orphan) end(log func(level, text string)) {
	log("WARN", fmt.Sprintf("%s (process group %d) of an earlier heartbeat still runs: killing it with signal %d", o.line, o.pid, unix.SIGTERM))
	_ = unix.Kill(-o.pid, unix.SIGTERM)
	if !o.await(endsWithin) {
		log("WARN", fmt.Sprintf("%s (process group %d) of an earlier heartbeat does not end: killing it with signal %d", o.line, o.pid, unix.SIGKILL))
		_ = unix.Kill(-o.pid, unix.SIGKILL)
		o.await(endsWithin) // what hangs in the kernel even now must not keep others from being started
	}
}

// await waits for its end, a negative time for ever, and says whether it has come.
func (o orphan) await(within time.Duration) bool {
	until := time.Now().Add(within)
	for {
		left := -1
		if within >= 0 {
			left = int(max(0, time.Until(until)).Milliseconds())
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(o.fd), Events: unix.POLLIN}}, left)
		if err != unix.EINTR {
			return n > 0
		}
	}
}

// StartTime tells two processes apart that had the same number; "" if there is no such process.
func StartTime(pid int) string {
	start, _ := startTime(pid)
	return start
}
