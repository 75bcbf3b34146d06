package cli

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"heartbeatd/internal/address"
	"heartbeatd/internal/confhost"
	"heartbeatd/internal/config"
	"heartbeatd/internal/runner"
)

// checkHost has eth0 192.0.2.1/24 and is called web1; files are the real ones.
type checkHost struct{ config.Host }

func (checkHost) Nodename() string { return "web1" }

func (checkHost) Interface(name string) (config.Interface, error) {
	if name != "eth0" {
		return config.Interface{}, config.ErrNoInterface
	}
	return config.Interface{Addr: netip.MustParseAddr("192.0.2.1"), Broadcast: netip.MustParseAddr("192.0.2.255")}, nil
}

// enabled are the services started at boot, with the link that does it.
type enabled map[string]string

func (e enabled) Enabled(service string) (link, command string, yes bool) {
	return e[service], "systemctl disable " + service, e[service] != ""
}

// testChecker has the scripts installed in root/installed/resource.d and root/init.d.
func testChecker(root string) *checker {
	places := scriptPlaces{etc: filepath.Join(root, "installed"), init: filepath.Join(root, "init.d")}
	return &checker{
		host: checkHost{confhost.New()},
		routeTo: func(a netip.Addr) (confhost.Route, error) {
			if a == netip.MustParseAddr("203.0.113.9") {
				return confhost.Route{}, errors.New("no route to 203.0.113.9")
			}
			return confhost.Route{Interface: "eth0", Local: a == netip.MustParseAddr("192.0.2.1")}, nil
		},
		place: func(s address.Spec) (string, int, netip.Addr, error) {
			if s.Iface != "" && s.Iface != "eth0" {
				return "", 0, netip.Addr{}, address.ErrNoInterface
			}
			return "eth0", 24, netip.MustParseAddr("192.0.2.255"), nil
		},
		places: places,
		boot:   enabled{},
		locate: func(dir, word string) (runner.Command, error) {
			if word == "apache2" || word == "web@one" { // this machine may have no systemd
				return runner.Command{Path: "/usr/sbin/service", Service: word, Unit: "/lib/systemd/system/" + word + ".service"}, nil
			}
			return places.locate(dir, word)
		},
	}
}

