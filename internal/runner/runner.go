package runner

import (
	"context"
	"os"
	"slices"
	"sync"
	"time"
)

// Exit statuses of the shell, for scripts that did not get as far as having one.
const (
	rcCannotRun = 126 // found, but it cannot be executed
	rcNotFound  = 127 // nothing was run
	rcSignal    = 128 // plus the signal's number
)

// Config says where scripts are and who hears of them.
type Config struct {
	EtcDir  string   // "" is /etc/ha.d
	InitDir string   // "" is /etc/init.d
	WorkDir string   // working directory; "" is /var/lib/heartbeat/cores/root; made 0700 if missing
	Env     []string // NAME=VALUE, added to the process's own environment; later ones win

	// Done gets exactly one Result for each Start, from another goroutine, possibly many at once.
	Done func(Result)

	// Log gets lines for ha-log: level is ERROR, WARN or debug as 3.0.6 prints it. It must not
	// wait. Lines of a script come before its Done. May be nil.
	Log func(level, text string)
}

// Result is the end of a script.
type Result struct {
	ID     uint64
	RC     int           // exit status; 128+signal when killed; 126 or 127 when nothing could be run
	Stdout string        // for status: what it printed on stdout alone; otherwise the same as Output
	Output string        // both streams, head and tail of at most 64 KiB
	Path   string        // the program that was run; empty if none was found
	Err    error         // why nothing could be run, or why the outcome is unknown; nil after any normal exit
	Took   time.Duration // from Start to the end
	PID    int           // 0 if nothing was run
}

// Running is a script that has not ended yet.
type Running struct {
	ID    uint64
	Word  string
	Op    string
	PID   int // 0 while it is being started
	Since time.Time
}

// Runner starts scripts. Its methods may be called from any goroutine.
type Runner struct {
	config Config
	units  units
	null   *os.File
	held   held

	mu      sync.Mutex
	jobs    map[*Running]struct{}
	refuse  bool
	pending sync.WaitGroup
}

// New returns a runner. It also sees to it that what this process ignores or has open is not
// inherited by scripts, and looks for services of an earlier daemon that still write into its
// memory files.
func New(c Config) *Runner {
	r := newRunner(c)
	go r.held.adopt()
	return r
}

func newRunner(c Config) *Runner {
	if c.EtcDir == "" {
		c.EtcDir = "/etc/ha.d"
	}
	if c.InitDir == "" {
		c.InitDir = "/etc/init.d"
	}
	if c.WorkDir == "" {
		c.WorkDir = "/var/lib/heartbeat/cores/root"
	}
	if c.Log == nil {
		c.Log = func(string, string) {}
	}
	r := &Runner{config: c, units: systemUnits, jobs: make(map[*Running]struct{})}
	r.null, _ = os.OpenFile(os.DevNull, os.O_RDWR, 0) // nil makes os/exec open it for each script
	closeOnExec()
	defaultSignals()
	return r
}

// Start runs the script of a word with op (start, stop, status) as its last argument. It returns
// at once; the end comes through Config.Done.
func (r *Runner) Start(id uint64, word, op string) {
	j := &Running{ID: id, Word: word, Op: op, Since: time.Now()}
	r.mu.Lock()
	refuse := r.refuse
	if !refuse {
		r.jobs[j] = struct{}{}
		r.pending.Add(1)
	}
	r.mu.Unlock()
	if refuse {
		go r.config.Done(Result{ID: id, RC: rcNotFound, Err: errShutdown})
		return
	}
	go func() {
		defer r.pending.Done()
		result := r.run(j)
		r.mu.Lock()
		delete(r.jobs, j)
		r.mu.Unlock()
		r.config.Done(result)
	}()
}

// Running lists what has been started and has not ended, oldest first.
func (r *Runner) Running() []Running {
	r.mu.Lock()
	list := make([]Running, 0, len(r.jobs))
	for j := range r.jobs {
		list = append(list, *j)
	}
	r.mu.Unlock()
	slices.SortFunc(list, func(a, b Running) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return int(int64(a.ID - b.ID))
	})
	return list
}

// Shutdown refuses every further Start (its Done comes with an error) and waits until all
// scripts have ended and their Done has returned, or ctx is over. It kills nothing: a script cut
// off in the middle of its work is worse than one that is left alone. What still runs is returned.
func (r *Runner) Shutdown(ctx context.Context) []Running {
	r.mu.Lock()
	r.refuse = true
	r.mu.Unlock()
	done := make(chan struct{})
	go func() {
		r.pending.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	return r.Running()
}
