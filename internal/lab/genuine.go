package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// genuinePackages are Debian's packages of the C daemon and of what it needs.
var genuinePackages = []string{
	"heartbeat", "libheartbeat2", "cluster-glue", "libplumb2", "libpils2", "libstonith1", "libplumbgpl2", "liblrm2", "resource-agents",
}

// genuineTools are programs and libraries its scripts need which a small machine may lack, and the
// packages that have them.
var genuineTools = map[string]string{
	"/usr/bin/gawk":               "gawk",
	"/usr/bin/ping":               "iputils-ping",
	"/usr/lib/*/libcap.so.2":      "libcap2",
	"/usr/lib/*/libidn2.so.0":     "libidn2-0",
	"/usr/lib/*/libsigsegv.so.2":  "libsigsegv2",
	"/usr/lib/*/libnet.so.1":      "libnet1",
	"/usr/bin/ps":                 "procps",
	"/usr/lib/*/libglib-2.0.so.0": "libglib2.0-0",
	"/usr/lib/*/libpcre2-8.so.0":  "libpcre2-8-0",
	"/usr/lib/*/libltdl.so.7":     "libltdl7",
	"/usr/sbin/ifconfig":          "net-tools",
}

// Genuine fetches Heartbeat 3.0.6 as Debian packages and unpacks it under cache, once. Nothing is
// installed: hosts get it as a layer over /usr. It returns the directory unpacked into.
func Genuine(cache string) (string, error) {
	making.Lock()
	defer making.Unlock()
	root := filepath.Join(cache, "heartbeat-3.0.6")
	if _, err := os.Stat(root); err == nil {
		return root, nil
	}
	for _, tool := range []string{"apt-get", "dpkg"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "", fmt.Errorf("the C daemon is fetched with %s, which this machine does not have: it wants Debian", tool)
		}
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("making the cache: %w", err)
	}
	work, err := os.MkdirTemp(cache, "unpacking-")
	if err != nil {
		return "", fmt.Errorf("making the cache: %w", err)
	}
	defer os.RemoveAll(work)
	if err := fetchPackages(work, append(missingTools(), genuinePackages...)); err != nil {
		return "", err
	}
	if err := mergeUsr(filepath.Join(work, "root")); err != nil {
		return "", fmt.Errorf("unpacking the C daemon: %w", err)
	}
	// The rename makes a half unpacked cache impossible.
	if err := os.Rename(filepath.Join(work, "root"), root); err != nil {
		return "", fmt.Errorf("unpacking the C daemon: %w", err)
	}
	return root, nil
}

func missingTools() []string {
	var packages []string
	for pattern, pkg := range genuineTools {
		if found, _ := filepath.Glob(pattern); len(found) == 0 {
			packages = append(packages, pkg)
		}
	}
	return packages
}

// fetchPackages downloads packages into a directory and unpacks them into its subdirectory root.
func fetchPackages(dir string, packages []string) error {
	err := fromMirror(func() error {
		get := exec.Command("apt-get", append([]string{"-q", "-o", "APT::Sandbox::User=root", "download"}, packages...)...)
		get.Dir = dir
		if out, err := get.CombinedOutput(); err != nil {
			return fmt.Errorf("fetching packages: %w: %s", err, lastLine(string(out)))
		}
		return nil
	})
	if err != nil {
		return err
	}
	debs, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(debs) < len(packages) {
		return fmt.Errorf("fetching packages: got %d of %d", len(debs), len(packages))
	}
	for _, deb := range debs {
		if out, err := exec.Command("dpkg", "-x", deb, filepath.Join(dir, "root")).CombinedOutput(); err != nil {
			return fmt.Errorf("unpacking %s: %w: %s", filepath.Base(deb), err, lastLine(string(out)))
		}
	}
	return nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// mergeUsr moves what packages still put in /bin, /lib and /sbin to /usr, as on a merged system.
func mergeUsr(root string) error {
	for _, top := range []string{"bin", "lib", "sbin"} {
		from := filepath.Join(root, top)
		if _, err := os.Stat(from); errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err := copyTree(from, filepath.Join(root, "usr", top)); err != nil {
			return err
		}
		if err := os.RemoveAll(from); err != nil {
			return err
		}
	}
	return nil
}

const genuineName = "heartbeat 3.0.6"

// GenuineSoftware is the C daemon, fetched into cache where needed.
func GenuineSoftware(cache string) (Software, error) {
	root, err := Genuine(cache)
	if err != nil {
		return Software{}, err
	}
	return Software{
		Name:    genuineName,
		layers:  []string{filepath.Join(root, "usr")},
		install: func(h *Host) error { return h.installGenuine(root) },
		prepare: "mkdir -p /run/heartbeat/ccm /run/heartbeat/crm /run/heartbeat/dopd /run/heartbeat/rsctmp /run/crm /run/lock/subsys /run/resource-agents",
	}, nil
}

func (h *Host) installGenuine(root string) error {
	for _, part := range []string{"harc", "rc.d", "resource.d", "shellfuncs"} {
		from := filepath.Join(root, "etc/ha.d", part)
		if err := copyTree(from, h.Path("/etc/ha.d/"+part)); err != nil {
			return fmt.Errorf("%s: copying %s: %w", h.Name, part, err)
		}
	}
	return h.genuineSetUp()
}

// genuineSetUp does what the package's installation would have done.
func (h *Host) genuineSetUp() error {
	for file, line := range map[string]string{
		"/etc/passwd": "hacluster:x:%d:%d:Heartbeat System Account:/var/lib/heartbeat:/usr/sbin/nologin\n",
		"/etc/group":  "haclient:x:%[2]d:\n",
	} {
		id := 899
		if inUserNamespace() {
			id = 0 // no other user is mapped
		}
		text, err := h.ReadFile(file)
		if err != nil {
			return err
		}
		if strings.Contains(text, "\n"+line[:strings.Index(line, ":")+1]) {
			continue // from an earlier installation
		}
		if err := h.WriteFile(file, text+fmt.Sprintf(line, id, id), 0o644); err != nil {
			return err
		}
	}
	for _, dir := range []string{"cores/root", "cores/hacluster", "cores/nobody", "ccm", "crm", "pengine"} {
		if err := os.MkdirAll(h.Path("/var/lib/heartbeat/"+dir), 0o755); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
	return nil
}
