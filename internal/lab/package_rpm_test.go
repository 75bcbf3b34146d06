//go:build integration && long

package lab

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPackagesAreClean asks lintian, which knows Debian's policy: no errors.
func TestPackagesAreClean(t *testing.T) {
	if _, err := exec.LookPath("lintian"); err != nil {
		skip(t, "lintian is missing: install the package lintian")
	}
	p, err := newPackages()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("lintian", "--no-cfg", "--fail-on", "error", "--tag-display-limit", "0", p.newer).CombinedOutput()
	if err != nil || regexp.MustCompile(`(?m)^E: `).Match(out) {
		t.Errorf("lintian: %v\n%s", err, out)
	}
	t.Logf("lintian: %s", out)
}

// An rpm as a distribution made one of Heartbeat 3: its removal disables the service.
const (
	oldRPM = `name: heartbeat
arch: amd64
version: 3.0.4
release: "2"
maintainer: nobody <nobody@example.org>
description: old
contents:
  - {src: unit, dst: /usr/lib/systemd/system/heartbeat.service}
  - {src: script, dst: /etc/ha.d/resource.d/IPaddr, type: config|noreplace, file_info: {mode: 0755}}
  - {src: script, dst: /etc/ha.d/resource.d/Filesystem, type: config|noreplace, file_info: {mode: 0755}}
  - {src: script, dst: /usr/libexec/heartbeat/heartbeat, file_info: {mode: 0755}}
scripts: {preremove: preun}
`
	oldRPMUnit  = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
	oldRPMPreun = "[ \"$1\" != 0 ] || systemctl --no-reload disable heartbeat\n"
)

// TestPackageRPM installs the .rpm over an older Heartbeat, upgrades and removes it, in a file system of its own
// where nothing runs.
func TestPackageRPM(t *testing.T) { fairly(t, playPackageRPM) }

func playPackageRPM(t testing.TB) {
	if _, err := exec.LookPath("rpm"); err != nil {
		skip(t, "rpm is missing: install the package rpm")
	}
	image := newImage(t)
	p, err := newPackages()
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	root := filepath.Join(work, "root")
	sh := func(command string) string {
		t.Helper()
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = work
		cmd.Env = append(os.Environ(), "ROOT="+root, "IMAGE="+image)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	says := func(want, command string) {
		t.Helper()
		if got := sh("{ " + command + "; } 2>/dev/null; true"); got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
	for name, text := range map[string]string{"nfpm.yaml": oldRPM, "unit": oldRPMUnit, "script": "#!/bin/sh\n# old\n", "preun": oldRPMPreun} {
		if err := os.WriteFile(filepath.Join(work, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	project, err := ProjectDir()
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile(filepath.Join(project, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	nfpm := regexp.MustCompile(`(?m)^NFPM *= *(\S+)$`).FindSubmatch(makefile)
	if nfpm == nil {
		t.Fatal("the Makefile does not say which nfpm")
	}
	sh("CGO_ENABLED=0 go run " + string(nfpm[1]) + " package --config nfpm.yaml --packager rpm --target .")
	sh(`mkdir "$ROOT" && tar -C "$ROOT" --exclude='./dev/*' -xf "$IMAGE" && mkdir -p "$ROOT/dev" && mknod -m 666 "$ROOT/dev/null" c 1 3`)

	const enabled = `chroot "$ROOT" systemctl is-enabled heartbeat`
	sh(`rpm --root "$ROOT" --nodeps -U heartbeat-3.0.4-2.x86_64.rpm && chroot "$ROOT" systemctl enable heartbeat && echo '# mine' >>"$ROOT/etc/ha.d/resource.d/Filesystem" && echo node >"$ROOT/etc/ha.d/ha.cf"`)
	says("enabled", enabled)

	t.Log("over an older heartbeat")
	sh(`rpm --root "$ROOT" --nodeps -U ` + p.olderRPM)
	says("heartbeatd-1.0.0-1.x86_64", `rpm --root "$ROOT" -qa`)
	says("enabled", enabled)
	says("heartbeatd", `grep -o heartbeatd "$ROOT/etc/ha.d/resource.d/IPaddr" | head -n 1`)
	says("# mine", `tail -n 1 "$ROOT/etc/ha.d/resource.d/Filesystem"`)
	says("S.5....T.  c /etc/ha.d/resource.d/Filesystem", `rpm --root "$ROOT" -V --nodeps heartbeatd`)
	says("hacluster haclient 750\nnobody root 700", `chroot "$ROOT" stat -c '%U %G %a' /var/lib/heartbeat/ccm /var/lib/heartbeat/cores/nobody`)
	says("2", `ls "$ROOT/etc/ha.d/shellfuncs" "$ROOT/etc/ha.d/resource.d/drbddisk" | wc -l`)

	t.Log("an upgrade")
	sh(`rm "$ROOT/etc/ha.d/ha.cf"; rpm --root "$ROOT" --nodeps -U ` + p.newerRPM)
	says("heartbeatd-1.0.1+3.gabc-1.x86_64", `rpm --root "$ROOT" -qa`)
	says("enabled", enabled)
	says("# mine", `tail -n 1 "$ROOT/etc/ha.d/resource.d/Filesystem"`)
	says("2", `ls "$ROOT/etc/ha.d/shellfuncs" "$ROOT/etc/ha.d/resource.d/drbddisk" | wc -l`)

	t.Log("removed")
	sh(`rpm --root "$ROOT" --nodeps -e heartbeatd`)
	says("etc/ha.d/resource.d/Filesystem.rpmnew\netc/ha.d/resource.d/Filesystem.rpmsave", `cd "$ROOT"; find etc/ha.d usr/sbin/heartbeatd usr/share/heartbeat usr/libexec/heartbeat var/lib/heartbeat etc/systemd/system -name '*heartbeat*' -o -path 'etc/ha.d/*' -type f | sort`)
}
