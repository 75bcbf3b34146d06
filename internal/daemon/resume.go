package daemon

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/config"
	"heartbeatd/internal/control"
	"heartbeatd/internal/core"
	"heartbeatd/internal/link"
	"heartbeatd/internal/pidfile"
)

// Inherited is what the image before this one has left; nil if this process was started by somebody. It must be
// called before anything is started or opened.
func Inherited() (*Handover, error) {
	mark := os.Getenv(handoverMark)
	if mark == "" {
		return nil, nil
	}
	os.Unsetenv(handoverMark) //nolint:errcheck // it is there
	fd, err := strconv.Atoi(mark)
	if err != nil || fd < 3 {
		return nil, fmt.Errorf("%w: %s=%.20q", errHandover, handoverMark, mark)
	}
	unix.CloseOnExec(fd)
	h, err := readHandover(fd)
	if err != nil {
		return nil, err
	}
	_ = unix.Close(fd)
	for _, n := range h.descriptors() {
		unix.CloseOnExec(n)
	}
	return h, nil
}

func (h *Handover) descriptors() (all []int) {
	for _, fd := range []int{h.Lock, h.Control, h.Register, h.Watchdog, h.FIFO, h.Image} {
		if fd > 2 {
			all = append(all, fd)
		}
	}
	for _, in := range h.Links {
		all = append(all, in.FD)
	}
	return all
}

// inheritedLinks are the sockets of the image before. An attempt to go on that fails must leave them to the next.
func (d *daemon) inheritedLinks() (all []link.Inherited) {
	if d.inherited == nil {
		return nil
	}
	for _, in := range d.inherited.Links {
		fd, err := unix.FcntlInt(uintptr(in.FD), unix.F_DUPFD_CLOEXEC, 10)
		if err == nil {
			all = append(all, link.Inherited{Medium: in.Medium, Index: in.Index, FD: fd})
		}
	}
	return all
}

// Configure makes the options for a daemon that goes by these files.
type Configure func(h *Handover, files config.Files) (Options, error)

// Continue is [Run] for a process that goes on as a new image. Resources run, and nobody watches over them until it
// has begun: so there is always another way. If it cannot go by the new files it goes by those of before, and if not
// even that works, the image before this one has its place back.
func Continue(h *Handover, configure Configure) error {
	signals := early
	defer signal.Stop(signals)
	oneProcessor()
	h.reap()
	began, err := h.tryAll(configure, signals, func(d *daemon) { d.forDeath = d.dumpable })
	if began {
		return err
	}
	return errors.Join(err, h.back(err))
}

// tryAll tries the new files, then the old ones.
func (h *Handover) tryAll(configure Configure, signals chan os.Signal, prepare func(*daemon)) (began bool, err error) {
	all := []config.Files{h.Files}
	if h.Changed {
		all = append(all, h.Before)
	}
	var failed []string
	for i, files := range all {
		began, err = h.try(configure, files, func(d *daemon) {
			d.signals, d.failed = signals, failed
			d.opt.Notes = nil
			if h.Changed && i == 0 {
				d.opt.Notes = d.news
			}
			if prepare != nil {
				prepare(d)
			}
		})
		if began {
			return true, err
		}
		failed = append(failed, err.Error())
	}
	return false, errors.New(strings.Join(failed, "; "))
}

func (h *Handover) try(configure Configure, files config.Files, prepare func(*daemon)) (began bool, err error) {
	opt, err := configure(h, files)
	if err != nil {
		return false, err
	}
	d := newDaemon(opt)
	d.news = opt.Notes
	d.inherited, d.start = h, h.began()
	prepare(d)
	defer func() {
		if r := recover(); r != nil && !d.began {
			began, err = false, fmt.Errorf("panic: %v", r)
		} else if r != nil {
			panic(r)
		}
	}()
	err = d.run()
	return d.began, err
}

// back executes the image before this one, with its files.
func (h *Handover) back(why error) error {
	if h.Image < 3 {
		return errors.New("there is no other program to go back to")
	}
	g := *h
	g.Files, g.Changed, g.Answers = h.Before, false, nil
	g.Failed = why.Error()
	state, err := g.seal()
	if err != nil {
		return err
	}
	return become(fmt.Sprintf("/proc/self/fd/%d", h.Image), int(state.Fd()), h.descriptors())
}

