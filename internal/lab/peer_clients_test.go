//go:build integration && long

package lab

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// clientCalls are the calls of cl_status whose answers must not depend on the daemon they go to.
var clientCalls = []string{
	"hbstatus", "hbstatus -m", "hbstatus -v", "hbstatus -v -m", "hbstatus -x",
	"listnodes", "listnodes -p", "listnodes -n", "listnodes -v", "listnodes -m", "listnodes -v -m", "listnodes -p -n", "listnodes -x",
	"nodestatus", "nodestatus node1", "nodestatus node2", "nodestatus NODE2", "nodestatus -m node2", "nodestatus nosuch", "nodestatus -x node1",
	"nodeweight", "nodeweight node1", "nodeweight -m Node2", "nodeweight nosuch",
	"nodesite", "nodesite node1", "nodesite -m node2", "nodesite nosuch",
	"nodetype", "nodetype node1", "nodetype -m node2", "nodetype nosuch",
	"listhblinks", "listhblinks node1", "listhblinks node2", "listhblinks -v node1", "listhblinks -v node2", "listhblinks -m -v node2", "listhblinks nosuch",
	"hblinkstatus", "hblinkstatus node1 eth0", "hblinkstatus node2 eth0", "hblinkstatus -m node2 eth1", "hblinkstatus node2 eth9", "hblinkstatus nosuch eth0", "hblinkstatus node2",
	"clientstatus", "clientstatus node1 ipfail", "clientstatus -m node1 ipfail", "clientstatus node1 nosuch", "clientstatus node2 ipfail", "clientstatus node2 nosuch", "clientstatus nosuch ipfail", "clientstatus -m node2 ipfail",
	"rscstatus", "rscstatus -m", "rscstatus -x",
	"hbparameter", "hbparameter -p keepalive", "hbparameter -p deadtime", "hbparameter -m -p deadtime", "hbparameter -p warntime", "hbparameter -p initdead",
	"hbparameter -p deadping", "hbparameter -p hopfudge", "hbparameter -p baud", "hbparameter -p udpport", "hbparameter -p auto_failback",
	"hbparameter -p hbgenmethod", "hbparameter -p realtime", "hbparameter -p debug", "hbparameter -p normalpoll", "hbparameter -p logfile",
	"hbparameter -p debugfile", "hbparameter -p logfacility", "hbparameter -p rtprio", "hbparameter -p watchdog", "hbparameter -p crm",
	"hbparameter -p pacemaker", "hbparameter -p coreroot", "hbparameter -p msgfmt", "hbparameter -p cluster", "hbparameter -p node",
	"hbparameter -p nosuch", "hbparameter -p hbversion", "hbparameter -p use_logd", "hbparameter -p conn_logd_time", "hbparameter -p compression",
	"test", "nosuch", "", "-h",
}

// answers is what a node's cl_status says to each call, with its exit status.
func (p *peers) answers(name, program string) []string {
	p.Helper()
	var script strings.Builder
	for _, call := range clientCalls {
		fmt.Fprintf(&script, "echo '### %s'; %s %s 2>&1; echo \"exit $?\"; ", call, program, call)
	}
	out := run(p.T, p.nodes[name], "sh", "-c", script.String())
	return strings.Split("\n"+out, "\n### ")[1:]
}

// asHacluster is how a program is run that the daemon would start as the user of the packages.
func asHacluster(program ...string) []string {
	return append([]string{"setpriv", "--reuid", "hacluster", "--regid", "haclient", "--clear-groups"}, program...)
}

const ipfailPath = "/usr/libexec/heartbeat/ipfail"

// ipfail starts the genuine one, as hacluster.
func (p *peers) ipfail(name string) {
	p.Helper()
	call := asHacluster("env", "HA_logfile=/tmp/ipfail.log", "HA_LOGFILE=/tmp/ipfail.log", ipfailPath)
	p.must(p.nodes[name].Start(call[0], call[1:]...))
	p.must(Eventually(clusterPatience, "ipfail to sign on", func() bool {
		word, _ := p.nodes[name].Run("/usr/bin/cl_status", "clientstatus", name, "ipfail")
		return strings.TrimSpace(word) == "online"
	}))
}

var (
	clientLogPrefix = regexp.MustCompile(`[A-Z][a-z]{2} \d\d [0-9:]{8} (\S+) (\S+): \[\d+\]: `)
	hbVersion       = regexp.MustCompile(`3\.0\.6 \(node: [^)]*\)`)
	processes       = regexp.MustCompile(`PID=\d+`)
	situations      = []string{"both are there", "node1 has everything", "node2 is dead"}
	heartbeatds     = map[string]string{"C": "/usr/bin/cl_status.c", "H": "/usr/bin/cl_status"}
)

