package runner

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// records notes which scripts run, in files that outlive this process. A daemon that was killed
// leaves its script running; whoever asks for the status of a resource while that still goes on
// gets an answer that is about to be wrong, and two nodes may end up with one resource. So
// nothing is run before the scripts of an earlier daemon have ended.
type records struct {
	dir  string // "" keeps no records
	once sync.Once
}

// add notes a script. That it cannot be noted (no space) must not keep it from running.
func (r *records) add(pid int, line string) {
	if r.dir == "" {
		return
	}
	if start, ok := startTime(pid); ok {
		os.WriteFile(r.path(pid), []byte(start+"\n"+line+"\n"), 0o600) //nolint:errcheck // see above
	}
}

func (r *records) remove(pid int) {
	if r.dir != "" {
		os.Remove(r.path(pid))
	}
}

func (r *records) path(pid int) string { return filepath.Join(r.dir, strconv.Itoa(pid)) }

// await returns when no script of an earlier daemon runs any more. The first caller does the
// waiting, the others wait for it.
func (r *records) await(log func(level, text string)) {
	r.once.Do(func() {
		r.each(log, "scripts", func(o orphan) {
			log("WARN", fmt.Sprintf("%s (process %d) of an earlier heartbeat still runs: waiting for it", o.line, o.pid))
			o.await(-1)
			log("info", fmt.Sprintf("%s (process %d) of an earlier heartbeat has ended", o.line, o.pid))
		})
	})
}

// each calls do with every process of an earlier daemon that still runs, and forgets all of them.
func (r *records) each(log func(level, text string), what string, do func(orphan)) {
	if r.dir == "" {
		return
	}
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		log("WARN", fmt.Sprintf("%s cannot be noted for a restart: %v", what, err))
		return
	}
	entries, _ := os.ReadDir(r.dir)
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			r.orphan(pid, do)
		}
	}
}

func (r *records) orphan(pid int, do func(orphan)) {
	defer r.remove(pid)
	b, err := os.ReadFile(r.path(pid))
	if err != nil {
		return
	}
	start, line, _ := strings.Cut(string(b), "\n")
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return // no such process
	}
	defer unix.Close(fd)
	// Asked after the process is held: from here on its number cannot be given to another.
	if now, ok := startTime(pid); ok && now == start {
		do(orphan{pid: pid, fd: fd, line: strings.TrimSpace(line)})
	}
}

// startTime tells two processes that had the same number apart.
func startTime(pid int) (string, bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", false
	}
	// The name, in parentheses, may hold anything; the start time is the 20th word behind it.
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" {
		return "", false
	}
	return fields[19], true
}
