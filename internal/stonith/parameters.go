package stonith

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// largest is more than any file of parameters holds, in bytes.
const largest = 64 << 10

// parameters are the words, read anew each time where they are in a file: it may have been mended.
func (d *Device) parameters() ([]string, error) {
	if d.cfg.File == "" {
		return d.cfg.Words, nil
	}
	f, err := os.OpenFile(d.cfg.File, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, largest))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", d.cfg.File, err)
	}
	return parseParameters(string(text)), nil
}

// parseParameters reads such a file. cluster-glue: words in the order of the names, # at the start of a line begins
// a comment. For a fence agent each is NAME=VALUE.
func parseParameters(text string) (words []string) {
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			words = append(words, strings.Fields(line)...)
		}
	}
	return words
}

// agentInput is what a fence agent reads: NAME=VALUE a line. Which outlet or machine is meant may be among the
// parameters; else the agent gets the node's name.
func agentInput(action, node string, words []string) string {
	var b strings.Builder
	given := map[string]bool{}
	for _, w := range words {
		name, _, _ := strings.Cut(w, "=")
		given[name] = true
		b.WriteString(w + "\n")
	}
	switch {
	case action == "status":
		b.WriteString("action=monitor\n") // the last one counts
	case !given["action"] && !given["option"]:
		b.WriteString("action=reboot\n")
	}
	if node != "" {
		fmt.Fprintf(&b, "nodename=%s\n", node)
		if !given["port"] && !given["plug"] {
			fmt.Fprintf(&b, "port=%s\n", node)
		}
	}
	return b.String()
}

// inMemory is a file without a name, open for reading from its start.
func inMemory(text string) (*os.File, error) {
	fd, err := unix.MemfdCreate("heartbeatd-stonith", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("making a file in memory for the parameters: %w", err)
	}
	f := os.NewFile(uintptr(fd), "parameters")
	if _, err = f.WriteString(text); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("writing the parameters: %w", err)
	}
	return f, nil
}