// checkDir writes files (a path ending in ! is executable) under a directory of its own.
func checkDir(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for path, text := range files {
		name, program := strings.CutSuffix(filepath.Join(root, path), "!")
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o600)
		if program {
			mode = 0o755
		}
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func runCheck(t *testing.T, c *checker, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = c.run(args, &out, &errs)
	return code, out.String(), errs.String()
}

func wantText(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}

func TestCheckAccepted(t *testing.T) {
	root := checkDir(t, map[string]string{
		"ha.cf": "node web1 web2\nlogfile /var/log/ha-log\nauto_failback on\nbcast eth0\nucast eth0 192.0.2.1\n" +
			"ucast eth0 203.0.113.9\nucast eth7 192.0.2.2\nmcast eth0 239.0.0.1 700 1 0\nrespawn root /bin/sh\n",
		"authkeys":           "auth 1\n1 sha1 hunter2\n",
		"haresources":        "web1 192.0.2.10/24/eth0:0 apache2 missing::a broken web@one web@ ::x\nweb2 IPaddr2::192.0.2.11/24/eth9 tool\n",
		"resource.d/IPaddr!": "", "resource.d/IPaddr2!": "", "resource.d/broken": "",
		"init.d/tool!": "",
	})
	code, out, errs := runCheck(t, testChecker(root), root)
	want := `warning: ha.cf:7: ucast: interface [eth7]: no such device; nothing is sent over it until it is there
hint: ` + "`ip addr`" + ` lists the interfaces of this machine
links:
  eth0  bcast  192.0.2.1 -> 192.0.2.255:694                                                           (ha.cf:4)
  eth0  ucast  192.0.2.1 -> 192.0.2.1:694, this machine's own address; the line is for the other node  (ha.cf:5)
  eth0  ucast  192.0.2.1 -> 203.0.113.9:694, WARNING: no route to 203.0.113.9                          (ha.cf:6)
  eth7  ucast  WARNING: nothing is sent: no such device                                               (ha.cf:7)
  eth0  mcast  192.0.2.1 -> 239.0.0.1:700 ttl 1                                                       (ha.cf:8)
group 192.0.2.10/24/eth0:0, preferred on this node (haresources:1):
  192.0.2.10/24/eth0:0  ROOT/resource.d/IPaddr; 192.0.2.10/24 on eth0 as eth0:0 broadcast 192.0.2.255, beside 192.0.2.1
  apache2               service apache2, unit /lib/systemd/system/apache2.service, by /usr/sbin/service
  missing::a            WARNING: Cannot locate resource script missing (searched: ROOT/resource.d, ROOT/installed/resource.d, ROOT/init.d, the units of systemd)
  broken                WARNING: Cannot locate resource script broken: ROOT/resource.d/broken is not executable
  web@one               service web@one, unit /lib/systemd/system/web@one.service, by /usr/sbin/service
  web@                  WARNING: Cannot locate resource script web@ (searched: ROOT/resource.d, ROOT/installed/resource.d, ROOT/init.d, the units of systemd)
  ::x                   WARNING: no script is named
group IPaddr2::192.0.2.11/24/eth9, preferred on node web2 (haresources:2):
  IPaddr2::192.0.2.11/24/eth9  ROOT/resource.d/IPaddr2; WARNING: no such interface
  tool                         ROOT/init.d/tool
accepted: node web1 of 2 nodes, 5 links, 2 groups, 8 warnings
`
	wantText(t, "stdout", squeeze(strings.ReplaceAll(out, root, "ROOT")), squeeze(want))
	wantText(t, "stderr", errs, "")
	if code != 0 {
		t.Errorf("exit %d", code)
	}
}

// squeeze leaves the width of columns out of the comparison.
func squeeze(text string) string {
	var out []string
	for _, line := range strings.Split(text, "\n") {
		out = append(out, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(out, "\n")
}

func TestCheckRefused(t *testing.T) {
	root := checkDir(t, map[string]string{
		"ha.cf":       "node web1 web2\nlogfile /l\nauto_failback on\nbcast eth0\nudpport 70000\ndeadtme 5\n",
		"authkeys":    "auth 1\n1 sha256 hunter2\n",
		"haresources": "web3 tool\n",
	})
	code, out, _ := runCheck(t, testChecker(root), root)
	want := `error: ha.cf:5: udpport: invalid port [70000] specified.
hint: write a port from 1 to 65535
error: ha.cf:6: Illegal directive [deadtme]
hint: did you mean deadtime?
error: authkeys:2: Invalid authtype
hint: write ` + "`N METHOD KEY`" + `: N is 0..15, METHOD is sha1, md5 or crc (which has no KEY), in lower case
error: authkeys:1: Auth Key [1] not found in keyfile
hint: the line of the key must stand below its auth line and be free of errors
error: haresources:1: Bad nodename [web3]
hint: the first word must be a node of ha.cf: web1, web2
links:
  eth0 bcast 192.0.2.1 -> 192.0.2.255:694 (ha.cf:4)
group tool, preferred on node web3 (haresources:1):
  tool WARNING: Cannot locate resource script tool (searched: ROOT/resource.d, ROOT/installed/resource.d, ROOT/init.d, the units of systemd)
refused: 5 errors, 1 warning; the daemon would exit with status 6
`
	wantText(t, "stdout", squeeze(strings.ReplaceAll(out, root, "ROOT")), squeeze(want))
	if code != config.ExitConfig || strings.Contains(out, "hunter2") {
		t.Errorf("exit %d", code)
	}
}

// TestCheckRefusesAsTheDaemon: what the daemon would end over is no accepted configuration.
func TestCheckRefusesAsTheDaemon(t *testing.T) {
	for name, c := range map[string]struct{ haCf, haresources, want string }{
		"three nodes": {"node web1 web2\nnode web3\nbcast eth0\n", "",
			"error: ha.cf:4: node: 3 nodes: haresources describes a pair\nhint: keep this machine and its partner"},
		"ucast to nowhere":   {"node web1 web2\nucast eth0 0.0.0.0\n", "", "error: ha.cf:4: ucast: [0.0.0.0] is not the address of a host\n"},
		"ucast to a group":   {"node web1 web2\nucast eth0 239.1.1.1\n", "", "error: ha.cf:4: ucast: [239.1.1.1] is not the address of a host\n"},
		"one key twice":      {"node web1 web2\nbcast eth0\n", "web1 tool\nweb2 tool\n", "error: haresources:2: group key tool is the key of haresources:1 too\n"},
		"long name of ucast": {"node web1 web2\nucast averylongdevice0 192.0.2.2\n", "", "error: ha.cf:4: ucast: interface name [averylongdevice0] is longer"},
	} {
		root := checkDir(t, map[string]string{"ha.cf": "logfile /l\nauto_failback on\n" + c.haCf, "authkeys": "auth 1\n1 crc\n", "haresources": c.haresources})
		code, out, _ := runCheck(t, testChecker(root), root)
		if code != config.ExitConfig || !strings.Contains(out, c.want) || !strings.Contains(out, "\nrefused: 1 error,") {
			t.Errorf("%s: exit %d\n%s", name, code, out)
		}
	}
}

func TestCheckNode(t *testing.T) {
	root := checkDir(t, map[string]string{
		"ha.cf":    "node web1 web2\nlogfile /l\nauto_failback on\nbcast eth0\n",
		"authkeys": "auth 1\n1 sha1 x\n", "haresources": "", "nodeinfo": "elsewhere\n",
	})
	for _, c := range []struct {
		args []string
		code int
		last string
	}{
		{[]string{root}, 6, "refused: 1 error, 0 warnings; the daemon would exit with status 6\n"},
		{[]string{"--node", "WEB2", root}, 0, "accepted: node web2 of 2 nodes, 1 link, 0 groups, 0 warnings\n"},
		{[]string{root, "--node=web9"}, 6, "refused: 1 error, 0 warnings; the daemon would exit with status 6\n"},
	} {
		code, out, _ := runCheck(t, testChecker(root), c.args...)
		if code != c.code || !strings.HasSuffix(out, c.last) {
			t.Errorf("%v: exit %d\n%s", c.args, code, out)
		}
	}
}

func TestCheckUsage(t *testing.T) {
	code, out, errs := runCheck(t, testChecker("/"), "/no/such/dir")
	wantText(t, "stderr", errs, "heartbeatd: error: read the configuration: stat /no/such/dir: no such file or directory\n"+
		"heartbeatd: hint: give the directory that holds ha.cf, authkeys and haresources, such as /etc/ha.d\n")
	if code != config.ExitConfig || out != "" {
		t.Errorf("missing directory: exit %d, %q", code, out)
	}
	if code, _, errs = runCheck(t, testChecker("/"), "a", "b"); code != exitUsage || !strings.Contains(errs, "one directory at most") {
		t.Errorf("two directories: exit %d, %q", code, errs)
	}
	if code, _, errs = runCheck(t, testChecker("/"), "--nonsense"); code != exitUsage || !strings.Contains(errs, "nonsense") {
		t.Errorf("unknown flag: exit %d, %q", code, errs)
	}
	if code, out, _ = runCheck(t, testChecker("/"), "--help"); code != exitOK || !strings.HasPrefix(out, checkHelp) || !strings.Contains(out, "--node") {
		t.Errorf("help: exit %d, %q", code, out)
	}
}

// TestCheckRealMachine asks the real kernel about the loopback interface.
func TestCheckRealMachine(t *testing.T) {
	root := checkDir(t, map[string]string{
		"ha.cf":    "node here\nlogfile /l\nauto_failback on\nbcast lo\nucast lo 127.0.0.9\nudp nosuchif0\n",
		"authkeys": "auth 1\n1 crc\n", "haresources": "here 127.0.0.77/8/lo\n", "resource.d/IPaddr!": "",
	})
	code, out, _ := runCheck(t, thisChecker(), "--node", "here", root)
	for _, want := range []string{
		"error: ha.cf:6: udp: Get broadcast for interface nosuchif0 failed: no such device\n",
		"lo bcast 127.0.0.1 -> 127.255.255.255:694 (ha.cf:4)\n",
		"127.0.0.77/8/lo " + root + "/resource.d/IPaddr; 127.0.0.77/8 on lo, beside 127.0.0.1\n",
	} {
		if !strings.Contains(squeeze(out), want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
	if code != config.ExitConfig {
		t.Errorf("exit %d", code)
	}
}
