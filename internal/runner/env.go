package runner

import (
	"cmp"
	"os"
	"strings"
)

const (
	// Where 3.0.6 keeps its programs and scripts; scripts find them by PATH.
	haBin       = "/usr/libexec/heartbeat"
	haNoArchBin = "/usr/share/heartbeat"
)

// systemd's private words to the daemon. A service that gets them would talk to systemd in the
// daemon's name: report itself ready, feed its watchdog, take its sockets.
var private = []string{
	"NOTIFY_SOCKET", "INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID", "MAINPID", "MANAGERPID",
	"PIDFILE", "FDSTORE", "EXIT_CODE", "EXIT_STATUS", "SERVICE_RESULT", "TRIGGER_UNIT", "TRIGGER_PATH",
	"RUNTIME_DIRECTORY", "STATE_DIRECTORY", "CACHE_DIRECTORY", "LOGS_DIRECTORY",
	"CONFIGURATION_DIRECTORY", "CREDENTIALS_DIRECTORY",
}

var privatePrefixes = []string{"WATCHDOG_", "LISTEN_", "MEMORY_PRESSURE_"}

func isPrivate(name string) bool {
	for _, p := range private {
		if name == p {
			return true
		}
	}
	for _, p := range privatePrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// isLanguage says whether a variable chooses the language of programs. 3.0.6: scripts speak C,
// because their status is judged by its words.
func isLanguage(name string) bool {
	return name == "LANG" || name == "LANGUAGE" || strings.HasPrefix(name, "LC_")
}

// Set gives the scripts that are started from now on another value of one variable, NAME=VALUE.
func (r *Runner) Set(entry string) { r.later.Store(&entry) }

// environment is what a script gets: the daemon's own environment without systemd's variables,
// over it Config.Env, and a PATH with the programs of 3.0.6.
func (r *Runner) environment(dir string) []string {
	var order []string
	vars := make(map[string]string)
	set := func(entry string) {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || name == "" {
			return
		}
		if _, seen := vars[name]; !seen {
			order = append(order, name)
		}
		vars[name] = value
	}
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); !isPrivate(name) && !isLanguage(name) {
			set(entry)
		}
	}
	set("LC_ALL=C")
	set("PWD=" + dir)
	for _, entry := range r.config.Env {
		set(entry)
	}
	if later := r.later.Load(); later != nil {
		set(*later)
	}
	bin, noArchBin := cmp.Or(vars["HA_BIN"], haBin), cmp.Or(vars["HA_NOARCHBIN"], haNoArchBin)
	set("PATH=" + searchPath(bin, noArchBin, vars["PATH"]))
	env := make([]string, 0, len(order))
	for _, name := range order {
		env = append(env, name+"="+vars[name])
	}
	return env
}

// searchPath is PATH as shellfuncs of 3.0.6 makes it.
func searchPath(bin, noArchBin, given string) string {
	prefix := bin + ":/usr/sbin:" + noArchBin
	switch {
	case given == "":
		return prefix + ":" + SearchPath
	case given == prefix || strings.HasPrefix(given, prefix+":"):
		return given
	}
	return prefix + ":" + given
}
