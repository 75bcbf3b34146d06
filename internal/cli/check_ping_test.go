package cli

import (
	"strings"
	"testing"
)

// TestCheckPings: check names who is pinged, and what is pinged in vain.
func TestCheckPings(t *testing.T) {
	root := checkDir(t, map[string]string{
		"ha.cf": "node web1 web2\nlogfile /var/log/ha-log\nauto_failback on\nbcast eth0\nping 192.0.2.254\nping6 2001:db8::1\n" +
			"ping_group routers 192.0.2.252 192.0.2.253\nping_group gone ::1\n",
		"authkeys": "auth 1\n1 sha1 hunter2\n", "haresources": "",
	})
	code, out, errs := runCheck(t, testChecker(root), root)
	const want = `ping nodes:
192.0.2.254 ping 192.0.2.254 (ha.cf:5)
2001:db8::1 ping6 2001:db8::1 (ha.cf:6)
routers ping_group 192.0.2.252 192.0.2.253 (ha.cf:7)
gone ping_group WARNING: nobody is asked, so it never answers (ha.cf:8)
`
	if code != 0 || errs != "" {
		t.Errorf("exit %d, %s", code, errs)
	}
	var flat strings.Builder
	for line := range strings.Lines(out) {
		flat.WriteString(strings.Join(strings.Fields(line), " ") + "\n")
	}
	if !strings.Contains(flat.String(), want) {
		t.Errorf("check says\n%s\nwant in it\n%s", flat.String(), want)
	}
	if !strings.Contains(out, "warning: ha.cf:8: ping_group: unknown host: ::1; it is left out") {
		t.Error(out)
	}
}
