package cli

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"heartbeatd/internal/confhost"
	"heartbeatd/internal/config"
)

// TestCheckShowsSerialAndIPv6: where each of them goes, and the routes that are looked at are those of the interface.
func TestCheckShowsSerialAndIPv6(t *testing.T) {
	root := checkDir(t, map[string]string{
		"ha.cf": "node web1 web2\nlogfile /var/log/ha-log\nauto_failback on\nbaud 38400\nserial /dev/null\nucast6 eth0 fe80::2\n" +
			"ucast6 eth0 fe80::1\nucast6 eth0 2001:db8::2\nmcast6 eth0 ff02::694 694 1 0\n",
		"authkeys": "auth 1\n1 sha1 hunter2\n", "haresources": "",
	})
	c := testChecker(root)
	c.routeTo = func(to netip.Addr) (confhost.Route, error) {
		switch to.String() {
		case "fe80::2%eth0":
			return confhost.Route{Interface: "eth0"}, nil
		case "fe80::1%eth0":
			return confhost.Route{Interface: "eth0", Local: true}, nil
		}
		return confhost.Route{}, errors.New("no route to " + to.String())
	}
	code, out, _ := runCheck(t, c, root)
	for _, want := range []string{
		"/dev/null serial 38400 baud (ha.cf:5)",
		"eth0 ucast6 -> [fe80::2]:694 (ha.cf:6)",
		"eth0 ucast6 -> [fe80::1]:694, this machine's own address; the line is for the other node (ha.cf:7)",
		"eth0 ucast6 -> [2001:db8::2]:694, WARNING: no route to 2001:db8::2 (ha.cf:8)",
		"eth0 mcast6 -> [ff02::694]:694 hops 1 (ha.cf:9)",
	} {
		if !strings.Contains(squeeze(out), want) {
			t.Errorf("no line %q in:\n%s", want, squeeze(out))
		}
	}
	if code != 0 {
		t.Errorf("exit %d", code)
	}
}

func TestMediumLine(t *testing.T) {
	group, peer := netip.MustParseAddr("ff02::694"), netip.MustParseAddr("fe80::2")
	for want, m := range map[string]config.Medium{
		"serial /dev/ttyS0":             {Kind: config.Serial, Device: "/dev/ttyS0", Baud: 9600},
		"ucast6 eth0 fe80::2":           {Kind: config.Ucast6, Device: "eth0", Peer: peer, Port: 694},
		"mcast6 eth0 ff02::694 700 2 1": {Kind: config.Mcast6, Device: "eth0", Peer: group, Port: 700, TTL: 2, Loop: true},
		"bcast eth1":                    {Kind: config.Bcast, Device: "eth1", Port: 694},
	} {
		if got := mediumLine(m); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
