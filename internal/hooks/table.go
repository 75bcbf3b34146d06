package hooks

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// scriptMax is how much of a script is looked at: more than any of 3.0.6's.
const scriptMax = 64 << 10

// Table is what a site has in /etc/ha.d.
type Table struct {
	Dir     string          // /etc/ha.d
	Own     map[string]bool // names in rc.d that are the site's
	Shipped []string        // names in rc.d that are 3.0.6's own
	Harc    bool            // harc is the site's
}

// Read looks into the directory. 3.0.6: each name counts that does not begin with a dot.
func Read(dir string) Table {
	t := Table{Dir: dir, Own: map[string]bool{}}
	entries, _ := os.ReadDir(filepath.Join(dir, "rc.d"))
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || e.IsDir() {
			continue
		}
		if known(name, filepath.Join(dir, "rc.d", name)) {
			t.Shipped = append(t.Shipped, name)
		} else {
			t.Own[name] = true
		}
	}
	harc := filepath.Join(dir, "harc")
	if _, err := os.Stat(harc); err == nil {
		t.Harc = !known("harc", harc)
	}
	return t
}

// known says whether the file is 3.0.6's. It does not wait: a FIFO may lie in its place.
func known(name, path string) bool {
	if shipped[name] == nil {
		return false
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, scriptMax))
	return err == nil && Shipped(name, b)
}

// path is what is run for a type, and the name by which ha-log knows it. 3.0.6: the type is written in lower case.
func (t Table) path(name string) string {
	if t.Harc {
		return filepath.Join(t.Dir, "harc")
	}
	return filepath.Join(t.Dir, "rc.d", strings.ToLower(name))
}

// Remarks are what an operator should know of the table, once.
func (t Table) Remarks() []string {
	var lines []string
	if len(t.Shipped) > 0 {
		lines = append(lines, fmt.Sprintf("%s/rc.d: %s of 3.0.6 not run: the daemon does their work itself",
			t.Dir, strings.Join(t.Shipped, ", ")))
	}
	if len(t.Own) > 0 {
		names := make([]string, 0, len(t.Own))
		for name := range t.Own {
			names = append(names, name)
		}
		slices.Sort(names)
		lines = append(lines, fmt.Sprintf("%s/rc.d: %s run as this site's own: beside everything else, and nothing waits for them",
			t.Dir, strings.Join(names, ", ")))
	}
	return lines
}

// movers are 3.0.6's programs that move resources. Scripts of rc.d call them.
var movers = []string{"ResourceManager", "mach_down", "req_resource", "hb_standby", "hb_takeover"}

// ForeignMover is the first such program in a directory that is not heartbeatd, "" if there is none. What a script
// does through one of those nobody could know of.
func ForeignMover(dir string) string {
	for _, name := range movers {
		path := filepath.Join(dir, name)
		to, err := filepath.EvalSymlinks(path)
		if err == nil && filepath.Base(to) != "heartbeatd" {
			return path
		}
	}
	return ""
}

// executable is harc's test.
func executable(path string) bool { return unix.Access(path, unix.X_OK) == nil }
