package scenario

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"heartbeatd/internal/core"
)

// Play runs a scenario: one command a line, `#` begins a comment, lines that begin with `|` are
// what the nodes did after the command above. It returns the same text with those lines made
// anew, so that a comparison is the test and writing the result back is the update.
func Play(text string) (string, error) {
	p := NewPlayer()
	p.show = map[string]bool{"log": true, "run": true}
	var out strings.Builder
	for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		switch {
		case strings.HasPrefix(line, "|"):
			continue
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
			out.WriteString(line + "\n")
			continue
		}
		p.lines = nil
		if err := p.Do(line); err != nil {
			return "", fmt.Errorf("line %d: %s: %w", i+1, line, err)
		}
		out.WriteString(line + "\n")
		for _, l := range p.lines {
			out.WriteString("| " + l + "\n")
		}
		if p.World != nil && len(p.lines) == 0 && timed[strings.Fields(line)[0]] {
			out.WriteString("| -\n")
		}
	}
	return out.String(), nil
}

// timed are the commands after which silence is worth a line.
var timed = map[string]bool{"advance": true, "stop": true, "standby": true, "takeover": true, "owners": true}

// Player carries out the commands of a scenario.
type Player struct {
	World *World // nil before the command nodes

	options Options
	groups  []core.GroupConfig
	files   map[string][]core.GroupConfig
	show    map[string]bool
	lines   []string
}

// NewPlayer returns a player that shows nothing.
func NewPlayer() *Player {
	return &Player{options: DefaultOptions(), show: map[string]bool{}, files: map[string][]core.GroupConfig{}}
}

// Do carries out one command.
func (p *Player) Do(line string) error {
	f := strings.Fields(line)
	if len(f) == 0 {
		return fmt.Errorf("no command")
	}
	switch f[0] {
	case "show":
		p.show = map[string]bool{}
		for _, s := range f[1:] {
			p.show[s] = true
		}
		return nil
	case "options":
		return p.options.set(f[1:])
	case "group":
		if len(f) < 3 {
			return fmt.Errorf("want: group HOME RESOURCE...")
		}
		p.groups = append(p.groups, core.GroupConfig{Home: f[1], Resources: f[2:]})
		return nil
	case "file":
		if len(f) < 4 {
			return fmt.Errorf("want: file NODE HOME RESOURCE...")
		}
		p.files[f[1]] = append(p.files[f[1]], core.GroupConfig{Home: f[2], Resources: f[3:]})
		return nil
	case "nodes":
		p.World = NewWorld(p.options, p.groups, f[1:]...)
		p.World.Emit, p.World.Files = p.emit, p.files
		return nil
	}
	if p.World == nil {
		return fmt.Errorf("no nodes yet")
	}
	switch f[0] {
	case "advance":
		d, err := time.ParseDuration(strings.Join(f[1:], ""))
		if err == nil {
			p.World.Advance(d)
		}
		return err
	case "calm":
		return p.calm(f[1:])
	case "owners":
		p.owners()
		return nil
	case "view":
		return p.view(f[1:])
	}
	if ok, err := p.onPings(f); ok {
		return err
	}
	if ok, err := p.onNet(f); ok {
		return err
	}
	return p.onMachine(f)
}

// onMachine runs the commands whose first word is a machine.
func (p *Player) onMachine(f []string) error {
	if len(f) < 2 {
		return fmt.Errorf("unknown command or missing node")
	}
	w := p.World
	m := w.Machine(f[1])
	if m == nil {
		return fmt.Errorf("unknown node %s", f[1])
	}
	arg := func(i int) string {
		if i < len(f) {
			return f[i]
		}
		return ""
	}
	switch f[0] {
	case "cut", "mend", "deafen", "hear":
		return p.onCables(m, f)
	case "byhand", "beat", "say":
		return p.byHand(m, f)
	case "boot":
		w.Boot(m)
	case "crash":
		w.Crash(m)
	case "kill":
		w.Kill(m)
	case "restart":
		if m.Core != nil {
			w.Kill(m)
			w.Boot(m)
		}
	case "stall":
		return stall(w, m, arg(2), arg(3))
	case "resume":
		w.Resume(m)
	case "replace":
		w.Replace(m)
	case "edit":
		return w.edit(m, f[2:])
	case "stop":
		w.Step(m, core.StopCommand{})
	case "standby":
		w.Step(m, core.StandbyCommand{Which: core.Which(arg(2))})
	case "takeover":
		w.Step(m, core.TakeoverCommand{Which: core.Which(arg(2))})
	case "run": // something outside the cluster starts a resource
		w.start(m, arg(2))
	case "clock":
		d, err := time.ParseDuration(arg(2))
		m.Clock += d
		return err
	case "unhang":
		w.Unhang(m)
	case "script":
		return setScript(m, f[2:])
	default:
		return p.onSurroundings(m, f)
	}
	return nil
}

