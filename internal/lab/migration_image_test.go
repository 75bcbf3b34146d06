//go:build integration

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// genuineImage is a Debian 12 with systemd and the C daemon's package installed by dpkg, with what
// the runbook presupposes: make, and the package itself in /root. It is made once.
func genuineImage(t testing.TB) string {
	t.Helper()
	newImage(t) // skips, or installs the tools
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	making.Lock()
	defer making.Unlock()
	image, part := filepath.Join(cache, "debian-12-heartbeat.tar"), filepath.Join(cache, "unfinished-heartbeat.tar")
	if _, err := os.Stat(image); err == nil {
		return image
	}
	t.Log("making a Debian 12 with the package heartbeat, once; this takes two minutes")
	out, err := commandFromMirror("mmdebstrap", "--variant=minbase", "--include="+containerPackages+",heartbeat,net-tools,make",
		`--customize-hook=chroot "$1" sh -c "cd /root && apt-get -o APT::Sandbox::User=root download heartbeat"`, "bookworm", part)
	if err != nil {
		skip(t, fmt.Sprintf("making a Debian 12 with the package heartbeat: %v: %s", err, lastLine(string(out))))
	}
	if err := os.Rename(part, image); err != nil {
		t.Fatal(err)
	}
	return image
}

// copyProject puts what `make install` needs to /root/heartbeatd, where the runbook wants it.
func copyProject(h *Host, project, binary string) error {
	for _, entry := range []string{"Makefile", "README.md", "CHANGELOG.md", "LICENSE", "docs", "etc", "init"} {
		to := h.Path("/root/heartbeatd/" + entry)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := copyTree(filepath.Join(project, entry), to); err != nil {
			return err
		}
	}
	return h.Install(binary, "/root/heartbeatd/bin/heartbeatd", 0o755)
}
