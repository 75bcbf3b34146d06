package config

import (
	"fmt"
	"slices"
)

// fault is why a value is refused.
type fault struct{ text, hint string }

func faultf(hint, format string, args ...any) *fault {
	return &fault{text: fmt.Sprintf(format, args...), hint: hint}
}

// directive is one word of ha.cf. Exactly one of value and line is set.
type directive struct {
	Directive
	value    func(p *parser, value string) *fault // called for each value
	line     func(p *parser, rest string) *fault  // called once with the rest of the line
	recorded bool                                 // is a parameter, see config.Parameters
}

// Directive describes a directive for documentation.
type Directive struct {
	Name    string
	Type    string // what may follow it
	Default string // "" for none
	Range   string // what else a value must fulfil
	Repeat  string // many, last, once
}

// Directives lists every directive of 3.0.6 in the order of its documentation.
func Directives() []Directive {
	out := make([]Directive, 0, len(directives))
	for _, d := range directives {
		out = append(out, d.Directive)
	}
	return out
}

var (
	directives []*directive
	byName     = map[string]*directive{}
)

func init() {
	directives = slices.Concat(clusterDirectives(), mediaDirectives(), loggingDirectives(),
		processDirectives(), protocolDirectives(), programDirectives())
	for _, d := range directives {
		byName[d.Name] = d
	}
	byName["crm"] = byName["pacemaker"]
}

func entry(name, typ, def, rng, repeat string) Directive {
	return Directive{Name: name, Type: typ, Default: def, Range: rng, Repeat: repeat}
}

const (
	many = "many"
	last = "last"
	once = "once"
)

// clusterDirectives say who is in the cluster and how long to wait.
func clusterDirectives() []*directive {
	timeHint := "a time is seconds without a unit (2 or 0.5) or milliseconds (500ms), without a blank between"
	return []*directive{
		{Directive: entry("node", "NAME...", "", "2 nodes", many), value: applyNode},
		{Directive: entry("keepalive", "time", "1000ms", "above 0", last), recorded: true,
			value: timeValue(timeHint, 1, func(c *Config) durationPtr { return &c.Keepalive })},
		{Directive: entry("deadtime", "time", "30000ms", "above 2 * keepalive", last), recorded: true,
			value: timeValue(timeHint, 0, func(c *Config) durationPtr { return &c.Deadtime })},
		{Directive: entry("warntime", "time", "deadtime / 2", "above 0", last), recorded: true, value: applyWarntime},
		{Directive: entry("initdead", "time", "from deadtime", "deadtime or more", last), recorded: true,
			value: timeValue(timeHint, 0, func(c *Config) durationPtr { return &c.Initdead })},
		{Directive: entry("deadping", "time", "deadtime", "above 2 * keepalive", last), recorded: true,
			value: timeValue(timeHint, 0, func(c *Config) durationPtr { return &c.Deadping })},
		{Directive: entry("auto_failback", "on|off|legacy", "legacy", "", last), recorded: true, value: applyAutoFailback},
		{Directive: entry("nice_failback", "bool", "", "", last), value: applyNiceFailback},
		{Directive: entry("hopfudge", "integer", "1", "0..255", last), recorded: true,
			value: byteValue(func(c *Config) *int { return &c.HopFudge })},
		{Directive: entry("cluster", "text", "linux-ha", "", last), recorded: true, value: anyValue},
		{Directive: entry("quorum_server", "text", "", "", last), recorded: true, value: applyQuorumServer},
		{Directive: entry("autojoin", "none|other|any", "none", "", last), recorded: true, value: applyAutojoin},
	}
}

// loggingDirectives say where lines go.
func loggingDirectives() []*directive {
	return []*directive{
		{Directive: entry("logfile", "path", "", "", last), recorded: true,
			value: pathValue(func(c *Config) *string { return &c.Log.File })},
		{Directive: entry("debugfile", "path", "", "", last), recorded: true,
			value: pathValue(func(c *Config) *string { return &c.Log.DebugFile })},
		{Directive: entry("logfacility", "facility", "", "", last), recorded: true, value: applyFacility},
		{Directive: entry("use_logd", "bool", "", "", last), recorded: true,
			value: boolValue(func(c *Config) *bool { return &c.Log.UseLogd })},
		{Directive: entry("conn_logd_time", "time", "60", "above 0", last), recorded: true,
			value: timeValue("", 1, func(c *Config) durationPtr { return &c.Log.LogdRetry })},
		{Directive: entry("syslogmsgfmt", "bool", "true", "", last), recorded: true,
			value: boolValue(func(c *Config) *bool { return &c.Log.SyslogFormat })},
		{Directive: entry("log_badpack", "bool", "true", "", last), recorded: true,
			value: boolValue(func(c *Config) *bool { return &c.LogBadPacket })},
		{Directive: entry("debug", "integer", "0", "0..255", last), recorded: true,
			value: byteValue(func(c *Config) *int { return &c.Debug })},
	}
}

