package lab

import (
	"fmt"
	"os"
	"path/filepath"
)

// keepalivedLibraries are what it needs and a small machine may lack, and the packages that have them.
var keepalivedLibraries = map[string]string{
	"/usr/lib/*/libnl-3.so.200":       "libnl-3-200",
	"/usr/lib/*/libnl-genl-3.so.200":  "libnl-genl-3-200",
	"/usr/lib/*/libnetsnmp.so.40":     "libsnmp40",
	"/usr/lib/*/libnetsnmpmibs.so.40": "libsnmp40",
	"/usr/lib/*/libpci.so.3":          "libpci3",
	"/usr/lib/*/libsensors.so.5":      "libsensors5",
	"/usr/lib/*/libudev.so.1":         "libudev1",
	"/usr/lib/*/libwrap.so.0":         "libwrap0",
	"/usr/lib/*/libnftnl.so.11":       "libnftnl11",
	"/usr/lib/*/libmnl.so.0":          "libmnl0",
	"/usr/lib/*/libpcre2-8.so.0":      "libpcre2-8-0",
	"/usr/lib/*/libgio-2.0.so.0":      "libglib2.0-0",
	"/usr/lib/*/libssl.so.3":          "libssl3",
}

// Keepalived fetches keepalived as a Debian package, as [Genuine] does the C daemon, and returns the directory
// that is to be a layer of a host's /usr.
func Keepalived(cache string) (layer string, err error) {
	making.Lock()
	defer making.Unlock()
	root := filepath.Join(cache, "keepalived")
	layer = filepath.Join(root, "usr")
	if _, err := os.Stat(root); err == nil {
		return layer, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("making the cache: %w", err)
	}
	work, err := os.MkdirTemp(cache, "unpacking-")
	if err != nil {
		return "", fmt.Errorf("making the cache: %w", err)
	}
	defer os.RemoveAll(work)
	packages := []string{"keepalived"}
	wanted := map[string]bool{}
	for pattern, pkg := range keepalivedLibraries {
		if found, _ := filepath.Glob(pattern); len(found) == 0 && !wanted[pkg] {
			wanted[pkg] = true
			packages = append(packages, pkg)
		}
	}
	if err := fetchPackages(work, packages); err != nil {
		return "", fmt.Errorf("keepalived: %w", err)
	}
	if err := mergeUsr(filepath.Join(work, "root")); err != nil {
		return "", fmt.Errorf("unpacking keepalived: %w", err)
	}
	if err := os.Rename(filepath.Join(work, "root"), root); err != nil {
		return "", fmt.Errorf("unpacking keepalived: %w", err)
	}
	return layer, nil
}
