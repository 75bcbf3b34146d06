package runner

import (
	"io"
	"os"
	"sync"
	"sync/atomic"
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
	EtcDir  string // "" is /etc/ha.d
	InitDir string // "" is /etc/init.d
	// StateDir keeps notes of the scripts that run, so that the next daemon waits for those of one
	// that was killed; it must not survive a reboot. "" keeps none.
	StateDir string
	WorkDir  string   // working directory; "" is /var/lib/heartbeat/cores/root; made 0700 if missing
	Env      []string // NAME=VALUE, added to the process's own environment; later ones win

	// Done gets exactly one Result for each Start, from another goroutine, possibly many at once.
	Done func(Result)

	// Log gets lines for ha-log: level is ERROR, WARN or debug as 3.0.6 prints it. It must not
	// wait. Lines of a script come before its Done. May be nil.
	Log func(level, text string)

	// Script gets lines for ha-log that are ResourceManager's in 3.0.6: their level stands in the
	// text. As Log otherwise.
	Script func(text string)

	// Own is asked for each script that was found whether this process can do what it does itself; nil, or an
	// answer of nil: it is run.
	Own func(cmd Command) Builtin

	// Starting is told of each process right before it is started, on the goroutine that starts
	// it. A Start whose word has no script does not get here. As Log otherwise.
	Starting func(id uint64, cmd Command, op string)
}

// Builtin does what a script does when it is called with op, and returns the exit status. It runs on a goroutine of
// its own, and may take as long as a script.
type Builtin func(op string, stdout, stderr io.Writer) int

// Result is the end of a script.
type Result struct {
	ID     uint64
	RC     int           // exit status; 128+signal when killed; 126 or 127 when nothing could be run
	Stdout string        // for status: what it printed on stdout alone; otherwise the same as Output
	Output string        // both streams, head and tail of at most 64 KiB
	Path   string        // the program that was run; the script's bare name if none was found
	Err    error         // why nothing could be run, or why the outcome is unknown; nil after any normal exit
	Took   time.Duration // from Start to the end
	PID    int           // 0 if nothing was run
}

// job is a script on its way.
type job struct {
	id       uint64
	word, op string
	since    time.Time
}

// Runner starts scripts. Its methods may be called from any goroutine.
type Runner struct {
	config Config
	units  units
	null   *os.File
	held   held

	records records                // of the scripts that run, for the daemon after this one
	later   atomic.Pointer[string] // see Set

	mu      sync.Mutex
	missing map[string]bool // words that the log knows to have no script
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
	if c.Script == nil {
		c.Script = func(string) {}
	}
	if c.Own == nil {
		c.Own = func(Command) Builtin { return nil }
	}
	if c.Starting == nil {
		c.Starting = func(uint64, Command, string) {}
	}
	r := &Runner{config: c, records: records{dir: c.StateDir}, units: systemUnits, missing: make(map[string]bool)}
	r.null, _ = os.OpenFile(os.DevNull, os.O_RDWR, 0) // nil makes os/exec open it for each script
	closeOnExec()
	defaultSignals()
	return r
}

// Start runs the script of a word with op (start, stop, status) as its last argument. It returns
// at once; the end comes through Config.Done.
func (r *Runner) Start(id uint64, word, op string) {
	j := job{id: id, word: word, op: op, since: time.Now()}
	go func() { r.config.Done(r.run(j)) }()
}
