package scenario

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"heartbeatd/internal/wire"
)

// handPlayed is a node without a core: the scenario says what it sends, number by number, as a
// node of 3.0.6 would. By itself it only beats and answers reqnodes.
type handPlayed struct {
	gen, seq uint64
	beating  bool
	status   string
}

// HandPlay makes a machine a hand-played node; nothing is sent yet.
func (w *World) HandPlay(m *Machine) {
	m.Generation = max(m.Generation, 100) + 1
	m.peer = &handPlayed{gen: m.Generation}
}

// Beat lets a hand-played node send its status every keepalive, or ends that.
func (w *World) Beat(m *Machine, status string) {
	p := m.peer
	p.status = status
	if !p.beating && status != "" {
		p.beating = true
		w.beat(m, p)
	}
}

func (w *World) beat(m *Machine, p *handPlayed) {
	if p.status == "" || m.peer != p {
		p.beating = false
		return
	}
	s := wire.New("status").AddStr("st", p.status).AddStr("protocol", "1")
	w.Say(m, s.AddStr("dt", strconv.FormatInt(w.Options.Deadtime.Milliseconds(), 16)))
	w.At(w.Now+w.Options.Keepalive, func() { w.beat(m, p) })
}

// Say sends a message of a hand-played node with the next number. Fields it has already are
// left alone.
func (w *World) Say(m *Machine, msg *wire.Message) {
	p := m.peer
	p.seq++
	for _, f := range [][2]string{
		{"src", m.Name}, {"seq", strconv.FormatUint(p.seq, 16)}, {"hg", strconv.FormatUint(p.gen, 16)},
		{"ts", strconv.FormatInt(epoch+int64(w.Now/time.Second), 16)}, {"ttl", "3"},
	} {
		if !msg.Has(f[0]) {
			msg.AddStr(f[0], f[1])
		}
	}
	w.send(m, msg)
}

// hears is what a hand-played node does by itself about a message.
func (w *World) hears(m *Machine, msg *wire.Message) {
	if msg.Str("t") == "reqnodes" && msg.Str("dest") == m.Name && m.peer.beating {
		names := ""
		for _, o := range w.nodes {
			names += o.Name + " "
		}
		w.Say(m, wire.New("repnodes").AddStr("dest", msg.Str("src")).AddStr("nodelist", names).AddStr("delnodelist", " "))
	}
}

// byHand runs the commands for a hand-played node: byhand NODE makes it one, beat NODE [STATUS]
// lets it beat, say NODE NAME=VALUE... sends a message.
func (p *Player) byHand(m *Machine, f []string) error {
	switch {
	case f[0] == "byhand":
		p.World.HandPlay(m)
	case m.peer == nil:
		return fmt.Errorf("%s is not played by hand", m.Name)
	case f[0] == "say":
		p.World.Say(m, message(f[2:]))
	default:
		p.World.Beat(m, strings.Join(f[2:], ""))
	}
	return nil
}

// message makes a message of NAME=VALUE words; the first is t.
func message(f []string) *wire.Message {
	m := &wire.Message{}
	for _, w := range f {
		k, v, _ := strings.Cut(w, "=")
		m.AddStr(k, v)
	}
	return m
}
