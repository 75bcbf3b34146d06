package halog

import (
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"
)

// Config says where lines go and how they look.
type Config struct {
	File         string    // logfile; "" and /dev/null are off
	DebugFile    string    // debugfile; "" and /dev/null are off
	Facility     string    // logfacility; "", none, kern and unknown names are off
	SyslogPath   string    // the socket; "" is /dev/log
	SyslogFormat bool      // syslogmsgfmt: true is "Nov 22 07:11:55 node1 heartbeat: [3029]: info: text"
	Stderr       io.Writer // the terminal, for a daemon in the foreground; nil is off
	Journal      bool      // Stderr is systemd's journal (JOURNAL_STREAM): "<3>ERROR: text", which sd-daemon(3) describes
	Node         string    // uname -n, as it stands before the entity
	Entity       string    // "" is heartbeat
	PID          int       // 0 is this process
	Debug        int       // debug level; 0 keeps debug lines out of syslog and the terminal
	Logd         Logd      // where lines go instead of File, DebugFile and syslog, as long as it takes them

	Now func() time.Time // wall clock of the lines; nil is time.Now
}

// tuning holds the waiting times, which tests shorten.
type tuning struct {
	queue  int           // lines a destination may be behind
	retry  time.Duration // a file or socket that cannot be opened is tried this often
	check  time.Duration // the log file is compared with its path this often while lines come
	idle   time.Duration // and this often while none come
	notice time.Duration // least time between two reports of lost lines
	tell   time.Duration // least time between two remarks elsewhere that a destination loses lines
	flush  time.Duration // longest wait of Flush
	send   time.Duration // longest wait for syslog to take a line
	unread time.Duration // longest wait for the logging daemon to read one; 0 is for ever
}

var defaults = tuning{
	queue:  4096,
	retry:  2 * time.Second,
	check:  time.Second,
	idle:   5 * time.Second,
	notice: time.Second,
	tell:   10 * time.Minute,
	flush:  2 * time.Second,
	send:   time.Second,
	unread: 10 * time.Second,
}

// Log is ha-log. Its methods may be called from any goroutine; none of them but Flush and Close
// ever waits.
type Log struct {
	logger *logrus.Logger
	now    func() time.Time
	sinks  []*sink
	relay  *relay // nil: there is none
	closed atomic.Bool
	after  atomic.Uint64 // lines that came after Close
	once   sync.Once
}

// Open starts the destinations of c. It never fails: a file or socket that cannot be opened now
// is tried again every few seconds, and the lines it misses are counted.
func Open(c Config) *Log { return open(c, defaults) }

