package config

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// physical is one line of haresources, line end removed.
type physical struct {
	line int
	text string
	cr   bool // the line end was CR LF
}

// physicalLines cuts haresources. DIFFERS: 3.0.6 leaves the CR of a DOS file on the last resource,
// and does not see a continuation before it.
func physicalLines(data []byte) []physical {
	var out []physical
	for i, raw := range bytes.Split(data, []byte("\n")) {
		if nul := bytes.IndexByte(raw, 0); nul >= 0 {
			raw = raw[:nul]
		}
		text := strings.TrimRight(string(raw), "\r")
		out = append(out, physical{line: i + 1, text: text, cr: len(text) < len(raw)})
	}
	return out
}

// start is the first word of a line as the daemon of 3.0.6 sees it at its start.
type start struct {
	line int
	name string
}

// daemonStarts goes by the rules of the start-up check: a comment line begins with #, a # elsewhere
// is part of a word, and a line ending in \ continues, a comment line excepted.
func daemonStarts(lines []physical) []start {
	var out []start
	inside := false
	for _, l := range lines {
		text := strings.TrimLeft(l.text, blanks)
		if !inside {
			if text == "" || text[0] == '#' {
				continue
			}
			name, _ := nextWord(text)
			if name != `\` {
				out = append(out, start{l.line, name})
			}
		}
		inside = strings.HasSuffix(l.text, `\`)
	}
	return out
}

// groups goes by the rules of ResourceManager: cut comments, join lines, squeeze blanks, drop empty
// lines, lower-case the first word.
func groups(lines []physical) []Group {
	var out []Group
	var joined strings.Builder
	first := 0
	for i, l := range lines {
		text, _, _ := strings.Cut(l.text, "#")
		if joined.Len() == 0 && strings.TrimFunc(text, between) != "" && first == 0 {
			first = l.line
		}
		more := strings.HasSuffix(text, `\`)
		joined.WriteString(strings.TrimSuffix(text, `\`))
		if more && i+1 < len(lines) {
			continue
		}
		if w := strings.FieldsFunc(joined.String(), between); len(w) > 0 {
			out = append(out, Group{Home: lowerASCII(w[0]), Resources: w[1:], Where: fmt.Sprintf("%s:%d", haresources, first)})
		}
		joined.Reset()
		first = 0
	}
	return out
}

// between tells what stands between words. A CR counts: one that a continued line leaves in the
// middle of the joined one is no resource.
func between(r rune) bool { return r == ' ' || r == '\t' || r == '\r' }

// Key is the name of a group, its first resource.
func (g Group) Key() string { return g.Resources[0] }

// Line is the number of the line the group begins on.
func (g Group) Line() int {
	_, number, _ := strings.Cut(g.Where, ":")
	n, _ := atoi(number)
	return n
}

func (p *parser) resource(level Level, line int, hint, format string, args ...any) {
	p.rep = append(p.rep, Problem{File: haresources, Line: line, Level: level, Hint: hint, Text: fmt.Sprintf(format, args...)})
}

// loadHaresources is stage 4. 3.0.6 looks at the first word of each line only.
func (p *parser) loadHaresources(files Files) {
	f := files.named(files.Haresources, haresources)
	if f.State != Present {
		p.rep = append(p.rep, unreadable(haresources, f, "Cannot open resources file ["+f.Path+"]", sampleHint(haresources, f.Path)))
		return
	}
	lines := physicalLines(f.Data)
	bad := p.checkHomes(lines)
	for _, l := range lines {
		if l.cr && strings.HasSuffix(l.text, `\`) {
			p.resource(Warning, l.line, "remove the CR, for instance with `sed -i 's/\\r$//'`",
				"line ends in CR LF; 3.0.6 does not continue it")
		}
	}
	for _, g := range groups(lines) {
		switch {
		case len(g.Resources) == 0 && bad[g.Line()]:
		case len(g.Resources) == 0:
			p.resource(Warning, g.Line(), "", "node %s has no resource on this line, it is left out", g.Home)
		case p.knowsNode(g.Home) || bad[g.Line()]:
			p.cfg.Groups = append(p.cfg.Groups, g)
			p.checkPingHome(g)
		case p.nodesKnown():
			p.badNodename(g.Line(), g.Home)
		}
	}
	p.checkKeys()
	p.checkOwnAddresses()
}

// checkHomes reports each first word that is no node and returns the lines it did so for.
func (p *parser) checkHomes(lines []physical) map[int]bool {
	bad := map[int]bool{}
	for _, s := range daemonStarts(lines) {
		if p.nodesKnown() && !p.knowsNode(s.name) {
			bad[s.line] = true
			p.badNodename(s.line, s.name)
		}
	}
	return bad
}

func (p *parser) badNodename(line int, name string) {
	hint := "the first word must be a node of ha.cf: " + strings.Join(p.cfg.Nodes, ", ")
	switch {
	case strings.Contains(name, "::"):
		hint += "; a line that continues another must follow one that ends in \\, without blanks behind it"
	case strings.ContainsAny(name, "#,"):
		hint += "; put a blank behind it"
	}
	p.resource(Error, line, hint, "Bad nodename [%s]", name)
}

// nodesKnown is false when ha.cf is too broken to say who is a node.
func (p *parser) nodesKnown() bool { return len(p.cfg.Nodes) > 0 && p.settled("node") }

func (p *parser) knowsNode(name string) bool {
	name = lowerASCII(name)
	return slices.Contains(p.cfg.Nodes, name) || slices.ContainsFunc(p.cfg.PingNodes, func(n PingNode) bool { return n.Name == name })
}

// checkPingHome warns about a line of a ping node, which 3.0.6 takes without a word.
func (p *parser) checkPingHome(g Group) {
	ping := func(n PingNode) bool { return n.Name == g.Home }
	if slices.Contains(p.cfg.Nodes, g.Home) || !slices.ContainsFunc(p.cfg.PingNodes, ping) {
		return
	}
	p.resource(Warning, g.Line(), "the first word should be a node that can run the group: "+strings.Join(p.cfg.Nodes, ", "),
		"[%s] is a ping node and runs nothing; nobody starts this group while both nodes are up", g.Home)
}

// checkKeys looks for resources named twice. DIFFERS: 3.0.6 accepts a group key given twice and
// goes wrong later, because it looks groups up by their resources.
func (p *parser) checkKeys() {
	seen := map[string]Group{}
	for _, g := range p.cfg.Groups {
		for _, r := range slices.Compact(slices.Sorted(slices.Values(g.Resources))) {
			other, double := seen[r]
			switch {
			case !double:
				seen[r] = g
			case r == g.Key() && r == other.Key():
				p.resource(Error, g.Line(), "give each group a first resource of its own; it is the group's name between the nodes",
					"group key %s is the key of %s too", r, other.Where)
			case len(ParseResource(r).Args) > 0:
				p.resource(Warning, g.Line(), "keep it in one group",
					"resource %s is in %s too; the two groups can end up on different nodes with it", r, other.Where)
			}
		}
	}
}