// protocolDirectives shape the messages.
func protocolDirectives() []*directive {
	return []*directive{
		{Directive: entry("hbgenmethod", "file|time", "file", "", last), recorded: true,
			value: wordValue("Illegal hb generation method", func(c *Config) *string { return &c.HBGenMethod }, "file", "time")},
		{Directive: entry("uuidfrom", "file|nodename", "file", "", last), recorded: true,
			value: wordValue("Invalid uuidfrom directive", func(c *Config) *string { return &c.UUIDFrom }, "file", "nodename")},
		{Directive: entry("msgfmt", "classic|netstring", "classic", "", last), recorded: true,
			value: wordValue("unknown message format", func(c *Config) *string { return &c.MsgFmt }, "classic", "netstring")},
		{Directive: entry("max_rexmit_delay", "integer", "250", "milliseconds, above 0", last), recorded: true, value: applyMaxRexmit},
		{Directive: entry("compression", "zlib|bz2", "zlib", "", last), recorded: true, value: applyCompression},
		{Directive: entry("compression_threshold", "integer", "2", "kilobytes, above 0", last), recorded: true,
			value: applyThreshold},
		{Directive: entry("traditional_compression", "bool", "no", "", last), recorded: true,
			value: boolValue(func(c *Config) *bool { return &c.Compression.Traditional })},
	}
}

// processDirectives say what the daemon's processes may do and what they start.
func processDirectives() []*directive {
	return []*directive{
		{Directive: entry("env", "NAME=VALUE...", "", "", many), value: applyEnv},
		{Directive: entry("realtime", "bool", "true", "", last), recorded: true,
			value: boolValue(func(c *Config) *bool { return &c.Realtime })},
		{Directive: entry("rtprio", "integer", "", "1..99", last), recorded: true, value: applyRtprio},
		{Directive: entry("memreserve", "integer", "6500", "kilobytes, above 0", last), recorded: true, value: applyMemreserve},
		{Directive: entry("coredumps", "bool", "true", "", last), recorded: true, value: applyCoredumps},
		{Directive: entry("coreroot", "path", "/var/lib/heartbeat/cores", "", last), recorded: true, value: applyCoreroot},
		{Directive: entry("pacemaker", "bool", "false", "the on words are refused", once), recorded: true, value: applyPacemaker},
		{Directive: entry("crm", "bool", "false", "same as pacemaker", once), recorded: true, value: applyPacemaker},
		{Directive: entry("crm_daemon_dir", "path", "", "", last), recorded: true, value: applyCRMDaemonDir},
		{Directive: entry("crmd_spawns_pengine", "bool", "", "", last), recorded: true, value: boolValue(nil)},
		{Directive: entry("record_config_changes", "bool", "on", "", last), recorded: true, value: boolValue(nil)},
		{Directive: entry("record_pengine_inputs", "bool", "on", "", last), recorded: true, value: boolValue(nil)},
		{Directive: entry("enable_config_writes", "bool", "on", "", last), recorded: true, value: boolValue(nil)},
		{Directive: entry("normalpoll", "any", "", "", many), line: applyNormalpoll},
	}
}

// programDirectives name programs and devices beside the daemon, and who may speak to it.
func programDirectives() []*directive {
	return []*directive{
		{Directive: entry("apiauth", "NAME [uid=LIST] [gid=LIST]", "", "", "once per NAME"), line: applyAPIAuth},
		{Directive: entry("respawn", "USER COMMAND", "", "", many), line: applyRespawn},
		{Directive: entry("failfast", "USER COMMAND", "", "", many), line: applyRespawn},
		{Directive: entry("watchdog", "device", "", "", once), recorded: true, value: applyWatchdog},
		{Directive: entry("stonith", "TYPE FILE", "", "", last), line: applyStonith},
		{Directive: entry("stonith_host", "HOST|* TYPE PARAM...", "", "", last), line: applyStonithHost},
		{Directive: entry("use_apphbd", "bool", "false", "", last),
			value: boolValue(func(c *Config) *bool { return &c.UseApphbd })},
	}
}
