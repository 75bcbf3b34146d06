//go:build integration

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// siteHACF is the ha.cf of a site that has used all there is for many years.
const siteHACF = `# two data base servers, since 2004
debugfile /var/log/ha-debug
logfile	/var/log/ha-log
logfacility	local0
keepalive 200ms
warntime 1
deadtime 2	# was 10
deadping 2
initdead 6
udpport	694
baud	19200
serial	/dev/ttyS0	# Linux
bcast	eth0		# Linux
ucast eth1 10.77.1.1
ucast eth1 10.77.1.2
auto_failback off
watchdog /var/lib/device
stonith_host * external/lab node1 node2
node	node1
node	node2
ping_group routers 10.77.0.3 10.77.1.3
ping 10.77.0.3
respawn hacluster /usr/libexec/heartbeat/ipfail
respawn root /usr/local/sbin/monitor
apiauth ipfail gid=haclient uid=hacluster
apiauth monitor uid=root
`

const siteHaresources = `# node		address			services
node1	IPaddr2::10.77.0.101/24/eth0	web::80::main db
node1	10.77.0.102/24/eth0 mail
node1	queue::a::b	\
	spool::/var/spool
node2	IPaddr2::10.77.0.104/24/eth0/10.77.0.255 ftp
node2	10.77.0.105	dns
node2	nfs lock::fast
`

const siteAuthkeys = "auth %d\n1 crc\n2 sha1 the old key\n3 sha1 the new key\n"

// siteMonitor is the site's own program of respawn: it asks as long as it lives.
const siteMonitor = `#!/bin/sh
echo started >>/var/monitor.life
trap 'echo ended >>/var/monitor.life; exit 0' TERM
while :; do
	cl_status hbstatus >/run/monitor.last 2>&1 && cl_status rscstatus >>/run/monitor.last 2>&1
	sleep 0.3
done
`

// siteCron is what cron would start again and again: it must never hang, and only know the words of cl_status.
const siteCron = `while [ ! -e /lab/no-cron ]; do
	word=$(timeout 20 cl_status rscstatus 2>/dev/null)
	echo "$? $word" >>/var/cron
	timeout 20 cl_status nodestatus node1 >/dev/null 2>&1
	sleep 0.5
done
`

// siteMaintenance is a script of the site: it gives away what this node has, if it has any.
const siteMaintenance = `case $(cl_status rscstatus) in
all|local|foreign) /usr/share/heartbeat/hb_standby ${1:-all} 2>/dev/null ;;
*) exit 1 ;;
esac
`

// siteHook is the site's own script in rc.d.
const siteHook = "#!/bin/sh\necho \"$HA_src says $HA_what\" >>/var/hook\n"

var (
	siteHome      = map[string]string{"web": "node1", "db": "node1", "mail": "node1", "queue": "node1", "spool": "node1", "ftp": "node2", "dns": "node2", "nfs": "node2", "lock": "node2"}
	siteAddresses = map[string]string{"10.77.0.101": "web", "10.77.0.102": "mail", "10.77.0.104": "ftp", "10.77.0.105": "dns"}
)

// site is a pair with everything at once; kinds has a letter for each node: C for 3.0.6, H for heartbeatd in its place.
type site struct {
	*cluster
	cable *serialCable
	kinds string
}

