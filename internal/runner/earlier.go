package runner

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
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
		_ = writeRecord(r.path(pid), start+"\n"+line+"\n") // see above
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

// each calls do with every process of an earlier daemon that still runs, and forgets all of them; those in kept are
// not an earlier daemon's.
func (r *records) each(log func(level, text string), what string, do func(orphan), kept ...int) {
	if r.dir == "" {
		return
	}
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		log("WARN", fmt.Sprintf("%s cannot be noted for a restart: %v", what, err))
		return
	}
	entries, _ := os.ReadDir(r.dir)
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && !slices.Contains(kept, pid) {
			r.orphan(pid, do)
		}
	}
}

func (r *records) orphan(pid int, do func(orphan)) {
	defer r.remove(pid)
	if pid <= 1 || pid == os.Getpid() { // to signals such numbers mean everybody, and nobody waits for his own end
		return
	}
	b, err := readRecord(r.path(pid))
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

// recordMax bounds a record, in bytes. The line is for the log: what is longer loses its end.
const recordMax = 4096

var errNoRecord = errors.New("it is not a file of ours")

// writeRecord writes a file that was not there: a link in its place would lead to another.
func writeRecord(path, text string) error {
	os.Remove(path) //nolint:errcheck // the next step says it
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// readRecord believes only what this user has written, and neither waits nor reads without end.
func readRecord(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || int(st.Uid) != os.Geteuid() {
		return nil, fmt.Errorf("%s: %w", path, errNoRecord)
	}
	return io.ReadAll(io.LimitReader(f, recordMax))
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
