package config

import "strings"

// Coredumps says whether a daemon that dies of a fault leaves a core file.
type Coredumps uint8

// The values of coredumps. A file without it is not one that says true: a core file has the keys in it, so it is to be
// asked for. DIFFERS: 3.0.6 asks for none only where it is told so.
const (
	CoresUnsaid Coredumps = iota
	CoresOn
	CoresOff
)

func applyCoredumps(p *parser, v string) *fault {
	on := false
	if f := boolValue(func(*Config) *bool { return &on })(p, v); f != nil {
		return f
	}
	p.cfg.Coredumps = CoresOff
	if on {
		p.cfg.Coredumps = CoresOn
	}
	return nil
}

// applyCoreroot takes any directory, as 3.0.6 does.
func applyCoreroot(p *parser, v string) *fault {
	if !strings.HasPrefix(v, "/") {
		p.warn("write a full path", "[%s] is no full path: the usual place is used", v)
		return nil
	}
	p.cfg.CoreRoot = v
	return nil
}
