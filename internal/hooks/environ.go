package hooks

import (
	"strings"

	"heartbeatd/internal/wire"
)

// reserved are variables that no message may set: scripts find their programs and files by them. 3.0.6 lets a
// field DIR of any message send its scripts elsewhere.
var reserved = map[string]bool{
	"DIR": true, "FUNCS": true, "RCDIR": true, "RESOURCEDIR": true, "BIN": true, "NOARCHBIN": true, "SBIN_DIR": true, "DOCDIR": true, "FIFO": true,
	"DATEFMT": true, "CURHOST": true, "LOGFILE": true, "DEBUGLOG": true, "LOGFACILITY": true, "LOGD": true, "LOGTAG": true,
	"CF": true, "VARRUN": true, "VARLOCK": true, "VARLIB": true, "RSCTMP": true, "COMPRESSION": true, "NICEFAILBACK": true, "DONTASK": true, "OSTATUS": true,
	"STOPRETRYMAX": true, "FAILBACK": true,
	// What the functions of resource agents take as given: directories, and where they log.
	"CONFDIR": true, "RSCTMP_OLD": true, "VARRUNDIR": true, "VARLIBDIR": true, "VARLOGDIR": true, "COREDIR": true, "HBCONF_DIR": true, "RC_DIR": true,
	"STATD_PIDFILE": true, "STATD_PIDFILE_PREV": true, "DEBUG": true, "DEBUGFILE": true, "LOGLEVEL": true, "CCMUSER": true, "APIGROUP": true,
	// What cluster-glue's programs take as given: files that they write to, and how.
	"use_logd": true, "logfile": true, "debugfile": true, "logfacility": true, "debug": true, "conn_logd_time": true, "syslogmsgfmt": true,
	"traditional_compression": true, "VALGRIND_ENABLED": true, "cluster_type": true,
	"auth": true, // the digest
}

// Environ is what 3.0.6 adds to the environment of a script: each text of the message as HA_NAME, of several of one
// name the first, and the own status. given are the variables that scripts have anyway; none is changed.
func Environ(m *wire.Message, status string, given []string) []string {
	env := []string{"HA_OSTATUS=" + status}
	taken := map[string]bool{}
	for _, pair := range given {
		name, _, _ := strings.Cut(pair, "=")
		taken[name] = true
	}
	for _, f := range m.Fields {
		name := "HA_" + f.Name
		if f.Type != wire.String || reserved[f.Name] || taken[name] || !isName(f.Name) || strings.HasPrefix(f.Name, "hbd") ||
			strings.IndexByte(string(f.Value), 0) >= 0 {
			continue
		}
		taken[name] = true
		env = append(env, name+"="+string(f.Value))
	}
	return env
}

// isName says whether a shell could name such a variable.
func isName(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_':
		default:
			return false
		}
	}
	return s != ""
}
