package daemon

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"time"

	"heartbeatd/internal/address"
	"heartbeatd/internal/auth"
	"heartbeatd/internal/config"
	"heartbeatd/internal/core"
	"heartbeatd/internal/halog"
	"heartbeatd/internal/link"
	"heartbeatd/internal/pidfile"
	"heartbeatd/internal/runner"
	"heartbeatd/internal/stonith"
	"heartbeatd/internal/wire"
)

// Paths are the places outside /etc/ha.d.
type Paths struct {
	PIDFile string
	RunDir  string // control socket, rsctmp
	LibDir  string // generation, uuid
	// Programs is where scripts find 3.0.6's programs; "" is /usr/share/heartbeat.
	Programs string
	Logd     string // the logging daemon's socket
	Apphb    string // apphbd's socket; "" is its usual place
	Drbdadm  string // "" is drbdadm, wherever it is installed
}

// DefaultPaths are those of 3.0.6.
var DefaultPaths = Paths{PIDFile: "/run/heartbeat.pid", RunDir: "/run/heartbeat", LibDir: "/var/lib/heartbeat", Logd: halog.LogdPath}

// Control is the socket that heartbeatd status talks to.
func (p Paths) Control() string { return filepath.Join(p.RunDir, "control") }

// Options is how a daemon is run.
type Options struct {
	Config      *config.Config
	Paths       Paths
	Version     string
	Debug       int       // added to the debug directive
	NoResources bool      // -M
	Stderr      io.Writer // log lines go there too; nil: not
	Foreground  bool      // SIGINT ends it
	Notes       []Note    // what the configuration was warned about, for ha-log
	Ready       func()    // called once, when the pid file and the sockets are there
	// Reread looks at the files again, for SIGHUP. It may wait for a disk.
	Reread  func() Reread
	Files   config.Files // what Config was made of
	Program string       // what the daemon replaces itself by; "": it does not
}

// Note is a line that came up before the log was open.
type Note struct {
	Level string // as 3.0.6 prints it
	Text  string
}

// links is what the daemon wants of the link layer. It is the whole seam between moving beats
// and deciding: whoever moves them may live in a process of its own.
type links interface {
	Send(datagram []byte)
	Inbox() <-chan link.Datagram
	Counters() map[string]uint64
	States() []link.State
	CaughtUp(by time.Duration) bool
	Close() error
}

type daemon struct {
	opt       Options
	log       *halog.Log
	limiter   *halog.Limiter
	links     links
	runner    *runner.Runner
	announcer address.Announcer // of the addresses that this process itself has put up
	shipped   shipped
	core      *core.Core
	scripts   scripts
	device    *stonith.Device // nil: there is none
	ahead     ahead
	pinger    pinger // nil: there are no ping nodes
	clients   clients
	programs  programs
	watchdog  guard
	witness   witness
	keys      Keys
	lineKeys  atomic.Pointer[auth.Keys] // the same, for those who write serial lines
	start     time.Time
	gen       uint64

	openLinks  func(*daemon) (links, error)
	openPinger func(*daemon) pinger
	openSender func(*daemon) beatSender // nil from it: the loop sends beats itself
	wait       func(time.Duration)      // before the loop begins
	reboots    func(reason string)      // (*daemon).reboot
	forDeath   func()                   // (*daemon).dumpable, in a process of its own

	pid      *pidfile.File
	results  chan runner.Result
	requests chan request
	signals  chan os.Signal
	over     chan struct{} // closed when the loop has ended
	debug    int           // level in force
	traced   traced        // of that, what is received
	noCores  bool          // the directory of core files is not ours alone
	alarm    *alarm        // at the core's next deadline
	load     atomic.Pointer[string]
	received uint64
	drops    map[string]uint64 // datagrams that no core ever saw, by reason
	opener   auth.Opener
	unpack   unpacking   // the time that it has for that
	sealed   []byte      // the message sent last
	packer   wire.Packer // compresses those that are long
	stranger []byte      // key of the line about the datagram at hand
	wakes    *time.Timer // when a reader is asked again that has not handed over yet
	ended    bool
	stopping bool // it was told to end
	replacing
	reading bool // authkeys is being read
	again   bool // and SIGHUP has come again
}

