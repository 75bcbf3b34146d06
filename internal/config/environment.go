package config

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Environment is what every script and child of the daemon finds in its environment besides what
// the daemon itself was started with, as NAME=VALUE. The fields of a message (HA_t, HA_src, …)
// and PATH come on top; see behaviour of 3.0.6. An env directive can
// replace any of them.
func (c *Config) Environment() []string {
	dir := strings.TrimSuffix(cmp.Or(c.Dir, "/etc/ha.d"), "/") + "/"
	env := []string{
		"HA_DIR=" + dir,
		"HA_FUNCS=" + dir + "/shellfuncs",
		"HA_RCDIR=" + dir + "/rc.d",
		"HA_RESOURCEDIR=" + dir + "/resource.d",
		"HA_BIN=/usr/libexec/heartbeat",
		"HA_NOARCHBIN=/usr/share/heartbeat",
		"HA_DOCDIR=/usr/share/doc/heartbeat",
		"HA_FIFO=/var/lib/heartbeat/fifo",
		"HA_DATEFMT=%Y/%m/%d_%T\t",
		"HA_CURHOST=" + c.Self,
		"OCF_ROOT=/usr/lib/ocf",
		"HA_LOGFILE=" + cmp.Or(c.Log.File, "/dev/null"),
		"HA_DEBUGLOG=" + cmp.Or(c.Log.DebugFile, "/dev/null"),
		"HA_LOGD=" + yesNo(c.Log.UseLogd),
		"HA_debug=" + strconv.Itoa(c.Debug),
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
