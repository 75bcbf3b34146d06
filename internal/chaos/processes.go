package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The processes of a daemon that a step may be about. A daemon of one process has no child; then `both`
// is that one.
const (
	procMain  = "main"
	procChild = "child"
	procBoth  = "both"
)

// children are the processes that belong to the daemon besides its main one: they run the same program with
// words of their own, which a script that is just being started does not yet, and announce no address.
func (n *node) children() []int {
	exe, err := os.Readlink(n.host.Path(fmt.Sprintf("/proc/%d/exe", n.pid)))
	words, _ := n.host.ReadFile(fmt.Sprintf("/proc/%d/cmdline", n.pid))
	if err != nil {
		return nil
	}
	var all []int
	stats, _ := filepath.Glob(n.host.Path("/proc") + "/[0-9]*/stat")
	for _, path := range stats {
		text, _ := os.ReadFile(path)
		_, rest, _ := strings.Cut(string(text), ") ")
		if f := strings.Fields(rest); len(f) < 2 || f[1] != strconv.Itoa(n.pid) {
			continue
		}
		its, err := os.Readlink(filepath.Join(filepath.Dir(path), "exe"))
		args, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		if err == nil && its == exe && string(args) != words && !strings.Contains(string(args), "\x00address\x00") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			all = append(all, pid)
		}
	}
	return all
}

// which are the processes that a word of a step names.
func (n *node) which(word string) []int {
	if n.pid == 0 || !n.alive(n.pid) {
		return nil
	}
	switch word {
	case procMain:
		return []int{n.pid}
	case procChild:
		return n.children()
	}
	return append([]int{n.pid}, n.children()...)
}

// signalAll sends a signal to processes of the host.
func (n *node) signalAll(s syscall.Signal, pids []int) error {
	args := []string{"-" + strconv.Itoa(int(s))}
	for _, pid := range pids {
		args = append(args, strconv.Itoa(pid))
	}
	_, err := n.host.Run("kill", args...)
	if slices.ContainsFunc(pids, func(pid int) bool { return !n.alive(pid) }) {
		return nil // one has ended at this moment, or was replaced by its daemon; kill(1) goes on to the others
	}
	return err
}

// gone waits until a process is gone, and says whether that came soon.
func (n *node) gone(pid int) bool {
	for deadline := time.Now().Add(2 * time.Second); n.alive(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}