// Run runs the daemon until it is told to stop and everything is released. Its errors are
// those of the start.
func Run(opt Options) error {
	oneProcessor()
	d := newDaemon(opt)
	d.forDeath = d.dumpable
	signal.Notify(d.signals, handled...)
	defer signal.Stop(d.signals)
	return d.run()
}

func newDaemon(opt Options) *daemon {
	d := &daemon{
		opt: opt, start: time.Now(), debug: opt.Config.Debug + opt.Debug, drops: map[string]uint64{}, keys: opt.Config.Keys, packer: newPacker(opt.Config),
		openLinks: openSockets, openSender: openPacer, openPinger: openICMP,
		wait:     time.Sleep,
		results:  make(chan runner.Result, 64),
		requests: make(chan request),
		signals:  make(chan os.Signal, 8),
		over:     make(chan struct{}),
		limiter:  halog.NewLimiter(time.Minute, 64),
		alarm:    newAlarm(),
		wakes:    time.NewTimer(time.Hour),
	}
	d.reboots, d.forDeath = d.reboot, func() {}
	d.replacement.ask, d.replacement.onto = askRipe, execute
	return d
}

func (d *daemon) run() error {
	pid, err := d.takePID()
	if err != nil {
		return err
	}
	d.pid = pid
	defer d.leavePID()
	d.openLog()
	defer d.log.Close(2 * time.Second)
	if pid.Warning != nil {
		d.logLine("ERROR", pid.Warning.Error())
	}
	d.urgent()
	d.forDeath()
	if err := d.open(); err != nil {
		d.log.Line(halog.Error, err.Error())
		d.undo()
		return err
	}
	defer d.scripts.close()
	defer d.links.Close()
	defer d.ahead.close()
	defer d.closePings()
	server, err := d.listen()
	if err != nil {
		d.log.Line(halog.Error, err.Error())
		return err
	}
	d.server = server
	go server.Serve(handler{d})
	defer d.closeServer()
	defer d.closeDevice()
	defer d.closeClients()
	defer d.closePrograms()
	defer close(d.over) // from here on nobody waits for the loop
	d.openClients()
	d.openPrograms()
	d.openWatchdog()
	d.openApphb()
	defer d.closeApphb()
	defer d.alarm.close()
	go d.watchLoad()
	d.ready()
	d.loop()
	d.closeWatchdog() // not deferred: a daemon that panics leaves it armed
	notifySystemd("STOPPING=1")
	return nil
}

// openSockets is the link layer of a real machine.
func openSockets(d *daemon) (links, error) {
	k := d.opt.Config.Keepalive
	return link.Open(media(d.opt.Config.Media), link.Options{Log: d.logLine, Clock: d.now, Quiet: k + k/2, Paced: d.ahead.sender, Text: d.serialText,
		Inherited: d.inheritedLinks()})
}

func (d *daemon) openLog() {
	c := d.opt.Config
	host, _ := os.Hostname()
	d.log = halog.Open(halog.Config{
		File: c.Log.File, DebugFile: c.Log.DebugFile, Facility: c.Log.SyslogFacility(), SyslogFormat: c.Log.SyslogFormat,
		Stderr: d.opt.Stderr, Journal: os.Getenv("JOURNAL_STREAM") != "", Node: host, Debug: d.debug,
		Logd: d.logd(),
	})
	for _, n := range d.opt.Notes {
		d.logLine(n.Level, n.Text)
	}
	if d.inherited != nil {
		d.sayResumed()
		return
	}
	d.logLine("info", "**************************")
	d.logLine("info", "Configuration validated. Starting heartbeat "+config.Version)
	d.sayVersion()
}

