package agents

import (
	"strings"
	"testing"
)

// wrappers are all scripts that do nothing but call the OCF agent of their name: what they are called with in
// haresources, and what the agent then gets.
var wrappers = []struct{ script, args, gets string }{
	{"AudibleAlarm", "", "RESKEY_nodelist= RESOURCE_INSTANCE=AudibleAlarm"},
	{"AudibleAlarm", "node1 restart2", "RESKEY_nodelist=node1 restart2 RESOURCE_INSTANCE=AudibleAlarm"},
	{"Delay", "", "RESKEY_mondelay=0 RESOURCE_INSTANCE=Delay_10"},
	{"Delay", "5", "RESKEY_mondelay=0 RESKEY_startdelay=5 RESOURCE_INSTANCE=Delay_5"},
	{"Delay", "5 6", "RESKEY_mondelay=0 RESKEY_startdelay=5 RESKEY_stopdelay=6 RESOURCE_INSTANCE=Delay_5"},
	{"Filesystem", "/dev/sdb1 /data", "RESKEY_device=/dev/sdb1 RESKEY_directory=/data RESOURCE_INSTANCE=Filesystem_/dev/sdb1"},
	{"Filesystem", "/dev/sdb1 /data ext4", "RESKEY_device=/dev/sdb1 RESKEY_directory=/data RESKEY_fstype=ext4 RESOURCE_INSTANCE=Filesystem_/dev/sdb1"},
	{"Filesystem", "LABEL=data /data ext4 noatime,rw", "RESKEY_device=LABEL=data RESKEY_directory=/data RESKEY_fstype=ext4 RESKEY_options=noatime,rw RESOURCE_INSTANCE=Filesystem_LABEL=data"},
	{"ICP", "0 /dev/sdb", "RESKEY_device=/dev/sdb RESKEY_driveid=0 RESOURCE_INSTANCE=ICP_0"},
	{"IPsrcaddr", "10.0.0.1", "RESKEY_ipaddress=10.0.0.1 RESOURCE_INSTANCE=IPsrcaddr"},
	{"LVM", "vg0", "RESKEY_volgrpname=vg0 RESOURCE_INSTANCE=LVM"},
	{"LinuxSCSI", "0:0:1", "RESKEY_scsi=0:0:1 RESOURCE_INSTANCE=LinuxSCSI_0:0:1"},
	{"MailTo", "root@example.org", "RESKEY_email=root@example.org RESOURCE_INSTANCE=MailTo"},
	{"MailTo", "root@example.org moved", "RESKEY_email=root@example.org RESKEY_subject=moved RESOURCE_INSTANCE=MailTo"},
	{"Raid1", "/etc/raidtab /dev/md0", "RESKEY_raidconf=/etc/raidtab RESKEY_raiddev=/dev/md0 RESOURCE_INSTANCE=Raid1_/etc/raidtab"},
	{"SendArp", "10.0.0.1/eth0", "RESKEY_ip=10.0.0.1 RESKEY_nic=eth0 RESOURCE_INSTANCE=SendArp_10.0.0.1"},
	{"ServeRAID", "1 2", "RESKEY_mergegroup=2 RESKEY_serveraid=1 RESOURCE_INSTANCE=ServeRAID_1"},
	{"WAS", "", "RESOURCE_INSTANCE=WAS"},
	{"WAS", "9080", "RESKEY_port=9080 RESOURCE_INSTANCE=WAS"},
	{"WAS", "/etc/passwd", "RESKEY_config=/etc/passwd RESOURCE_INSTANCE=WAS"},
	{"WinPopup", "", "RESKEY_hostfile=hosts RESOURCE_INSTANCE=WinPopup"},
	{"WinPopup", "/etc/hosts", "RESKEY_hostfile=/etc/hosts RESOURCE_INSTANCE=WinPopup"},
	{"Xinetd", "ftp", "RESKEY_service=ftp RESOURCE_INSTANCE=Xinetd"},
	{"apache", "", "RESOURCE_INSTANCE=apache_"},
	{"apache", "/etc/httpd.conf", "RESKEY_configfile=/etc/httpd.conf RESOURCE_INSTANCE=apache_/etc/httpd.conf"},
	{"db2", "db2inst1", "RESKEY_instance=db2inst1 RESOURCE_INSTANCE=db2_db2inst1"},
	{"ids", "", "RESOURCE_INSTANCE=ids_"},
	{"ids", "/ifx one onconfig", "RESKEY_informixdir=/ifx RESKEY_informixserver=one RESKEY_onconfig=onconfig RESOURCE_INSTANCE=ids_one"},
	{"portblock", "tcp 80,443 block", "RESKEY_action=block RESKEY_portno=80,443 RESKEY_protocol=tcp RESOURCE_INSTANCE=portblock_tcp_80,443_block"},
}

