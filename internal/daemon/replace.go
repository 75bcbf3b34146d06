package daemon

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/config"
	"heartbeatd/internal/control"
	"heartbeatd/internal/core"
	"heartbeatd/internal/link"
)

// The daemon replaces itself: with the files as they are now, with the program that is installed now, or with both.
// It executes that program in its own place, so it keeps its process, its children, its lock and its armed watchdog,
// and what it knows goes along (handover.go). Nothing is stopped or started by that but what the files have changed,
// and the other node sees the same life go on.
//
// In between nobody decides, so it happens only when nothing is in transition, and only after the program that is to
// go on has been run beside this one and has said that it can.

const (
	sayAgain  = 30 * time.Second // how often ha-log says what a replacement waits for
	patience  = time.Second      // for what may always be at work for a moment, before ha-log names it
	hookLimit = 10 * time.Second // how long scripts of rc.d are waited for
)

// replacing is the daemon's part in it: as the image that ends, and as the one that goes on.
type replacing struct {
	replacement replacement
	server      *control.Server
	uid         []byte
	handedOver  bool // to another daemon within this process, as tests have it

	inherited *Handover // nil: this one was started by somebody
	began     bool      // the loop has
	failed    []string  // why earlier attempts to go on did not work
	news      []Note    // about the files it goes by
	silent    bool      // the reading that goes on was asked for by nobody
}

// replacement is what becomes of wishes.
type replacement struct {
	wish   *wish
	done   int                             // since the daemon was started
	failed string                          // why the last one did not come about
	forced bool                            // an operator wants one, and the files are being read for it
	ask    func(*Handover) ([]byte, error) // whether it can go on
	onto   func(plan) error
	wake   *time.Timer
}

// wish is a replacement that is wanted.
type wish struct {
	files   config.Files // what the successor is to go by
	changed bool         // they are others
	what    string       // has changed, in words
	program bool         // an operator wants another program
	since   time.Duration
	said    time.Duration // when ha-log was told last what it waits for; 0: never
	reason  string
	stage   stage
	nth     int // of the check: the answer to an earlier one means nothing
	answers []byte
	checked imageID
}

// stage is how far a wish is.
type stage uint8

const (
	waiting  stage = iota // for rest
	checking              // the successor says whether it can go on
	checked
)

// replace is what `heartbeat -R` asks for. The files are read for it, too.
func (d *daemon) replace() error {
	switch {
	case d.opt.Program == "" || d.opt.Reread == nil:
		return &control.Refusal{Reason: "this daemon cannot replace itself"}
	case d.ended || d.stopping:
		return &control.Refusal{Reason: "this node is stopping"}
	}
	d.replacement.failed, d.replacement.forced = "", true
	d.reload()
	return nil
}

// want begins a replacement, or changes the one that is wanted already.
func (d *daemon) want(w wish) {
	if old := d.replacement.wish; old != nil {
		w.since, w.program, w.nth = old.since, w.program || old.program, old.nth
	} else {
		w.since = d.now()
	}
	d.replacement.wish, d.replacement.failed = &w, ""
	d.logLine("info", "Heartbeat restart triggered.")
	if w.what != "" {
		d.logLine("info", "changed: "+w.what)
	}
	if w.program {
		d.logLine("info", "asked for: the program that is installed now (heartbeat -R)")
	}
}

// renounce ends a wish that was not fulfilled. The daemon runs on as it is.
func (d *daemon) renounce(why string) {
	if d.replacement.wish == nil && !d.replacement.forced {
		return
	}
	d.replacement.wish, d.replacement.forced, d.replacement.failed = nil, false, why
	d.logLine("ERROR", "heartbeat was not restarted, and runs on as it is: "+why)
}

// goOn does the next step of a replacement. The loop calls it between two events.
func (d *daemon) goOn() {
	w := d.replacement.wish
	if w == nil || d.ended {
		return
	}
	if g := &d.watchdog; g.dog != nil && g.rhythm == nil {
		d.renounce("the watchdog device is to reset this machine")
		return
	}
	if d.stopping {
		d.renounce("this node is stopping")
		return
	}
	w.reason = d.busy(w)
	if w.reason != "" {
		d.awaitRest(w)
		return
	}
	switch w.stage {
	case waiting:
		d.check(w)
	case checked:
		d.handOver(w)
	}
}

// busy says what stands in the way.
func (d *daemon) busy(w *wish) string {
	if why := d.core.Replaceable(); why != "" {
		return why
	}
	if k := d.programs.keeper; k != nil {
		if why := k.Busy(); why != "" {
			return why
		}
	}
	if d.reading {
		return "the files are being read again"
	}
	if q := d.scripts.hooks; q != nil && d.now()-w.since < hookLimit && q.Busy() {
		return "a script of rc.d is running"
	}
	return ""
}

// awaitRest says once what is waited for, and now and then again. Every event looks whether it is over.
func (d *daemon) awaitRest(w *wish) {
	now := d.now()
	if now-w.since >= patience && (w.said == 0 || now-w.said >= sayAgain) {
		w.said = now
		d.logLine("info", fmt.Sprintf("The restart of heartbeat waits: %s", w.reason))
	}
	d.look(patience)
}

// look has the loop look again soon, should nothing happen.
func (d *daemon) look(in time.Duration) {
	r := &d.replacement
	if r.wake == nil {
		r.wake = time.AfterFunc(in, func() { d.ask(func() {}) })
		return
	}
	r.wake.Reset(in)
}

