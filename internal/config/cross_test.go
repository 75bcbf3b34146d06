package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCrossChecks(t *testing.T) {
	pings := ""
	for i := range 63 {
		pings += fmt.Sprintf("ping 10.0.0.%d\n", i)
	}
	doubles := strings.Repeat("node n1\n", 99)
	const double = "warning ha.cf:%d: node: [n1] is named more than once\n"
	const log, media = "logfile /l\nauto_failback on\n", "bcast eth0\n"
	tests := []struct{ name, haCf, want string }{
		{"empty file", "", "warning ha.cf:1: Deprecated 'legacy' auto_failback option selected.\n" +
			"info ha.cf:1: No log entry found in ha.cf -- use logd\n"},
		{"no media", base, "error ha.cf:3: No heartbeat media defined"},
		{"no nodes", log + media, "error ha.cf:3: no nodes defined\nerror ha.cf:3: Current node [n1] not in configuration!"},
		{"only media without effect", base + "ping 10.77.0.9\n",
			"error ha.cf:4: No heartbeat media defined: a ping carries no beats"},
		{"a ping node is a node of the cluster", "logfile /l\nauto_failback on\n" + media + "ping peer 10.77.0.2\nnode n1 Peer\n",
			"warning ha.cf:4: ping: [peer] is a node of the cluster; as such it is watched already, and not pinged"},
		{"a refused medium is the only complaint", base + "bcast eth9\n",
			"error ha.cf:4: bcast: Get broadcast for interface eth9 failed: no such device"},
		{"another node", log + media + "node n2 n3\n", "error ha.cf:4: Current node [n1] not in configuration!"},
		{"full name is another node", log + media + "node n1.example.com\n", "error ha.cf:4: Current node [n1] not in configuration!"},
		{"one node only", log + media + "node N1\n", ""},
		{"initdead below ten seconds", base + media + "keepalive 500ms\ndeadtime 5\ninitdead 6\n",
			"warning ha.cf:7: initdead: Initial dead time [6000 ms] may be too small!"},
		{"warntime above deadtime", base + media + "deadtime 5\nwarntime 10\n", ""},
		{"everything too small at once", base + media + "keepalive 3\ndeadtime 6\ninitdead 5\ndeadping 6\n",
			"error ha.cf:6: deadtime: Dead time [6000] is too small compared to keepalive [3000] (ms)\n" +
				"error ha.cf:7: initdead: Initial dead time [5000] is smaller than deadtime [6000] (ms)\n" +
				"error ha.cf:8: deadping: Ping dead time [6000] is too small compared to keepalive [3000] (ms)"},
		{"no consequences of a line not understood", base + media + "deadtme 5\ninitdead 20\n",
			"error ha.cf:5: Illegal directive [deadtme]"},
		{"legacy by default", "node n1\nlogfile /l\n" + media, "warning ha.cf:3: Deprecated 'legacy' auto_failback option selected."},
		{"nice_failback", "node n1\nlogfile /l\n" + media + "nice_failback on\nauto_failback off\n",
			"warning ha.cf:4: nice_failback: nice_failback flag is obsolete.. Use auto_failback {on, off, legacy} instead.\n" +
				"warning ha.cf:4: nice_failback: nice_failback on has been strictly interpreted as 'auto_failback legacy'"},
		{"nothing logged", "node n1\nauto_failback on\nuse_logd off\nlogfacility kern\n" + media,
			"error ha.cf:5: No log entry found in ha.cf and use_logd is set to off"},
		{"logd and a file", base + media + "use_logd on\n",
			"warning ha.cf:5: use_logd: logd is enabled but logfile/debugfile is still configured in ha.cf"},
		{"udpport after a medium", base + media + "udpport 6942\n",
			"warning ha.cf:5: udpport: comes too late for the media above, ha.cf:4 stays on port 694"},
		{"64 media", base + strings.Repeat(media, 64), ""},
		{"65 media", base + strings.Repeat(media, 65), "error ha.cf:68: bcast: Too many media specified (> 64)"},
		{"three nodes", log + media + "node n1 n2\n\nnode n3\nnode n4\n", "error ha.cf:6: node: 4 nodes: haresources describes a pair"},
		{"three nodes, none of them this one", log + media + "node a b c\n", "error ha.cf:4: node: 3 nodes: haresources describes a pair\n" +
			"error ha.cf:4: Current node [n1] not in configuration!"},
		{"a node twice is no third", log + media + "node n1 n2\nnode N2\n", "warning ha.cf:5: node: [n2] is named more than once"},
		{"nodes and ping nodes", base + media + pings, ""},
		{"64 ping nodes are 65 media", base + media + pings + "ping 10.0.1.1\n", "error ha.cf:68: ping: Too many media specified (> 64)"},
		{"101 nodes", log + media + "node n1\n" + doubles + "ping_group g 10.0.0.1\n",
			repeated(double, 5, 103) + "\nerror ha.cf:104: ping_group: too many nodes (> 100), ping nodes included"},
		{"apiauth twice", base + media + "apiauth foo uid=root\napiauth foo gid=root\n",
			"error ha.cf:6: apiauth: Duplicate apiauth directive for API client foo: [foo gid=root]"},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			_, report := Load(set(c.haCf), newHost("n1"))
			if c.haCf == "" {
				c.want = "error ha.cf:1: No heartbeat media defined\nerror ha.cf:1: no nodes defined\n" +
					"error ha.cf:1: Current node [n1] not in configuration!\n" + strings.TrimSuffix(c.want, "\n")
			}
			compare(t, lines(report), c.want)
		})
	}
}