// reap waits for children of the image before this one whose end nobody else would notice. The process that sent its
// beats should be gone by now.
func (h *Handover) reap() {
	known := map[int]bool{}
	for _, p := range h.Programs {
		known[p.PID] = true
	}
	for _, pid := range ownChildren() {
		if known[pid] {
			continue
		}
		if pid == h.Pacer {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
		go func() {
			for err := error(unix.EINTR); err == unix.EINTR; {
				_, err = unix.Wait4(pid, nil, 0, nil)
			}
		}()
	}
}

// ownChildren asks the kernel, which tells by thread.
func ownChildren() (pids []int) {
	lists, _ := filepath.Glob("/proc/self/task/[0-9]*/children")
	for _, list := range lists {
		b, _ := os.ReadFile(list)
		for _, word := range strings.Fields(string(b)) {
			if pid, err := strconv.Atoi(word); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	slices.Sort(pids)
	return slices.Compact(pids)
}

// takePID makes the pid file, or goes on with it.
func (d *daemon) takePID() (*pidfile.File, error) {
	path := d.opt.Paths.PIDFile
	if h := d.inherited; h != nil {
		fd, err := unix.FcntlInt(uintptr(h.Lock), unix.F_DUPFD_CLOEXEC, 10) // another attempt may need it
		if err != nil {
			return nil, fmt.Errorf("the lock of the image before: %w", err)
		}
		return pidfile.Adopt(path, os.NewFile(uintptr(fd), path+".lock"))
	}
	return pidfile.Create(path)
}

// leavePID is the end of the daemon, or of an attempt.
func (d *daemon) leavePID() {
	if d.handedOver || d.inherited != nil && !d.began {
		d.pid.Release() //nolint:errcheck // a descriptor
		return
	}
	d.pid.Remove() //nolint:errcheck // a pid file that stays says the truth: no such process
}

// makeCore is the core of a daemon that begins, or goes on.
func (d *daemon) makeCore(id identity) (err error) {
	cfg := d.coreConfig(id)
	if h := d.inherited; h != nil {
		if err := d.heard(); err != nil {
			return err
		}
		d.core, err = core.Resume(cfg, h.Core)
		d.received, d.replacement.done = h.Received, h.Done
		for reason, n := range h.Drops {
			d.drops[reason] += n
		}
		return err
	}
	d.core = core.New(cfg)
	return nil
}

// heard looks whether the media of a new ha.cf are there. At a start one that cannot be opened is tried again for ever;
// here there is a ha.cf that works. What could not be opened before either is no reason.
func (d *daemon) heard() error {
	h := d.inherited
	if !h.Changed || len(d.failed) > 0 || h.Failed != "" {
		return nil
	}
	for _, st := range d.links.States() {
		if name := st.Medium.String(); !st.Open && !slices.Contains(h.Shut, name) {
			return fmt.Errorf("%s cannot be opened: %s", name, st.Err)
		}
	}
	return nil
}

// first is the event that a core begins with.
func (d *daemon) first() core.Event {
	if d.inherited != nil {
		return core.Resumed{}
	}
	return core.Started{}
}

// settleIn is what is left of the inheritance when the loop is about to begin.
func (d *daemon) settleIn() {
	h := d.inherited
	d.began = true
	if h == nil {
		return
	}
	for _, in := range h.Links {
		_ = unix.Close(in.FD)
	}
	for _, fd := range []int{h.Lock, h.FIFO, h.Image} {
		if fd > 2 {
			_ = unix.Close(fd)
		}
	}
	for _, why := range d.failed {
		d.logLine("ERROR", "the new configuration could not be used, the old one stays in force: "+why)
		d.replacement.failed = why
	}
	if h.Failed != "" {
		d.logLine("ERROR", "the program that was to go on could not, the one of before goes on: "+h.Failed)
		d.replacement.failed = h.Failed
	}
	if d.opt.Reread != nil && len(d.failed) == 0 && h.Failed == "" { // SIGHUP may have come meanwhile
		d.silent = true
		d.read()
	}
}

// undo ends what an attempt to go on has begun before it failed; a daemon that was just started ends anyway.
func (d *daemon) undo() {
	if d.inherited == nil {
		return
	}
	if d.links != nil {
		d.links.Close()
	}
	d.ahead.close()
	d.closePings()
	d.closeDevice()
	d.scripts.close()
}

// listen opens the control socket, or goes on with it: whoever asks meanwhile gets an answer.
func (d *daemon) listen() (*control.Server, error) {
	path := d.opt.Paths.Control()
	if h := d.inherited; h != nil && h.Control > 2 {
		if s, err := control.Adopt(h.Control, path); err == nil {
			h.Control = 0
			return s, nil
		}
		h.Control = 0 // it was removed, or closed: there is another below
	}
	return control.Listen(path)
}

func (d *daemon) closeServer() {
	if d.handedOver {
		d.server.Leave()
		return
	}
	d.server.Close()
}

// sayResumed is the first line of an image that goes on.
func (d *daemon) sayResumed() {
	h := d.inherited
	what := cmp.Or(h.What, "nothing has changed")
	if len(d.failed) > 0 || h.Failed != "" {
		what = "as before, see the reason below"
	}
	if h.Version != d.opt.Version {
		what = fmt.Sprintf("version %s after %s; %s", d.opt.Version, h.Version, what)
	}
	d.logLine("info", fmt.Sprintf("heartbeat goes on as the same process (heartbeatd %s): %s", d.opt.Version, what))
}
