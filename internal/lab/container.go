package lab

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// container is what a host booted by systemd has besides.
type container struct {
	root   string    // its root directory, in the outer set
	groups []string  // its control groups
	net    *exec.Cmd // keeps its network, which must be there before systemd is
}

// containerPackages are the packages of a small Debian with systemd.
const containerPackages = "systemd,systemd-sysv,init-system-helpers,iproute2,dbus,procps"

// containerTools are what containers need of this machine, and the packages that have it.
var containerTools = map[string]string{"mmdebstrap": "mmdebstrap", "systemd-nspawn": "systemd-container"}

// ContainerImage returns a Debian 12 with systemd as a tar file in cache, made once from
// packages. Only root can make and boot it. Missing tools are installed, and named by say.
func ContainerImage(cache string, say func(format string, args ...any)) (string, error) {
	if os.Getuid() != 0 || inUserNamespace() {
		return "", errors.New("containers with systemd need root")
	}
	if len(groupTrees()) == 0 {
		return "", errors.New("containers with systemd need control groups in " + groupRoot)
	}
	making.Lock()
	defer making.Unlock()
	for tool, pkg := range containerTools {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		say("installing the package %s on this machine: the test needs %s", pkg, tool)
		if out, err := commandFromMirror("apt-get", "-q", "-y", "--no-install-recommends", "install", pkg); err != nil {
			return "", fmt.Errorf("%s is missing and installing the package %s failed: %w: %s", tool, pkg, err, lastLine(string(out)))
		}
	}
	image := filepath.Join(cache, "debian-12-systemd.tar")
	if _, err := os.Stat(image); err == nil {
		return image, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("making the cache: %w", err)
	}
	say("making a Debian 12 with systemd from packages, once; this takes a minute")
	part := filepath.Join(cache, "unfinished.tar")
	if out, err := commandFromMirror("mmdebstrap", "--variant=minbase", "--include="+containerPackages, "bookworm", part); err != nil {
		return "", fmt.Errorf("making a Debian 12 from packages: %w: %s", err, lastLine(string(out)))
	}
	return image, os.Rename(part, image)
}

// Container makes a host that boots the image with systemd, and boots it. set is run before the
// first boot and may change the files of the host.
func (l *Lab) Container(name, image string, set func(*Host) error) (*Host, error) {
	h := &Host{Name: name, lab: l, opts: HostOptions{Links: l.bridge}, number: len(l.hosts) + 1, disk: filepath.Join(l.dir, name)}
	lower, err := l.unpack(image)
	if err != nil {
		return nil, err
	}
	h.system = &container{root: filepath.Join(h.disk, "root")}
	if err := os.Mkdir(h.disk, 0o755); err != nil {
		return nil, fmt.Errorf("lab: making the disk of %s: %w", name, err)
	}
	if err := unix.Mount("heartbeatd-lab", h.disk, "tmpfs", unix.MS_NODEV, "mode=755"); err != nil {
		return nil, fmt.Errorf("lab: making the disk of %s: %w", name, err)
	}
	l.add(h)
	data := "lowerdir=" + lower
	for _, part := range []string{"upperdir", "workdir", "root"} {
		dir := filepath.Join(h.disk, part)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return nil, fmt.Errorf("lab: making the disk of %s: %w", name, err)
		}
		if part != "root" {
			data += "," + part + "=" + dir
		}
	}
	if err := unix.Mount("overlay", h.system.root, "overlay", 0, data); err != nil {
		return nil, fmt.Errorf("lab: making the disk of %s: %w", name, err)
	}
	if h.system.groups, err = makeGroups(h.machineName()); err != nil {
		return nil, err
	}
	if err := h.WriteFile("/etc/hostname", name+"\n", 0o644); err != nil {
		return nil, err
	}
	if err := h.WriteFile("/etc/machine-id", fmt.Sprintf("%x\n", sha256.Sum256([]byte(name)))[:32]+"\n", 0o444); err != nil {
		return nil, err
	}
	if err := l.writeHosts(); err != nil {
		return nil, err
	}
	if err := set(h); err != nil {
		return nil, err
	}
	return h, h.Boot()
}