func open(c Config, t tuning) *Log {
	keepAlive()
	if c.Entity == "" {
		c.Entity = ownEntity
	}
	if c.PID == 0 {
		c.PID = os.Getpid()
	}
	if c.SyslogPath == "" {
		c.SyslogPath = "/dev/log"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	l := &Log{logger: logrus.New(), now: c.Now}
	l.logger.SetOutput(io.Discard) // the hooks carry the lines
	l.logger.SetFormatter(nothing{})
	l.logger.SetLevel(logrus.TraceLevel)
	l.addSinks(c, t)
	for _, s := range l.sinks {
		s.tell = l.tell
		if l.relay == nil || s.onlooker() {
			l.logger.AddHook(s)
		}
		go s.run()
	}
	if l.relay != nil {
		l.logger.AddHook(l.relay)
		go l.relay.run()
	}
	return l
}

func (l *Log) addSinks(c Config, t tuning) {
	form := func(p place) *layout {
		return &layout{place: p, node: c.Node, entity: c.Entity, pid: c.PID, syslogFmt: c.SyslogFormat}
	}
	add := func(out output, f *layout, debug bool) {
		s := newSink(out, f, debug, c.Now, t)
		l.sinks = append(l.sinks, s)
	}
	// 3.0.6: everything but debug to logfile, everything to debugfile. One file named by both
	// gets each line once.
	same := c.File == c.DebugFile
	if !isOff(c.File) {
		add(newFile(c.File, t), form(logFile), same)
	}
	if !isOff(c.DebugFile) && !same {
		add(newFile(c.DebugFile, t), form(debugFile), true)
	}
	if number, ok := facilities[c.Facility]; ok {
		f := form(syslogSocket)
		f.facility = number
		add(newSyslog(c.SyslogPath, t), f, c.Debug > 0)
	}
	if c.Stderr != nil {
		p := terminal
		if c.Journal {
			p = journal
		}
		add(&stream{w: c.Stderr}, form(p), c.Debug > 0)
	}
	if c.Logd.Path != "" {
		direct := slices.DeleteFunc(slices.Clone(l.sinks), (*sink).onlooker)
		f := form(logDaemon)
		if number, ok := facilities[c.Facility]; ok {
			f.facility = number
		} else {
			f.facility = facilityUser
		}
		l.relay = newRelay(c.Logd, f, direct, c.Now, t)
	}
}

func isOff(path string) bool { return path == "" || path == os.DevNull }

// nothing is the formatter of the logger itself, whose own output is not used.
type nothing struct{}

func (nothing) Format(*logrus.Entry) ([]byte, error) { return nil, nil }

// Line writes a line of the daemon: "Nov 22 07:11:55 node1 heartbeat: [3029]: info: text". The
// text is cut at 511 bytes, its control characters are replaced.
func (l *Log) Line(level Level, text string) {
	l.log(level, text, logrus.Fields{fieldLevel: level})
}

// Script writes a line as a script of 3.0.6 does:
// "2026/11/22_07:12:05  ResourceManager(default)[3046]:    info: text". An empty instance is
// "default"; level Plain writes the text alone.
func (l *Log) Script(tag, instance string, level Level, text string) {
	l.log(level, text, logrus.Fields{fieldLevel: level, fieldTag: tag, fieldInstance: instance})
}

// Part writes a line of a part of the daemon that is a program of its own in 3.0.6, as that does:
// "Nov 22 08:00:24 node1 ipfail: [40]: info: text".
func (l *Log) Part(entity string, level Level, text string) {
	l.log(level, text, logrus.Fields{fieldLevel: level, fieldEntity: entity})
}

// ScriptOf is [Log.Script] for a process that is not this one.
func (l *Log) ScriptOf(pid int, tag, instance string, level Level, text string) {
	l.log(level, text, logrus.Fields{fieldLevel: level, fieldTag: tag, fieldInstance: instance, fieldPID: pid})
}

func (l *Log) log(level Level, text string, fields logrus.Fields) {
	if l.closed.Load() {
		l.after.Add(1)
		return
	}
	l.logger.WithTime(l.now()).WithFields(fields).Log(level.logrus(), text)
}

// Reopen makes the files be opened anew before the next line: logrotate moved them away and sent
// its signal.
func (l *Log) Reopen() {
	for _, s := range l.sinks {
		s.reopen.Store(true)
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
	if l.relay != nil {
		l.relay.anew.Store(true)
	}
}

// SetDebug changes the debug level: whether syslog and the terminal get debug lines.
func (l *Log) SetDebug(level int) {
	for _, s := range l.sinks {
		if s.form.place == syslogSocket || s.onlooker() {
			s.debug.Store(level > 0)
		}
	}
}

// Lost counts the lines that were lost so far, each once for every destination that missed it.
func (l *Log) Lost() uint64 {
	n := l.after.Load()
	for _, s := range l.sinks {
		n += s.lost.Load()
	}
	return n
}

// tell says in the other destinations that lines do not reach one. It neither waits nor counts:
// what finds no room there is not said.
func (l *Log) tell(from *sink, why string) {
	text := fmt.Sprintf("%s: %s: lines do not get there", from.out.name(), why)
	for _, s := range l.sinks {
		if s == from {
			continue
		}
		select {
		case s.queue <- item{line: []byte(s.form.daemonLine(s.now(), Warn, text)), remark: true}:
		default:
		}
	}
}

// Flush waits until every line logged before has been written or lost, but not longer than two
// seconds. It tells whether that happened.
func (l *Log) Flush() bool {
	deadline := time.Now()
	if len(l.sinks) > 0 {
		deadline = deadline.Add(l.sinks[0].tune.flush)
	}
	ok := l.relay == nil || l.relay.flush(time.Until(deadline))
	for _, s := range l.sinks {
		ok = s.flush(time.Until(deadline)) && ok
	}
	return ok
}

// Close writes what is queued, waiting at most timeout, and ends the goroutines. A destination
// that hangs is left alone. Later lines are counted as lost. It tells whether everything queued
// was dealt with.
func (l *Log) Close(timeout time.Duration) bool {
	deadline := time.After(timeout)
	l.once.Do(func() {
		l.closed.Store(true)
		if l.relay != nil {
			close(l.relay.closing)
			select {
			case <-l.relay.done:
			case <-deadline:
				deadline = time.After(0)
			}
		}
		for _, s := range l.sinks {
			close(s.closing)
		}
	})
	for _, s := range l.sinks {
		select {
		case <-s.done:
		case <-deadline:
			return false
		}
	}
	return true
}
