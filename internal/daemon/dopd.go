package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/children"
	"heartbeatd/internal/clientapi"
	"heartbeatd/internal/core"
	"heartbeatd/internal/dopd"
	"heartbeatd/internal/halog"
	"heartbeatd/internal/outdater"
)

// Outdater is the socket that drbd-peer-outdater connects to.
func (p Paths) Outdater() string { return filepath.Join(p.RunDir, "dopd", "outdater") }

// dopd is the program of that name. 3.0.6 wants an apiauth line for it; here it is a part of the daemon, and nobody
// else can sign on by its name without one.
func (d *daemon) dopd(stop <-chan struct{}) int {
	drbdadm := outdater.Drbdadm{Program: cmp.Or(d.opt.Paths.Drbdadm, "drbdadm"), Marking: &outdater.Marking{}}
	if _, err := drbdadm.Installed(); err != nil {
		d.helperLine(dopd.Name, "WARN", err.Error()+": the other node cannot have a device here marked as outdated")
	}
	lines := &thrift{} // of all lives
	d.signedOn(dopd.Name, stop, func(s *clientapi.Session) {
		o := outdating{
			d: d, session: s, machine: dopd.New(d.opt.Config.Self, uint64(time.Now().UnixNano())),
			drbdadm: drbdadm, ran: make(chan ran), lines: lines,
		}
		o.life(stop)
	})
	return 0
}

// outdating is the time for which it is signed on.
type outdating struct {
	d       *daemon
	session *clientapi.Session
	machine *dopd.Machine
	server  *outdater.Server // nil: nobody here can ask
	trouble string           // why; it is told once
	drbdadm outdater.Drbdadm
	ran     chan ran
	lines   *thrift
}

// ran is the end of drbdadm.
type ran struct {
	resource, said string
	status         int
	err            error
}

// listenAgain is how long a socket that cannot be opened is left alone. The other node can ask meanwhile.
const listenAgain = 3 * time.Second

// listen opens the socket.
func (o *outdating) listen() (<-chan outdater.Event, error) {
	d := o.d
	dir := filepath.Dir(d.opt.Paths.Outdater())
	if d.innerPlace(dir, 0o755) { // and its socket is not for everybody
		d.emptyPlace(dir)
	}
	group, may := askers()
	server, err := outdater.Listen(outdater.Config{
		Path: d.opt.Paths.Outdater(), Self: d.opt.Config.Self, Group: group, May: may,
		Log: func(text string) { d.limited("dopd", halog.Warn, dopd.Name+": "+text) },
	})
	if err != nil {
		if text := err.Error(); text != o.trouble {
			o.log("ERROR", text)
			o.trouble = text
		}
		return nil, err
	}
	o.server, o.trouble = server, ""
	return server.Events(), nil
}

func (o *outdating) life(stop <-chan struct{}) {
	events, err := o.listen()
	defer func() {
		if o.server != nil {
			o.server.Close()
		}
	}()
	again := time.NewTicker(listenAgain)
	defer again.Stop()
	if err == nil {
		again.Stop()
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for {
		var actions []dopd.Action
		select {
		case <-stop:
			return
		case <-again.C:
			if events, err = o.listen(); err == nil {
				again.Stop()
			}
			continue
		case msg, ok := <-o.session.Messages():
			if !ok {
				return
			}
			actions = o.machine.Receive(msg)
		case e := <-events:
			actions, ok := o.asked(e)
			if !ok || !o.perform(ctx, actions) {
				return
			}
			continue
		case r := <-o.ran:
			if r.said != "" {
				o.log("info", "drbdadm outdate "+r.resource+": "+r.said)
			}
			actions = o.machine.Ran(r.resource, r.status, r.err)
		}
		if !o.perform(ctx, actions) {
			return
		}
	}
}

func (o *outdating) asked(e outdater.Event) ([]dopd.Action, bool) {
	if e.Left {
		o.machine.Left(e.ID)
		return nil, true
	}
	st, err := o.session.State()
	if err != nil {
		return nil, false
	}
	var nodes []dopd.Node
	for _, n := range st.Nodes {
		nodes = append(nodes, dopd.Node{Name: n.Name, Normal: n.Type != core.TypePing, Dead: n.Status == "dead"})
	}
	return o.machine.Ask(nodes, e.ID, e.Peer, e.Resource), true
}

func (o *outdating) perform(ctx context.Context, actions []dopd.Action) bool {
	for _, a := range actions {
		switch a := a.(type) {
		case dopd.Log:
			o.log(a.Level, a.Text)
		case dopd.Answer:
			o.server.Answer(a.ID, a.Verdict)
		case dopd.Run:
			go o.run(ctx, a.Resource)
		case dopd.Say:
			if o.session.Send(a.Msg) != nil {
				return false
			}
		}
	}
	return true
}

// run runs drbdadm, which may take its time.
func (o *outdating) run(ctx context.Context, resource string) {
	r := ran{resource: resource}
	r.status, r.said, r.err = o.drbdadm.Outdate(ctx, resource)
	select {
	case o.ran <- r:
	case <-ctx.Done():
	}
}

// log is a line that the other node, or whoever asks, can cause at will.
func (o *outdating) log(level, text string) {
	write, lost := o.lines.allows(o.d.now())
	if lost > 0 {
		o.d.helperLine(dopd.Name, "WARN", fmt.Sprintf("%d lines were left out in the last minute: too many requests", lost))
	}
	if write {
		o.d.helperLine(dopd.Name, level, text)
	}
}

// askers are who may ask: root, hacluster, and the group haclient. 3.0.6: who gets through its directory, which
// belongs to those.
func askers() (group int, may func(clientapi.Peer) bool) {
	rule := clientapi.Rule{
		UIDs: append(idNumbers([]string{"hacluster"}, userNumber), 0, uint32(os.Geteuid())),
		GIDs: idNumbers([]string{"haclient"}, groupNumber),
	}
	if group = -1; len(rule.GIDs) > 0 {
		group = int(rule.GIDs[0])
	}
	return group, rule.Admits
}

// placeForDopd makes the directory in which a dopd that is a program puts its socket. 3.0.6's package makes it, for
// the user that the line in ha.cf names.
func (d *daemon) placeForDopd(list []children.Program) {
	i := slices.IndexFunc(list, func(p children.Program) bool {
		program, _, _ := strings.Cut(p.Command, " ")
		return p.Helper == "" && strings.Contains(filepath.Base(program), dopd.Name) && p.Account.Unknown == nil
	})
	if i < 0 {
		return
	}
	if err := giveDir(filepath.Dir(d.opt.Paths.Outdater()), list[i].Account); err != nil {
		d.logLine("WARN", fmt.Sprintf("dopd cannot make its socket: %v", err))
	}
}

// giveDir makes a directory for a user. That above it is ours: nobody can put something else in its place.
func giveDir(path string, to children.Account) error {
	if err := os.Mkdir(path, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Chmod(0o750); err != nil {
		return err
	}
	return f.Chown(int(to.UID), int(to.GID))
}
