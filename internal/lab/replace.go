package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Replace changes the heartbeat software of a running host whose daemon is down, as an operator
// does who removes one package and installs the other: /var/lib/heartbeat and everything in
// /etc/ha.d stays, except that the scripts the software brings replace older ones of the same name.
// In a user namespace the machine's own directories cannot be added to: there a host that is to get
// the C daemon must have been made with it.
func (h *Host) Replace(s Software) error {
	if !h.Up() || h.system != nil {
		return fmt.Errorf("lab: %s must be a running private host to get %s", h.Name, s.Name)
	}
	if _, err := h.Run(daemonPath, "-s"); err == nil {
		return fmt.Errorf("lab: %s cannot get %s while %s runs there", h.Name, s.Name, h.software.Name)
	}
	old, err := h.software.belongings()
	if err != nil {
		return fmt.Errorf("lab: removing %s: %w", h.software.Name, err)
	}
	for _, path := range old {
		if err := h.Remove(path); err != nil {
			return fmt.Errorf("%s: removing %s: %w", h.Name, h.software.Name, err)
		}
	}
	for _, layer := range s.layers {
		if err := h.addMissing(layer); err != nil {
			return fmt.Errorf("%s: installing %s: %w", h.Name, s.Name, err)
		}
	}
	h.gets(s)
	return s.install(h)
}

// belongings are the files that go when the software does. Of the C daemon that is what could
// run or be asked for by an operator; its libraries and agents belong to packages that stay.
func (s Software) belongings() ([]string, error) {
	if len(s.layers) == 0 {
		return append([]string{"/usr/sbin/heartbeatd"}, heartbeatdNames...), nil
	}
	all := []string{"/usr/bin/cl_status"}
	for _, layer := range s.layers {
		for _, dir := range []string{"libexec/heartbeat", "share/heartbeat"} {
			entries, err := os.ReadDir(filepath.Join(layer, dir))
			if err != nil {
				return nil, err
			}
			for _, e := range entries {
				if !e.IsDir() {
					all = append(all, filepath.Join("/usr", dir, e.Name()))
				}
			}
		}
	}
	return all, nil
}

// addMissing copies what a layer has and the host's /usr has not: all of it where the host was
// made without that layer, and what was removed since where it was made with it. It goes through
// the host's own mount: a mounted overlay must not be changed from below.
func (h *Host) addMissing(layer string) error {
	return filepath.WalkDir(layer, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(layer, path)
		if err != nil {
			return err
		}
		if noNeed(rel) {
			return filepath.SkipDir
		}
		if _, err := os.Lstat(h.Path(filepath.Join("/usr", rel))); !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return copyEntry(path, h.Path(filepath.Join("/usr", rel)), d)
	})
}

// noNeed tells what a host has no use for: it has a small disk and no systemd.
func noNeed(dir string) bool {
	for _, d := range []string{"include", "lib/systemd", "lib/tmpfiles.d", "share/doc", "share/man", "share/locale", "share/lintian"} {
		if dir == d || strings.HasPrefix(dir, d+"/") {
			return true
		}
	}
	return false
}

// copyEntry copies one file or link, or makes the directory that is walked into next.
func copyEntry(from, to string, d fs.DirEntry) error {
	if d.IsDir() {
		return os.MkdirAll(to, 0o755)
	}
	return copyTree(from, to)
}
