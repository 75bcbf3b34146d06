package agents

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// drbdadm is a stand-in: it records its calls; the files of its directory say what it answers: a file ACTION holds
// its words, ACTION.fails how often it fails first.
const drbdadm = `#!/bin/sh
echo "$*" >>%[1]s/calls
[ "$1" = -S ] && shift
left=$(cat "%[1]s/drbd/$1.fails" 2>/dev/null || echo 0)
if [ "$left" -gt 0 ]; then
	echo $((left - 1)) >"%[1]s/drbd/$1.fails"
	exit 11
fi
cat "%[1]s/drbd/$1" 2>/dev/null
exit 0
`

const procDRBD = `version: 8.4.11 (api:1/proto:86-101)

 0: cs:Connected ro:Secondary/Primary ds:UpToDate/UpToDate C r-----
    ns:0 nr:0 dw:0 dr:0 al:0 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:0
 1: cs:WFConnection ro:Primary/Unknown ds:UpToDate/DUnknown C r-----
 3: cs:Unconfigured
11: cs:Connected ro:Secondary/Primary ds:UpToDate/UpToDate C r-----
`

func drbdPlace(t *testing.T) *place {
	p := newPlace(t)
	p.write("bin/drbdadm", fmt.Sprintf(drbdadm, p.dir))
	p.write("bin/sleep", "#!/bin/sh\necho sleep >>"+p.dir+"/calls\n")
	return p
}

func TestDRBDDisk(t *testing.T) {
	for _, c := range []struct {
		what       string
		answers    map[string]string // of drbdadm
		kernel     string            // /proc/drbd; "" for none
		args, says string
		code       int
		calls      string
	}{
		{"made primary", nil, "", "data start", "", 0, "primary data"},
		{"all of them", nil, "", "start", "", 0, "primary all"},
		{"the peer is not dead yet", map[string]string{"primary.fails": "2"}, "", "data start", "", 0, "primary data,sleep,primary data,sleep,primary data"},
		{"cannot become primary", map[string]string{"primary.fails": "99"}, "", "data start", "", 1, strings.Repeat("primary data,sleep,", 5) + "primary data"},
		{"made secondary", nil, "", "data stop", "", 0, "secondary data"},
		{"still in use", map[string]string{"secondary.fails": "99"}, "", "data stop", "", 1, strings.Repeat("secondary data,sleep,", 2) + "secondary data"},
		{"primary, 8.4", map[string]string{"role": "Primary/Secondary"}, "", "data status", "running (Primary)\n", 0, "role data"},
		{"primary, 9", map[string]string{"role": "Primary"}, "", "data status", "running (Primary)\n", 0, "role data"},
		{"one volume is", map[string]string{"role": "Secondary/Secondary\nPrimary/Secondary"}, "", "data status", "running (Primary)\n", 0, "role data"},
		{"secondary", map[string]string{"role": "Secondary/Primary"}, procDRBD, "data status", "stopped (Secondary)\n", 3, "role data"},
		{"unconfigured", map[string]string{"role": "Unconfigured"}, "", "data status", "stopped (Unconfigured)\n", 3, "role data"},
		{"the kernel says primary", map[string]string{"role.fails": "1", "sh-minor": "1"}, procDRBD, "data status", "running (Primary)\n", 0, "role data,sh-minor data"},
		{"the kernel says secondary", map[string]string{"role.fails": "1", "sh-minor": "11"}, procDRBD, "data status", "stopped (Secondary)\n", 3, "role data,sh-minor data"},
		{"the kernel does not have it", map[string]string{"role.fails": "1", "sh-minor": "3"}, procDRBD, "data status", "stopped (Unconfigured)\n", 3, "role data,sh-minor data"},
		{"nobody knows", map[string]string{"role.fails": "1"}, procDRBD, "data status", "cannot determine status, may be running (Unknown)\n", 4, "role data,sh-minor data"},
		{"several minors", map[string]string{"role.fails": "1", "sh-minor": "0\n1"}, procDRBD, "data status", "cannot determine status, may be running (Unknown)\n", 4, "role data,sh-minor data"},
		{"DRBD is not loaded", map[string]string{"role.fails": "1"}, "", "data status", "stopped (Unconfigured)\n", 3, "role data"},
		{"status of all", nil, "", "all status", "A resource name is required for status inquiries.\n", 10, ""},
		{"no such action", nil, "", "data bogus", "Usage: drbddisk [resource] {start|stop|status}\n", 1, ""},
	} {
		t.Run(c.what, func(t *testing.T) { drbdCase(t, "drbddisk", c.answers, c.kernel, c.args, c.says, c.code, c.calls) })
	}
}

