//go:build integration

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// ourScripts is where our resource scripts lie in the host that has those of 3.0.6 in /etc/ha.d/resource.d,
// which those have written in.
const ourScripts = "/root/resource.d"

// standInAgent records what an OCF agent is called with, and ends with the code that was ordered.
const standInAgent = `#!/bin/sh
{
	echo "$0 $*"
	env | grep -E '^OCF_(RESKEY_[a-z]|TYPE=|RESOURCE_INSTANCE=|RA_VERSION|ROOT=)' | LC_ALL=C sort | sed 's/ *$//'
} >>/run/agent-calls
echo "words of the agent"
exit "$(cat /run/agent-code)"
`

// callBoth calls the script of each side for every line "NAME|ARGUMENTS|ACTION|CODE" of /run/cases, and prints what
// it has printed, logged, called and returned.
const callBoth = `while IFS='|' read -r name args action code; do
	echo "$code" >/run/agent-code
	for dir in /etc/ha.d/resource.d ` + ourScripts + `; do
		rm -f /run/agent-calls /run/agent-log
		export HA_RESOURCEDIR=$dir HA_LOGFILE=/run/agent-log HA_DATEFMT='%Y/%m/%d_%T	'
		echo "CALL $dir|$name|$args|$action|$code"
		"$dir/$name" $args ${action:+"$action"} </dev/null 2>/dev/null
		echo "exit $?"
		cat /run/agent-log /run/agent-calls 2>/dev/null
	done
done </run/cases; true
`

// agentCalls are calls of every script that 3.0.6 has and that runs an OCF agent of its own name. Addresses are
// not among them: heartbeatd does those itself.
var agentCalls = []struct{ script, args string }{
	{"AudibleAlarm", "node1 node2"}, {"AudibleAlarm", ""}, {"Delay", ""}, {"Delay", "5"}, {"Delay", "5 6"}, {"Filesystem", "/dev/sdb1 /data"},
	{"Filesystem", "/dev/sdb1 /data ext4"}, {"Filesystem", "/dev/sdb1 /data ext4 noatime,rw"}, {"ICP", "0 /dev/sdb"}, {"IPsrcaddr", "10.0.0.1"}, {"LVM", "vg0"},
	{"LinuxSCSI", "0:0:1:2"}, {"MailTo", "root@example.org"}, {"MailTo", "root@example.org moved"}, {"Raid1", "/etc/raidtab /dev/md0"}, {"SendArp", "10.0.0.1/eth0"},
	{"ServeRAID", "1 2"}, {"WAS", ""}, {"WAS", "9080"}, {"WAS", "/etc/passwd"}, {"WinPopup", ""}, {"WinPopup", "/etc/hosts"}, {"Xinetd", "ftp"}, {"apache", ""},
	{"apache", "/etc/httpd.conf"}, {"db2", "db2inst1"}, {"ids", ""}, {"ids", "/ifx one onconfig"}, {"portblock", "tcp 80,443 block"},
}

// saidOtherwise are the calls whose words differ on purpose, and why. What is called and returned is the same.
var saidOtherwise = map[string]string{
	"SendArp|10.0.0.1/eth0|status|7": "3.0.6 says nothing when the agent fails: its script ends there (set -e)",
	"SendArp|10.0.0.1/eth0|stop|1":   "as above",
	"Xinetd|ftp|usage|0":             "3.0.6 calls a function that does not exist",
}

// agentCases are the lines for callBoth.
func agentCases() (cases []string) {
	seen := map[string]bool{}
	for _, c := range agentCalls {
		add := func(action string, code int) {
			cases = append(cases, fmt.Sprintf("%s|%s|%s|%d", c.script, c.args, action, code))
		}
		add("start", 0)
		if seen[c.script] {
			continue
		}
		seen[c.script] = true
		add("status", 0)
		add("status", 7)
		add("stop", 1)
		add("usage", 0)
	}
	for code := range 11 {
		cases = append(cases, fmt.Sprintf("Filesystem|/dev/sdb1 /data|status|%d", code))
	}
	for _, c := range []string{"Filesystem|/dev/sdb1|start|0", "MailTo||start|0", "MailTo|a b c|start|0", "WAS|port|start|0", "WAS|1 2|start|0", "WinPopup|a b|start|0", "Delay|1 2 3|start|0", "ids|a b|start|0", "portblock|tcp 80|start|0", "Xinetd||start|0", "Filesystem|a b|bogus|0", "apache||bogus|0", "Raid1|a b|bogus|0"} {
		cases = append(cases, c)
	}
	return cases
}

