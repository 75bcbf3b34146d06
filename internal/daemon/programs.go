package daemon

import (
	"path/filepath"
	"time"

	"heartbeatd/internal/children"
)

// programs are those of respawn and failfast. Only the loop touches them.
type programs struct {
	keeper    *children.Keeper // nil: there are none
	list      []children.Program
	processes *children.Processes
	helpers   map[int]*helper // what is built in, by program
	timer     *time.Timer
}

// hasPrograms says whether ha.cf names any.
func (d *daemon) hasPrograms() bool {
	return len(d.opt.Config.Children) > 0 || d.inherited != nil && len(d.inherited.Programs) > 0
}

// openPrograms makes ready what they need; they are started when communication is up.
func (d *daemon) openPrograms() {
	if !d.hasPrograms() {
		return
	}
	p := &d.programs
	for _, c := range d.opt.Config.Children {
		p.list = append(p.list, children.Program{Command: c.Command, Account: children.Lookup(c.User), Failfast: c.Failfast, Helper: c.Helper})
	}
	d.placeForDopd(p.list)
	d.placeForCCM(p.list)
	p.keeper, p.helpers = children.NewKeeper(p.list), map[int]*helper{}
	p.processes = children.NewProcesses(children.Config{
		Env: d.environment(), Cores: d.cores(), StateDir: filepath.Join(d.opt.Paths.RunDir, "children"),
		Kept: d.keptPrograms(), Log: d.logLine, Events: programEvents{d},
	})
	p.timer = time.AfterFunc(time.Hour, func() { d.ask(d.programsDue) })
	d.adoptPrograms()
}

// closePrograms is for the end of the loop: nothing is left by then, unless it ended early.
func (d *daemon) closePrograms() {
	p := &d.programs
	if p.keeper == nil {
		return
	}
	p.timer.Stop()
	p.processes.Close()
	for _, h := range p.helpers {
		h.close()
	}
}

// beginPrograms starts them once. 3.0.6: when communication is up.
func (d *daemon) beginPrograms() {
	if d.programs.keeper != nil && d.core.CommUp() {
		d.keep(d.programs.keeper.Begin(d.now()))
	}
}

// reconsiderPrograms gives those a new chance that were given up.
func (d *daemon) reconsiderPrograms() {
	if d.programs.keeper != nil {
		d.keep(d.programs.keeper.Reconsider(d.now()))
	}
}

// restPrograms is for the begin of the end: resources are released, and nobody is started any more.
func (d *daemon) restPrograms() {
	if d.programs.keeper != nil {
		d.keep(d.programs.keeper.Rest(d.now()))
	}
}

// leave is the end of the daemon, when its programs have ended.
func (d *daemon) leave() {
	if d.programs.keeper == nil {
		d.ended = true
		return
	}
	d.keep(d.programs.keeper.Leave(d.now()))
}

func (d *daemon) programsDue() { d.keep(d.programs.keeper.Tick(d.now())) }

// keep carries out what the keeper has decided.
func (d *daemon) keep(actions []children.Action) {
	p := &d.programs
	for _, a := range actions {
		switch a := a.(type) {
		case children.Log:
			d.logLine(a.Level, a.Text)
		case children.Start:
			d.startProgram(a.N)
		case children.Signal:
			d.signalProgram(a)
		case children.Reboot:
			go d.reboots("the failfast program " + a.Reason + " has failed")
		case children.Gone:
			d.logLine("info", d.opt.Config.Self+" Heartbeat shutdown complete.")
			d.ended = true
		}
	}
	if next := p.keeper.Next(); next != children.Never {
		p.timer.Reset(max(0, next-d.now()))
	}
}

func (d *daemon) startProgram(n int) {
	p := &d.programs
	if p.list[n].Helper == "" {
		p.processes.Start(n, p.list[n])
		return
	}
	p.helpers[n] = d.startHelper(n)
	d.keep(p.keeper.Started(d.now(), n, 0))
}

func (d *daemon) signalProgram(a children.Signal) {
	if h := d.programs.helpers[a.N]; h != nil {
		h.close()
		return
	}
	d.programs.processes.Signal(a.N, a.Sig)
}

// programEvents are what happens to processes, each a turn of the loop.
type programEvents struct{ d *daemon }

func (e programEvents) Started(n, pid int) {
	e.d.ask(func() { e.d.keep(e.d.programs.keeper.Started(e.d.now(), n, pid)) })
}

func (e programEvents) Failed(n int, why string) {
	e.d.ask(func() { e.d.keep(e.d.programs.keeper.Failed(e.d.now(), n, why)) })
}

func (e programEvents) Ended(n int, end children.Ending) {
	e.d.ask(func() { e.d.keep(e.d.programs.keeper.Ended(e.d.now(), n, end)) })
}