// repeated is one complaint about each of some lines.
func repeated(format string, from, to int) string {
	var out strings.Builder
	for i := from; i <= to; i++ {
		fmt.Fprintf(&out, format, i)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// TestMissingAccounts: the accounts of the C daemon's package are not needed, others are.
func TestMissingAccounts(t *testing.T) {
	h := newHost("n1")
	h.accounts = nil
	_, report := Load(set(base+"bcast eth0\nrespawn hacluster /usr/lib/heartbeat/ipfail\napiauth ipfail gid=haclient uid=hacluster\nrespawn joe /bin/true\n"), h)
	compare(t, lines(report), "warning ha.cf:5: respawn: [hacluster] does not exist on this machine\n"+
		"warning ha.cf:6: apiauth: [haclient] does not exist on this machine\n"+
		"warning ha.cf:6: apiauth: [hacluster] does not exist on this machine\n"+
		"error ha.cf:7: respawn: Invalid uid [joe] specified for client child")
}

func TestDefaults(t *testing.T) {
	tests := []struct {
		deadtime                     string
		warntime, initdead, deadping time.Duration
	}{
		{"3", 1500 * time.Millisecond, 12 * time.Second, 3 * time.Second},
		{"5999ms", 2999500 * time.Microsecond, 12 * time.Second, 5999 * time.Millisecond},
		{"6", 3 * time.Second, 12 * time.Second, 6 * time.Second},
		{"10", 5 * time.Second, 20 * time.Second, 10 * time.Second},
		{"10001ms", 5000500 * time.Microsecond, 10001 * time.Millisecond, 10001 * time.Millisecond},
	}
	for _, c := range tests {
		cfg, _ := Load(set(base+"bcast eth0\ndeadtime "+c.deadtime), newHost("n1"))
		if cfg.Warntime != c.warntime || cfg.Initdead != c.initdead || cfg.Deadping != c.deadping {
			t.Errorf("deadtime %s: warntime %v initdead %v deadping %v", c.deadtime, cfg.Warntime, cfg.Initdead, cfg.Deadping)
		}
	}
	h := newHost("n1")
	h.services["ha-cluster"] = 0 // no port at all
	if cfg, _ := Load(set(base+"ucast eth0 peer\n"), h); cfg.Media[0].Port != 694 {
		t.Errorf("port %d from a services file that says 0", cfg.Media[0].Port)
	}
	h.services["ha-cluster"] = 6940
	cfg, _ := Load(set(base+"bcast eth0\n"), h)
	if cfg.UDPPort != 6940 || cfg.Media[0].Port != 6940 || cfg.Parameters["udpport"] != "6940" {
		t.Errorf("udpport of the services file: %d, %v", cfg.UDPPort, cfg.Media)
	}
}

// TestParameters: as written, or computed in ms.
func TestParameters(t *testing.T) {
	cfg, report := Load(set(base+"bcast eth0\nkeepalive 500ms\ndeadtime 5\nudpport 700\ncrm no\nucast eth1 peer\nmcast eth0 239.0.0.1 701 2 1\n"+
		"ucast6 eth2 fe80::2%eth2\nmcast6 eth0 ff02::694 702 3 0\nbaud 9600\nserial /dev/ttyS0"), newHost("n1"))
	if report.Fatal() {
		t.Fatal(lines(report))
	}
	want := map[string]string{
		"keepalive": "500ms", "deadtime": "5", "warntime": "2500ms", "initdead": "12000ms", "deadping": "5000ms",
		"auto_failback": "on", "hopfudge": "1", "cluster": "linux-ha", "baud": "9600", "udpport": "700", "logfile": "/l",
		"crm": "no", "pacemaker": "no", "hbversion": "3.0.6", "memreserve": "6500", "msgfmt": "classic", "compression_threshold": "2",
	}
	for name, value := range want {
		if got, ok := cfg.Parameter(name); !ok || got != value {
			t.Errorf("%s = %q, want %q", name, got, value)
		}
	}
	for _, name := range []string{"node", "bcast", "debug", "debugfile", "watchdog", "env", "nice_failback", "respawn", "use_logd", "rtprio"} {
		if got, ok := cfg.Parameter(name); ok {
			t.Errorf("%s = %q, want no value", name, got)
		}
	}
	media := fmt.Sprint(cfg.Media)
	if media != "[{bcast eth0 invalid IP 694 0 false 0 ha.cf:4} {ucast eth1 10.77.0.2 700 0 false 0 ha.cf:9} {mcast eth0 239.0.0.1 701 2 true 0 ha.cf:10} "+
		"{ucast6 eth2 fe80::2 700 0 false 0 ha.cf:11} {mcast6 eth0 ff02::694 702 3 false 0 ha.cf:12} {serial /dev/ttyS0 invalid IP 0 0 false 9600 ha.cf:14}]" {
		t.Error(media)
	}
}

func TestEnvironment(t *testing.T) {
	cfg, _ := Load(set(base+"bcast eth0\ndeadtime 5\nlogfacility local3\nenv A=1 DIR=/x"), newHost("N1"))
	env := cfg.Environment(2)
	for _, want := range []string{"HA_DIR=/x", "HA_FUNCS=/etc/ha.d/shellfuncs", "HA_RCDIR=/etc/ha.d/rc.d", "HA_RESOURCEDIR=/etc/ha.d/resource.d",
		"HA_CURHOST=n1", "HA_BIN=/usr/libexec/heartbeat", "HA_NOARCHBIN=/usr/share/heartbeat", "OCF_AGENTS=/usr/lib/ocf/resource.d/heartbeat",
		"HA_LOGFILE=/l", "HA_DEBUGLOG=/dev/null", "HA_LOGFACILITY=local3", "HA_LOGD=no", "HA_NICEFAILBACK=yes", "HA_deadtime=5",
		"HA_warntime=2500ms", "HA_udpport=694", "HA_debug=2", "HA_DATEFMT=%Y/%m/%d_%T\t", "OCF_ROOT=/usr/lib/ocf", "HA_A=1",
		"HA_COMPRESSION=zlib", "HA_logfile=/l"} {
		if !slices.Contains(env, want) {
			t.Errorf("%s is missing", want)
		}
	}
	names := map[string]bool{}
	for _, pair := range env {
		name, _, _ := strings.Cut(pair, "=")
		if names[name] {
			t.Errorf("%s is there twice", name)
		}
		names[name] = true
	}
	legacy, _ := Load(set("node n1\nbcast eth0\nuse_logd on"), newHost("n1"))
	env = legacy.Environment(0)
	if !slices.Contains(env, "HA_LOGD=yes") || slices.Contains(env, "HA_NICEFAILBACK=yes") || legacy.Log.SyslogFacility() != "daemon" {
		t.Error(env)
	}
}

// TestDebugLevel: scripts get the level in force, not only the directive's; env goes over it.
func TestDebugLevel(t *testing.T) {
	for haCf, want := range map[string]string{"": "HA_debug=3", "debug 1\n": "HA_debug=3", "debug 1\nenv debug=7\n": "HA_debug=7"} {
		cfg, _ := Load(set(base+"bcast eth0\n"+haCf), newHost("n1"))
		if env := cfg.Environment(3); !slices.Contains(env, want) {
			t.Errorf("%q: want %s in %q", haCf, want, env)
		}
	}
}

// TestEnvironmentDocDir: HA_DOCDIR is where the Makefile puts the documents.
func TestEnvironmentDocDir(t *testing.T) {
	if want := "\nDOCDIR     ?= $(PREFIX)" + strings.TrimPrefix(docDir, "/usr") + "\n"; !strings.Contains(readFile(t, "Makefile"), want) {
		t.Errorf("the Makefile has no line %q", want)
	}
}

// TestLoadAuthkeys: the checks of a start, for whoever reads authkeys alone.
func TestLoadAuthkeys(t *testing.T) {
	const path = "/etc/ha.d/authkeys"
	good := "auth 1\n1 sha1 secret\n"
	for _, c := range []struct {
		file File
		want string
		code int
	}{
		{File{State: Present, Path: path, Data: []byte(good), Mode: 0o600}, "", ExitOK},
		{File{State: Present, Path: path, Data: []byte(good), Mode: 0o620}, "warning authkeys:1: others than the owner may write to [/etc/ha.d/authkeys]", ExitOK},
		{File{State: Present, Path: path, Data: []byte(good), Mode: 0o644}, "error authkeys:1: Bad permissions on keyfile [/etc/ha.d/authkeys], 600 recommended.", ExitConfig},
		{File{State: Present, Path: path, Data: []byte("auth 1\n"), Mode: 0o600}, "error authkeys:1: Auth Key [1] not found in keyfile", ExitConfig},
		{File{Path: path}, "error authkeys: Cannot open keyfile [/etc/ha.d/authkeys]", ExitConfig},
		{File{State: Denied, Path: path}, "error authkeys: Cannot open keyfile [/etc/ha.d/authkeys]: permission denied", ExitDenied},
	} {
		keys, report := LoadAuthkeys(c.file)
		compare(t, lines(report), c.want)
		if report.ExitCode() != c.code || (keys == nil) != report.Fatal() {
			t.Errorf("%s: exit %d, keys %v", c.want, report.ExitCode(), keys != nil)
		}
	}
}

func TestExitCode(t *testing.T) {
	files := set(base + "bcast eth0\n")
	files.Authkeys = File{State: Denied}
	if _, r := Load(files, newHost("n1")); r.ExitCode() != ExitDenied || !r.Fatal() {
		t.Errorf("authkeys denied: exit %d", r.ExitCode())
	}
	files.HaCf.Data = []byte("nonsense\n")
	if _, r := Load(files, newHost("n1")); r.ExitCode() != ExitConfig {
		t.Errorf("an error before the denied file: exit %d", r.ExitCode())
	}
	_, r := Load(Files{Dir: "/etc/ha.d/"}, newHost("n1"))
	compare(t, lines(r), "error ha.cf: Cannot open config file [/etc/ha.d/ha.cf]\n"+
		"error authkeys: Cannot open keyfile [/etc/ha.d/authkeys]\n"+
		"error haresources: Cannot open resources file [/etc/ha.d/haresources]")
	for _, c := range []struct {
		mode uint32
		want string
	}{
		{0o600, ""}, {0o400, ""}, {0, ""}, {0o700, ""},
		{0o620, "warning authkeys:1: others than the owner may write to [/etc/ha.d/authkeys]"},
		{0o640, "error authkeys:1: Bad permissions on keyfile [/etc/ha.d/authkeys], 600 recommended."},
		{0o604, "error authkeys:1: Bad permissions on keyfile [/etc/ha.d/authkeys], 600 recommended."},
	} {
		files := set(base + "bcast eth0\n")
		files.Authkeys.Mode = c.mode
		_, r := Load(files, newHost("n1"))
		compare(t, lines(r), c.want)
	}
}

func TestNodeinfo(t *testing.T) {
	files := set("node webA n2\nlogfile /l\nauto_failback on\nbcast eth0\n")
	files.Nodeinfo = file("  WebA something\n", 0o644)
	cfg, report := Load(files, newHost("other"))
	if compare(t, lines(report), ""); cfg.Self != "weba" {
		t.Errorf("self is %q", cfg.Self)
	}
}

func TestReportLines(t *testing.T) {
	r := Report{{File: "ha.cf", Line: 3, Text: "a", Hint: "h"}, {File: "ha.cf", Line: 4, Level: Warning, Text: "b", Hint: "h"}, {File: "authkeys", Text: "c"}}
	want := "error: ha.cf:3: a|warning: ha.cf:4: b|hint: h|error: authkeys: c"
	if got := strings.Join(r.Lines(), "|"); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
