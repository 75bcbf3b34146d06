package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// packer stands for go and the program that packs: it notes what it is called with.
const packer = `#!/bin/sh
case $1 in
env) echo amd64 ;;
run) shift; echo "$*" >>packed ;;
esac
`

// TestPackageContents lays out what the packages are made of, without packing: every file that init/packages/nfpm.yaml
// names is there, and every file of etc/ha.d is a configuration file of both packages.
func TestPackageContents(t *testing.T) {
	for _, program := range []string{"make", "gzip"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is missing: %v", program, err)
		}
	}
	dir := t.TempDir()
	copyOf := exec.Command("cp", "-a", "../../Makefile", "../../README.md", "../../CHANGELOG.md", "../../LICENSE", "../../docs", "../../etc", "../../init", dir)
	if out, err := copyOf.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, text := range map[string]string{"bin/heartbeatd": "#!/bin/sh\n", "packer": packer} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("make", "-s", "-C", dir, "-o", "build", "packages", "VERSION=1.2.3-4-gabc-dirty", "GO=./packer").CombinedOutput(); err != nil {
		t.Fatalf("make packages: %v\n%s", err, out)
	}
	packed, err := os.ReadFile(filepath.Join(dir, "packed"))
	if err != nil || strings.Count(string(packed), "--config bin/packages/nfpm.yaml --packager ") != 2 || !strings.HasPrefix(string(packed), "github.com/goreleaser/nfpm/") {
		t.Errorf("packed by %q: %v", packed, err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "bin/packages/nfpm.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, m := range regexp.MustCompile(`(?:src: |(?:install|remove|posttrans): )(\S+?)(?:,|\n)`).FindAllStringSubmatch(text, -1) {
		if m[1] == "ha.d" { // the target of a symlink
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, m[1])); err != nil {
			t.Errorf("nfpm.yaml names what is not there: %v", err)
		}
	}
	elsewhere := map[string]bool{"shellfuncs": true, "resource.d/drbddisk": true, "resource.d/drbdupper": true}
	samples := map[string]bool{"ha.cf": true, "authkeys": true, "haresources": true}
	err = filepath.WalkDir("../../etc/ha.d", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := strings.TrimPrefix(path, "../../etc/ha.d/")
		entry := strings.Contains(text, "dst: /etc/ha.d/"+name+", type: config|noreplace}")
		_, shared := os.Stat(filepath.Join(dir, "bin/packages/shared", name))
		switch {
		case samples[name] && entry:
			t.Errorf("the sample %s would be installed as the site's file", name)
		case elsewhere[name] && (entry || shared != nil):
			t.Errorf("%s, which other packages have too: entry %v, %v", name, entry, shared)
		case !samples[name] && !elsewhere[name] && !entry:
			t.Errorf("%s is in no package", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	changelog, err := exec.Command("gzip", "-dc", filepath.Join(dir, "bin/packages/changelog.Debian.gz")).Output()
	if err != nil || !strings.HasPrefix(string(changelog), "heartbeatd (1.2.3+4.gabc.dirty-1) ") {
		t.Errorf("the Debian changelog begins %.60q, %v", changelog, err)
	}
}
