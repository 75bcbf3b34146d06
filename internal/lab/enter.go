package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	stageWord = "@lab"                  // first argument of every process the lab starts of itself
	insideVar = "HEARTBEATD_LAB_INSIDE" // set in the outer set: the process id of the parent outside
	whyVar    = "HEARTBEATD_LAB_WHY"    // why there is no outer set, for New to report
	workVar   = "HEARTBEATD_LAB_WORK"   // where the outer set mounted the lab's own file system
)

// Main runs work inside the lab's outer set of namespaces and returns its exit status. It is the
// first thing a program using the lab does:
//
//	func TestMain(m *testing.M) { os.Exit(lab.Main(m.Run)) }
//
// Where this machine does not allow private hosts, work runs all the same, and [New] says why it
// cannot make a lab.
func Main(work func() int) int {
	if len(os.Args) > 2 && os.Args[1] == stageWord {
		return runStage(os.Args[2], os.Args[3:])
	}
	if os.Getenv(insideVar) != "" {
		return work()
	}
	if err := Available(); err != nil {
		os.Setenv(whyVar, err.Error())
		return work()
	}
	status, err := enterOuter(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "lab: error: %v\n", err)
		return 1
	}
	return status
}

// Available says in one line why this machine cannot run private hosts, or returns nil. It tries
// the very things the lab needs and leaves nothing behind.
func Available() error {
	for tool, pkg := range map[string]string{"ip": "iproute2", "nsenter": "util-linux"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is missing: install the package %s", tool, pkg)
		}
	}
	if os.Getenv(insideVar) != "" {
		return nil
	}
	cmd := exec.Command("/proc/self/exe", stageWord, "probe")
	cmd.SysProcAttr = outerAttr(syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	if text := strings.TrimSpace(string(out)); text != "" {
		return errors.New(text)
	}
	if os.Getuid() != 0 {
		return fmt.Errorf("the kernel does not let user %d make namespaces (%w): run it as root, or allow user namespaces "+
			"(sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)", os.Getuid(), err)
	}
	return fmt.Errorf("even root may not make namespaces here (%w): run it outside of a restricted container", err)
}

// outerAttr are the namespaces of the outer set. Root needs no user namespace, and without one
// more is possible: packages and containers that own files of several users.
func outerAttr(more uintptr) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | more,
		Pdeathsig:  syscall.SIGKILL,
	}
	if uid := os.Getuid(); uid != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return attr
}

// enterOuter starts this program again as the first process of the outer set and waits for it.
func enterOuter(args []string) (int, error) {
	// The death signal comes from the thread that started the child, so that thread must stay.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	alive, keep, err := os.Pipe()
	if err != nil {
		return 1, fmt.Errorf("making the lifeline: %w", err)
	}
	defer keep.Close()
	cmd := exec.Command("/proc/self/exe", append([]string{stageWord, "outer"}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{alive}
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", insideVar, os.Getpid()))
	cmd.SysProcAttr = outerAttr(0)
	if err := cmd.Start(); err != nil {
		return 1, fmt.Errorf("starting the outer namespaces: %w", err)
	}
	alive.Close()
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-signals
		cmd.Process.Kill() // the first process takes the whole set with it
	}()
	err = cmd.Wait()
	removeGroups(os.Getpid())
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		if exit.ExitCode() < 0 {
			return 130, nil
		}
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 1, fmt.Errorf("waiting for the outer namespaces: %w", err)
	}
	return 0, nil
}

// runStage is what the processes of the lab do that are this program again.
func runStage(stage string, args []string) int {
	stages := map[string]func([]string) error{
		"probe":  stageProbe,
		"outer":  stageOuter,
		"host":   stageHost,
		"switch": stageSwitch,
		"serve":  stageServe,
		"fetch":  stageFetch,
		"reach":  stageReach,
		"clock":  stageClock,
	}
	run, ok := stages[stage]
	if !ok {
		fmt.Fprintf(os.Stderr, "lab: error: no stage %q\n", stage)
		return 2
	}
	err := run(args)
	if status := exitStatus(0); errors.As(err, &status) {
		return int(status)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// exitStatus ends a stage with the status of the program it stood for.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// stageOuter is process 1 of the outer set: it prepares the mounts, runs the program proper as
// its child, and ends when that ends or when the parent is gone.
func stageOuter(args []string) error {
	lifeline := os.NewFile(3, "lifeline")
	unix.CloseOnExec(3)
	go func() {
		lifeline.Read(make([]byte, 1))
		os.Exit(1)
	}()
	work, err := outerMounts()
	if err != nil {
		return err
	}
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), workVar+"="+work)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("lab: starting the program: %w", err)
	}
	return reapUntil(cmd.Process.Pid)
}

// outerMounts cuts the mounts loose from the machine's, gives the set its own /proc and a file
// system in memory, and returns where that is.
func outerMounts() (string, error) {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return "", fmt.Errorf("lab: making the mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return "", fmt.Errorf("the kernel does not let a private /proc be mounted (%w), as in most containers", err)
	}
	// Any empty directory of the machine will do to mount on: the machine does not see it.
	for _, dir := range []string{"/mnt", "/media", "/srv", "/opt"} {
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) > 0 {
			continue
		}
		if err := unix.Mount("heartbeatd-lab", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
			return "", fmt.Errorf("the kernel does not let a private tmpfs be mounted: %w", err)
		}
		return dir, nil
	}
	return "", errors.New("no empty directory to mount on: want one of /mnt, /media, /srv, /opt to be empty")
}

// reapUntil reaps every process that ends, as a first process must, until pid does.
func reapUntil(pid int) error {
	for {
		var ws unix.WaitStatus
		got, err := unix.Wait4(-1, &ws, 0, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("lab: waiting for the program: %w", err)
		}
		if got != pid {
			continue
		}
		if ws.Signaled() {
			return exitStatus(128 + int(ws.Signal()))
		}
		return exitStatus(ws.ExitStatus())
	}
}
