package lab

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const hostPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// HostOptions is how a private host differs from the plainest one.
type HostOptions struct {
	Links  int      // network devices eth0, eth1, ...; 0 means as many as the lab has bridges
	Layers []string // directories laid over this machine's /usr, topmost first
	Disk   int      // size in megabytes of /etc, /var and what is added to /usr; 0 means 192
}

// Host is a private host. Its methods are for one goroutine at a time.
type Host struct {
	Name string

	lab      *Lab
	opts     HostOptions
	software Software
	number   int
	disk     string
	init     *exec.Cmd     // what Boot started
	pid      int           // the process whose namespaces are the host's
	gone     chan struct{} // closed when the first process has ended
	up       atomic.Bool
	system   *container // how it boots with systemd; nil for a host with the lab's own init
	ports    []string   // the switch's ends of the cables, "" for none
	console  *os.File
	rough    rough // what is wrong with the way to it
}

// Host makes a private host of that name, and boots it. Its addresses are 10.77.LINK.NUMBER/24,
// numbered in the order of making.
func (l *Lab) Host(name string, opts HostOptions) (*Host, error) {
	if opts.Links == 0 {
		opts.Links = l.bridge
	}
	if opts.Links > l.bridge {
		return nil, fmt.Errorf("lab: host %s wants %d links, the switch has %d", name, opts.Links, l.bridge)
	}
	if opts.Disk == 0 {
		opts.Disk = diskMegabytes
	}
	h := &Host{Name: name, lab: l, opts: opts, number: len(l.hosts) + 1, disk: filepath.Join(l.dir, name)}
	if err := makeDisk(h.disk, name, opts.Disk); err != nil {
		return nil, err
	}
	l.add(h)
	if err := l.writeHosts(); err != nil {
		return nil, err
	}
	return h, h.Boot()
}

// writeHosts tells every host the names of all, as an /etc/hosts.
func (l *Lab) writeHosts() error {
	text := "127.0.0.1 localhost\n"
	for _, h := range l.hosts {
		text += fmt.Sprintf("%s %s\n", h.Address(0), h.Name)
	}
	for _, h := range l.hosts {
		if err := h.WriteFile("/etc/hosts", text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Address is the host's own address on a link.
func (h *Host) Address(link int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, 77, byte(link), byte(h.number)})
}

// Boot starts the host with its disk as it was left. It is an error if it runs.
func (h *Host) Boot() error {
	if h.init != nil {
		return fmt.Errorf("lab: %s was not switched off", h.Name)
	}
	console, err := os.OpenFile(h.disk+".console", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("lab: opening the console of %s: %w", h.Name, err)
	}
	h.console = console
	start := h.startHost
	if h.system != nil {
		start = h.startContainer
	}
	if h.init, h.pid, err = start(); err != nil {
		return fmt.Errorf("%w: %s: %s", err, h.Name, lastLine(h.Console()))
	}
	h.gone = make(chan struct{})
	h.up.Store(true)
	go func(init *exec.Cmd, gone chan struct{}) {
		init.Wait()
		h.up.Store(false)
		close(gone)
	}(h.init, h.gone)
	if h.system != nil {
		return h.awaitSystem()
	}
	return h.cableUp(h.pid)
}

func (h *Host) startHost() (*exec.Cmd, int, error) {
	spec := hostSpec{Name: h.Name, Disk: h.disk, Shared: h.lab.Shared(), Layers: h.opts.Layers}
	spaces := uintptr(syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC)
	cmd, err := startStage("host", spec, spaces, h.console)
	if err != nil {
		return nil, 0, err
	}
	return cmd, cmd.Process.Pid, nil
}

// Up tells whether the host runs. A program on it may have rebooted it, which here ends it.
func (h *Host) Up() bool { return h.up.Load() }

// PowerCut ends the host as if its power cord were pulled: no program gets to say a word. Its
// disk stays. A host that is down already stays down.
func (h *Host) PowerCut() error {
	if h.init == nil {
		return nil
	}
	// The switch goes deaf first: the kernel of dying programs would still say goodbye. The host
	// sees its carrier to the last, as with a real power cut.
	err := h.cables("nomaster")
	h.lab.record(time.Now(), h.Name, "-", EventPower)
	if h.Up() {
		syscall.Kill(h.pid, syscall.SIGKILL)
		h.init.Process.Kill()
	}
	<-h.gone
	err = errors.Join(err, h.cablesGone())
	if h.system != nil {
		h.containerOff()
	}
	h.console.Close()
	h.init = nil
	return err
}

// Command prepares a program to run on the host, with an environment as an init would give it.
// Killing the command does not reach the program: end it by its input, or cut the power.
func (h *Host) Command(name string, args ...string) *exec.Cmd {
	enter := []string{"-t", fmt.Sprint(h.pid), "-m", "-u", "-i", "-n", "-p", "--", name}
	cmd := exec.Command("nsenter", append(enter, args...)...)
	cmd.Env = []string{"PATH=" + hostPath, "HOME=/root", "LANG=C", "TERM=dumb"}
	return cmd
}

const (
	// runLimit is how long a program may take: 3.0.6's commands can wait for ever for their daemon.
	runLimit = 5 * time.Minute
	// stopLimit is how long a stop may: no resource of a lab takes so long.
	stopLimit = 90 * time.Second
	// spoiledLimit is how long one may when a C node has lost a message of its own.
	spoiledLimit = 20 * time.Second
	spoiledLook  = 2 * time.Second
)

// Run runs a program to its end and returns what it printed on either output.
func (h *Host) Run(name string, args ...string) (string, error) {
	return h.runFor(runLimit, name, args...)
}

// runFor is Run for a program that takes at most so long.
func (h *Host) runFor(limit time.Duration, name string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := h.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	// A program that leaves a child behind with our pipe must not hold us up.
	cmd.WaitDelay = 200 * time.Millisecond
	err := cmd.Start()
	if err == nil {
		over := make(chan struct{})
		late := h.limited(limit, cmd.Process, over)
		err = cmd.Wait()
		close(over)
		if tooLong := <-late; tooLong != nil {
			err = tooLong
		}
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	if err != nil {
		return out.String(), fmt.Errorf("%s: %s %s: %w: %s", h.Name, name, strings.Join(args, " "), err, strings.TrimSpace(out.String()))
	}
	return out.String(), nil
}

// limited kills a program that takes too long, and tells when it is over whether it did.
func (h *Host) limited(limit time.Duration, program *os.Process, over <-chan struct{}) <-chan error {
	late := make(chan error, 1)
	go func() {
		look := time.NewTicker(spoiledLook)
		defer look.Stop()
		for begin := time.Now(); ; {
			select {
			case <-over:
				late <- nil
				return
			case <-look.C:
			}
			took := time.Since(begin)
			if took < limit && (took < spoiledLimit || h.lab.Spoiled() == "") {
				continue
			}
			program.Kill()
			late <- fmt.Errorf("not over after %v", took.Round(time.Second))
			return
		}
	}()
	return late
}

// Start starts a program and leaves it running; what it prints goes to the host's console.
func (h *Host) Start(name string, args ...string) error {
	cmd := h.Command(name, args...)
	cmd.Stdout, cmd.Stderr = h.console, h.console
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: starting %s: %w", h.Name, name, err)
	}
	go cmd.Wait()
	return nil
}

// Console is everything programs started with [Host.Start] have printed so far.
func (h *Host) Console() string {
	text, _ := os.ReadFile(h.disk + ".console")
	return string(text)
}

// Path is where a file of the host is found from outside. Files under /etc, /var, /usr and /lab
// can be reached while the host is down, others only while it is up.
func (h *Host) Path(path string) string {
	path = filepath.Clean(path)
	if h.system != nil && !strings.HasPrefix(path, "/lab/") {
		return filepath.Join(h.system.root, path)
	}
	switch top, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/"); top {
	case "etc", "var":
		return filepath.Join(h.disk, top, rest)
	case "lab":
		return filepath.Join(h.lab.Shared(), rest)
	case "usr":
		if !h.Up() {
			return filepath.Join(h.disk, top, rest)
		}
	}
	if h.init == nil {
		return filepath.Join(h.disk, "down", path)
	}
	return filepath.Join("/proc", fmt.Sprint(h.pid), "root", path)
}

