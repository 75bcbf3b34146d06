package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// runbook is docs/migration.md as far as it can be played: the blocks of its numbered steps.
type runbook map[string][]runbookBlock

// runbookBlock is one fenced block.
type runbookBlock struct {
	line  int
	kind  string   // sh, log, out, until
	nodes []string // where to type, or whose log it is
	lines []string
}

var stepHeading = regexp.MustCompile(`^## (\d+)\. `)

// readRunbook reads the runbook; its error names the line that cannot be played.
func readRunbook() (runbook, error) {
	project, err := ProjectDir()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(project, "docs/migration.md"))
	if err != nil {
		return nil, err
	}
	return parseRunbook(string(text))
}

func parseRunbook(text string) (runbook, error) {
	book, step, open := runbook{}, "", (*runbookBlock)(nil)
	for i, line := range strings.Split(text, "\n") {
		switch {
		case open != nil && line == "```":
			if err := book.add(step, *open); err != nil {
				return nil, err
			}
			open = nil
		case open != nil:
			open.lines = append(open.lines, line)
		case strings.HasPrefix(line, "```"):
			info := strings.Fields(strings.TrimPrefix(line, "```"))
			if len(info) == 0 {
				return nil, fmt.Errorf("line %d: a block must say what it is", i+1)
			}
			open = &runbookBlock{line: i + 1, kind: info[0], nodes: info[1:]}
		case strings.HasPrefix(line, "#"):
			step = ""
			if m := stepHeading.FindStringSubmatch(line); m != nil {
				step = m[1]
			}
		}
	}
	if open != nil {
		return nil, fmt.Errorf("line %d: the block has no end", open.line)
	}
	return book, nil
}

// add puts a block into its step, if it can be played there.
func (b runbook) add(step string, block runbookBlock) error {
	before := len(b[step]) > 0 && b[step][len(b[step])-1].kind == "sh"
	switch {
	case step == "":
		return fmt.Errorf("line %d: a block outside of the numbered steps is never played", block.line)
	case len(block.lines) == 0:
		return fmt.Errorf("line %d: an empty block", block.line)
	case block.kind == "sh" && len(block.nodes) == 0:
		return nil // for the reader only: it needs what a lab has not
	case block.kind == "sh", block.kind == "log" && len(block.nodes) == 1:
	case (block.kind == "out" || block.kind == "until") && len(block.nodes) == 0 && before:
	default:
		return fmt.Errorf("line %d: cannot play a block %q on %q here", block.line, block.kind, block.nodes)
	}
	for _, n := range block.nodes {
		if n != "node1" && n != "node2" {
			return fmt.Errorf("line %d: no node %q", block.line, n)
		}
	}
	b[step] = append(b[step], block)
	return nil
}

// TestRunbookCanBePlayed reads the runbook where the migration itself cannot be tested, and sees that
// nothing which belongs to a step has been lost.
func TestRunbookCanBePlayed(t *testing.T) {
	book, err := readRunbook()
	if err != nil {
		t.Fatalf("docs/migration.md: %v", err)
	}
	for step, want := range map[string][]string{
		"1": {"heartbeatd check", "apt-mark manual"},
		"3": {"service heartbeat stop", "apt-get -y remove heartbeat", "make -C /root/heartbeatd install", "service heartbeat start"},
		"4": {"hb_standby"},
		"5": {"service heartbeat stop", "apt-get -y remove heartbeat", "make -C /root/heartbeatd install", "service heartbeat start"},
		"6": {"hb_takeover"},
		"7": {"service heartbeat stop", "make -C /root/heartbeatd uninstall", "install /root/heartbeat_*.deb", "service heartbeat start"},
		"8": {"service heartbeat stop", "make -C /root/heartbeatd uninstall", "install /root/heartbeat_*.deb", "service heartbeat start"},
	} {
		commands, logs := "", map[string]bool{}
		for _, block := range book[step] {
			if block.kind == "sh" {
				commands += strings.Join(block.lines, "\n") + "\n"
			}
			if block.kind == "log" {
				logs[block.nodes[0]] = true
			}
		}
		for _, w := range want {
			if _, after, found := strings.Cut(commands, w); found {
				commands = after
			} else {
				t.Errorf("step %s: no command %q, or not in this order", step, w)
			}
		}
		if step != "1" && (!logs["node1"] || !logs["node2"]) {
			t.Errorf("step %s does not say what both nodes log", step)
		}
	}
}

// TestRunbookMistakes lists what would make a step of the document go unplayed without a word.
func TestRunbookMistakes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"## 1. a\n```sh node1\ntrue\n", "no end"},
		{"## 1. a\n```\ntrue\n```\n", "must say what it is"},
		{"## a\n```sh node1\ntrue\n```\n", "never played"},
		{"## 1. a\n```sh node3\ntrue\n```\n", "no node"},
		{"## 1. a\n```sh node1\n```\n", "empty"},
		{"## 1. a\n```log\nline\n```\n", "cannot play"},
		{"## 1. a\n```out\nline\n```\n", "cannot play"},
		{"## 1. a\n```shell node1\nline\n```\n", "cannot play"},
	} {
		if _, err := parseRunbook(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}
