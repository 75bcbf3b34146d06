package cli

import (
	"fmt"

	"heartbeatd/internal/config"
	"heartbeatd/internal/daemon"
	"heartbeatd/internal/runner"
)

// unstartable names what is new in haresources and has no script on this machine: its group would be stopped for it, and
// could run here no more. What was there before bars no reload.
func unstartable(before, now []config.Group, locate func(word string) error) (out []daemon.Note) {
	known := map[string]bool{}
	for _, g := range before {
		for _, word := range g.Resources {
			known[word] = true
		}
	}
	for _, g := range now {
		for _, word := range g.Resources {
			if known[word] {
				continue
			}
			if err := locate(word); err != nil {
				out = append(out, daemon.Note{Level: "ERROR", Text: fmt.Sprintf("%s: %s: %v", g.Where, word, err)})
			}
		}
	}
	return out
}

// installed is the search of the daemon's runner.
func installed(word string) error {
	_, err := runner.Locate(etcDir, "/etc/init.d", word)
	return err
}
