package confhost

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestEnabledAtBoot(t *testing.T) {
	const wants, rc, unit, booted = "/etc/systemd/system/multi-user.target.wants/", "/etc/rc3.d/", "/lib/systemd/system/", "/run/systemd/system/x"
	for _, c := range []struct {
		name  string
		paths []string
		want  string
	}{
		{"nothing", nil, ""},
		{"disabled unit", []string{booted, unit + "web.service"}, ""},
		{"unit", []string{booted, unit + "web.service", wants + "web.service"}, wants + "web.service systemctl disable web"},
		{"another unit", []string{booted, wants + "web2.service", wants + "xweb.service"}, ""},
		{"init script under systemd", []string{booted, rc + "S02web"}, rc + "S02web systemctl disable web"},
		{"the links of an init script beside a disabled unit", []string{booted, unit + "web.service", rc + "S02web"}, ""},
		{"init script", []string{rc + "S02web"}, rc + "S02web update-rc.d web disable, or chkconfig web off"},
		{"init script with a unit, without systemd", []string{unit + "web.service", rc + "S02web"}, rc + "S02web update-rc.d web disable, or chkconfig web off"},
		{"stopped in that run level", []string{rc + "K02web"}, ""},
		{"another script", []string{rc + "S02webmin", "/etc/rc1.d/S02web"}, ""},
	} {
		root := filepath.Join(t.TempDir(), "[r*ot") // wildcards in the way
		for _, path := range c.paths {
			if err := os.MkdirAll(filepath.Dir(root+path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("../nowhere", root+path); err != nil { // a link counts, whatever it points at
				t.Fatal(err)
			}
		}
		got := ""
		if link, command, enabled := (Boot{root: root}).Enabled("web"); enabled {
			got = fmt.Sprint(link, " ", command)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if _, _, enabled := (Boot{root: root}).Enabled("w*"); enabled {
			t.Errorf("%s: a wildcard is enabled", c.name)
		}
	}
}