func (p *peers) playSituations(look func(situation string)) {
	p.Helper()
	p.start("node1", "node2")
	p.runs(situations[0], "web:node1 db:node2")
	p.settle("node1", "node2")
	p.ipfail("node1")
	p.ipfail("node2")
	look(situations[0])
	run(p.T, p.nodes["node2"], "/usr/share/heartbeat/hb_standby", "all")
	p.runs(situations[1], "web:node1 db:node1")
	p.settle("node1", "node2")
	look(situations[1])
	p.cut("node2")
	p.must(Eventually(clusterPatience, "node2 to be dead", func() bool {
		word, _ := p.nodes["node1"].Run("cl_status", "nodestatus", "node2")
		return strings.TrimSpace(word) == "dead"
	}))
	p.must(Eventually(clusterPatience, "its link to be dead", func() bool {
		word, _ := p.nodes["node1"].Run("cl_status", "hblinkstatus", "node2", "eth0")
		return strings.TrimSpace(word) == "dead"
	}))
	p.settle("node1")
	look(situations[2])
}

// TestPeerClientsAreAnsweredAlike: in the same situation the genuine cl_status says the same of a pair of heartbeatd
// as of a pair of 3.0.6, in each of its subcommands; and so does ours.
func TestPeerClientsAreAnsweredAlike(t *testing.T) {
	said := map[string][]string{} // by situation, daemon and program
	for _, kind := range []string{"C", "H"} {
		p := newPeers(t, kind+kind, Files{HACF: peerHACF + "auto_failback off\n", Haresources: peerResources})
		p.playSituations(func(situation string) {
			for program, path := range heartbeatds {
				if kind == "C" && program == "H" {
					continue
				}
				said[situation+kind+program] = p.answers("node1", path)
			}
		})
		for _, name := range peerNames {
			if p.nodes[name].Up() {
				p.stop(name)
			}
		}
	}
	for _, situation := range situations {
		genuine := said[situation+"CC"]
		if len(genuine) != len(clientCalls) {
			t.Fatalf("%s: %d answers, want %d", situation, len(genuine), len(clientCalls))
		}
		for _, program := range []string{"C", "H"} {
			for i, got := range said[situation+"H"+program] {
				if want := plain(genuine[i]); plain(got) != want {
					t.Errorf("%s, %s:\n%s\nbut of 3.0.6:\n%s", situation, heartbeatds[program], plain(got), want)
				}
			}
		}
	}
}

// plain is a text without what differs from call to call, and from build to build.
func plain(text string) string {
	text = clientLogPrefix.ReplaceAllString(text, "")
	return processes.ReplaceAllString(hbVersion.ReplaceAllString(text, "3.0.6"), "PID")
}

// TestPeerAPITest: 3.0.6's own test of the client library does with heartbeatd what it does with the C daemon: it
// gets through all its requests, and hears its own message and ten answers to it. Then it waits for ever.
func TestPeerAPITest(t *testing.T) {
	said := map[string]string{}
	for _, kind := range []string{"C", "H"} {
		p := newPeers(t, kind+kind, Files{HACF: peerHACF + "auto_failback off\n", Haresources: peerResources})
		p.start("node1", "node2")
		p.runs("both are there", "web:node1 db:node2")
		p.settle("node1", "node2")
		call := asHacluster("timeout", "-k", "1", "-s", "INT", "14", "/usr/libexec/heartbeat/api_test")
		out, _ := p.nodes["node1"].Command(call[0], call[1:]...).CombinedOutput()
		said[kind] = plain(string(out))
		p.stop("node1")
		p.stop("node2")
	}
	// Answers about clients have a tenth of a second to come, which is too short for 3.0.6; late ones come as messages.
	inTime := regexp.MustCompile(`.*(/api_test status: |Client node2/ping now|type \[hbapi-resp\]).*\n`)
	counted := regexp.MustCompile(`Got message \d+`)
	comparable := func(text string) string {
		lines := strings.Split(counted.ReplaceAllString(inTime.ReplaceAllString(text, ""), "Got message"), "\n")
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	if comparable(said["C"]) != comparable(said["H"]) {
		t.Errorf("with heartbeatd:\n%s\nwith 3.0.6:\n%s", said["H"], said["C"])
	}
	if n := strings.Count(said["H"], "of type [pingreply] from [node1]"); n != 10 {
		t.Errorf("%d of 10 messages came:\n%s", n, said["H"])
	}
}

// TestPeerIpfailTalks: two genuine ipfail on two nodes talk with each other, whatever daemons are between them: each
// tells one that joins how many ping nodes it sees, and is told that this is balanced.
func TestPeerIpfailTalks(t *testing.T) {
	eachPairing(t, []string{"HH", "CH", "HC"}, func(t *testing.T, kinds string) {
		p := newPeers(t, kinds, Files{HACF: peerHACF + "auto_failback off\n", Haresources: peerResources})
		p.start("node1", "node2")
		p.runs("both are there", "web:node1 db:node2")
		p.settle("node1", "node2")
		p.ipfail("node1")
		p.ipfail("node2")
		for name, words := range map[string]string{"node2": "Ping node count is balanced.", "node1": "No giveup timer to abort."} {
			if _, err := p.nodes[name].TailFromStart("/tmp/ipfail.log").Wait(clusterPatience, words); err != nil {
				t.Error(err)
			}
		}
	})
}
