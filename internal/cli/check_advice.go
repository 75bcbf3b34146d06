package cli

import (
	"fmt"
	"path/filepath"
	"slices"

	"heartbeatd/internal/config"
)

// advice is what a start is silent about and an operator should know before it.
func (c *checker) advice(dir string) config.Report {
	out := c.cfg.Advice
	if p, found := c.talksToItself(); found {
		out = append(out, p)
	}
	return slices.Concat(out, c.bootServices(dir), c.beside(), c.fencePeer())
}

// talksToItself finds a file whose every link ends at this machine.
func (c *checker) talksToItself() (config.Problem, bool) {
	if c.otherNode {
		return config.Problem{}, false
	}
	for _, m := range c.cfg.Media {
		if m.Kind != config.Ucast && m.Kind != config.Ucast6 {
			return config.Problem{}, false
		}
		if m.Peer.IsLinkLocalUnicast() {
			m.Peer = m.Peer.WithZone(m.Device)
		}
		if route, err := c.routeTo(m.Peer); err != nil || !route.Local {
			return config.Problem{}, false
		}
	}
	return config.Problem{File: "ha.cf", Level: config.Warning,
		Text: "every ucast line names an address of this machine: nobody else hears its beats",
		Hint: "add a ucast line with the other machine's address; the file may be the same on both"}, len(c.cfg.Media) > 0
}

// bootServices finds services that somebody else starts too: they then run on both machines.
func (c *checker) bootServices(dir string) config.Report {
	var out config.Report
	told := map[string]bool{}
	for _, g := range c.cfg.Groups {
		for _, word := range g.Resources {
			cmd, err := c.locate(dir, word)
			name := cmd.Service
			if err == nil && name == "" && filepath.Dir(cmd.Path) == c.places.init {
				name = filepath.Base(cmd.Path)
			}
			if name == "" || told[name] {
				continue
			}
			by, command, enabled := c.boot.Enabled(name)
			if !enabled {
				continue
			}
			told[name] = true
			out = append(out, config.Problem{File: "haresources", Line: g.Line(), Level: config.Warning,
				Text: fmt.Sprintf("%s is enabled at boot (%s): heartbeat must be the only one that starts it", name, by),
				Hint: command})
		}
	}
	return out
}