// besideGenuine makes a host with 3.0.6 or, in its place, heartbeatd: the other programs of its packages, and those of
// cluster-glue and resource-agents, are there with both.
func besideGenuine(t testing.TB, l *Lab, name, kind string) *Host {
	t.Helper()
	software, opts := softwares(t), HostOptions{Disk: 64}
	if kind == "H" {
		opts.Layers = software["C"].layers
	}
	h, err := l.Node(name, software[kind], opts)
	if err == nil && kind == "H" {
		h.software.prepare = "mkdir -p /run/resource-agents" // the package resource-agents has it made
		err = h.genuineSetUp()
	}
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func newSite(t testing.TB, kinds string) *site {
	t.Helper()
	s := &site{cluster: &cluster{TB: t, lab: newLab(t, 2), nodes: map[string]*Host{}}, kinds: kinds}
	t.Cleanup(s.showLogs)
	for i, name := range []string{"node1", "node2"} {
		h := besideGenuine(t, s.lab, name, kinds[i:i+1])
		s.nodes[name] = h
		for resource := range siteHome {
			s.must(h.InstallRecorder(resource))
		}
		for path, text := range map[string]string{
			"/usr/local/sbin/monitor": siteMonitor, "/usr/local/sbin/cron": siteCron, "/usr/local/sbin/maintenance": siteMaintenance, "/etc/ha.d/rc.d/mine": siteHook,
			"/usr/lib/stonith/plugins/external/lab": sitePlugin, "/var/lib/device": "",
		} {
			s.must(h.WriteFile(path, text, 0o755))
		}
		s.must(h.Configure(Files{HACF: siteHACF, Haresources: siteHaresources, Authkeys: fmt.Sprintf(siteAuthkeys, 2)}))
	}
	router, err := s.lab.Host("router", HostOptions{Disk: 16})
	s.must(err)
	s.nodes["router"] = router
	s.cable = newSerialCable(t, s.nodes["node1"], s.nodes["node2"])
	return s
}

// sitePlugin is a device of cluster-glue's kind external: the test pulls the cord.
const sitePlugin = `#!/bin/sh
case $1 in
getconfignames) echo hostlist ;;
gethosts) for h in $hostlist; do echo "$h"; done ;;
getinfo-*) echo "lab device" ;;
reset) echo "$2" >/lab/off.$2; while [ ! -e /lab/is-off.$2 ]; do sleep 0.1; done ;;
esac
exit 0
`

// fenced waits for a node to be switched off, and pulls its cord.
func (s *site) fenced(node string) {
	s.Helper()
	off, is := filepath.Join(s.lab.Shared(), "off."+node), filepath.Join(s.lab.Shared(), "is-off."+node)
	s.must(Eventually(clusterPatience, node+" to be switched off", func() bool { _, err := os.Stat(off); return err == nil }))
	s.must(s.nodes[node].PowerCut())
	s.must(os.WriteFile(is, nil, 0o644))
}

// runs waits until every service runs where it should, its address with it, and cl_status says that all is settled.
func (s *site) runs(what string, at map[string]string, up ...string) {
	s.Helper()
	why := ""
	err := Eventually(clusterPatience, what, func() bool { why = s.elsewhere(at, up); return why == "" })
	if err != nil {
		s.Fatalf("%v: %s", err, why)
	}
}

func (s *site) elsewhere(at map[string]string, up []string) string {
	for resource, node := range at {
		if on := owner(s.TB, s.lab, resource); on != node {
			return fmt.Sprintf("%s is on %q, want %s", resource, on, node)
		}
	}
	for _, node := range up {
		words, err := s.nodes[node].Run("cl_status", "rscstatus")
		if word := strings.TrimSpace(words); err != nil || word == "transition" {
			return fmt.Sprintf("%s: %s %v", node, word, err)
		}
		has, err := s.nodes[node].Run("ip", "-brief", "address", "show", "dev", "eth0")
		if err != nil {
			return err.Error()
		}
		for address, resource := range siteAddresses {
			if got := strings.Contains(has, " "+address+"/"); got != (at[resource] == node) {
				return fmt.Sprintf("%s has %s: %v", node, address, got)
			}
		}
	}
	return ""
}

// all says that everything is on one node.
func allOn(node string) map[string]string {
	at := map[string]string{}
	for resource := range siteHome {
		at[resource] = node
	}
	return at
}

// cron begins to ask for the status, on a node.
func (s *site) cron(node string) {
	s.Helper()
	s.must(s.nodes[node].Start("sh", "/usr/local/sbin/cron"))
}

// startDaemons starts daemons, all at once.
func (s *site) startDaemons(names ...string) {
	s.Helper()
	errs := make(chan error)
	for _, name := range names {
		go func() { errs <- s.nodes[name].StartDaemon() }()
	}
	for range names {
		s.must(<-errs)
	}
}

// sees waits until a node's cl_status says so: "node2 active".
func (s *site) sees(node string, wants ...string) {
	s.Helper()
	for _, want := range wants {
		of, status, _ := strings.Cut(want, " ")
		s.must(Eventually(clusterPatience, node+" to see "+want, func() bool {
			out, _ := s.nodes[node].Run("cl_status", "nodestatus", of)
			return strings.TrimSpace(out) == status
		}))
	}
}
