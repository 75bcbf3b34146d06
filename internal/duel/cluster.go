package duel

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"heartbeatd/internal/lab"
)

// cluster says how the nodes of a pair are configured.
type cluster struct {
	keepalive, deadtime time.Duration
	links               int // each is a medium: bcast eth0, bcast eth1, ...
}

const haresources = "node1 IPaddr2::" + serviceText + "/24/eth0 service\n"

// hacf is the file both daemons get.
func (c cluster) hacf() string {
	var b strings.Builder
	fmt.Fprintf(&b, "logfile /var/log/ha-log\nkeepalive %dms\nwarntime %dms\ndeadtime %dms\ninitdead %d\nudpport 694\n",
		c.keepalive.Milliseconds(), (c.keepalive+c.deadtime).Milliseconds()/2, c.deadtime.Milliseconds(), 10)
	for link := range c.links {
		fmt.Fprintf(&b, "bcast eth%d\n", link)
	}
	b.WriteString("auto_failback off\nnode node1 node2\n")
	return b.String()
}

// configure gives a node the same files whatever its software is.
func (c cluster) configure(h *lab.Host) error {
	if err := h.WriteFile("/etc/ha.d/resource.d/service", serviceScript, 0o755); err != nil {
		return err
	}
	return h.Configure(lab.Files{HACF: c.hacf(), Haresources: haresources})
}

// usage is what the programs of a host have used so far.
type usage struct {
	processor time.Duration
	memory    int64 // proportional, in bytes
	processes int
	each      map[string]time.Duration // the processor's time, by the name of the process
}

// usage adds up all processes of the host but its first, which is the lab's.
func usageOf(h *lab.Host) (u usage) {
	u.each = map[string]time.Duration{}
	for pid := range residents(h.PID()) {
		if pid == h.PID() {
			continue
		}
		dir := "/proc/" + strconv.Itoa(pid)
		u.processes++
		used := processorTime(dir)
		name, _ := os.ReadFile(dir + "/comm")
		u.each[strings.TrimSpace(string(name))] += used
		u.processor += used
		u.memory += proportional(dir)
	}
	return u
}

// processorTime adds up the threads: /proc/PID/stat has it in hundredths of a second only.
func processorTime(dir string) (sum time.Duration) {
	threads, _ := filepath.Glob(dir + "/task/*/schedstat")
	for _, t := range threads {
		text, _ := os.ReadFile(t)
		word, _, _ := strings.Cut(string(text), " ")
		ns, _ := strconv.ParseInt(word, 10, 64)
		sum += time.Duration(ns)
	}
	return sum
}

func proportional(dir string) int64 {
	text, _ := os.ReadFile(dir + "/smaps_rollup")
	for _, line := range strings.Split(string(text), "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "Pss:" {
			kb, _ := strconv.ParseInt(f[1], 10, 64)
			return kb << 10
		}
	}
	return 0
}

// deaths counts the nodes that were declared dead in the logs of both nodes.
func (p *pair) deaths() (n int) {
	for _, h := range p.nodes {
		text, _ := h.ReadFile("/var/log/ha-log")
		n += strings.Count(text, ": is dead")
	}
	return n
}

// beats are the moments of a node's beats on a link, in a time.
func (p *pair) beats(node, link int, from, to int64) (at []int64) {
	for _, f := range byTime(p.wire.since(from)) {
		if f.kind == beatFrame && f.node == number(node) && int(f.link) == link && f.at < to {
			at = append(at, f.at)
		}
	}
	return at
}
