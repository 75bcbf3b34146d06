package hooks

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"heartbeatd/internal/runner"
)

const (
	waitingMost = 64               // messages whose scripts did not have their turn yet
	ofOneType   = 32               // of them, so that one kind of message cannot keep out the others
	hangReport  = 30 * time.Second // how long a script may run before ha-log names it
)

// Config is what a queue needs.
type Config struct {
	Dir       string // /etc/ha.d
	Programs  string // where the programs are that scripts call: /usr/share/heartbeat
	Run       func(ctx context.Context, h runner.Hook, started func(pid int)) runner.Result
	Log       func(level, text string)               // lines of the daemon; must not wait
	Script    func(tag string, pid int, text string) // lines as a script of 3.0.6 writes them
	HangAfter time.Duration                          // 0: 30 s
}

// call is a script to be run.
type call struct {
	kind string // the type of the message
	file string // in rc.d, instead of that of the type's name
	env  []string
}

// Queue runs scripts one at a time, in the order of their messages. 3.0.6 does so, too, but has them wait for its
// resource scripts, and these for them.
type Queue struct {
	config Config
	table  atomic.Pointer[Table]
	ctx    context.Context
	end    context.CancelFunc
	done   chan struct{}
	wake   chan struct{}

	mu      sync.Mutex
	waiting []call
	runs    bool // one of them
	lost    int  // since it was last said

	foreign string // the program that was complained of last; for work only
}

// New looks what there is, says so, and begins.
func New(c Config) *Queue {
	if c.HangAfter == 0 {
		c.HangAfter = hangReport
	}
	q := &Queue{config: c, done: make(chan struct{}), wake: make(chan struct{}, 1)}
	q.ctx, q.end = context.WithCancel(context.Background())
	q.Reread()
	for _, line := range q.table.Load().Remarks() {
		c.Log("info", line)
	}
	go q.work()
	return q
}

// Reread looks anew at what the site has. It may wait for a disk. 3.0.6 looks once.
func (q *Queue) Reread() {
	t := Read(q.config.Dir)
	q.table.Store(&t)
}

// Wants says whether a script stands for messages of this type.
func (q *Queue) Wants(kind string) bool { return q.table.Load().Own[kind] }

// Add has the script of a type run in its turn. It never waits.
func (q *Queue) Add(kind string, env []string) { q.add(call{kind: kind, env: env}) }

// Give has local_giveip run, which the ip-request of 3.0.6 calls before it gives a group away.
func (q *Queue) Give(kind string, env []string) {
	t := q.table.Load()
	if t.Own["local_giveip"] && !t.Own[kind] {
		q.add(call{kind: kind, file: "local_giveip", env: env})
	}
}

func (q *Queue) add(c call) {
	q.mu.Lock()
	same := 0
	for _, w := range q.waiting {
		if w.kind == c.kind {
			same++
		}
	}
	full := len(q.waiting) >= waitingMost || same >= ofOneType
	first := full && q.lost == 0
	if full {
		q.lost++
	} else {
		q.waiting = append(q.waiting, c)
	}
	q.mu.Unlock()
	if first {
		q.config.Log("WARN", fmt.Sprintf("rc.d: too many messages wait for their scripts: %s is not run for all of them", c.kind))
	}
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// next is the call whose turn it is.
func (q *Queue) next() (c call, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.runs = false
	if len(q.waiting) == 0 {
		if q.lost > 0 {
			q.config.Log("WARN", fmt.Sprintf("rc.d: no script was run for %d messages", q.lost))
			q.lost = 0
		}
		return call{}, false
	}
	c, q.runs = q.waiting[0], true
	q.waiting = append(q.waiting[:0], q.waiting[1:]...)
	return c, true
}

func (q *Queue) work() {
	defer close(q.done)
	for {
		select {
		case <-q.ctx.Done():
			return
		case <-q.wake:
		}
		for q.ctx.Err() == nil {
			c, ok := q.next()
			if !ok {
				break
			}
			q.run(c)
		}
	}
}

// run does what harc does: it says what is run, and runs it. A harc of the site's own says so itself.
func (q *Queue) run(c call) {
	if q.refused() {
		return
	}
	t := q.table.Load()
	h := runner.Hook{Path: t.path(c.kind), Type: c.kind, Env: c.env}
	if c.file != "" {
		h.Path = filepath.Join(t.Dir, "rc.d", c.file)
	}
	say := !t.Harc && c.file == ""
	if say && !executable(h.Path) {
		// 3.0.6: HA_DIR ends in a slash there.
		q.config.Script("harc", 0, fmt.Sprintf("ERROR: %s//harc: %s//rc.d/%s: not executable", t.Dir, t.Dir, filepath.Base(h.Path)))
		return
	}
	name := filepath.Base(h.Path) + " " + c.kind
	var pid atomic.Int64
	hangs := time.AfterFunc(q.config.HangAfter, func() {
		q.config.Log("WARN", fmt.Sprintf("rc.d: %s (process %d) has been running for %v: other scripts of rc.d wait for it, nothing else does",
			name, pid.Load(), q.config.HangAfter))
	})
	res := q.config.Run(q.ctx, h, func(p int) {
		pid.Store(int64(p))
		hangs.Reset(q.config.HangAfter) // it runs from now on: a machine that is busy may have taken its time
		if say {
			q.config.Script("harc", p, fmt.Sprintf("info: Running %s//rc.d/%s %s", t.Dir, filepath.Base(h.Path), c.kind))
		}
	})
	if !hangs.Stop() {
		q.config.Log("info", fmt.Sprintf("rc.d: %s (process %d) has ended after %v", name, pid.Load(), res.Took.Round(time.Second)))
	}
	q.report(name, res)
}

// report tells of a script that failed. 3.0.6 does not.
func (q *Queue) report(name string, res runner.Result) {
	level := "debug"
	if (res.RC != 0 || res.Err != nil) && q.ctx.Err() == nil {
		level = "WARN"
		text := fmt.Sprintf("rc.d: %s ended with exit status %d", name, res.RC)
		if res.Err != nil {
			text = "rc.d: " + res.Err.Error()
		}
		q.config.Log(level, text)
	}
	for _, line := range res.Lines() {
		q.config.Log(level, "rc.d: "+name+": "+line)
	}
}

// refused says whether nothing may be run, because a script could move resources behind the daemon's back.
func (q *Queue) refused() bool {
	found := ForeignMover(q.config.Programs)
	if found != "" && found != q.foreign {
		q.config.Log("ERROR", fmt.Sprintf("rc.d: nothing is run there: %s is not heartbeatd's, and a script that calls it would move resources behind the daemon's back", found))
	}
	q.foreign = found
	return found != ""
}

// Close ends the script that runs, and waits for that: two seconds at most.
func (q *Queue) Close() {
	q.end()
	select {
	case <-q.done:
	case <-time.After(2 * time.Second):
	}
}

// Busy says whether a script runs or waits.
func (q *Queue) Busy() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.runs || len(q.waiting) > 0
}
