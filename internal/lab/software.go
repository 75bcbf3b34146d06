package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// daemonPath is where both daemons, the C one and ours, answer to the name heartbeat.
const daemonPath = "/usr/libexec/heartbeat/heartbeat"

// Software is a heartbeat daemon a host can have.
type Software struct {
	Name    string
	layers  []string
	install func(*Host) error
	prepare string // shell command before each start
}

// Heartbeatd is our daemon: the program built at binary, with the resource scripts of the project.
func Heartbeatd(binary, project string) (Software, error) {
	if _, err := os.Stat(binary); err != nil {
		return Software{}, fmt.Errorf("finding the daemon (make build makes it): %w", err)
	}
	return Software{
		Name:    "heartbeatd",
		install: func(h *Host) error { return h.installHeartbeatd(binary, project) },
		prepare: ":",
	}, nil
}

// heartbeatdNames are the names heartbeatd is installed by besides its own.
var heartbeatdNames = append([]string{daemonPath, "/usr/libexec/heartbeat/drbd-peer-outdater", "/usr/bin/cl_status"}, scriptNames()...)

// scriptNames are the programs of 3.0.6's own directory for scripts that are heartbeatd: SCRIPT_NAMES of the Makefile.
func scriptNames() (paths []string) {
	for _, name := range strings.Fields("hb_standby hb_takeover hb_addnode hb_delnode hb_setweight hb_setsite ha_propagate ResourceManager req_resource mach_down") {
		paths = append(paths, "/usr/share/heartbeat/"+name)
	}
	return paths
}

func (h *Host) installHeartbeatd(binary, project string) error {
	if err := h.Install(binary, "/usr/sbin/heartbeatd", 0o755); err != nil {
		return err
	}
	for _, name := range heartbeatdNames {
		full := h.Path(name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return fmt.Errorf("%s: installing %s: %w", h.Name, name, err)
		}
		os.Remove(full) // of this machine's own heartbeatd, which the host sees below its own files
		if err := os.Symlink("/usr/sbin/heartbeatd", full); err != nil {
			return fmt.Errorf("%s: installing %s: %w", h.Name, name, err)
		}
	}
	if err := os.MkdirAll(h.Path("/etc/ha.d/rc.d"), 0o755); err != nil {
		return fmt.Errorf("%s: %w", h.Name, err)
	}
	if err := h.Install(filepath.Join(project, "etc/ha.d/shellfuncs"), "/etc/ha.d/shellfuncs", 0o644); err != nil {
		return err
	}
	scripts, err := filepath.Glob(filepath.Join(project, "etc/ha.d/resource.d/*"))
	if err != nil || len(scripts) == 0 {
		return fmt.Errorf("%s: no resource scripts in etc/ha.d/resource.d of the project", h.Name)
	}
	for _, script := range scripts {
		if err := h.Install(script, "/etc/ha.d/resource.d/"+filepath.Base(script), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// Node makes a host that has the software installed; the daemon is not started.
func (l *Lab) Node(name string, s Software, opts HostOptions) (*Host, error) {
	opts.Layers = append(append([]string{}, opts.Layers...), s.layers...)
	h, err := l.Host(name, opts)
	if err != nil {
		return nil, err
	}
	h.gets(s)
	return h, s.install(h)
}

// gets notes what software the host has from now on.
func (h *Host) gets(s Software) {
	h.software = s
	if s.Name == genuineName {
		h.lab.genuine.Store(true)
	}
}

// StartDaemon starts the host's daemon by the name heartbeat, as an init script does. It returns
// when the daemon has gone to the background; a configuration error is the error.
func (h *Host) StartDaemon() error {
	_, err := h.Run("sh", "-c", h.software.prepare+" && exec "+daemonPath)
	return err
}

// StopDaemon stops the daemon with `heartbeat -k`, which returns when everything is released.
func (h *Host) StopDaemon() error {
	_, err := h.runFor(stopLimit, daemonPath, "-k")
	return err
}
