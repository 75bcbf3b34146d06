package mutate

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
)

// Mutant is one fault.
type Mutant struct {
	ID   int
	Kind string // condition, operand, boundary...
	File string
	Func string // Core.settle
	Text string // the line as it stands in the file
	What string // what was there -> what is there instead
	Line int    // only for whoever looks; a mutant is known by its key
}

// Key names a mutant by what it changes and not by where that stands, so that it outlives changes
// elsewhere in the file.
func (m *Mutant) Key() string {
	return strings.Join([]string{m.File, m.Func, m.Text, m.What}, " | ")
}

// site is a stretch of a file that one or more mutants change. wrap gets the text as the sites
// within have made it and returns what stands there instead.
type site struct {
	start, end int
	wrap       func(inner string) string
}

// finder walks one file.
type finder struct {
	p       *program
	file    *source
	fn      string
	mutants []*Mutant
	sites   []site
	keys    map[string]int
	nextID  int
}

func (f *finder) offset(at token.Pos) int { return f.p.set.Position(at).Offset }

// src is the text of a node as it stands in the file.
func (f *finder) src(n ast.Node) string {
	return string(f.file.text[f.offset(n.Pos()):f.offset(n.End())])
}

// add makes a mutant at a node and returns its number; was is empty if the line says enough.
func (f *finder) add(kind string, n ast.Node, was, is string) int {
	at := f.p.set.Position(n.Pos())
	m := &Mutant{
		ID: f.nextID, Kind: kind, File: f.file.name, Func: f.fn, Line: at.Line,
		Text: lineAt(f.file.text, at.Offset), What: strings.TrimSpace(oneLine(was) + " -> " + oneLine(is)),
	}
	f.nextID++
	key := m.Key()
	if f.keys[key]++; f.keys[key] > 1 {
		m.What += fmt.Sprintf(" #%d", f.keys[key])
	}
	f.mutants = append(f.mutants, m)
	return m.ID
}

// wrap remembers how the text of a node is changed.
func (f *finder) wrap(n ast.Node, wrap func(string) string) {
	f.sites = append(f.sites, site{f.offset(n.Pos()), f.offset(n.End()), wrap})
}

// insert puts text before a position.
func (f *finder) insert(at token.Pos, text string) {
	f.sites = append(f.sites, site{f.offset(at), f.offset(at), func(string) string { return text }})
}

func lineAt(text []byte, at int) string {
	start, end := at, at
	for start > 0 && text[start-1] != '\n' {
		start--
	}
	for end < len(text) && text[end] != '\n' {
		end++
	}
	line, _, _ := strings.Cut(string(text[start:end]), " // ")
	return oneLine(line)
}

// oneLine is a text with each run of white space made one blank.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// on is the expression that is true when the fault is the one switched on.
func on(id int) string { return fmt.Sprintf("mutantOn(%d)", id) }

// eitherBool has the text alt where the fault is on, and inner where not.
func eitherBool(id int, alt, inner string) string {
	return fmt.Sprintf("(%s && (%s) || !%s && (%s))", on(id), alt, on(id), inner)
}

// pick is the same for what may be computed twice.
func pick(id int, typ, inner, alt string) string {
	return fmt.Sprintf("mutantPick%s(%d, %s, %s)", typ, id, inner, alt)
}
