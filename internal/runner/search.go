package runner

import (
	"fmt"
	"os/exec"
	"path/filepath"
)

// SearchPath is where the daemon looks for programs of the system, and what it starts does: scripts have it at the end of
// theirs where the daemon was started without a PATH.
const SearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Find says where a program is. A path is looked at as it is.
func Find(name string) (string, error) { return findIn(SearchPath, name) }

func findIn(places, name string) (string, error) {
	if filepath.IsAbs(name) {
		return exec.LookPath(name)
	}
	for _, dir := range filepath.SplitList(places) {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed", name)
}
