package config

import (
	"strings"
	"testing"
)

const wantTime = "want a time such as 2 or 500ms, got "

// directiveCases hold one line put at line 4 behind base, and what is said about it. An empty want
// is a line accepted in silence.
var directiveCases = []struct{ line, want string }{
	{"node n2", "warning ha.cf:4: node: [n2] is named more than once"},
	{"node n3", "error ha.cf:4: node: 3 nodes: haresources describes a pair"},
	{"node", "warning ha.cf:4: node: no value, nothing is changed"},
	{"node N1", "warning ha.cf:4: node: [n1] is named more than once"},
	{"keepalive 1ms", ""},
	{"keepalive 14.9", ""},
	{"keepalive 0", "error ha.cf:4: keepalive: want a time above 0, got [0]"},
	{"keepalive 499us", "error ha.cf:4: keepalive: want a time above 0, got [499us]"},
	{"keepalive 2s", "error ha.cf:4: keepalive: " + wantTime + "[2s]"},
	{"keepalive 500 ms", "error ha.cf:4: keepalive: " + wantTime + "[ms]"},
	{"keepalive", "warning ha.cf:4: keepalive: no value, nothing is changed"},
	{"keepalive 15", "error ha.cf:4: deadtime: Dead time [30000] is too small compared to keepalive [15000] (ms)"},
	{"deadtime 2001ms", ""},
	{"deadtime 2", "error ha.cf:4: deadtime: Dead time [2000] is too small compared to keepalive [1000] (ms)"},
	{"deadtime 0", "error ha.cf:4: deadtime: Dead time [0] is too small compared to keepalive [1000] (ms)"},
	{"deadtime x", "error ha.cf:4: deadtime: " + wantTime + "[x]"},
	{"deadtime -1", "error ha.cf:4: deadtime: " + wantTime + "[-1]"},
	{"warntime 100", ""},
	{"warntime 0", "error ha.cf:4: warntime: Warn time [0] is invalid."},
	{"warntime 10s", "error ha.cf:4: warntime: Warn time [10s] is invalid."},
	{"initdead 30", ""},
	{"initdead 29.999", "error ha.cf:4: initdead: Initial dead time [29999] is smaller than deadtime [30000] (ms)"},
	{"initdead 0.5e1", "error ha.cf:4: initdead: " + wantTime + "[0.5e1]"},
	{"deadping 2001ms", ""},
	{"deadping 2", "error ha.cf:4: deadping: Ping dead time [2000] is too small compared to keepalive [1000] (ms)"},
	{"deadping x", "error ha.cf:4: deadping: " + wantTime + "[x]"},
	{"auto_failback ON", ""},
	{"auto_failback no", ""},
	{"auto_failback Legacy", "warning ha.cf:4: Deprecated 'legacy' auto_failback option selected."},
	{"auto_failback maybe", "error ha.cf:4: auto_failback: want on, off or legacy, got [maybe]"},
	{"nice_failback on", "warning ha.cf:4: nice_failback: nice_failback flag is obsolete.. Use auto_failback {on, off, legacy} instead.\n" +
		"warning ha.cf:4: nice_failback: 'nice_failback on' has been changed to 'auto_failback off'"},
	{"nice_failback perhaps", "error ha.cf:4: nice_failback: Invalid directive value perhaps"},
	{"hopfudge 0", ""},
	{"hopfudge 255", ""},
	{"hopfudge 256", "error ha.cf:4: hopfudge: want 0..255, got [256]"},
	{"hopfudge -1", "error ha.cf:4: hopfudge: want 0..255, got [-1]"},
	{"hopfudge abc", "warning ha.cf:4: hopfudge: [abc] is not a whole number, 0 is used"},
	{"cluster x", ""},
	{"quorum_server q", "warning ha.cf:4: quorum_server has no effect yet in this version: no quorum server is asked"},
	{"autojoin NONE", ""},
	{"autojoin any", "error ha.cf:4: autojoin: R1 style resource management conflicts with autojoin set"},
	{"autojoin Other", "error ha.cf:4: autojoin: R1 style resource management conflicts with autojoin set"},
	{"autojoin x", "error ha.cf:4: autojoin: Invalid autojoin directive [x]"},
	{"logfile anything at all", ""},
	{"debugfile /d", ""},
	{"logfacility local7", ""},
	{"logfacility none", ""},
	{"logfacility LOCAL0", "error ha.cf:4: logfacility: Log facility(LOCAL0) not valid"},
	{"logfacility local8", "error ha.cf:4: logfacility: Log facility(local8) not valid"},
	{"use_logd off", ""},
	{"use_logd x", "error ha.cf:4: use_logd: Invalid directive value x"},
	{"conn_logd_time 60", ""},
	{"conn_logd_time 61", "warning ha.cf:4: conn_logd_time has no effect yet in this version: there is no logging daemon to connect to"},
	{"conn_logd_time 0", "error ha.cf:4: conn_logd_time: want a time above 0, got [0]"},
	{"syslogmsgfmt off", ""},
	{"syslogmsgfmt 2", "error ha.cf:4: syslogmsgfmt: Invalid directive value 2"},
	{"log_badpack n", ""},
	{"log_badpack x", "error ha.cf:4: log_badpack: Invalid directive value x"},
	{"debug 255", ""},
	{"debug 256", "error ha.cf:4: debug: want 0..255, got [256]"},
	{"udpport 1", ""},
	{"udpport 65535", ""},
	{"udpport 0", "error ha.cf:4: udpport: invalid port [0] specified."},
	{"udpport 70000", "error ha.cf:4: udpport: invalid port [70000] specified."},
	{"udpport 4294967990", "error ha.cf:4: udpport: invalid port [4294967990] specified."},
	{"udpport 6940x", "warning ha.cf:4: udpport: [6940x] is not a whole number, 6940 is used"},
	{"udpport 53", `warning ha.cf:4: udpport: udp port 53 reserved for service "domain".`},
	{"bcast eth1 lo", ""},
	{"bcast eth9", "error ha.cf:4: bcast: Get broadcast for interface eth9 failed: no such device"},
	{"bcast eth0:0", "error ha.cf:4: bcast: Get broadcast for interface eth0:0 failed: no IPv4 address on it"},
	{"udp eth1", "warning ha.cf:4: udp: WARNING: directive 'udp' replaced by 'bcast'"},
	{"mcast eth0 239.0.0.1 694 0 0", ""},
	{"mcast eth0 239.0.0.1 694 4 1 surplus", ""},
	{"mcast eth0 239.0.0.1 694x 1 0", "warning ha.cf:4: mcast: port [694x] is not a whole number, 694 is used"},
	{"mcast", "error ha.cf:4: mcast: mcast statement without device"},
	{"mcast eth9", "error ha.cf:4: mcast: mcast device [eth9] is invalid or not set up properly: no such device"},
	{"mcast eth0", "error ha.cf:4: mcast: mcast [eth0] missing mcast address"},
	{"mcast eth0 10.0.0.1", "error ha.cf:4: mcast: mcast [eth0] bad addr [10.0.0.1]"},
	{"mcast eth0 239.0.0.1", "error ha.cf:4: mcast: mcast [eth0] missing port"},
	{"mcast eth0 239.0.0.1 0", "error ha.cf:4: mcast: mcast [eth0] bad port [0]"},
	{"mcast eth0 239.0.0.1 694", "error ha.cf:4: mcast: mcast [eth0] missing ttl"},
	{"mcast eth0 239.0.0.1 694 5", "error ha.cf:4: mcast: mcast [eth0] bad ttl [5]"},
	{"mcast eth0 239.0.0.1 694 1", "error ha.cf:4: mcast: mcast [eth0] missing loop"},
	{"mcast eth0 239.0.0.1 694 1 2", "error ha.cf:4: mcast: mcast [eth0] bad loop [2]"},
	{"mcast eth0,239.0.0.1 694 1 2", "error ha.cf:4: mcast: mcast device [eth0,239.0.0.1] is invalid or not set up properly: no such device"},
	{"ucast eth0 10.77.0.2", ""},
	{"ucast eth0 peer", ""},
	{"ucast", "error ha.cf:4: ucast: ucast statement without device"},
	{"ucast eth0", "error ha.cf:4: ucast: [eth0] missing target IP address/hostname"},
	{"ucast eth0 nobody", "error ha.cf:4: ucast: cannot resolve hostname [nobody]"},
	{"ucast eth9 10.77.0.2", "warning ha.cf:4: ucast: interface [eth9]: no such device; nothing is sent over it until it is there"},
	{"ucast eth0 0.0.0.0", "error ha.cf:4: ucast: [0.0.0.0] is not the address of a host"},
	{"ucast eth0 239.1.1.1", "error ha.cf:4: ucast: [239.1.1.1] is not the address of a host"},
	{"ucast eth0 nowhere", "error ha.cf:4: ucast: [nowhere] is not the address of a host"},
	{"ucast eth0 fd00::2", "error ha.cf:4: ucast: cannot resolve hostname [fd00::2]"},
	{"ucast eth0 ::ffff:10.77.0.2", "error ha.cf:4: ucast: cannot resolve hostname [::ffff:10.77.0.2]"},
	{"ucast sixteenletters16 10.77.0.2", "error ha.cf:4: ucast: interface name [sixteenletters16] is longer than 15 characters"},
	{"mcast6 eth0 ff02::1234 694 1 0", ""},
	{"mcast6 eth2 ff02::1234%eth2 65535 4 1", ""},
	{"mcast6 eth0 ff02::1234 694 0 0 more words", ""},
	{"mcast6", "error ha.cf:4: mcast6: mcast6 statement without device"},
	{"mcast6 x", "error ha.cf:4: mcast6: mcast6 device [x] is invalid or not set up properly"},
	{"mcast6 eth0", "error ha.cf:4: mcast6: mcast6 [eth0] missing mcast6 address"},
	{"mcast6 eth0 fe80::1", "error ha.cf:4: mcast6: mcast6 [eth0] bad addr [fe80::1]"},
	{"mcast6 eth0 239.0.0.1 694 1 0", "error ha.cf:4: mcast6: mcast6 [eth0] bad addr [239.0.0.1]"},
	{"mcast6 eth0 ff02::1%eth1 694 1 0", "error ha.cf:4: mcast6: mcast6 [eth0] bad addr [ff02::1%eth1]"},
	{"mcast6 eth0 ff02::1", "error ha.cf:4: mcast6: mcast6 [eth0] missing port"},
	{"mcast6 eth0 ff02::1 0 1 0", "error ha.cf:4: mcast6: mcast6 [eth0] bad port [0]"},
	{"mcast6 eth0 ff02::1 694", "error ha.cf:4: mcast6: mcast6 [eth0] missing hops"},
	{"mcast6 eth0 ff02::1 694 5 0", "error ha.cf:4: mcast6: mcast6 [eth0] bad hops [5]"},
	{"mcast6 eth0 ff02::1 694 1", "error ha.cf:4: mcast6: mcast6 [eth0] missing loop"},
	{"mcast6 eth0 ff02::1 694 9", "error ha.cf:4: mcast6: mcast6 [eth0] bad hops [9]"},
	{"mcast6 eth0 ff02::1 694 1 7", "error ha.cf:4: mcast6: mcast6 [eth0] bad loop [7]"},
	{"ucast6 eth2 fe80::1", ""},
	{"ucast6 eth0 fe80::1%eth0", ""},
	{"ucast6 eth0 fe80::1%eth1", "error ha.cf:4: ucast6: ucast6 [eth0] bad addr [fe80::1%eth1]"},
	{"ucast6 eth0 10.77.0.2", "error ha.cf:4: ucast6: ucast6 [eth0] bad addr [10.77.0.2]"},
	{"ucast6 eth0 ff02::1", "error ha.cf:4: ucast6: ucast6 [eth0] bad addr [ff02::1]"},
	{"ucast6 eth0 ::", "error ha.cf:4: ucast6: ucast6 [eth0] bad addr [::]"},
	{"ucast6 eth0 ::ffff:10.77.0.2", "error ha.cf:4: ucast6: ucast6 [eth0] bad addr [::ffff:10.77.0.2]"},
	{"ucast6", "error ha.cf:4: ucast6: ucast6 statement without device"},
	{"ucast6 x fe80::1", "error ha.cf:4: ucast6: ucast6 device [x] is invalid or not set up properly"},
	{"ucast6 eth0", "error ha.cf:4: ucast6: ucast6 [eth0] missing ucast6 address"},
	{"ucast6 eth0 x", "error ha.cf:4: ucast6: ucast6 [eth0] bad addr [x]"},
	{"serial /dev/ttyS0", ""},
	{"serial /dev/ttyS0 /dev/ttyS0", ""},
	{"serial ttyS0", "error ha.cf:4: serial: Serial port not full pathname [ttyS0] in config file"},
	{"serial /dev/ttyS9", "error ha.cf:4: serial: Nonexistent serial port [/dev/ttyS9] in config file"},
	{"serial /etc/passwd", "error ha.cf:4: serial: Serial port [/etc/passwd] not a char device in config file"},
	{"baud 19200", ""},
	{"baud 460800", ""},
	{"baud 9600", ""},
	{"baud 4800", "error ha.cf:4: baud: invalid baudrate [4800] specified."},
	{"serial /dev/ttyS0\nbaud 9600", "warning ha.cf:5: baud: comes too late for the serial lines above, ha.cf:4 stays at 19200"},
	{"serial /dev/ttyS0\nbaud 19200", ""},
	{"baud 9600\nserial /dev/ttyS0", ""},
	{"baud 19201", "error ha.cf:4: baud: invalid baudrate [19201] specified."},
	{"baud 19200 9600", "error ha.cf:4: baud: Baudrate multiply specified."},
	{"ping 10.77.0.9 peer", ""},
	{"ping nobody", "error ha.cf:4: ping: unknown host: nobody"},
	{"ping ::1", "error ha.cf:4: ping: unknown host: ::1"},
	{"ping peer,peer", "warning ha.cf:4: ping: [peer] is named more than once"},
	{"ping", "warning ha.cf:4: ping: no value, nothing is changed"},
	{"ping6 ::1 fe80::1", ""},
	{"ping6 peer", "error ha.cf:4: ping6: Illegal ping6 [ping6 membership] in config file [peer]"},
	{"ping6 10.77.0.9", "error ha.cf:4: ping6: Illegal ping6 [ping6 membership] in config file [10.77.0.9]"},
	{"ping6 fe80::1%eth0", "error ha.cf:4: ping6: Illegal ping6 [ping6 membership] in config file [fe80::1%eth0]"},
	{"ping_group g peer", ""},
	{"ping_group g nobody", "warning ha.cf:4: ping_group: unknown host: nobody; it is left out"},
	{"ping_group", "error ha.cf:4: ping_group: want a name and at least one host"},
	{"ping_group g", "error ha.cf:4: ping_group: want a name and at least one host"},
	{"hbgenmethod time", ""},
	{"hbgenmethod Time", "error ha.cf:4: hbgenmethod: Illegal hb generation method [Time]"},
	{"uuidfrom nodename", ""},
	{"uuidfrom x", "error ha.cf:4: uuidfrom: Invalid uuidfrom directive [x]"},
	{"msgfmt netstring", ""},
	{"msgfmt x", "error ha.cf:4: msgfmt: unknown message format [x]"},
	{"max_rexmit_delay 1", ""},
	{"max_rexmit_delay 0", "error ha.cf:4: max_rexmit_delay: Invalid max_rexmit_delay time(0)"},
	{"compression zlib", ""},
	{"compression bz2", "warning ha.cf:4: compression has no effect yet in this version: messages are sent uncompressed"},
	{"compression foo", "error ha.cf:4: compression: Compression module(foo) not found"},
	{"compression_threshold 2", ""},
	{"compression_threshold 3", "warning ha.cf:4: compression_threshold has no effect yet in this version: messages are sent uncompressed"},
	{"compression_threshold 0", "error ha.cf:4: compression_threshold: compress_threshhold(0) invalid"},
	{"traditional_compression off", ""},
	{"traditional_compression on", "warning ha.cf:4: traditional_compression has no effect yet in this version: messages are sent uncompressed"},
	{"traditional_compression x", "error ha.cf:4: traditional_compression: Invalid directive value x"},
	{"env A=1,B=", ""},
	{"env A", "warning ha.cf:4: env: [A] has no value, HA_A is set to nothing"},
	{"env =x", "error ha.cf:4: env: set_env: invalid nvpair(=x)"},
	{"realtime on", ""},
	{"realtime off", ""},
	{"realtime x", "error ha.cf:4: realtime: Invalid directive value x"},
	{"rtprio 99", ""},
	{"rtprio 0", "error ha.cf:4: rtprio: Illegal realtime priority [0]"},
	{"rtprio 100", "error ha.cf:4: rtprio: Illegal realtime priority [100]"},
	{"memreserve 6500", ""},
	{"memreserve 1", "warning ha.cf:4: memreserve has no effect yet in this version: no memory is reserved in advance"},
	{"memreserve 0", "error ha.cf:4: memreserve: want kilobytes above 0, got [0]"},
	{"coredumps yes", ""},
	{"coredumps no", "warning ha.cf:4: coredumps has no effect yet in this version: core dumps are left to the system's limits"},
	{"coredumps x", "error ha.cf:4: coredumps: Invalid directive value x"},
	{"coreroot /x", "warning ha.cf:4: coreroot has no effect yet in this version: core dumps go where the system puts them"},
	{"pacemaker off", ""},
	{"crm no", ""},
	{"pacemaker on", "error ha.cf:4: pacemaker: [on] asks for Pacemaker, which is not part of this daemon"},
	{"crm respawn", "error ha.cf:4: crm: [respawn] asks for Pacemaker, which is not part of this daemon"},
	{"crm off off", "error ha.cf:4: crm: pacemaker/crm directive used multiple times!"},
	{"pacemaker x", "error ha.cf:4: pacemaker: Invalid directive value x"},
	{"crm_daemon_dir /x", "warning ha.cf:4: crm_daemon_dir has no effect yet in this version: no Pacemaker daemon is ever started"},
	{"crmd_spawns_pengine yes", ""},
	{"crmd_spawns_pengine x", "error ha.cf:4: crmd_spawns_pengine: Invalid directive value x"},
	{"record_config_changes off", ""},
	{"record_config_changes x", "error ha.cf:4: record_config_changes: Invalid directive value x"},
	{"record_pengine_inputs off", ""},
	{"record_pengine_inputs x", "error ha.cf:4: record_pengine_inputs: Invalid directive value x"},
	{"enable_config_writes off", ""},
	{"enable_config_writes x", "error ha.cf:4: enable_config_writes: Invalid directive value x"},
	{"normalpoll 5", "warning ha.cf:4: normalpoll has no effect yet in this version: 3.0.6 refuses this directive of older releases"},
	{"apiauth foo uid=root,0 gid=haclient", ""},
	{"apiauth foo uid=", ""},
	{"apiauth", "error ha.cf:4: apiauth: Invalid apiauth directive, no client name"},
	{"apiauth foo", "error ha.cf:4: apiauth: Invalid apiauth directive [foo]"},
	{"apiauth foo x", "error ha.cf:4: apiauth: Missing uid or gid in apiauth"},
	{"apiauth foo uid=root uid=root", "error ha.cf:4: apiauth: Duplicate uid list in apiauth"},
	{"apiauth foo uid=nosuch", "error ha.cf:4: apiauth: Invalid user id name [nosuch], bad uid list [nosuch]"},
	{"apiauth foo gid=nosuch", "error ha.cf:4: apiauth: Invalid group name [nosuch], bad gid list [nosuch]"},
	{"apiauth " + strings.Repeat("x", 32) + " uid=root", "error ha.cf:4: apiauth: client name [" + strings.Repeat("x", 32) + " uid=root] too long"},
	{"respawn nobody /bin/true a b", ""},
	{"respawn hacluster /usr/lib64/heartbeat/ipfail", ""},
	{"respawn root /usr/lib64/heartbeat/dopd", "warning ha.cf:4: respawn: [/usr/lib64/heartbeat/dopd] is not on this machine: it is not started"},
	{"respawn " + strings.Repeat("u", 63) + " /bin/true", "error ha.cf:4: respawn: Invalid uid [" + strings.Repeat("u", 63) + "] specified for client child"},
	{"respawn " + strings.Repeat("u", 64) + " /bin/true", "error ha.cf:4: respawn: UID specified for client child is too long"},
	{"respawn", "error ha.cf:4: respawn: Invalid uid [] specified for client child"},
	{"respawn 0 /bin/true", "error ha.cf:4: respawn: Invalid uid [0] specified for client child"},
	{"respawn root bin/true", "error ha.cf:4: respawn: Client child command [bin/true] is not full pathname"},
	{"respawn root /nosuch x", "error ha.cf:4: respawn: Client child command [/nosuch] is not executable"},
	{"failfast nobody /bin/true", ""},
	{"failfast nobody /etc/passwd", "error ha.cf:4: failfast: Client child command [/etc/passwd] is not executable"},
	{"watchdog /dev/watchdog", ""},
	{"watchdog /a /b", "error ha.cf:4: watchdog: Watchdog device multiply specified."},
	{"stonith null /etc/passwd", ""},
	{"stonith", "error ha.cf:4: stonith: No Stonith type given"},
	{"stonith foo /etc/passwd", "error ha.cf:4: stonith: Invalid Stonith type [foo]"},
	{"stonith null /nosuch", "error ha.cf:4: stonith: Invalid Stonith config file [/nosuch]"},
	{"stonith external/ipmi", "error ha.cf:4: stonith: Invalid Stonith config file []"},
	{"stonith " + strings.Repeat("x", 99) + " /etc/passwd", "error ha.cf:4: stonith: Invalid Stonith type [" + strings.Repeat("x", 99) + "]"},
	{"stonith " + strings.Repeat("x", 100) + " /etc/passwd", "error ha.cf:4: stonith: Stonith type too long"},
	{"stonith fence_ipmilan /etc/passwd", ""},
	{"stonith fence_nosuch /etc/passwd", "error ha.cf:4: stonith: Invalid Stonith type [fence_nosuch]"},
	{"stonith fence_/../../bin/true /etc/passwd", "error ha.cf:4: stonith: Invalid Stonith type [fence_/../../bin/true]"},
	{"stonith_host * external/ipmi a b", ""},
	{"stonith_host N1 null n2", ""},
	{"stonith_host * fence_ipmilan ip=10.0.0.1 password=x", ""},
	{"stonith_host * fence_ipmilan ip=10.0.0.1 hunter2", "error ha.cf:4: stonith_host: Invalid Stonith configuration parameter [word 2 of fence_ipmilan]"},
	{"stonith_host " + strings.Repeat("h", 99) + " null x", ""},
	{"stonith_host " + strings.Repeat("h", 100) + " null x", "error ha.cf:4: stonith_host: Stonith hostname too long"},
	{"stonith_host other nosuchtype", ""},
	{"stonith_host", "error ha.cf:4: stonith_host: No Stonith hostname argument given"},
	{"stonith_host n1", "error ha.cf:4: stonith_host: No Stonith type given"},
	{"stonith_host n1 foo x", "error ha.cf:4: stonith_host: Invalid Stonith type [foo]"},
	{"stonith_host * null", "error ha.cf:4: stonith_host: Invalid Stonith configuration parameter []"},
	{"use_apphbd off", ""},
	{"use_apphbd on", "warning ha.cf:4: use_apphbd has no effect yet in this version: no application heartbeat daemon watches this one"},
	{"use_apphbd x", "error ha.cf:4: use_apphbd: Invalid directive value x"},
}

