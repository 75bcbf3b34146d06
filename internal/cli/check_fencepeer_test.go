package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheckAsksForFencePeer: where dopd runs for DRBD, DRBD must be told to ask it.
func TestCheckAsksForFencePeer(t *testing.T) {
	const (
		dopd     = "respawn root /usr/lib/heartbeat/dopd\n"
		includes = "# include \"elsewhere\";\ninclude \"drbd.d/global_common.conf\";\ninclude \"drbd.d/*.res\";\n"
		device   = "web1 ROOT/x\nweb2 drbddisk::r0 web\n"
		never    = "warning: haresources:2: dopd is never asked: "
		nobody   = never + "no fence-peer handler in ROOT/drbd.conf and what it includes names drbd-peer-outdater, " +
			"so that the other side of a DRBD device is not marked as outdated when the link of DRBD is cut"
	)
	for name, c := range map[string]struct {
		haCf, haresources string
		files             map[string]string
		want              string
	}{
		"no handler":          {dopd, device, map[string]string{"drbd.conf": includes, "drbd.d/r0.res": "resource r0 { }\n"}, nobody},
		"commented out":       {dopd, device, map[string]string{"drbd.conf": includes, "drbd.d/r0.res": "# fence-peer \"ROOT/drbd-peer-outdater\";\n"}, nobody},
		"another's":           {dopd, device, map[string]string{"drbd.conf": "handlers { fence-peer \"/usr/lib/drbd/crm-fence-peer.sh\"; }\n"}, nobody},
		"not included":        {dopd, device, map[string]string{"drbd.conf": "global {}\n", "drbd.d/r0.res": "fence-peer \"ROOT/drbd-peer-outdater\";\n"}, nobody},
		"drbdupper":           {dopd, strings.Replace(device, "drbddisk", "drbdupper", 1), map[string]string{"drbd.conf": "global {}\n"}, nobody},
		"a program":           {"respawn root ROOT/dopd -x\n", device, map[string]string{"drbd.conf": "global {}\n", "dopd!": ""}, nobody},
		"in drbd.conf":        {dopd, device, map[string]string{"drbd.conf": "handlers { fence-peer \"ROOT/drbd-peer-outdater -t 30\"; }\n"}, ""},
		"in a resource":       {dopd, device, map[string]string{"drbd.conf": includes, "drbd.d/r0.res": "handlers {\n\tfence-peer\n\t\t\"ROOT/drbd-peer-outdater\";\n}\n"}, ""},
		"in the common part":  {dopd, device, map[string]string{"drbd.conf": includes, "drbd.d/global_common.conf": "fence-peer ROOT/drbd-peer-outdater;\n"}, ""},
		"by its older name":   {dopd, device, map[string]string{"drbd.conf": "outdate-peer \"ROOT/drbd-peer-outdater -t 5\";\n"}, ""},
		"where nothing is":    {dopd, device, map[string]string{"drbd.conf": "fence-peer \"/nosuch/drbd-peer-outdater -t 5\";\n"}, never + "the fence-peer handler of DRBD is /nosuch/drbd-peer-outdater, which is not there"},
		"no dopd":             {"respawn root /bin/sh dopd\n", device, map[string]string{"drbd.conf": "global {}\n"}, ""},
		"no DRBD device":      {dopd, "web1 drbddisky web\n", map[string]string{"drbd.conf": "global {}\n"}, ""},
		"no DRBD here (yet)":  {dopd, device, nil, ""},
		"a directory of that": {dopd, device, map[string]string{"drbd.conf/x": ""}, ""},
	} {
		root := checkDir(t, map[string]string{"drbd-peer-outdater!": ""})
		for file, text := range c.files {
			path, program := strings.CutSuffix(filepath.Join(root, file), "!")
			mode := os.FileMode(0o644)
			if program {
				mode = 0o755
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "ROOT", root)), mode); err != nil {
				t.Fatal(err)
			}
		}
		found, _ := besideChecker(t, root, strings.ReplaceAll(c.haCf, "ROOT", root), c.haresources)
		got := ""
		for _, line := range found {
			if strings.Contains(line, "dopd is never asked") {
				got = line
			}
		}
		wantText(t, name, got, c.want)
	}
	found, _ := besideChecker(t, checkDir(t, map[string]string{"drbd.conf": "global {}\n"}), dopd, device, "--node=web2")
	for _, line := range found {
		if strings.Contains(line, "dopd is never asked") {
			t.Errorf("of another machine: %s", line)
		}
	}
}
