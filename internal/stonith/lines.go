package stonith

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

const (
	mostLines  = 40  // of one run that are logged
	longestRow = 400 // bytes of a line
)

// lines takes what the program prints, from one goroutine: line by line, veiled, to the log.
type lines struct {
	log  func(level, text string)
	veil func(string) string

	part  []byte
	count int
	last  string // the last line that says something
}

func newLines(log func(level, text string), veil func(string) string) *lines {
	return &lines{log: log, veil: veil}
}

// Write never fails: a program that cannot write what it did may do less than it should.
func (l *lines) Write(p []byte) (int, error) {
	for _, c := range p {
		if c == '\n' {
			l.line()
		} else if len(l.part) < 2*longestRow { // a secret at the cut must be whole to be found
			l.part = append(l.part, c)
		}
	}
	return len(p), nil
}

func (l *lines) end() {
	if len(l.part) > 0 {
		l.line()
	}
}

func (l *lines) line() {
	level, text := splitLevel(strings.TrimSpace(printable(l.part)))
	l.part = l.part[:0]
	if text == "" {
		return
	}
	if text = l.veil(text); len(text) > longestRow {
		text = strings.ToValidUTF8(text[:longestRow], "")
	}
	l.last = text
	if l.count++; l.count > mostLines {
		return
	}
	switch level {
	case "":
		level = "info" // its helpers' own words
	case "CRIT":
		level = "ERROR" // 3.0.6: so it writes what its plug-ins call critical
	}
	l.log(level, "glib: "+text) // 3.0.6: what a plug-in says begins so
}

// glueLine is how cl_log of cluster-glue writes: "stonith: [123]: ERROR: text", or with a date before it.
var glueLine = regexp.MustCompile(`^(?:.*? )??\S+: \[\d+\]: (EMERG|ALERT|CRIT|ERROR|WARN|notice|info|debug): (.*)$`)

// splitLevel finds the level of a line; "" if it names none.
func splitLevel(line string) (level, text string) {
	if m := glueLine.FindStringSubmatch(line); m != nil {
		return m[1], m[2]
	}
	return "", line
}

func printable(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(b), "?"))
}

// newVeil strikes the parameters out of a text. Names of nodes and addresses are no secrets, and the log is worth
// nothing without them.
func newVeil(agent bool, words, plain []string) func(string) string {
	var hide []string
	for _, value := range secrets(agent, words) {
		_, err := netip.ParseAddr(value)
		if len(value) < 3 || err == nil || slices.ContainsFunc(plain, func(p string) bool { return strings.EqualFold(p, value) }) {
			continue
		}
		hide = append(hide, value)
	}
	slices.SortFunc(hide, func(a, b string) int { return len(b) - len(a) }) // one may be a part of another
	var pairs []string
	for _, h := range hide {
		pairs = append(pairs, h, "***")
	}
	return strings.NewReplacer(pairs...).Replace
}

// secrets are what of the words may be one. A fence agent's have names. cluster-glue's have places: a = is a letter
// like others, as in the base64 abcd==, but somebody may have meant a name by what is before it.
func secrets(agent bool, words []string) (values []string) {
	for _, w := range words {
		name, value, named := strings.Cut(w, "=")
		if !named || !agent {
			values = append(values, w)
		}
		if named && (!agent || secretName(name)) {
			values = append(values, value)
		}
	}
	return values
}

// secretName says that a parameter of this name is to be hidden.
func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"pass", "pwd", "secret", "community", "key", "token", "cred", "auth"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}
