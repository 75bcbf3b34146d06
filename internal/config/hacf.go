package config

import (
	"fmt"
	"strings"
	"time"
)

// The names of the three files, as every message begins.
const (
	haCf        = "ha.cf"
	authkeys    = "authkeys"
	haresources = "haresources"
)

// parser is stage 1: the lines of ha.cf, one after the other.
type parser struct {
	host Host
	cfg  *Config
	rep  Report

	name string // of the directive at hand
	line int

	given    map[string]int  // line of the last accepted value of a directive
	bad      map[string]bool // directives with a refused value
	illegal  bool            // some line is not understood at all
	clients  map[string]bool // names of apiauth
	media    int             // of every kind
	baud     int             // 0: none was given yet
	doubles  int             // nodes named again; they count for the limit
	third    int             // line that names a node more than a pair has
	autojoin int             // line of an autojoin other than none
	eof      int             // number of the last line
}

func (p *parser) where() string { return fmt.Sprintf("%s:%d", haCf, p.line) }

// note appends a problem of the line at hand.
func (p *parser) note(level Level, text, hint string) {
	p.rep = append(p.rep, Problem{File: haCf, Line: p.line, Level: level, Text: text, Hint: hint})
}

// warn tells about the directive at hand without refusing it.
func (p *parser) warn(hint, format string, args ...any) {
	p.note(Warning, p.name+": "+fmt.Sprintf(format, args...), hint)
}

// refuse makes a fault of the directive at hand an error.
func (p *parser) refuse(f *fault) {
	p.bad[p.name] = true
	p.note(Error, p.name+": "+f.text, f.hint)
}

// defaults are the values of 3.0.6 in force before the first line is read.
func (p *parser) defaults(dir, self string) {
	port, ok := p.host.ServicePort("ha-cluster")
	if !ok || port == 0 {
		port = 694
	}
	*p.cfg = Config{
		Dir:          dir,
		Self:         self,
		Keepalive:    time.Second,
		Deadtime:     30 * time.Second,
		AutoFailback: Legacy,
		HopFudge:     1,
		UDPPort:      port,
		MsgFmt:       "classic",
		MaxRexmit:    250 * time.Millisecond,
		HBGenMethod:  "file",
		UUIDFrom:     "file",
		LogBadPacket: true, Realtime: true, RTPriority: 1,
		Log:         Logging{SyslogFormat: true, LogdRetry: time.Minute},
		Compression: Compression{Method: "zlib", Threshold: 2},
		Parameters:  map[string]string{},
		APIAuth:     builtInAPIAuth(),
	}
}

// parse reads every line; errors do not stop it.
func (p *parser) parse(data []byte) {
	p.eof = lastLine(data)
	for _, s := range statements(data) {
		p.line, p.name = s.line, s.name
		d := byName[s.name]
		if d == nil {
			p.unknown(s)
			continue
		}
		if d.line != nil {
			p.apply(d, d.line, s.rest)
			continue
		}
		values := s.values()
		if len(values) == 0 {
			p.warn("give a value, or remove the line", "no value, nothing is changed")
		}
		for _, v := range values {
			p.apply(d, d.value, v)
		}
	}
}

// apply hands one value to its directive and keeps the books.
func (p *parser) apply(d *directive, check func(*parser, string) *fault, value string) {
	if f := check(p, value); f != nil {
		p.refuse(f)
		return
	}
	p.given[d.Name] = p.line
	if d.recorded {
		p.cfg.Parameters[d.Name] = value
	}
}

// unknown is a directive nobody knows.
func (p *parser) unknown(s statement) {
	p.illegal = true
	p.note(Error, fmt.Sprintf("Illegal directive [%s]", s.name), unknownHint(s))
}

func unknownHint(s statement) string {
	head, _, comma := strings.Cut(s.name, ",")
	lower := lowerASCII(s.name)
	switch {
	case comma && byName[head] != nil:
		return "put a blank after " + head + "; a comma does not end a directive"
	case byName[lower] != nil:
		return "write " + lower + "; directives are lower case"
	case s.name == "hbversion":
		return "this is a value that can be asked for, not one that can be set"
	case strings.HasPrefix(s.name, "ppp") || s.name == "hbaping" || s.name == "tipc" || s.name == "rds" || s.name == "openais":
		return "3.0.6 does not have this medium; use bcast, ucast or mcast"
	}
	for _, d := range directives {
		if len(s.name) > 3 && oneEdit(s.name, d.Name) {
			return "did you mean " + d.Name + "?"
		}
	}
	return "ha.cf(5) lists every directive"
}

// oneEdit says whether two words differ by one letter: added, left out or exchanged.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return i < len(a) && a[i+1:] == b[i+1:]
	}
	return a[i:] == b[i+1:]
}
