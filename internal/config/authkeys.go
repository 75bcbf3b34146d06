package config

import (
	"fmt"
	"strings"

	"heartbeatd/internal/auth"
)

// cspace is what isspace of the C library takes for blank; sscanf uses it.
const cspace = blanks + "\v"

// scanInt is %d of sscanf: blanks, a sign, digits.
func scanInt(text string) (n int, rest string, ok bool) {
	text = strings.TrimLeft(text, cspace)
	end := 0
	if end < len(text) && (text[0] == '-' || text[0] == '+') {
		end++
	}
	digits := end
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	if end == digits {
		return 0, text, false
	}
	n, _ = atoi(text[:end])
	return n, text[end:], true
}

// scanWord is %s of sscanf.
func scanWord(text string) (word, rest string) {
	text = strings.TrimLeft(text, cspace)
	if i := strings.IndexAny(text, cspace); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}

// keyfile is authkeys while it is being read.
type keyfile struct {
	name     string
	line     int
	problems []Problem
	table    map[int]auth.Key

	authnum  int // of the last auth line, -1 for none
	authline int
	active   int // the key that signs, -1 for none yet
}

// ParseAuthkeys reads authkeys as 3.0.6 does: the key that signs is chosen when its line is read
// after an auth line that names it, and one bad line refuses the file. The keys are nil if any
// problem is an error. No message quotes a line, because a line may hold a secret.
func ParseAuthkeys(file string, data []byte) (*auth.Keys, []Problem) {
	k := &keyfile{name: file, table: map[int]auth.Key{}, authnum: -1, active: -1}
	for _, p := range pieces(data) {
		k.line = p.line
		text := strings.TrimLeft(p.text, blanks)
		switch {
		case text == "" || text[0] == '#':
		case text[0] == 'a':
			k.authLine(text)
		default:
			k.keyLine(text)
		}
	}
	k.finish(data)
	if len(k.problems) > 0 {
		return nil, k.problems
	}
	keys, err := auth.NewKeys(k.active, k.table)
	if err != nil {
		k.fail("", "%v", err)
	}
	return keys, k.problems
}

func (k *keyfile) fail(hint, format string, args ...any) {
	k.problems = append(k.problems, Problem{File: k.name, Line: k.line, Level: Error, Hint: hint,
		Text: fmt.Sprintf(format, args...)})
}

// authLine is "auth N"; the blank is optional and the rest of the line ignored.
func (k *keyfile) authLine(text string) {
	rest, found := strings.CutPrefix(text, "auth")
	n, _, ok := scanInt(rest)
	if !found || !ok {
		k.fail("write `auth N`, N being the number of the key that signs", "Invalid auth line")
		return
	}
	k.authnum, k.authline = n, k.line
}

// keyLine is "N METHOD [KEY]".
func (k *keyfile) keyLine(text string) {
	const hint = "write `N METHOD KEY`: N is 0..15, METHOD is sha1, md5 or crc (which has no KEY)"
	n, rest, ok := scanInt(text)
	word, rest := scanWord(rest)
	if !ok || word == "" {
		k.fail(hint, "Auth line is invalid.")
		return
	}
	if n < 0 || n > auth.MaxKeyNum {
		k.fail(hint, "Invalid authnum, want 0..%d", auth.MaxKeyNum)
		return
	}
	method, ok := auth.ParseMethod(word)
	if !ok {
		k.fail(hint+", in lower case", "Invalid authtype")
		return
	}
	secret, _ := scanWord(rest)
	switch {
	case method != auth.CRC && secret == "":
		k.fail(hint, "Auth method [%s] requires a key", method)
		return
	case method == auth.CRC && secret != "":
		k.fail("remove everything behind crc; a remark needs a line of its own that begins with #",
			"Auth method [%s] doesn't use a key", method)
		return
	}
	k.table[n] = auth.Key{Method: method, Secret: []byte(secret)}
	if n == k.authnum {
		k.active = n
	}
}

// finish looks at the file as a whole.
func (k *keyfile) finish(data []byte) {
	switch {
	case k.authnum < 0:
		k.line = lastLine(data)
		k.fail("add `auth N` above the key of number N", "Missing auth directive in keyfile")
	case k.active < 0:
		k.line = k.authline
		k.fail("the line of the key must stand below its auth line and be free of errors",
			"Auth Key [%d] not found in keyfile", k.authnum)
	}
}
