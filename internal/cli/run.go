package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"syscall"
	"time"

	"heartbeatd/internal/confhost"
	"heartbeatd/internal/config"
	"heartbeatd/internal/daemon"
	"heartbeatd/internal/halog"
)

const etcDir = "/etc/ha.d"

// hooks are what the face `heartbeat` starts.
func hooks() Hooks {
	return Hooks{
		RunDaemon: func(o DaemonOptions) int { return runDaemon(o, os.Stderr) },
		Validate: func(stderr io.Writer) int {
			_, _, report, err := load()
			if err != nil {
				complain(stderr, err, "")
				return config.ExitConfig
			}
			sayReport(stderr, report)
			return report.ExitCode()
		},
		Effective: effective,
		Logged:    logged,
	}
}

// logged writes a line where the daemon writes its own. Who may not do that has seen it on the terminal.
func logged(text string) {
	_, cfg, _, err := load()
	if err != nil || cfg == nil {
		return
	}
	host, _ := os.Hostname()
	c := halog.Config{File: cfg.Log.File, DebugFile: cfg.Log.DebugFile, Facility: cfg.Log.SyslogFacility(), SyslogFormat: cfg.Log.SyslogFormat, Node: host}
	if cfg.Log.UseLogd {
		c.Logd = halog.Logd{Path: halog.LogdPath, Retry: cfg.Log.LogdRetry}
	}
	log := halog.Open(c)
	log.Line(halog.Info, text)
	log.Close(time.Second)
}

func load() (config.Files, *config.Config, config.Report, error) {
	files, err := confhost.Read(etcDir)
	if err != nil {
		return files, nil, nil, err
	}
	cfg, report := config.Load(files, confhost.New())
	return files, cfg, report, nil
}

// loadFor reads the files for a daemon. In the foreground, where systemd starts it at boot, an
// interface that is not there yet is waited for by its link; the face `heartbeat` refuses it at
// once, as 3.0.6 does, because somebody is looking on.
func loadFor(o DaemonOptions) (config.Files, *config.Config, config.Report, error) {
	if !o.Foreground {
		return load()
	}
	files, err := confhost.Read(etcDir)
	if err != nil {
		return files, nil, nil, err
	}
	cfg, report := loadAgain(files, confhost.New(), true)
	return files, cfg, report, nil
}

// loadAgain makes a configuration of files that were read.
func loadAgain(files config.Files, asked config.Host, patient bool) (*config.Config, config.Report) {
	if !patient {
		return config.Load(files, asked)
	}
	host := &patientHost{Host: asked, named: map[string]bool{}}
	cfg, report := config.Load(files, host)
	return cfg, append(report, host.missing...)
}

// patientHost takes it for granted that every interface will be there.
type patientHost struct {
	config.Host
	missing config.Report
	named   map[string]bool
}

func (h *patientHost) Interface(name string) (config.Interface, error) {
	i, err := h.Host.Interface(name)
	if errors.Is(err, config.ErrNoInterface) || errors.Is(err, config.ErrNoAddress) {
		if !h.named[name] {
			h.named[name] = true
			h.missing = append(h.missing, config.Problem{File: "ha.cf", Level: config.Warning,
				Text: fmt.Sprintf("interface %s is not ready (%v): its links are tried again every second", name, err)})
		}
		err = nil
	}
	return i, err
}

// sayReport prints what the configuration is told about in 3.0.6's line format.
func sayReport(stderr io.Writer, report config.Report) {
	m := thisMachine()
	for _, n := range notes(report) {
		m.log(stderr, "heartbeat", "%s: %s", n.Level, n.Text)
	}
	if report.Fatal() {
		m.log(stderr, "heartbeat", "ERROR: Configuration error, heartbeat not started.")
	}
}

// notes are the lines of a report as ha-log takes them: a hint is a line of its own.
func notes(report config.Report) []daemon.Note {
	levels := map[config.Level]string{config.Error: "ERROR", config.Warning: "WARN", config.Info: "info"}
	var out []daemon.Note
	for _, p := range report {
		hint := p.Hint
		p.Hint = ""
		out = append(out, daemon.Note{Level: levels[p.Level], Text: bare(p)})
		if hint != "" {
			out = append(out, daemon.Note{Level: "info", Text: "hint: " + hint})
		}
	}
	return out
}

// bare is where and what, without the level, which the log line carries itself.
func bare(p config.Problem) string {
	if p.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
	}
	return fmt.Sprintf("%s: %s", p.File, p.Text)
}

// runForeground is `heartbeatd` without a command.
func runForeground(stderr io.Writer) int {
	return runDaemon(DaemonOptions{Foreground: true}, stderr)
}

