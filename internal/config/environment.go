package config

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// docDir is where make install puts README.md and the samples.
const docDir = "/usr/share/doc/heartbeatd"

// Environment is what every script finds in its environment besides what the daemon itself was
// started with and PATH, as NAME=VALUE, each name once. The values are those a script of 3.0.6 sees
// once it has read shellfuncs. An env directive can replace any of them. debug is the level in
// force: the debug directive and each -d.
func (c *Config) Environment(debug int) []string {
	dir := strings.TrimRight(cmp.Or(c.Dir, "/etc/ha.d"), "/")
	env := []string{
		"HA_DIR=" + dir,
		"HA_FUNCS=" + dir + "/shellfuncs",
		"HA_RCDIR=" + dir + "/rc.d",
		"HA_RESOURCEDIR=" + dir + "/resource.d",
		"HA_BIN=/usr/libexec/heartbeat",
		"HA_NOARCHBIN=/usr/share/heartbeat",
		"HA_DOCDIR=" + docDir,
		"HA_FIFO=/var/lib/heartbeat/fifo",
		"HA_DATEFMT=%Y/%m/%d_%T\t",
		"HA_CURHOST=" + c.Self,
		"OCF_ROOT=/usr/lib/ocf",
		"OCF_AGENTS=/usr/lib/ocf/resource.d/heartbeat",
		"HA_LOGFILE=" + cmp.Or(c.Log.File, "/dev/null"),
		"HA_DEBUGLOG=" + cmp.Or(c.Log.DebugFile, "/dev/null"),
		"HA_LOGD=" + yesNo(c.Log.UseLogd),
		"HA_COMPRESSION=" + c.Parameters["compression"],
	}
	if c.Log.Facility != "" {
		env = append(env, "HA_LOGFACILITY="+c.Log.Facility)
	}
	if c.AutoFailback != Legacy {
		env = append(env, "HA_NICEFAILBACK=yes")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Parameters)) {
		env = append(env, "HA_"+name+"="+c.Parameters[name])
	}
	env = append(env, "HA_debug="+strconv.Itoa(debug)) // over the directive's own number
	for _, pair := range c.Env {
		env = append(env, "HA_"+pair)
	}
	return lastOfEach(env)
}

// lastOfEach keeps the last value of each name, at the place of the first.
func lastOfEach(env []string) []string {
	at := map[string]int{}
	out := env[:0]
	for _, pair := range env {
		name, _, _ := strings.Cut(pair, "=")
		if i, seen := at[name]; seen {
			out[i] = pair
			continue
		}
		at[name] = len(out)
		out = append(out, pair)
	}
	return out
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// SyslogFacility is where lines go by syslog, "" for nowhere. A file that leaves logging to the
// logging daemon gets what that daemon does by itself: facility daemon.
func (l Logging) SyslogFacility() string {
	if l.Facility == "" && l.UseLogd && l.File == "" && l.DebugFile == "" {
		return "daemon"
	}
	return l.Facility
}
