package explore

import (
	"fmt"
	"strings"

	"heartbeatd/internal/core"
)

// describe is the choice as a step in a list: it can be read, and played again.
func (p *pair) describe(c choice) string {
	name := names[c.node]
	switch c.kind {
	case deliver, lose, double:
		return fmt.Sprintf("%s %s %s", kindNames[c.kind], name, p.word(c.n))
	case finish:
		return fmt.Sprintf("script %s %s %s", name, p.job(c.node, c.n), outcomeNames[c.how])
	case hang:
		return fmt.Sprintf("hang %s %s", name, p.job(c.node, c.n))
	case command:
		return fmt.Sprintf("command %s %s", name, commandWord(p.scope.Commands[c.n]))
	case cut:
		return "cut " + []string{"alpha", "beta", "both"}[c.n]
	case mend:
		return "mend"
	}
	return kindNames[c.kind] + " " + name
}

// word names a message by its type, and the how manieth on its way it is.
func (p *pair) word(n int) string {
	name, count := p.ways[n].name(), 1
	for k := range n {
		if p.ways[k].from == p.ways[n].from && p.ways[k].name() == name {
			count++
		}
	}
	if count > 1 {
		return fmt.Sprintf("%s/%d", name, count)
	}
	return name
}

func (f *flight) name() string {
	if f.print.info != "" {
		return f.print.kind + ":" + strings.ReplaceAll(f.print.info, " ", "_")
	}
	return f.print.kind
}

func (p *pair) job(i, n int) string {
	r := p.nodes[i].jobs[n].run
	name, count := r.Resource+" "+r.Op.String(), 1
	for k := range n {
		if o := p.nodes[i].jobs[k].run; o.Resource == r.Resource && o.Op == r.Op {
			count++
		}
	}
	if count > 1 {
		return fmt.Sprintf("%s/%d", name, count)
	}
	return name
}

func commandWord(ev core.Event) string {
	switch ev := ev.(type) {
	case core.StandbyCommand:
		return "standby-" + string(ev.Which)
	case core.TakeoverCommand:
		return "takeover-" + string(ev.Which)
	}
	return "stop"
}