// onCables runs the commands on what lies between the machines.
func (p *Player) onCables(m *Machine, f []string) error {
	if f[0] == "cut" || f[0] == "mend" {
		for _, l := range p.links(f[2:]) {
			p.World.Cut(m, l, f[0] == "cut")
		}
		return nil
	}
	if len(f) < 3 || p.World.Machine(f[2]) == nil {
		return fmt.Errorf("want: %s FROM TO", f[0])
	}
	p.World.Deafen(m, p.World.Machine(f[2]), f[0] == "deafen")
	return nil
}

func (p *Player) links(f []string) []string {
	if len(f) == 0 {
		return p.options.Links
	}
	return f
}

// setScript reads: WORD [OP] rc=N take=D hang lie missing killed normal.
func setScript(m *Machine, f []string) error {
	var key []string
	s := Script{Take: 50 * time.Millisecond}
	normal := false
	for _, w := range f {
		k, v, _ := strings.Cut(w, "=")
		var err error
		switch k {
		case "rc":
			s.RC, err = strconv.Atoi(v)
		case "take":
			s.Take, err = time.ParseDuration(v)
		case "hang":
			s.Hang = true
		case "lie":
			s.Lie = true
		case "killed":
			s.Unsure, s.RC = true, 137
		case "missing":
			s.Missing, s.RC = true, 127
		case "normal":
			normal = true
		default:
			key = append(key, w)
		}
		if err != nil {
			return err
		}
	}
	if len(key) == 0 {
		return fmt.Errorf("want: script NODE WORD [OP] rc=N take=D hang lie missing killed normal")
	}
	if normal {
		delete(m.Scripts, strings.Join(key, " "))
	} else {
		m.Scripts[strings.Join(key, " ")] = s
	}
	return nil
}

func (p *Player) say(node, format string, args ...any) {
	p.lines = append(p.lines, fmt.Sprintf("%s %-6s %s", Stamp(p.World.Now), node, fmt.Sprintf(format, args...)))
}

// emit prints an action from its fields.
func (p *Player) emit(m *Machine, a core.Action) {
	if len(p.show) == 0 {
		return
	}
	node := m.Name
	switch a := a.(type) {
	case core.Log:
		if p.show["log"] {
			if a.From == "heartbeat" {
				p.say(node, "%s: %s", a.Level, a.Text)
			} else {
				p.say(node, "%s: %s", a.From, a.Text)
			}
		}
	case core.Run:
		if p.show["run"] && (a.Op != core.Status || p.show["status"]) {
			p.say(node, "run %s %s", a.Resource, a.Op)
		}
	case core.Send:
		if t := a.Msg.Str("t"); p.show["send"] && t != "status" || p.show["send:"+t] {
			s := "send t=" + t
			for _, k := range []string{"dest", "st", "rsc_hold", "isstable", "info", "ipaddr", "weown", "hbd_groups", "hbd_failed", "firstseq", "ackseq"} {
				if a.Msg.Has(k) {
					s += " " + k + "=" + a.Msg.Str(k)
				}
			}
			p.say(node, "%s", s)
		}
	case core.Announce:
		p.say(node, "announce %s", a.Resource)
	case core.Fence:
		p.say(node, "fence %s, attempt %d", a.Node, a.Attempt)
	case core.Reboot:
		p.say(node, "reboot: %s", a.Reason)
	case core.Exit:
		p.say(node, "exit")
	}
}

// owners prints where each resource really runs.
func (p *Player) owners() {
	for _, g := range p.World.allGroups() {
		var words []string
		for _, r := range g.Resources {
			on := strings.Join(p.World.Owners(r), "+")
			if on == "" {
				on = "nobody"
			}
			words = append(words, r+": "+on)
		}
		p.lines = append(p.lines, strings.Join(words, ", "))
	}
	for _, b := range p.World.Both {
		p.lines = append(p.lines, "ran on both: "+b)
	}
	p.World.Both = nil
}

// remark is what the change of a file has to do with a group.
func remark(g core.GroupView) string {
	switch {
	case g.Leaving:
		return ", no longer in haresources"
	case g.Waits != "":
		return ", waits: " + g.Waits
	}
	return ""
}

// view prints what status would show.
func (p *Player) view(names []string) error {
	for _, name := range names {
		m := p.World.Machine(name)
		if m == nil || m.Core == nil {
			return fmt.Errorf("no daemon on %s", name)
		}
		v := m.Core.View(p.World.Now)
		p.lines = append(p.lines, fmt.Sprintf("%s %s holds %s", name, v.State, v.Holding))
		for _, g := range v.Groups {
			p.lines = append(p.lines, fmt.Sprintf("  %s: owner %q, here %s%s", g.Key, g.Owner, g.State, remark(g)))
		}
		for _, n := range v.Nodes {
			if n.Type == core.TypePing {
				p.lines = append(p.lines, fmt.Sprintf("  %s: %s", n.Name, n.Status))
			}
		}
		if f := v.Fence; f.Node != "" {
			p.lines = append(p.lines, fmt.Sprintf("  fencing %s: attempt %d, failed %t, last error %q", f.Node, f.Attempt, f.Running < 0, f.Failure))
		}
	}
	return nil
}
