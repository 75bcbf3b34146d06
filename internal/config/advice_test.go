package config

import (
	"strings"
	"testing"
)

// TestOwnAddresses: giving away a machine's own address takes the machine off the network.
func TestOwnAddresses(t *testing.T) {
	const line, end = "warning haresources:1: ", ", not a service address: giving the group away would take the machine off the network"
	const mine = "10.77.0.1 is this machine's own address on eth0" + end
	const peer = "10.77.0.2 is a machine's own address (the ucast line ha.cf:5 sends to it)" + end
	for haresources, want := range map[string]string{
		"n1 10.77.0.1":                     line + mine,
		"n1 10.77.0.1/24/eth0":             line + mine,
		"n1 apache2 IPaddr2::10.77.0.1/24": line + mine,
		"n1 IPaddr::10.77.0.2/24":          line + peer,
		"n1 10.77.1.1":                     "warning haresources:1: " + strings.Replace(strings.Replace(mine, "0.1 ", "1.1 ", 1), "eth0", "eth1", 1),
		"n1 10.77.0.10/24/eth0":            "",
		"n1 Filesystem::10.77.0.1::/srv":   "",
		"n1 10.77.0.300":                   "",
		"n1 IPaddr2::2001:db8::1/64 # ::1": "",
	} {
		files := set(base + "bcast eth0\nucast eth1 peer\nucast eth9 10.77.0.2\n")
		files.Haresources = file(haresources, 0o644)
		_, report := Load(files, newHost("n1"))
		got := lines(report)
		const unrelated = "warning ha.cf:6: ucast: interface [eth9]: no such device; nothing is sent over it until it is there"
		if !strings.HasPrefix(got, unrelated) {
			t.Fatal(got)
		}
		want = strings.ReplaceAll(want, "ha.cf:5", "ha.cf:6") // the last line that names the peer
		t.Run(haresources, func(t *testing.T) { compare(t, strings.TrimPrefix(got[len(unrelated):], "\n"), want) })
	}
}

// TestAdvice: 3.0.6 says nothing about these, and so does a start; check does.
func TestAdvice(t *testing.T) {
	for _, c := range []struct{ name, haCf, authkeys, haresources, want string }{
		{"nothing", "", "", "n1 10.0.0.1 a\nn2 10.0.0.2 b\n", ""},
		{"warntime", "deadtime 5\nwarntime 10\n", "", "", "warning ha.cf:6: warntime [10000] is above deadtime [5000] (ms): no late beat is ever told before the node is declared dead"},
		{"warntime equal", "deadtime 5\nwarntime 5\n", "", "", ""},
		{"a default warntime", "deadtime 5\n", "", "", ""},
		{"crc", "", "auth 2\n1 sha1 secret\n2 crc\n", "", "warning authkeys: datagrams are sent with method crc: anybody on the network can forge them"},
		{"crc only to accept", "", "auth 1\n1 sha1 secret\n2 crc\n", "", ""},
		{"a service in two groups", "", "", "n1 a b\nn2 c b\n", "warning haresources:2: resource b is in haresources:1 too: stopping one group stops it for the other"},
		{"arguments are the report's", "", "", "n1 a b::1\nn2 c b::1\n", ""},
		{"one address, two words", "", "", "n1 10.0.0.1/24 a\nn2 b IPaddr2::10.0.0.1/16/eth0\n",
			"warning haresources:2: IPaddr2::10.0.0.1/16/eth0 is the address of 10.0.0.1/24 (haresources:1) too: stopping one stops the other"},
		{"a device for the other node only", "stonith_host n2 null n1\n", "", "", "warning ha.cf:5: no stonith or stonith_host line is for this node: it takes over without fencing"},
		{"a device for each", "stonith_host n2 null n1\nstonith_host n1 null n2\n", "", "", ""},
		{"pings that tell something", "ping 10.77.0.254\nping6 fd00::1\n", "", "n1 10.77.0.10/24\n", ""},
		{"pings that tell nothing", "ping 10.77.0.1\nping_group g 10.77.0.254 10.77.0.10\nucast eth0 10.77.0.2\nping peer\n", "", "n1 IPaddr2::10.77.0.10/24\n",
			"warning ha.cf:5: ping 10.77.0.1 is this machine's own address on eth0: its answer does not tell which node is connected better\n" +
				"warning ha.cf:6: ping_group g is the address of a service (haresources:1): its answer does not tell which node is connected better\n" +
				"warning ha.cf:8: ping peer is a machine's own address (the ucast line ha.cf:7 sends to it): its answer does not tell which node is connected better"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := set(base + "bcast eth0\n" + c.haCf)
			if c.authkeys != "" {
				files.Authkeys.Data = []byte(c.authkeys)
			}
			files.Haresources = file(c.haresources, 0o644)
			cfg, report := Load(files, newHost("n1"))
			if report.Fatal() {
				t.Fatal(lines(report))
			}
			compare(t, lines(cfg.Advice), c.want)
		})
	}
}
