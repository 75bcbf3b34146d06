package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"heartbeatd/internal/control"
	"heartbeatd/internal/drbd"
	"heartbeatd/internal/pidfile"
)

// machine is what the commands know of the machine they run on; each test makes its own.
type machine struct {
	socket   string
	pidFile  string
	nodeinfo string
	host     string // uname -n
	pid      int
	now      func() time.Time
	drbd     drbd.Source
}

func thisMachine() machine {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return machine{
		socket:   control.DefaultPath,
		pidFile:  pidfile.DefaultPath,
		nodeinfo: "/etc/ha.d/nodeinfo",
		host:     host,
		pid:      os.Getpid(),
		now:      time.Now,
		drbd:     drbd.Machine(),
	}
}

// log writes a line as the programs of 3.0.6 do on a terminal; text begins with its level.
func (m machine) log(w io.Writer, entity, format string, args ...any) {
	fmt.Fprintf(w, "%s %s %s: [%d]: %s\n",
		m.now().Format("Jan 02 15:04:05"), m.host, entity, m.pid, fmt.Sprintf(format, args...))
}

// node is this node's name. 3.0.6: the first line of nodeinfo, else uname -n, in lower case.
func (m machine) node() string {
	data, err := os.ReadFile(m.nodeinfo)
	name, _, _ := strings.Cut(string(data), "\n")
	if name = strings.TrimSpace(name); err != nil || name == "" {
		name = m.host
	}
	return strings.ToLower(name)
}