// check has the successor say whether it can go on from here. That takes as long as starting a program takes, and
// the loop goes on meanwhile.
func (d *daemon) check(w *wish) {
	id, err := imageOf(d.opt.Program)
	if err != nil {
		d.renounce(fmt.Sprintf("the program cannot be had: %v", err))
		return
	}
	d.ahead.without = core.NoTick // a snapshot can only be taken with no beat lent
	d.step(d.evidence())
	d.ahead.without = 0
	if d.core.Replaceable() != "" {
		d.look(time.Millisecond)
		return
	}
	s := d.save(w)
	d.step(d.evidence())
	w.stage, w.checked = checking, id
	w.nth++
	nth := w.nth
	d.logLine("info", "Restarting heartbeat.")
	go func() {
		answers, err := d.replacement.ask(s)
		if err == nil {
			d.logLine("info", "Performing heartbeat restart exec.")
			d.log.Flush()
		}
		d.ask(func() { d.judged(nth, answers, err) })
	}()
}

// judged is the answer of the successor.
func (d *daemon) judged(nth int, answers []byte, err error) {
	w := d.replacement.wish
	if w == nil || w.nth != nth || w.stage != checking {
		return
	}
	if err != nil {
		d.renounce(err.Error())
		return
	}
	w.stage, w.answers = checked, answers
}

// handOver is the moment. If it returns, this image goes on.
func (d *daemon) handOver(w *wish) {
	if id, err := imageOf(d.opt.Program); err != nil || id != w.checked {
		w.stage = waiting // another one was installed meanwhile
		d.look(100 * time.Millisecond)
		return
	}
	d.ahead.without = core.NoTick
	d.step(d.evidence())
	d.step(core.Handover{})
	err := errNotNow
	if !d.ended && d.busy(w) == "" {
		err = d.leaveTo(w)
	}
	if err == nil { // a successor within this process, as tests have it
		d.ended, d.handedOver = true, true
		return
	}
	d.ahead.without = 0
	d.step(d.evidence())
	if errors.Is(err, errNotNow) {
		if w.reason = d.busy(w); w.reason == "" {
			w.reason = "datagrams, signals or scripts come without a pause"
		}
		d.awaitRest(w)
		d.look(50 * time.Millisecond)
		return
	}
	d.renounce(err.Error())
}

// leaveTo executes the successor with everything that goes along.
func (d *daemon) leaveTo(w *wish) error {
	h := &Handover{}
	files, err := d.descriptors(h)
	defer closeAll(files)
	if err != nil {
		return err
	}
	heed := func() { signal.Notify(d.signals, handled...) }
	return d.replacement.onto(plan{program: d.opt.Program, files: files, heed: heed, last: func() (*os.File, error) {
		all := d.save(w)
		all.Links = h.Links
		all.Lock, all.Control, all.Register, all.Watchdog, all.FIFO, all.Image = h.Lock, h.Control, h.Register, h.Watchdog, h.FIFO, h.Image
		all.WatchdogName = h.WatchdogName
		all.Done++
		state, err := all.seal()
		if err == nil && d.stirs() {
			state.Close()
			return nil, errNotNow
		}
		return state, err
	}})
}

// settling is enough for a signal that has come to get from the runtime to our channel.
const settling = 300 * time.Microsecond

// stirs looks whether anything has come that was not looked at: it would be lost.
func (d *daemon) stirs() bool {
	time.Sleep(settling)
	s, ok := d.links.(handable)
	return len(d.signals) > 0 || ok && s.Reading()
}

// handable are links whose sockets can be handed over.
type handable interface {
	Descriptors() []link.Inherited
	Reading() bool
}

// descriptors are those that stay open, so that there is no moment without lock, watchdog or ear. Only the lock must
// be had.
func (d *daemon) descriptors(h *Handover) (all []int, err error) {
	put := func(to *int, fd int, err error) {
		if err == nil {
			*to, all = fd, append(all, fd)
		}
	}
	lock, err := unix.FcntlInt(d.pid.Lock().Fd(), unix.F_DUPFD_CLOEXEC, 10)
	if err != nil {
		return nil, fmt.Errorf("handing over the lock: %w", err)
	}
	put(&h.Lock, lock, nil)
	if d.server != nil {
		fd, err := d.server.Descriptor()
		put(&h.Control, fd, err)
	}
	if g := &d.watchdog; g.dog != nil {
		fd, err := g.dog.Descriptor()
		if err != nil { // the device would be closed, and the machine reset
			return all, fmt.Errorf("handing over the watchdog device: %w", err)
		}
		put(&h.Watchdog, fd, nil)
		h.WatchdogName = d.opt.Config.Watchdog
	}
	if r := d.scripts.fifo; r != nil {
		fd, err := r.Descriptor()
		put(&h.FIFO, fd, err)
	}
	if s, ok := d.links.(handable); ok {
		for _, in := range s.Descriptors() {
			h.Links = append(h.Links, in)
			all = append(all, in.FD)
		}
	}
	fd, err := unix.Open("/proc/self/exe", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	put(&h.Image, fd, err)
	return all, nil
}

func closeAll(files []int) {
	for _, fd := range files {
		_ = unix.Close(fd)
	}
}

// replacementStatus is for an operator.
func (d *daemon) replacementStatus() control.Replacement {
	r := &d.replacement
	s := control.Replacement{Done: r.done, Failed: r.failed, Pending: r.wish != nil || r.forced}
	if r.wish != nil {
		s.Waiting, s.Seconds = r.wish.reason, int64((d.now()-r.wish.since)/time.Second)
	}
	return s
}
