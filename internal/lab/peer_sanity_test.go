//go:build integration && long

package lab

import (
	"regexp"
	"strings"
	"testing"
)

// sanitySteps are what 3.0.6's BasicSanityCheck tries, in its order, and what it prints when that goes wrong.
var sanitySteps = []struct{ name, trouble string }{
	{"base64 and md5", `base64 and md5 algorithm tests failed`},
	{"ocf-tester on Dummy", `Dummy RA failed`},
	{"ocf-tester on IPaddr", `IPaddr RA failed`},
	{"ocf-tester on IPaddr2", `IPaddr2 RA failed`},
	{"ocf-tester on Filesystem", `Filesystem RA failed`},
	{"IPC", `IPCtest failed`},
	{"the daemon is not said to run before its start", `cl_status shows heartbeat running`},
	{"start", `Heartbeat did not start\.`},
	{"cl_status hbstatus", `shows heartbeat not running`},
	{"cl_status nodestatus of itself, a ping node and a ping group", `shows status of \[`},
	{"the other node is found dead", `we noticed \S+ was dead`},
	{"cl_status nodestatus of it", `status as alive\(!\)`},
	{"it is reset", `Does not look like we STONITHed`},
	{"its address is taken", `we took over the IP address`},
	{"cl_status rscstatus", `rscstatus failed|shows resource status as`},
	{"the address is announced by ARP", `we ARPed the address`},
	{"status and monitor of IPaddr", `monitor operation failed`},
	{"reload", `Heartbeat reload operation returned`},
	{"a changed ha.cf makes it restart", `we did a restart exec`},
	{"changed keys do not", `occurances of restart exec`},
	{"both reloads are in the log", `occurances of Signalling`},
	{"stop", `Heartbeat stop operation returned|did not really stop`},
	{"the address is gone", `test IP address is still live`},
	{"cluster-glue's stonith", `(?i)stonith -(h|t)[^\n]*(failed|too short|incorrect)|NULL reset failed`},
	{"apphbd", `occurances of (apphb|type=setint|info:.*apphb|failed to|'failtest'|WARN:.*hangup)|apphbd is still running`},
	{"no core file", `We generated a core file`},
	{"no error in its log", `we had some errors come up`},
}

// sanityDiffers are the steps that do not pass with heartbeatd on purpose: the number in docs/differences.md.
var sanityDiffers = map[string]int{"a changed ha.cf makes it restart": 112} // it is only touched

// sanitySetUp makes a private host such as BasicSanityCheck wants one. It looks for programs of heartbeat where upstream puts
// them, not Debian; ocf-tester uses su and xmllint, and an agent modprobe; and what it would set in the kernel must not get there.
const sanitySetUp = `set -e
mkdir -p /etc/pam.d
printf 'auth sufficient pam_rootok.so\naccount required pam_permit.so\nsession required pam_permit.so\n' >/etc/pam.d/su
command -v modprobe >/dev/null || { printf '#!/bin/sh\n' >/usr/sbin/modprobe; chmod 755 /usr/sbin/modprobe; }
command -v xmllint >/dev/null || { printf '#!/bin/sh\ncat >/dev/null\n' >/usr/local/bin/xmllint; chmod 755 /usr/local/bin/xmllint; }
mkdir -p /usr/lib/heartbeat
for p in ccm ipfail apphbd apphbtest; do ln -sfn /usr/libexec/heartbeat/$p /usr/lib/heartbeat/$p; done
ip route add default via 10.77.0.254 dev eth0
echo 1 >/run/core_uses_pid
mount --bind /run/core_uses_pid /proc/sys/kernel/core_uses_pid
`

// sanityVerdicts are "passed", "failed" or "not reached" by step.
func sanityVerdicts(out string) map[string]string {
	verdicts, reached := map[string]string{}, true
	for _, s := range sanitySteps {
		if s.name == "IPC" {
			reached = true
		}
		failed := regexp.MustCompile(s.trouble).MatchString(out)
		switch {
		case failed:
			verdicts[s.name] = "failed"
		case reached:
			verdicts[s.name] = "passed"
		default:
			verdicts[s.name] = "not reached"
		}
		if failed && (strings.HasPrefix(s.name, "ocf-tester") || s.name == "IPC" || s.name == "start") {
			reached = false // of the agents the first that fails is the last, and without IPC or heartbeat nothing comes after
		}
	}
	return verdicts
}

// TestPeerBasicSanityCheck runs 3.0.6's own test of a machine over 3.0.6 and over heartbeatd in its place, and says which
// of its steps pass. What passes there passes here.
func TestPeerBasicSanityCheck(t *testing.T) {
	t.Parallel()
	var verdicts [2]map[string]string
	var texts [2]string
	t.Run("over", func(t *testing.T) {
		for i, kind := range []string{"C", "H"} {
			t.Run(kind, func(t *testing.T) {
				t.Parallel()
				verdicts[i], texts[i] = sanityCheck(t, kind)
			})
		}
	})
	for _, s := range sanitySteps {
		c, h := verdicts[0][s.name], verdicts[1][s.name]
		t.Logf("%-62s 3.0.6: %-12s heartbeatd: %s", s.name, c, h)
		switch differs := sanityDiffers[s.name]; {
		case differs == 0 && c == "passed" && h != "passed":
			t.Errorf("%s: passes with 3.0.6, not with heartbeatd", s.name)
		case differs != 0 && h == "passed":
			t.Errorf("%s: passes with heartbeatd, which %d of docs/differences.md denies", s.name, differs)
		}
	}
	if t.Failed() {
		t.Logf("with 3.0.6:\n%s\nwith heartbeatd:\n%s", texts[0], texts[1])
	}
}

func sanityCheck(t *testing.T, kind string) (verdicts map[string]string, text string) {
	h := besideGenuine(t, newLab(t, 1), "node1", kind)
	installInit(t, h, kind)
	run(t, h, "sh", "-c", h.software.prepare+"\n"+sanitySetUp)
	text, _ = h.Run("sh", "/usr/share/heartbeat/BasicSanityCheck") // it says how many errors: which, counts
	ended := strings.Contains(text, "Log file is stored")
	verdicts = sanityVerdicts(text)
	log, err := h.ReadFile("/tmp/linux-ha.testlog")
	if text += "\nits log:\n" + log; err != nil || !ended {
		t.Fatalf("it did not come to its end: %v\n%s", err, text)
	}
	return verdicts, text
}