// WriteFile writes a file of the host, making its directory where needed.
func (h *Host) WriteFile(path, text string, mode os.FileMode) error {
	full := h.Path(path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return fmt.Errorf("%s: %w", h.Name, err)
	}
	if err := os.WriteFile(full, []byte(text), mode); err != nil {
		return fmt.Errorf("%s: %w", h.Name, err)
	}
	return os.Chmod(full, mode)
}

// ReadFile returns a file of the host.
func (h *Host) ReadFile(path string) (string, error) {
	data, err := os.ReadFile(h.Path(path))
	if err != nil {
		return "", fmt.Errorf("%s: %w", h.Name, err)
	}
	return string(data), nil
}

// Remove removes a file of the host; one that is not there is no error.
func (h *Host) Remove(path string) error {
	err := os.Remove(h.Path(path))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// Install copies a file of this machine to the host. Another process does it: a program forked
// here at the same moment would keep the copy open for writing, and the kernel would refuse to
// run it ("Text file busy").
func (h *Host) Install(from, to string, mode os.FileMode) error {
	out, err := exec.Command("install", "-D", "-m", fmt.Sprintf("%o", mode), from, h.Path(to)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: installing %s: %w: %s", h.Name, to, err, lastLine(string(out)))
	}
	return nil
}

// FillDisk leaves no room on the host's disk, and none in the last block of the logs named either.
func (h *Host) FillDisk(logs ...string) error {
	block := []byte(strings.Repeat(strings.Repeat("x", 63)+"\n", 64))
	if err := h.fill("/var/fill", block); err != nil {
		return err
	}
	for _, log := range logs {
		if err := h.fill(log, []byte("x\n")); err != nil {
			return err
		}
	}
	return nil
}

// fill appends to a file until the disk is full.
func (h *Host) fill(path string, with []byte) error {
	f, err := os.OpenFile(h.Path(path), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("%s: filling the disk: %w", h.Name, err)
	}
	defer f.Close()
	for {
		if _, err := f.Write(with); errors.Is(err, syscall.ENOSPC) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: filling the disk: %w", h.Name, err)
		}
	}
}

// EmptyDisk gives the room back that [Host.FillDisk] took.
func (h *Host) EmptyDisk() error { return h.Remove("/var/fill") }