// open makes everything the loop needs.
func (d *daemon) open() error {
	c, p := d.opt.Config, d.opt.Paths
	d.makePlaces()
	id := d.identity(p.LibDir)
	d.gen, d.uid = id.generation, id.uuid
	d.runner = runner.New(runner.Config{
		EtcDir: c.Dir, Env: d.environment(), WorkDir: d.scriptsDir(), StateDir: filepath.Join(p.RunDir, "scripts"),
		Done: func(r runner.Result) { d.results <- r }, Log: d.logLine, Script: d.scriptLine, Starting: d.starting, Own: d.ownScript,
	})
	d.openHooks()
	d.openFIFO()
	d.ahead = newAhead(d.openSender(d))
	links, err := d.openLinks(d)
	if err != nil {
		return fmt.Errorf("opening the links: %w", err)
	}
	d.links = links
	d.openDevice()
	d.pinger = d.openPinger(d)
	if err := d.makeCore(id); err != nil {
		return err
	}
	d.ahead.note = d.core.NoteBeat
	return nil
}

// environment is what scripts get on top of ha.cf's own.
func (d *daemon) environment() []string {
	env := d.opt.Config.Environment(d.debug)
	if exe, err := os.Executable(); err == nil {
		env = append(env, "HEARTBEATD="+exe)
	}
	return env
}

func media(in []config.Medium) []link.Medium {
	kinds := map[config.MediumKind]link.Kind{config.Bcast: link.Bcast, config.Ucast: link.Ucast, config.Mcast: link.Mcast,
		config.Ucast6: link.Ucast6, config.Mcast6: link.Mcast6, config.Serial: link.Serial}
	var out []link.Medium
	for _, m := range in {
		out = append(out, link.Medium{Kind: kinds[m.Kind], Device: m.Device, Peer: m.Peer, Port: m.Port, TTL: m.TTL, Loop: m.Loop, Baud: m.Baud})
	}
	return out
}

func (d *daemon) coreConfig(id identity) core.Config {
	c := d.opt.Config
	cc := core.Config{
		Thrifty: true, // act is done with everything before the next step
		Self:    c.Self, Order: c.Nodes, UUID: id.uuid, Generation: id.generation, PID: os.Getpid(),
		Keepalive: c.Keepalive, Deadtime: c.Deadtime, Warntime: c.Warntime, Initdead: c.Initdead, MaxRexmit: c.MaxRexmit,
		TTL:      c.HopFudge + len(c.Nodes) + len(c.PingNodes),
		Failback: map[config.Failback]core.AutoFailback{config.On: core.FailbackOn, config.Off: core.FailbackOff, config.Legacy: core.FailbackLegacy}[c.AutoFailback],
	}
	cc.Pings, cc.Deadping = d.pingNodes(), c.Deadping
	for _, m := range c.Media {
		cc.Links = append(cc.Links, m.Device)
	}
	for _, n := range c.Nodes {
		if n != c.Self {
			cc.Peer = n
		}
	}
	cc.Children = d.hasPrograms()
	if d.opt.NoResources {
		return cc
	}
	cc.Hooks = true
	for _, g := range c.Groups {
		if len(g.Resources) > 0 {
			cc.Groups = append(cc.Groups, core.GroupConfig{Home: g.Home, Resources: g.Resources})
		}
	}
	cc.Fingerprint, cc.Stonith = fingerprint(cc.Groups), d.deviceName()
	return cc
}

func (d *daemon) ready() {
	if d.opt.Ready != nil {
		d.opt.Ready()
	}
	notifySystemd("READY=1")
}

// logLine takes a line whose level is written as 3.0.6 writes it.
func (d *daemon) logLine(level, text string) {
	l, ok := halog.ParseLevel(level)
	if !ok {
		l = halog.Info
	}
	d.log.Line(l, text)
}

// now is the clock of the core.
func (d *daemon) now() time.Duration { return time.Since(d.start) }

// AlreadyRunning gives the pid of the daemon that made Run fail, if that was why.
func AlreadyRunning(err error) (pid int, yes bool) {
	var r *pidfile.RunningError
	if errors.As(err, &r) {
		return r.PID, true
	}
	return 0, false
}
