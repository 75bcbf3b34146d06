package cli

import (
	"fmt"
	"io"
	"strings"
)

// hbDefaults is the table of `heartbeat -D`: 3.0.6's defaults, in its order and words.
var hbDefaults = [...][3]string{
	{"cluster", "linux-ha", "the name of cluster"},
	{"hopfudge", "1", "# of hops above cluster size"},
	{"keepalive", "1000ms", "keepalive time"},
	{"deadtime", "30000ms", "node deadtime"},
	{"baud", "19200", "baud rate"},
	{"auto_failback", "legacy", "auto failback"},
	{"hbgenmethod", "file", "protocol generation computation method"},
	{"realtime", "true", "enable realtime behavior?"},
	{"msgfmt", "classic", "message format in the wire"},
	{"conn_logd_time", "60", "the interval to reconnect to logd"},
	{"log_badpack", "true", "warn about bad packets"},
	{"syslogmsgfmt", "true", "log to files in syslog format"},
	{"coredumps", "true", "enable Linux-HA core dumps"},
	{"pacemaker", "false", "enable Pacemaker resource management"},
	{"autojoin", "none", "set automatic join mode/style"},
	{"uuidfrom", "file", "set the source for uuid"},
	{"compression", "zlib", "set compression module"},
	{"compression_threshold", "2", "set compression threshold"},
	{"traditional_compression", "no", "set traditional_compression"},
	{"max_rexmit_delay", "250", "set the maximum rexmit delay time"},
	{"record_config_changes", "on", "record changes to the cib (valid only with: pacemaker on)"},
	{"record_pengine_inputs", "on", "record the input used by the policy engine (valid only with: pacemaker on)"},
	{"enable_config_writes", "on", "write configuration changes to disk (valid only with: pacemaker on)"},
	{"memreserve", "6500", "number of kbytes to preallocate in heartbeat"},
}

func writeDefaults(w io.Writer, wiki bool) {
	if wiki {
		writeWikiDefaults(w)
		return
	}
	const row = "%-25s%-10s%s\n"
	fmt.Fprintf(w, row, "Directive", "Default", "Description")
	fmt.Fprintln(w, strings.Repeat("-", 80))
	for _, d := range hbDefaults {
		fmt.Fprintf(w, row, d[0], d[1], d[2])
	}
}

func writeWikiDefaults(w io.Writer) {
	fmt.Fprintf(w, "##Put this output in the ha.cf/DefaultValues page\n"+
		"The [wiki:ha.cf ha.cf] directives with default values are shown below - along with a brief description.\n"+
		"This was produced by {{{heartbeat -DW}}} ''# (version %s)''\n\n"+
		"||''Directive''||''Default''||''Description''||\n", compatible)
	for _, d := range hbDefaults {
		fmt.Fprintf(w, "||[wiki:ha.cf/%sDirective %s]||%s||%s||\n", wikiName(d[0]), d[0], d[1], d[2])
	}
}

// wikiName turns max_rexmit_delay into MaxRexmitDelay.
func wikiName(directive string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(directive, "_") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}
