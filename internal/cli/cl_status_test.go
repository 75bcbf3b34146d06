package cli

import (
	"bytes"
	"strings"
	"testing"

	"heartbeatd/internal/control"
)

const clLog = "Jan 05 09:00:01 Node1.example cl_status: [4134]: ERROR: "

func clPair() control.Status {
	st := sample()
	st.Nodes[1].Status = "dead"
	for i := range st.Nodes {
		st.Nodes[i].Weight = 100
	}
	st.Parameters["deadtime"] = "5"
	return st
}

func TestClStatus(t *testing.T) {
	m := testMachine(t)
	serveClients(t, m, clPair())
	const link = clLog + "Cannot get heartbeat link status\n" + clLog + "REASON: \n"
	const version = "3.0.6 (node: heartbeatd-devel)"
	const nodes = "\nnode2\tdead\t(nodetype: normal)\n\teth0\tup\n\nnode1\tactive\t(nodetype: normal)\n\teth1\tdead\n\teth0\tup\n"
	const has = "\tthis node has the following heartbeat links:\n"
	for _, tc := range []struct {
		args   string
		code   int
		stdout string
		stderr string
	}{
		{"", 0, clUsageText, ""},
		{"-h", 0, clUsageText, ""},
		{"-h x", 11, "", clLog + "-h: invalid sub-command.\n"},
		{"--help", 11, "", clLog + "--help: invalid sub-command.\n"},
		{"hbstatus", 0, "Heartbeat is running on this machine.\n", ""},
		{"hbstatus -x", 0, "Heartbeat is running on this machine.\n", "hbstatus: invalid option -- 'x'\n"},
		{"hbstatus -v", 0, "version:\t" + version + "\nmanaged by:\t\"haresources\"\n" + nodes, ""},
		{"hbstatus -vm", 0, "Heartbeat version " + version + "\nResources controlled by \"haresources\"\nThe nodes are as follow:\n" +
			"\nnode2\tdead\t(nodetype: normal)\n" + has + "\teth0\tup\n\nnode1\tactive\t(nodetype: normal)\n" + has + "\teth1\tdead\n\teth0\tup\n", ""},
		{"listnodes", 0, "node2\nnode1\n", ""},
		{"listnodes -n", 0, "node2\nnode1\n", ""},
		{"listnodes -p", 0, "", ""},
		{"listnodes -p -n", 0, "node2\nnode1\n", ""},
		{"listnodes -m surplus", 0, "The nodes are as follow:\nnode2\nnode1\n", ""},
		{"listnodes -v", 0, nodes, ""},
		{"listnodes -x", 11, "", "listnodes: invalid option -- 'x'\n" + clLog + "Error: getopt returnedcharacter code ?.\n"},
		{"nodestatus NODE1", 0, "active\n", ""},
		{"nodestatus node2", 1, "dead\n", ""},
		{"nodestatus node1 -m", 0, "The cluster node node1 is active\n", ""},
		{"nodestatus x", 11, "", "Error. May be due to incorrect node name\n"},
		{"nodestatus", 11, "", "Not enough parameters.\n"},
		{"nodestatus -x node1", 11, "", "nodestatus: invalid option -- 'x'\n" + clLog + "Error: getopt returnedcharacter ?.\n"},
		{"nodeweight node1", 0, "100\n", ""},
		{"nodeweight -m node1", 0, "The weight of the cluster node node1 is 100\n", ""},
		{"nodeweight x", 11, "", "Error. Maybe due to incorrect node name.\n"},
		{"nodesite node1", 0, "\n", ""},
		{"nodesite -m node1", 0, "The site of the cluster node node1 is \n", ""},
		{"nodesite x", 11, "", "Error. May be due to incorrect node name\n"},
		{"nodetype node1", 0, "normal\n", ""},
		{"nodetype -m node1", 0, "The node node1's type: normal\n", ""},
		{"nodetype", 11, "", "No enough parameter.\n"},
		{"listhblinks node1", 0, "\teth1\n\teth0\n", ""},
		{"listhblinks -v node1", 0, "\teth1\tdead\n\teth0\tup\n", ""},
		{"listhblinks node2 -m", 0, has + "\teth0\n", ""},
		{"listhblinks x", 13, "", clLog + "Cannot start heartbeat link interface walk.\n" + clLog + "REASON: EINVAL\n"},
		{"listhblinks", 11, "", "No enough parameter.\n"},
		{"hblinkstatus node1 eth0", 0, "up\n", ""},
		{"hblinkstatus node1 eth1", 1, "dead\n", ""},
		{"hblinkstatus -m node2 eth0", 0, "The node node2's heartbeat link eth0 is up\n", ""},
		{"hblinkstatus node1 eth7", 13, "", link},
		{"hblinkstatus x eth0", 13, "", link},
		{"hblinkstatus node1", 11, "", "No enough parameter.\n"},
		{"clientstatus node1 ipfail", 1, "offline\n", ""},
		{"clientstatus node2 ipfail 300", 1, "offline\n", ""}, // it is dead: nobody is asked
		{"clientstatus x ipfail", 13, "", clLog + "Cannot get heartbeat client ipfail's status\n" + clLog + "REASON: No timely response.\n"},
		{"clientstatus node1", 11, "", "No enough parameter.\n"},
		{"rscstatus", 0, "local\n", ""},
		{"rscstatus -m", 0, "This node is holding local resources.\n", ""},
		{"rscstatus -x", 11, "", "rscstatus: invalid option -- 'x'\n" + clLog + "Error: getopt returnedcharacter ?.\n"},
		{"hbparameter -p deadtime", 0, "5\n", ""},
		{"hbparameter -mpdeadtime", 0, "Heartbeat parameter deadtime's value: 5\n", ""},
		{"hbparameter -p nope", 1, "", clLog + "Cannot get parameter nope's value\n" + clLog + "REASON: \n"},
		{"hbparameter", 11, "", clLog + "parameter name required\n"},
		{"hbparameter -p", 11, "", "hbparameter: option requires an argument -- 'p'\n" + clLog + "Error: getopt returnedcharacter code ?.\n"},
		{"test", 0, "Dead time: 5000\n keeplive time: 500\n mynodeid: node1\n rsc: local\n", ""},
	} {
		callsClStatus(t, m, tc.args, tc.code, tc.stdout, tc.stderr)
	}
}

