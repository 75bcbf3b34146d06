package cli

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"heartbeatd/internal/config"
)

// fencePeer says whether the configuration of DRBD has dopd asked. drbdadm could tell, but not on a machine where its
// configuration is just being written; so the files are searched as text, and what is found is a hint.
func (c *checker) fencePeer() config.Report {
	line := c.drbdLine()
	if c.otherNode || c.places.drbdConf == "" || line == 0 || !c.runsDopd() {
		return nil
	}
	text := drbdText(c.places.drbdConf)
	if text == "" {
		return nil // what drbdadm says of that stands beside the resource
	}
	hint := "`fencing resource-only;` and `fence-peer \"" + peerOutdaterPath + " -t 30\";` in the configuration of DRBD: drbd-peer-outdater(8)"
	handlers := fencePeerHandler.FindAllStringSubmatch(text, -1)
	ours := slices.IndexFunc(handlers, func(m []string) bool { return filepath.Base(m[1]) == "drbd-peer-outdater" })
	if ours < 0 {
		return config.Report{{File: "haresources", Line: line, Level: config.Warning, Hint: hint,
			Text: "dopd is never asked: no fence-peer handler in " + c.places.drbdConf + " and what it includes names drbd-peer-outdater, " +
				"so that the other side of a DRBD device is not marked as outdated when the link of DRBD is cut"}}
	}
	program := handlers[ours][1]
	if c.host.Path(program).Executable {
		return nil
	}
	return config.Report{{File: "haresources", Line: line, Level: config.Warning, Hint: hint,
		Text: "dopd is never asked: the fence-peer handler of DRBD is " + program + ", which is not there"}}
}

const peerOutdaterPath = "/usr/libexec/heartbeat/drbd-peer-outdater"

// fencePeerHandler finds handlers, by their old name too (DRBD before 8.3).
var fencePeerHandler = regexp.MustCompile(`(?:fence-peer|outdate-peer)[ \t\n]+"?([^" \t\n;]+)`)

// drbdLine is the first line of haresources with a DRBD device, 0 if there is none.
func (c *checker) drbdLine() int {
	for _, g := range c.cfg.Groups {
		for _, word := range g.Resources {
			if script, _, _ := strings.Cut(word, "::"); script == "drbddisk" || script == "drbdupper" {
				return g.Line()
			}
		}
	}
	return 0
}

var (
	drbdComment = regexp.MustCompile(`#[^\n]*`)
	drbdInclude = regexp.MustCompile(`(?m)^[ \t]*include[ \t]+"?([^" \t\n;]+)`)
)

const drbdMost = 1 << 20 // bytes of one file

// drbdText is a file of DRBD's and those it includes, without comments.
func drbdText(file string) string {
	text := drbdFile(file)
	for _, m := range drbdInclude.FindAllStringSubmatch(text, -1) {
		pattern := m[1]
		if !filepath.IsAbs(pattern) {
			pattern = filepath.Join(filepath.Dir(file), pattern)
		}
		found, _ := filepath.Glob(pattern)
		for _, path := range found {
			text += "\n" + drbdFile(path)
		}
	}
	return text
}

func drbdFile(path string) string {
	if st, err := os.Stat(path); err != nil || !st.Mode().IsRegular() {
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, drbdMost))
	return drbdComment.ReplaceAllString(string(text), "")
}