func runDaemon(o DaemonOptions, stderr io.Writer) int {
	syscall.Umask(0o022)
	files, cfg, report, err := loadFor(o)
	if err != nil {
		complain(stderr, err, "the configuration belongs into "+etcDir)
		return config.ExitConfig
	}
	if report.Fatal() {
		sayReport(stderr, report)
		return report.ExitCode()
	}
	opt := daemon.Options{
		Config: cfg, Paths: daemon.DefaultPaths, Version: version, Debug: o.Debug, NoResources: o.NoResources,
		Foreground: o.Foreground, Notes: notes(report), Ready: o.Ready, Reread: rereader(files, cfg, o.Foreground),
		Files: files, Program: daemon.OwnProgram(),
	}
	if o.Foreground && logToStderr(cfg) {
		opt.Stderr = stderr
	}
	return ran(daemon.Run(opt), stderr)
}

// ran is the exit code of a daemon that has ended.
func ran(err error, stderr io.Writer) int {
	if pid, running := daemon.AlreadyRunning(err); running {
		thisMachine().log(stderr, "heartbeat", "info: heartbeat: already running [pid %s].", pidText(pid))
		return exitRunning
	}
	if err != nil {
		complain(stderr, err, "")
		return exitFailed
	}
	return exitOK
}

// exitRunning is the code of a second daemon. The unit knows it: trying again would not help.
const exitRunning = 5

// logToStderr says whether the foreground gets the log too: on a terminal and into the
// journal, unless syslog brings the same lines there already.
func logToStderr(cfg *config.Config) bool {
	return os.Getenv("JOURNAL_STREAM") == "" || cfg.Log.SyslogFacility() == ""
}

// rereader looks at the files again on SIGHUP and compares them with what is in force. 3.0.6
// goes by their times of change; a file that was only touched needs nothing.
func rereader(inForce config.Files, cfg *config.Config, patient bool) func() daemon.Reread {
	return func() (r daemon.Reread) {
		files, err := confhost.Read(etcDir)
		if err != nil {
			r.Err = err
			return r
		}
		r.Files = files
		if !bytes.Equal(files.HaCf.Data, inForce.HaCf.Data) || !bytes.Equal(files.Haresources.Data, inForce.Haresources.Data) {
			now, report := loadAgain(files, confhost.New(), patient)
			if report.Fatal() {
				r.Refused = notes(report)
			} else if r.Refused = unstartable(cfg.Groups, now.Groups, installed); len(r.Refused) == 0 {
				r.Changed = daemon.Changes(inForce.HaCf.Data, files.HaCf.Data, cfg.Groups, now.Groups)
			}
		}
		keys, report := config.LoadAuthkeys(files.Authkeys)
		if report.Fatal() {
			r.Err, r.Notes = fmt.Errorf("see the lines above"), notes(report)
			return r
		}
		if !bytes.Equal(files.Authkeys.Data, inForce.Authkeys.Data) {
			r.Keys, r.Notes = keys, notes(report)
			inForce.Authkeys = files.Authkeys
		}
		return r
	}
}

// effective is `heartbeat -v`.
func effective(stdout io.Writer) error {
	_, cfg, report, err := load()
	if err != nil {
		return err
	}
	if report.Fatal() {
		return fmt.Errorf("the configuration is refused")
	}
	fmt.Fprintf(stdout, "#\n#\tLinux-HA heartbeat configuration (on %s)\n#\n\n#---------------------------------------------------\n#\n#\tHA configuration and status\n#\n", cfg.Self)
	names := make([]string, 0, len(cfg.Parameters))
	for name := range cfg.Parameters {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(stdout, "%s\t%s\n", name, cfg.Parameters[name])
	}
	fmt.Fprintf(stdout, "#\n#\tHA Cluster nodes:\n#\n")
	for _, n := range allNodes(cfg) {
		fmt.Fprintf(stdout, "node %s\t#\t current status: init\n", n)
	}
	fmt.Fprintf(stdout, "#\n#\tCommunications media:\n#\n")
	for _, m := range cfg.Media {
		fmt.Fprintln(stdout, mediumLine(m))
	}
	for _, n := range cfg.PingNodes {
		fmt.Fprintln(stdout, n.Kind, n.Name)
	}
	fmt.Fprintln(stdout, "#---------------------------------------------------")
	return nil
}

// allNodes are the nodes of ha.cf in its order, ping nodes too.
func allNodes(cfg *config.Config) (all []string) {
	pings := cfg.PingNodes
	for i, n := range cfg.Nodes {
		for ; len(pings) > 0 && pings[0].After <= i; pings = pings[1:] {
			all = append(all, pings[0].Name)
		}
		all = append(all, n)
	}
	for _, n := range pings {
		all = append(all, n.Name)
	}
	return all
}

func mediumLine(m config.Medium) string {
	switch m.Kind {
	case config.Ucast, config.Ucast6:
		return fmt.Sprintf("%s %s %s", m.Kind, m.Device, m.Peer)
	case config.Mcast, config.Mcast6:
		loop := 0
		if m.Loop {
			loop = 1
		}
		return fmt.Sprintf("%s %s %s %d %d %d", m.Kind, m.Device, m.Peer, m.Port, m.TTL, loop)
	}
	return fmt.Sprintf("%s %s", m.Kind, m.Device) // bcast, serial
}