func callsClStatus(t *testing.T, m machine, args string, want int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := m.clStatus(strings.Fields(args), &out, &errs)
	if code != want || out.String() != stdout || errs.String() != stderr {
		t.Errorf("cl_status %s: exit %d, want %d\nstdout %q\nwant   %q\nstderr %q\nwant   %q", args, code, want, &out, stdout, &errs, stderr)
	}
}

func TestClStatusWithoutDaemon(t *testing.T) {
	stopped := testMachine(t)
	starting := testMachine(t)
	(&fakeDaemon{st: clPair()}).run(t, starting) // its socket for programs is not there yet
	for _, m := range []machine{stopped, starting} {
		for _, tc := range []struct{ args, stdout, stderr string }{
			{"hbstatus", "Heartbeat is stopped on this machine.\n", ""},
			{"hbstatus -v", "Heartbeat is stopped on this machine.\n(hb_api_signon: Can't initiate connection to heartbeat)\n", ""},
			{"rscstatus -x", "", clLog + "Cannot signon with heartbeat\n" + clLog + "REASON: hb_api_signon: Can't initiate connection to heartbeat\n"},
		} {
			var out, errs bytes.Buffer
			code := m.clStatus(strings.Fields(tc.args), &out, &errs)
			if code != 1 || out.String() != tc.stdout || errs.String() != tc.stderr {
				t.Errorf("cl_status %s: exit %d, stdout %q, stderr %q", tc.args, code, &out, &errs)
			}
		}
	}
}

func TestGetopt(t *testing.T) {
	for args, want := range map[string]string{
		"":           "",
		"a -m b":     "m= | a b",
		"-mv":        "m= v= |",
		"-pX -p Y z": "p=X p=Y | z",
		"-mpX":       "m= p=X |",
		"-m -- -v":   "m= | -v",
		"- -m":       "m= | -",
		"-p -m":      "p=-m |",
		"-:":         "?=prog: invalid option -- ':' |",
		"-xm":        "?=prog: invalid option -- 'x' m= |",
		"-p":         "?=prog: option requires an argument -- 'p' |",
	} {
		options, operands := getopt("prog", strings.Fields(args), "mvp:")
		var got []string
		for _, o := range options {
			got = append(got, string(o.letter)+"="+o.value)
		}
		got = append(got, "|")
		got = append(got, operands...)
		if s := strings.Join(got, " "); s != want && !(args == "" && s == "|") {
			t.Errorf("%q: got %q, want %q", args, s, want)
		}
	}
}

// TestClStatusPing: the answers of 3.0.6's cl_status to the same questions.
func TestClStatusPing(t *testing.T) {
	m := testMachine(t)
	serveClients(t, m, withPings())
	const normal = "\nnode2\tactive\t(nodetype: normal)\n\teth0\tup\n\nnode1\tactive\t(nodetype: normal)\n\teth1\tdead\n\teth0\tup\n"
	const router, dns = "\n10.0.0.1\tping\t(nodetype: ping)\n\t10.0.0.1\tup\n", "\ndns\tdead\t(nodetype: ping)\n\tdns\tdead\n"
	for _, tc := range []struct {
		args string
		code int
		want string
	}{
		{"listnodes", 0, "dns\nnode2\nnode1\n10.0.0.1\n"},
		{"listnodes -p", 0, "dns\n10.0.0.1\n"},
		{"listnodes -n", 0, "node2\nnode1\n"},
		{"listnodes -n -p", 0, "dns\nnode2\nnode1\n10.0.0.1\n"},
		{"listnodes -v", 0, dns + normal + router},
		{"listnodes -v -p", 0, dns + router},
		{"listnodes -v -n", 0, normal},
		{"nodestatus 10.0.0.1", 0, "ping\n"},
		{"nodestatus -m DNS", 1, "The cluster node DNS is dead\n"},
		{"nodetype dns", 0, "ping\n"},
		{"nodetype -m 10.0.0.1", 0, "The node 10.0.0.1's type: ping\n"},
		{"listhblinks 10.0.0.1", 0, "\t10.0.0.1\n"},
		{"listhblinks -v dns", 0, "\tdns\tdead\n"},
		{"hblinkstatus 10.0.0.1 10.0.0.1", 0, "up\n"},
		{"hblinkstatus dns dns", 1, "dead\n"},
		{"clientstatus dns ipfail", 1, "offline\n"},
	} {
		var stdout, stderr bytes.Buffer
		code := m.clStatus(strings.Fields(tc.args), &stdout, &stderr)
		if code != tc.code || stdout.String() != tc.want || stderr.Len() > 0 {
			t.Errorf("%s: %d %q %q, want %d %q", tc.args, code, stdout.String(), stderr.String(), tc.code, tc.want)
		}
	}
}