// unpack unpacks an image once for all containers of the lab.
func (l *Lab) unpack(image string) (string, error) {
	dir := filepath.Join(l.dir, "image")
	if err := os.Mkdir(dir, 0o755); errors.Is(err, os.ErrExist) {
		return dir, nil
	}
	if out, err := exec.Command("tar", "-C", dir, "--exclude=./dev/*", "-xf", image).CombinedOutput(); err != nil {
		return "", fmt.Errorf("lab: unpacking the image: %w: %s", err, lastLine(string(out)))
	}
	return dir, nil
}

// startContainer starts systemd-nspawn with a network that is plugged in already: what starts at
// boot finds its links.
func (h *Host) startContainer() (*exec.Cmd, int, error) {
	var err error
	if h.system.net, err = startStage("switch", nil, syscall.CLONE_NEWNET, h.console); err != nil {
		return nil, 0, err
	}
	netPID := h.system.net.Process.Pid
	if err := h.cableUp(netPID); err != nil {
		return nil, 0, err
	}
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return nil, 0, err
	}
	// The shell moves itself into the control groups, so that everything nspawn starts is there.
	args := []string{"-c", `while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"`, "sh"}
	args = append(args, h.system.groups...)
	args = append(args, "--", "systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--console=pipe", "--settings=no",
		"--machine="+h.machineName(), "--hostname="+h.Name, "--directory="+h.system.root, "--capability=CAP_NET_ADMIN,CAP_NET_RAW",
		fmt.Sprintf("--network-namespace-path=/proc/%d/ns/net", netPID),
		"--bind="+h.lab.Shared()+":/lab", "--bind-ro="+exe+":"+toolPath)
	cmd := exec.Command("sh", args...)
	cmd.Stdout, cmd.Stderr = h.console, h.console
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, 0, fmt.Errorf("lab: starting systemd-nspawn: %w", err)
	}
	leader := 0
	err = Eventually(time.Minute, "systemd to start in "+h.Name, func() bool {
		leader = childNamed(cmd.Process.Pid, "systemd")
		return leader != 0
	})
	if err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		return nil, 0, err
	}
	return cmd, leader, nil
}

// machineName is what the host is called on this machine, where other labs have hosts of the same names.
func (h *Host) machineName() string { return filepath.Base(h.lab.dir) + "-" + h.Name }

// childNamed finds the child of a process by its name; 0 if there is none.
func childNamed(parent int, name string) int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // it ended in the meantime
		}
		var pid, ppid int
		var comm, state string
		if _, err := fmt.Sscan(string(data), &pid, &comm, &state, &ppid); err != nil {
			continue
		}
		if ppid == parent && comm == "("+name+")" {
			return pid
		}
	}
	return 0
}

// awaitSystem waits until systemd has done everything it does at boot.
func (h *Host) awaitSystem() error {
	var state string
	err := Eventually(3*time.Minute, "the boot of "+h.Name, func() bool {
		out, _ := h.Run("systemctl", "is-system-running")
		state = strings.TrimSpace(out)
		return state == "running" || state == "degraded"
	})
	if err != nil {
		return fmt.Errorf("%w: systemd says %q; console: %s", err, state, lastLine(h.Console()))
	}
	if state == "degraded" {
		out, _ := h.Run("systemctl", "--failed", "--no-legend", "--plain")
		return fmt.Errorf("%s booted with failed units: %s", h.Name, strings.TrimSpace(out))
	}
	return nil
}

// containerOff takes away what a container that lost its power leaves outside.
func (h *Host) containerOff() {
	h.system.net.Process.Kill()
	h.system.net.Wait()
}
