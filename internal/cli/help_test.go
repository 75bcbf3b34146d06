package cli

import (
	"bytes"
	"strings"
	"testing"
)

func TestHelp(t *testing.T) {
	for _, c := range []struct {
		args         string
		code         int
		stdout, hint string
	}{
		{"help", 0, usageText, ""},
		{"--help", 0, usageText, ""},
		{"help help", 0, usageText, ""},
		{"help status", 0, statusHelp, ""},
		{"help check", 0, checkHelp, ""},
		{"help nonsense", 2, "", "see 'heartbeatd help'"},
		{"nonsense", 2, "", "see 'heartbeatd help'"},
		{"start", 2, "", "use 'systemctl start heartbeat', or 'service heartbeat start'"},
		{"stop", 2, "", "use 'systemctl stop heartbeat', or 'heartbeat -k' in /usr/libexec/heartbeat"},
		{"restart now", 2, "", "use 'systemctl restart heartbeat', or 'service heartbeat restart'"},
		{"reload", 2, "", "use 'systemctl reload heartbeat', or 'heartbeat -r' in /usr/libexec/heartbeat"},
		{"help stop", 2, "", "use 'systemctl stop heartbeat', or 'heartbeat -k' in /usr/libexec/heartbeat"},
	} {
		var out, errs bytes.Buffer
		code := Run("/usr/sbin/heartbeatd", strings.Fields(c.args), nil, &out, &errs)
		if code != c.code || !strings.HasPrefix(out.String(), c.stdout) || c.code != 0 && out.Len() > 0 {
			t.Errorf("%s: exit %d, stdout %.60q", c.args, code, &out)
		}
		if c.code == 0 && errs.Len() > 0 ||
			c.hint != "" && !strings.HasSuffix(errs.String(), "\nheartbeatd: hint: "+c.hint+"\n") {
			t.Errorf("%s: stderr %q, want the hint %q", c.args, &errs, c.hint)
		}
	}
	for name := range commands {
		var asked, told bytes.Buffer
		Run("heartbeatd", []string{"help", name}, nil, &told, &told)
		Run("heartbeatd", []string{name, "--help"}, nil, &asked, &asked)
		if told.String() != asked.String() {
			t.Errorf("help %s: %q, want %q", name, &told, &asked)
		}
	}
}