// TestWrappersCallTheirAgents calls every script for every action.
func TestWrappersCallTheirAgents(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range wrappers {
		first := !seen[w.script]
		seen[w.script] = true
		t.Run(w.script+" "+w.args, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.agent("heartbeat/"+w.script, 0)
			said := map[string]string{"start": "INFO:  Success\n", "stop": "INFO:  Success\n", "status": "INFO:  Running OK\n", "monitor": "INFO:  Running OK\n", "meta-data": ""}
			if !first {
				said = map[string]string{"start": said["start"]}
			}
			for action, end := range said {
				asked := strings.Replace(action, "status", "monitor", 1)
				out, code := p.run(w.script, append(strings.Fields(w.args), action)...)
				if want := "words of the agent: not running, OK\n" + end; out != want || code != 0 {
					t.Errorf("%s: exit %d, said %q, want %q", action, code, out, want)
				}
				want := w.script + " " + asked + " " + strings.ReplaceAll(w.gets, "RESKEY_", "") + " TYPE=" + w.script + "\n"
				if got := p.calls(); got != want {
					t.Errorf("%s: the agent got\n%swant\n%s", action, got, want)
				}
			}
			if !first {
				return
			}
			if log := p.read("log"); strings.Count(log, ":    INFO:  Running OK\n") != 2 {
				t.Errorf("log: %s", log)
			}
			out, code := p.run(w.script, append(strings.Fields(w.args), "bogus")...)
			if code != 1 || !strings.HasPrefix(out, "ERROR: Unknown operation: bogus\n") || p.calls() != "" {
				t.Errorf("an unknown action: exit %d, said %q, calls %q", code, out, p.calls())
			}
		})
	}
}

// TestWrappersTellHowItEnded: codes and words of 3.0.6.
func TestWrappersTellHowItEnded(t *testing.T) {
	for code, want := range []string{
		"INFO:  Running OK", "ERROR:  Generic error", "ERROR:  Illegal argument", "ERROR:  Function unimplemented", "ERROR:  User had insufficient privilege",
		"ERROR:  Program is not installed", "ERROR:  Program is not configured", "INFO:  Resource is stopped", "ERROR:  Unknown error: 8", "ERROR:  Unknown error: 9",
	} {
		p := newPlace(t)
		p.agent("heartbeat/Xinetd", code)
		out, got := p.run("Xinetd", "ftp", "status")
		if exits := map[bool]int{true: code, false: 1}[code < 8]; got != exits || !strings.HasSuffix(out, "\n"+want+"\n") {
			t.Errorf("agent ends with %d: exit %d, said %q, want %d and %q", code, got, out, exits, want)
		}
	}
}

// TestWrappersWithoutAgent: where resource-agents is not installed, every script says so.
func TestWrappersWithoutAgent(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range wrappers {
		if seen[w.script] {
			continue
		}
		seen[w.script] = true
		p := newPlace(t)
		for _, action := range []string{"start", "stop", "status"} {
			out, code := p.run(w.script, append(strings.Fields(w.args), action)...)
			if want := "ERROR: " + p.dir + "/ocf/resource.d//heartbeat/" + w.script + " is not an executable file \n"; code != 1 || out != want {
				t.Errorf("%s %s: exit %d, said %q, want %q", w.script, action, code, out, want)
			}
		}
	}
	if want := len(strings.Fields(shipped)) - 7; len(seen) != want { // IPaddr IPaddr2 IPv6addr OCF hto-mapfuncs drbd*
		t.Errorf("%d scripts tried, want %d", len(seen), want)
	}
}

// TestWrappersRefuse: a wrong number of arguments is answered by the usage line, and nothing is called.
func TestWrappersRefuse(t *testing.T) {
	for _, c := range []struct{ script, args, says string }{
		{"AudibleAlarm", "", "Usage: "}, {"Delay", "1 2 3 start", "usage: "}, {"Filesystem", "/dev/sdb1 start", "usage: "},
		{"Filesystem", "a b c d e start", "usage: "}, {"ICP", "0 start", "usage: "}, {"IPsrcaddr", "start", ""}, {"LVM", "start", "usage: "},
		{"LinuxSCSI", "start", "usage: "}, {"MailTo", "start", "At least 1 Email address has to be given!\nUsage: "},
		{"MailTo", "a b c start", "Additional parameters found: 4 but max. 3 are allowed!\nUsage: "}, {"Raid1", "a start", "usage: "},
		{"SendArp", "start", "usage: "}, {"ServeRAID", "1 start", "usage: "}, {"WAS", "port start", "ERROR: port is neither a WAS configuration file nor a valid port number!\n"},
		{"WAS", "1 2 start", "For the single server edition of WAS:\nusage: "}, {"WinPopup", "a b start", "Additional parameters found: 3 but only 2 are allowed!\nUsage: "},
		{"Xinetd", "start", "Usage: "}, {"apache", "a b start", "usage: "}, {"db2", "start", "usage: "}, {"ids", "a b start", "usage: "}, {"portblock", "tcp 80 start", "usage: "},
	} {
		p := newPlace(t)
		p.agent("heartbeat/"+c.script, 0)
		if out, code := p.run(c.script, strings.Fields(c.args)...); code != 1 || !strings.HasPrefix(out, c.says) || p.calls() != "" {
			t.Errorf("%s %s: exit %d, said %q, calls %q", c.script, c.args, code, out, p.calls())
		}
	}
}
