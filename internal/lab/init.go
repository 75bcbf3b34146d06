package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// hostSpec is what the first process of a host is told, on its standard input.
type hostSpec struct {
	Name   string
	Disk   string   // directory that survives a power cut: etc, usr, usr.work, var
	Shared string   // directory all hosts see as /lab
	Layers []string // further lower layers of /usr, topmost first
}

// stageHost is process 1 of a private host: it makes the host's root, says "ready" on its
// standard output and then only buries the dead.
func stageHost([]string) error {
	var spec hostSpec
	if err := json.NewDecoder(os.Stdin).Decode(&spec); err != nil {
		return fmt.Errorf("lab: reading what host to be: %w", err)
	}
	if err := enterRoot(spec); err != nil {
		return fmt.Errorf("lab: making the root of %s: %w", spec.Name, err)
	}
	if err := unix.Sethostname([]byte(spec.Name)); err != nil {
		return fmt.Errorf("lab: naming the host %s: %w", spec.Name, err)
	}
	if err := loopbackUp(); err != nil {
		return err
	}
	return idle()
}

// stageSwitch is the process that keeps the switch's network namespace.
func stageSwitch([]string) error { return idle() }

// idle reports that the stage stands and reaps until it is killed.
func idle() error {
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	fmt.Println("ready")
	for {
		reap()
		<-children
	}
}

func reap() {
	for {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
	}
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("lab: bringing lo up: %w", err)
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("lab: bringing lo up: %w", err)
	}
	req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req); err != nil {
		return fmt.Errorf("lab: bringing lo up: %w", err)
	}
	return nil
}

// stageProbe tries, in throw-away namespaces, each thing a lab needs. Its output is the reason
// [Available] gives.
func stageProbe([]string) error {
	work, err := outerMounts()
	if err != nil {
		return err
	}
	spec := hostSpec{Name: "probe", Disk: filepath.Join(work, "disk"), Shared: filepath.Join(work, "shared")}
	if err := makeDisk(spec.Disk, spec.Name, diskMegabytes); err != nil {
		return err
	}
	if err := os.Mkdir(spec.Shared, 0o755); err != nil {
		return err
	}
	for _, link := range []string{"type bridge", "name probe0 type veth peer name probe1"} {
		out, err := exec.Command("ip", append([]string{"link", "add"}, strings.Fields(link)...)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("the kernel does not let a private network have a device (ip link add %s): %s", link, strings.TrimSpace(string(out)))
		}
	}
	return enterRoot(spec)
}