// TestAgentsAsGenuine calls the resource scripts of 3.0.6 and ours with the same arguments, against the same
// stand-ins for the OCF agents: the agents are called alike, and the scripts say, log and return the same.
func TestAgentsAsGenuine(t *testing.T) { fairly(t, playAgentsAsGenuine) }

func playAgentsAsGenuine(t testing.TB) {
	l := newLab(t, 1)
	h, err := l.Node("node1", softwares(t)["C"], HostOptions{})
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	project, err := ProjectDir()
	must(err)
	must(copyTree(filepath.Join(project, "etc/ha.d/resource.d"), h.Path(ourScripts)))
	for _, c := range agentCalls {
		must(h.WriteFile("/usr/lib/ocf/resource.d/heartbeat/"+c.script, standInAgent, 0o755))
	}
	cases := agentCases()
	// Without an agent at all.
	cases = append(cases, "Gone|x|start|0")
	for _, dir := range []string{"/etc/ha.d/resource.d", ourScripts} {
		text, err := h.ReadFile(dir + "/Xinetd")
		must(err)
		must(h.WriteFile(dir+"/Gone", strings.ReplaceAll(text, "Xinetd", "Gone"), 0o755))
	}
	must(h.WriteFile("/run/cases", strings.Join(cases, "\n")+"\n", 0o644))
	records := strings.Split(run(t, h, "sh", "-c", callBoth), "CALL ")[1:]
	if len(records) != 2*len(cases) {
		t.Fatalf("%d calls for %d cases", len(records), len(cases))
	}
	same := 0
	for i, c := range cases {
		genuine, ours := plainRecord(records[2*i]), plainRecord(records[2*i+1])
		if why := saidOtherwise[c]; why != "" {
			if genuine == ours {
				t.Errorf("%s: no longer said otherwise (%s)", c, why)
			}
			genuine, ours = agentSaid.ReplaceAllString(genuine, ""), agentSaid.ReplaceAllString(ours, "")
		}
		if genuine == ours {
			same++
			continue
		}
		t.Errorf("%s\n3.0.6:\n%sours:\n%s", c, genuine, ours)
	}
	t.Logf("%d calls compared", same)
}

var agentLogLine = regexp.MustCompile(`(?m)^\d{4}/\d\d/\d\d_[\d:]+\s+(\S+)\[\d+\]:\s+`)

// agentSaid are the lines of a script itself.
var agentSaid = regexp.MustCompile(`(?m)^(LOG \S+ )?(INFO:  |ERROR:  |Usage: ).*\n`)

// plainRecord leaves out what must differ: the directory of the scripts, times and process numbers.
func plainRecord(text string) string {
	text = strings.ReplaceAll(text, "OCF_RESKEY_mondelay=0\n", "") // difference 88
	text = strings.ReplaceAll(strings.ReplaceAll(text, ourScripts, "DIR"), "/etc/ha.d/resource.d", "DIR")
	return agentLogLine.ReplaceAllString(text, "LOG $1: ")
}

// agentLayer is a /usr with nothing but the OCF agents of resource-agents.
var agentLayer = sync.OnceValues(func() (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	root, err := Genuine(cache)
	if err != nil {
		return "", err
	}
	layer := filepath.Join(os.Getenv(workVar), "ocf-agents")
	if err := copyTree(filepath.Join(root, "usr/lib/ocf"), filepath.Join(layer, "lib/ocf")); err != nil {
		return "", err
	}
	if err := os.Mkdir(filepath.Join(layer, "share"), 0o755); err != nil {
		return "", err
	}
	return layer, copyTree(filepath.Join(root, "etc/ha.d/shellfuncs"), filepath.Join(layer, "share/heartbeat-shellfuncs"))
})