func TestDRBDUpper(t *testing.T) {
	lower := map[string]string{"sh-lr-of": "below"}
	with := func(more ...string) map[string]string {
		m := map[string]string{"sh-lr-of": "below"}
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	const up = "-S sh-lr-of top,primary below,-S check-resize top,-S adjust top,-S wait-connect top,-S primary top"
	for _, c := range []struct {
		what       string
		answers    map[string]string
		kernel     string
		args, says string
		code       int
		calls      string
	}{
		{"up", lower, "", "top start", "", 0, up},
		{"the third node is away", with("wait-connect.fails", "1", "check-resize.fails", "1"), "", "top start", "", 0, up},
		{"the lower one is primary elsewhere", with("primary.fails", "1"), "", "top start", "", 1, "-S sh-lr-of top,primary below"},
		{"not configured", nil, "", "top start", "", 1, "-S sh-lr-of top"},
		{"cannot be adjusted", with("adjust.fails", "1"), "", "top start", "", 1, "-S sh-lr-of top,primary below,-S check-resize top,-S adjust top"},
		{"down", lower, "", "top stop", "", 0, "-S down top,-S sh-lr-of top,secondary below"},
		{"still in use", with("down.fails", "1"), "", "top stop", "", 1, "-S down top"},
		{"the lower one is in use", with("secondary.fails", "1"), "", "top stop", "", 11, "-S down top,-S sh-lr-of top,secondary below"},
		{"primary", with("role", "Primary/Unknown"), "", "top status", "running\n", 0, "-S role top"},
		{"secondary", with("role", "Secondary/Primary"), "", "top status", "stopped\n", 3, "-S role top"},
		{"the kernel says primary", with("role.fails", "1", "sh-minor", "1"), procDRBD, "top status", "running\n", 0, "-S role top,-S sh-minor top"},
		{"the kernel says secondary", with("role.fails", "1", "sh-minor", "11"), procDRBD, "top status", "stopped\n", 3, "-S role top,-S sh-minor top"},
		{"nobody knows", with("role.fails", "1"), procDRBD, "top status", "cannot determine status, may be running\n", 4, "-S role top,-S sh-minor top"},
		{"DRBD is not loaded", with("role.fails", "1"), "", "top status", "stopped\n", 3, "-S role top,-S sh-minor top"},
		{"no resource", nil, "", "start", "A resource name is required.\n", 10, ""},
		{"all", nil, "", "all start", "A resource name is required.\n", 10, ""},
		{"no such action", nil, "", "top bogus", "Usage: drbdupper {resource} {start|stop|status}\n", 1, ""},
	} {
		t.Run(c.what, func(t *testing.T) { drbdCase(t, "drbdupper", c.answers, c.kernel, c.args, c.says, c.code, c.calls) })
	}
}

func drbdCase(t *testing.T, script string, answers map[string]string, kernel, args, says string, code int, calls string) {
	t.Helper()
	if _, err := os.Stat("/etc/default/drbd"); err == nil {
		t.Skip("drbd-utils is installed here: its /etc/default/drbd would be in the way")
	}
	p := drbdPlace(t)
	for action, text := range answers {
		p.write("drbd/"+action, text+"\n")
	}
	if kernel != "" {
		p.write("proc-drbd", kernel)
	}
	out, got := p.run(script, strings.Fields(args)...)
	if out != says || got != code {
		t.Errorf("exit %d, said %q, want %d and %q", got, out, code, says)
	}
	if did := strings.ReplaceAll(strings.TrimSpace(p.read("calls")), "\n", ","); did != calls {
		t.Errorf("called %s, want %s", did, calls)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "log")); err == nil {
		t.Error("it wrote to the log")
	}
}
