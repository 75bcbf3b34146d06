package interop

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// hows are what `script` can have a script do.
var hows = []string{"start-fails", "stop-fails", "start-hangs", "stop-hangs", "normal"}

// checkGroup looks at the words of a line of haresources.
func checkGroup(words []string) error {
	if len(words) < 2 {
		return errors.New("want: group HOME RESOURCE...")
	}
	if err := checkNode(words[0]); err != nil {
		return err
	}
	for _, word := range words[1:] {
		name, _, _ := strings.Cut(word, "::")
		if strings.Contains(name, "/") && !isAddress(name) {
			return fmt.Errorf("%s: a script's name has no /", word)
		}
		if _, ok := recorded(word); ok && strings.Contains(word, "/") {
			return fmt.Errorf("%s: the arguments of a recording script have no /", word)
		}
	}
	return nil
}

func isAddress(word string) bool {
	address, _, _ := strings.Cut(word, "/")
	_, err := netip.ParseAddr(address)
	return err == nil
}

func checkNode(name string) error {
	if !isNode(name) {
		return fmt.Errorf("no node %s: want %s or %s", name, Nodes[0], Nodes[1])
	}
	return nil
}

// check looks at the words of a command, whose number and first node are right.
func (s *Script) check(st Step) error {
	switch st.Verb {
	case "start", "deafen", "hear":
		return each(st.Args, checkNode)
	case "stop":
		if len(st.Args) > 1 && st.Args[1] != "&" {
			return fmt.Errorf("%s: want & or nothing after the node", st.Args[1])
		}
	case "cut", "mend":
		return each(st.Args[1:], s.checkLink)
	case "loss":
		if n, err := strconv.Atoi(st.Args[1]); err != nil || n < 0 || n > 100 {
			return fmt.Errorf("%s: want a number from 0 to 100", st.Args[1])
		}
	case "script":
		return s.checkScript(st.Args[1], st.Args[2])
	case "generation":
		if _, err := strconv.Atoi(st.Args[1]); err != nil {
			return fmt.Errorf("%s: want N, +N or -N", st.Args[1])
		}
	case "software":
		if !slices.Contains([]string{string(C), string(H), "other"}, st.Args[1]) {
			return fmt.Errorf("no software %s: want %s, %s or other", st.Args[1], C, H)
		}
	case "wait", "settle":
		if len(st.Args) > 0 {
			_, err := time.ParseDuration(st.Args[0])
			return err
		}
	case "differs":
		return s.checkDiffers(st.Args[0], st.Args[1:])
	}
	return nil
}

// each returns what is wrong with the first bad word, if anything.
func each(words []string, check func(string) error) error {
	for _, word := range words {
		if err := check(word); err != nil {
			return err
		}
	}
	return nil
}

func (s *Script) checkLink(word string) error {
	n, err := strconv.Atoi(word)
	if err == nil && n >= 0 && n < s.Links {
		return nil
	}
	if s.Links == 1 {
		return fmt.Errorf("no link %s: want 0, or nothing", word)
	}
	return fmt.Errorf("no link %s: want 0 to %d", word, s.Links-1)
}

// checkScript looks at a recording script, which is named without arguments, and at what it is to do.
func (s *Script) checkScript(word, how string) error {
	var names []string
	for _, r := range s.Resources() {
		if name, ok := recorded(r); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if !slices.Contains(names, word) {
		return fmt.Errorf("no recording script %s in a group: there is %s", word, orNone(names))
	}
	if !slices.Contains(hows, how) {
		return fmt.Errorf("%s: want one of %s", how, strings.Join(hows, " "))
	}
	return nil
}

func (s *Script) checkDiffers(entry string, words []string) error {
	if n, err := strconv.Atoi(entry); err != nil || n < 1 {
		return fmt.Errorf("%s: want the number of an entry", entry)
	}
	if n := len(s.Steps); n == 0 || s.Steps[n-1].Verb != "settle" && s.Steps[n-1].Verb != "differs" {
		return errors.New("must follow a settle")
	}
	return each(words, s.checkWhat)
}

// checkWhat looks at one word of a `differs`.
func (s *Script) checkWhat(word string) error {
	kind, of, _ := strings.Cut(word, ":")
	switch kind {
	case "output":
		if word != "output" {
			return fmt.Errorf("%s: output stands alone", word)
		}
		return nil
	case "state", "calls", "log", "complaint", "env":
		if of == "*" {
			return nil
		}
		return checkNode(of)
	case "owner", "gap", "overlap":
		if of == "*" || slices.Contains(s.Resources(), of) {
			return nil
		}
		return fmt.Errorf("no resource %s in a group: there is %s", of, orNone(s.Resources()))
	}
	return fmt.Errorf("%s: want owner: state: calls: log: gap: overlap: complaint: env: or output", word)
}

func orNone(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, " ")
}
