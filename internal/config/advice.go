package config

import (
	"fmt"
	"net/netip"
	"slices"

	"heartbeatd/internal/auth"
)

// advise notes what is right for 3.0.6 and yet hardly meant. It goes to [Config.Advice] and not to
// the report: a start is silent about it, as that of 3.0.6 is.
func (p *parser) advise(file string, line int, hint, format string, args ...any) {
	p.cfg.Advice = append(p.cfg.Advice, Problem{File: file, Line: line, Level: Warning, Hint: hint, Text: fmt.Sprintf(format, args...)})
}

func (p *parser) advice() {
	c := p.cfg
	if p.given["warntime"] > 0 && p.settled("warntime", "deadtime") && c.Warntime > c.Deadtime {
		p.advise(haCf, p.given["warntime"], "set warntime to about half of deadtime",
			"warntime [%d] is above deadtime [%d] (ms): no late beat is ever told before the node is declared dead",
			c.Warntime.Milliseconds(), c.Deadtime.Milliseconds())
	}
	p.adviseKeys()
	p.adviseShared()
	p.adviseAddresses()
	p.adviseStonith()
	p.advisePings()
}

func (p *parser) adviseKeys() {
	if p.cfg.Keys == nil {
		return
	}
	if _, method := p.cfg.Keys.Sending(); method == auth.CRC {
		p.advise(authkeys, 0, "write `1 sha1 a-long-random-secret`, the same on both nodes, unless the only links are cables between the two",
			"datagrams are sent with method crc: anybody on the network can forge them")
	}
}

// adviseShared looks for words without arguments in two groups; the report has those with.
func (p *parser) adviseShared() {
	first := map[string]Group{}
	for _, g := range p.cfg.Groups {
		for _, r := range slices.Compact(slices.Sorted(slices.Values(g.Resources))) {
			other, shared := first[r]
			switch {
			case !shared:
				first[r] = g
			case len(ParseResource(r).Args) == 0 && !(r == g.Key() && r == other.Key()):
				p.advise(haresources, g.Line(), "put everything that needs it into one group",
					"resource %s is in %s too: stopping one group stops it for the other", r, other.Where)
			}
		}
	}
}

// adviseAddresses looks for one address written in two ways.
func (p *parser) adviseAddresses() {
	type place struct{ word, where string }
	first := map[netip.Addr]place{}
	for _, g := range p.cfg.Groups {
		for _, word := range g.Resources {
			addr, ok := ServiceAddress(word)
			if !ok {
				continue
			}
			other, double := first[addr]
			if !double {
				first[addr] = place{word, g.Where}
			} else if other.word != word {
				p.advise(haresources, g.Line(), "name each address once",
					"%s is the address of %s (%s) too: stopping one stops the other", word, other.word, other.where)
			}
		}
	}
}
