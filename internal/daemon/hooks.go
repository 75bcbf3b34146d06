package daemon

import (
	"cmp"
	"fmt"
	"path/filepath"

	"heartbeatd/internal/core"
	"heartbeatd/internal/fifo"
	"heartbeatd/internal/halog"
	"heartbeatd/internal/hooks"
	"heartbeatd/internal/wire"
)

// scripts are the two ways between the daemon and a site's scripts: they are told of messages, and write some.
type scripts struct {
	hooks *hooks.Queue
	env   []string // what all scripts get
	fifo  *fifo.Reader
}

// openHooks begins to run the scripts of rc.d. 3.0.6: none without resources.
func (d *daemon) openHooks() {
	if d.opt.NoResources {
		return
	}
	d.scripts.env = d.environment()
	d.scripts.hooks = hooks.New(hooks.Config{
		Dir: cmp.Or(d.opt.Config.Dir, "/etc/ha.d"), Programs: cmp.Or(d.opt.Paths.Programs, "/usr/share/heartbeat"), Run: d.runner.RunHook, Log: d.logLine,
		Script: func(tag string, pid int, text string) {
			if pid == 0 {
				d.log.Script(tag, "default", halog.Plain, text)
				return
			}
			d.log.ScriptOf(pid, tag, "default", halog.Plain, text)
		},
	})
}

// openFIFO begins to read what scripts write. Without it the daemon does all that matters.
func (d *daemon) openFIFO() {
	reader, err := fifo.Open(fifo.Config{
		Path:  filepath.Join(d.opt.Paths.LibDir, "fifo"),
		Found: func(m *wire.Message) { d.ask(func() { d.step(core.Relay{Msg: m}) }) },
		Log: func(level, text string) {
			if level == "info" { // before the loop
				d.logLine(level, text)
				return
			}
			d.limited("fifo", halog.Warn, text) // no turn of the loop: there may be thousands a second
		},
	})
	if err != nil {
		d.logLine("ERROR", fmt.Sprintf("scripts cannot write messages: %v", err))
		return
	}
	d.scripts.fifo = reader
}

// hook has the site's script for a message run, if there is one.
func (d *daemon) hook(a core.Hook) {
	q := d.scripts.hooks
	if q == nil {
		return
	}
	kind := a.Msg.Str("t")
	gives := kind == "ip-request" && a.Gives
	if !q.Wants(kind) && !gives {
		return
	}
	env := hooks.Environ(a.Msg, d.core.OwnStatus(), d.scripts.env)
	if gives {
		q.Give(kind, env)
	}
	if q.Wants(kind) {
		q.Add(kind, env)
	}
}

func (s *scripts) close() {
	if s.fifo != nil {
		s.fifo.Close()
	}
	if s.hooks != nil {
		s.hooks.Close()
	}
}
