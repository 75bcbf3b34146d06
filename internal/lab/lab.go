package lab

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// toolPath is where a host finds this program, for `serve` and `fetch`.
const toolPath = "/opt/lab/lab"

// Lab is a switch with private hosts on it.
type Lab struct {
	dir     string // disks, shared directory
	bridge  int    // how many bridges there are
	net     *exec.Cmd
	guard   sync.Mutex  // of hosts, where it grows and where a program is waited for
	genuine atomic.Bool // a host is, or was, a C node
	hosts   []*Host
	plugs   int // serial number of cables, so that a new one never meets an old one's name
}

func (l *Lab) add(h *Host) {
	l.guard.Lock()
	defer l.guard.Unlock()
	l.hosts = append(l.hosts, h)
}

// all is every host there is so far, for who does not make them.
func (l *Lab) all() []*Host {
	l.guard.Lock()
	defer l.guard.Unlock()
	return slices.Clone(l.hosts)
}

// New makes a lab with the given number of links (bridges), 1 to 9. Its error is one plain line
// when the machine does not allow private hosts. The program must run under [Main].
func New(links int) (*Lab, error) {
	if links < 1 || links > 9 {
		return nil, fmt.Errorf("lab: want 1 to 9 links, got %d", links)
	}
	work := os.Getenv(workVar)
	if work == "" {
		if why := os.Getenv(whyVar); why != "" {
			return nil, fmt.Errorf("no private hosts on this machine: %s", why)
		}
		return nil, errors.New("no private hosts: the program does not run under lab.Main")
	}
	dir, err := os.MkdirTemp(work, "lab-")
	if err != nil {
		return nil, fmt.Errorf("lab: making its directory: %w", err)
	}
	l := &Lab{dir: dir, bridge: links}
	if err := os.Mkdir(l.Shared(), 0o755); err != nil {
		return nil, fmt.Errorf("lab: making the shared directory: %w", err)
	}
	if l.net, err = startStage("switch", nil, syscall.CLONE_NEWNET, os.Stderr); err != nil {
		return nil, err
	}
	var lines []string
	for i := range links {
		lines = append(lines,
			fmt.Sprintf("link add name br%d type bridge forward_delay 0 mcast_snooping 0", i),
			fmt.Sprintf("link set br%d up", i))
	}
	if err := l.ip(lines...); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Shared is the directory that all hosts see as /lab.
func (l *Lab) Shared() string { return filepath.Join(l.dir, "shared") }

// Close ends every host and removes everything the lab made.
func (l *Lab) Close() error {
	var errs []error
	for _, h := range l.hosts {
		errs = append(errs, h.PowerCut())
		if h.system != nil {
			errs = append(errs, unix.Unmount(h.system.root, unix.MNT_DETACH))
		}
		errs = append(errs, unix.Unmount(h.disk, unix.MNT_DETACH))
	}
	if l.net != nil {
		l.net.Process.Kill()
		l.net.Wait()
	}
	errs = append(errs, os.RemoveAll(l.dir))
	return errors.Join(errs...)
}

// ip runs lines of `ip -batch` in the switch.
func (l *Lab) ip(lines ...string) error {
	cmd := exec.Command("nsenter", "-t", fmt.Sprint(l.net.Process.Pid), "-n", "--", "ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("lab: ip in the switch: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// nextPort names the switch end of a new cable.
func (l *Lab) nextPort() string {
	l.plugs++
	return fmt.Sprintf("port%d", l.plugs)
}

// startStage starts this program as the first process of new namespaces, hands it spec, and
// returns when it has said that it stands.
func startStage(stage string, spec any, namespaces uintptr, console io.Writer) (*exec.Cmd, error) {
	cmd := exec.Command("/proc/self/exe", stageWord, stage)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces, Setsid: true}
	cmd.Stderr = console
	// What a host keeps of the environment it keeps for ever; its programs get none of it.
	cmd.Env = []string{"PATH=" + hostPath}
	in, err := json.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("lab: describing the %s: %w", stage, err)
	}
	cmd.Stdin = strings.NewReader(string(in))
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("lab: starting the %s: %w", stage, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("lab: starting the %s: %w", stage, err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	if line != "ready\n" {
		cmd.Process.Kill()
		cmd.Wait()
		return nil, fmt.Errorf("lab: the %s did not come up (its message is above)", stage)
	}
	return cmd, nil
}

// Eventually asks until done says yes or patience runs out, and then tells what was waited for.
// The lab watches files and programs it has no other way to be told by.
func Eventually(patience time.Duration, what string, done func() bool) error {
	deadline := time.Now().Add(patience)
	for !done() {
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %v in vain for %s", patience, what)
		}
		time.Sleep(15 * time.Millisecond)
	}
	return nil
}