func TestEveryDirective(t *testing.T) {
	for _, c := range directiveCases {
		t.Run(c.line, func(t *testing.T) {
			_, report := Load(set(base+c.line+"\nbcast eth0\n"), newHost("n1"))
			compare(t, lines(report), c.want)
		})
	}
}

// TestNoDirectiveUntested wants each directive accepted by some case and, where 3.0.6 checks
// anything at all, refused by another.
func TestNoDirectiveUntested(t *testing.T) {
	unchecked := map[string]bool{"cluster": true, "quorum_server": true, "logfile": true, "debugfile": true,
		"coreroot": true, "crm_daemon_dir": true, "normalpoll": true, "udp": true}
	good, bad := map[string]bool{}, map[string]bool{}
	for _, c := range directiveCases {
		name, _ := nextWord(c.line)
		if strings.Contains(c.want, "error ") {
			bad[name] = true
		} else {
			good[name] = true
		}
	}
	all := Directives()
	if len(all) < 60 {
		t.Fatalf("only %d directives", len(all))
	}
	for _, d := range all {
		if !good[d.Name] || (!bad[d.Name] && !unchecked[d.Name]) {
			t.Errorf("%s: accepted by a case: %v, refused by a case: %v", d.Name, good[d.Name], bad[d.Name])
		}
	}
}

func TestIllegalDirective(t *testing.T) {
	tests := []struct{ line, hint string }{
		{"KEEPALIVE 2", "write keepalive; directives are lower case"},
		{"deadtime,5", "put a blank after deadtime; a comma does not end a directive"},
		{"kepalive 2", "did you mean keepalive?"},
		{"hbversion 3", "this is a value that can be asked for, not one that can be set"},
		{"tipc x", "3.0.6 does not have this medium; use bcast, ucast or mcast"},
		{"ppp-udp x", "3.0.6 does not have this medium; use bcast, ucast or mcast"},
		{"\v", "ha.cf(5) lists every directive"},
	}
	for _, c := range tests {
		_, report := Load(set(base+"bcast eth0\n"+c.line), newHost("n1"))
		name, _ := nextWord(c.line)
		compare(t, lines(report), "error ha.cf:5: Illegal directive ["+name+"]")
		if len(report) == 1 && report[0].Hint != c.hint {
			t.Errorf("%q: hint %q, want %q", c.line, report[0].Hint, c.hint)
		}
		if code := report.ExitCode(); code != ExitConfig {
			t.Errorf("%q: exit %d", c.line, code)
		}
	}
}
