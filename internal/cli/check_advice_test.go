package cli

import (
	"strings"
	"testing"
)

const goodHaCf = "node web1 web2\nlogfile /l\nauto_failback on\n"

// TestCheckAdvice: what 3.0.6 and our start accept in silence.
func TestCheckAdvice(t *testing.T) {
	for _, c := range []struct {
		name, haCf, authkeys, haresources string
		args                              []string
		want                              string // lines that begin with warning or hint, then the last
	}{
		{"a machine's own address", "bcast eth0", "1 sha1 x", "web1 192.0.2.1/24/eth0 own", nil,
			"warning: haresources:1: 192.0.2.1 is this machine's own address on eth0, not a service address: giving the group away would take the machine off the network\n" +
				"hint: name an address of its own for the service, which no machine has configured at boot\n1 warning"},
		{"only to itself", "ucast eth0 192.0.2.1", "1 sha1 x", "", nil,
			"warning: ha.cf: every ucast line names an address of this machine: nobody else hears its beats\n" +
				"hint: add a ucast line with the other machine's address; the file may be the same on both\n1 warning"},
		{"only to itself, seen from the other node", "ucast eth0 192.0.2.1", "1 sha1 x", "", []string{"--node=web2"}, "0 warnings"},
		{"to itself and to the other", "ucast eth0 192.0.2.1\nucast eth0 192.0.2.2", "1 sha1 x", "", nil, "0 warnings"},
		{"crc", "bcast eth0", "1 crc", "", nil,
			"warning: authkeys: datagrams are sent with method crc: anybody on the network can forge them\n" +
				"hint: write `1 sha1 a-long-random-secret`, the same on both nodes, unless the only links are cables between the two\n1 warning"},
		{"enabled at boot, a unit and an init script", "bcast eth0", "1 sha1 x", "web1 apache2 tool own\nweb2 IPaddr::192.0.2.9 apache2", nil,
			"warning: haresources:2: resource apache2 is in haresources:1 too: stopping one group stops it for the other\n" +
				"hint: put everything that needs it into one group\n" +
				"warning: haresources:1: apache2 is enabled at boot (/wants/apache2.service): heartbeat must be the only one that starts it\n" +
				"hint: systemctl disable apache2\n" +
				"warning: haresources:1: tool is enabled at boot (/rc3.d/S01tool): heartbeat must be the only one that starts it\n" +
				"hint: systemctl disable tool\n3 warnings"},
		{"no address of a host", "bcast eth0", "1 sha1 x", "web1 192.0.2.300", nil,
			"192.0.2.300 ROOT/installed/resource.d/IPaddr; WARNING: address word \"192.0.2.300\": " +
				"IP address [192.0.2.300] not valid: want an IPv4 address: the group will fail to start\n1 warning"},
	} {
		root := checkDir(t, map[string]string{
			"ha.cf": goodHaCf + c.haCf + "\n", "authkeys": "auth 1\n" + c.authkeys + "\n", "haresources": c.haresources + "\n",
			"installed/resource.d/IPaddr!": "", "installed/resource.d/own!": "", "init.d/tool!": "",
		})
		m := testChecker(root)
		m.boot = enabled{"apache2": "/wants/apache2.service", "tool": "/rc3.d/S01tool", "own": "/wants/own.service"}
		code, out, _ := runCheck(t, m, append(c.args, root)...)
		var got []string
		for _, line := range strings.Split(strings.TrimSpace(strings.ReplaceAll(squeeze(out), root, "ROOT")), "\n") {
			if strings.HasPrefix(line, "warning: ") || strings.HasPrefix(line, "hint: ") || strings.Contains(line, "WARNING") {
				got = append(got, strings.TrimSpace(line))
			} else if _, n, ok := strings.Cut(line, " group, "); ok && strings.HasPrefix(line, "accepted: ") {
				got = append(got, n)
			} else if _, n, ok := strings.Cut(line, " groups, "); ok && strings.HasPrefix(line, "accepted: ") {
				got = append(got, n)
			}
		}
		wantText(t, c.name, strings.Join(got, "\n"), c.want)
		if code != exitOK {
			t.Errorf("%s: exit %d", c.name, code)
		}
	}
}

// TestCheckStagedCopy: a copy without its resource.d is judged by the installed scripts, and a
// script of its own goes before them.
func TestCheckStagedCopy(t *testing.T) {
	root := checkDir(t, map[string]string{
		"staged/ha.cf": goodHaCf + "bcast eth0\n", "staged/authkeys": "auth 1\n1 sha1 x\n",
		"staged/haresources":     "web1 own both tool broken\n",
		"staged/resource.d/own!": "", "staged/resource.d/both!": "", "staged/resource.d/broken": "",
		"installed/resource.d/both!": "", "installed/resource.d/tool!": "", "init.d/tool!": "",
		"installed/ha.cf": goodHaCf + "bcast eth0\n", "installed/authkeys": "auth 1\n1 sha1 x\n",
		"installed/haresources": "web1 both tool own\n",
	})
	for dir, want := range map[string]string{
		root + "/staged": "own ROOT/staged/resource.d/own\nboth ROOT/staged/resource.d/both\ntool ROOT/installed/resource.d/tool\n" +
			"broken WARNING: Cannot locate resource script broken: ROOT/staged/resource.d/broken is not executable",
		root + "/installed/": "both ROOT/installed/resource.d/both\ntool ROOT/installed/resource.d/tool\n" +
			"own WARNING: Cannot locate resource script own (searched: ROOT/installed/resource.d, ROOT/init.d, the units of systemd)",
	} {
		_, out, _ := runCheck(t, testChecker(root), dir)
		_, out, _ = strings.Cut(strings.ReplaceAll(squeeze(out), root, "ROOT"), "(haresources:1):\n")
		out, _, _ = strings.Cut(out, "\naccepted: ")
		wantText(t, dir, out, want)
	}
}
