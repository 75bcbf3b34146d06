package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Containers with an init that manages control groups need a group each: two systemds that share
// one would end each other's services. Groups are the only thing the lab makes that does not
// go away with its namespaces.

const groupRoot = "/sys/fs/cgroup"

// groupTrees are the hierarchies an init looks into: the one tree of cgroup v2, or, on a machine
// with v1, systemd's own and the v2 tree beside it.
func groupTrees() []string {
	if _, err := os.Stat(filepath.Join(groupRoot, "cgroup.procs")); err == nil {
		return []string{groupRoot}
	}
	var trees []string
	for _, name := range []string{"systemd", "unified"} {
		if _, err := os.Stat(filepath.Join(groupRoot, name, "cgroup.procs")); err == nil {
			trees = append(trees, filepath.Join(groupRoot, name))
		}
	}
	return trees
}

func groupName(program string) string { return "heartbeatd-lab-" + program }

// makeGroups makes control groups for a container and returns their directories.
func makeGroups(name string) ([]string, error) {
	var dirs []string
	for _, tree := range groupTrees() {
		dir := filepath.Join(tree, groupName(os.Getenv(insideVar)), name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("lab: making a control group: %w", err)
		}
		dirs = append(dirs, dir)
	}
	return dirs, nil
}

// removeGroups removes what labs of the program with this process id made, and what is left of
// programs that are gone. Errors do not matter: a group in use stays.
func removeGroups(program int) {
	for _, tree := range groupTrees() {
		tops, _ := filepath.Glob(filepath.Join(tree, groupName("*")))
		for _, top := range tops {
			owner := strings.TrimPrefix(filepath.Base(top), groupName(""))
			if _, err := os.Stat("/proc/" + owner); owner != fmt.Sprint(program) && err == nil {
				continue
			}
			removeTree(top)
		}
	}
}

// removeTree removes directories only, deepest first, as control groups want it.
func removeTree(top string) {
	var dirs []string
	filepath.WalkDir(top, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, path)
		}
		return nil
	})
	sort.Slice(dirs, func(i, j int) bool { return len(dirs[i]) > len(dirs[j]) })
	for _, dir := range dirs {
		os.Remove(dir)
	}
}
