package duel

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// hogs are programs that take what they can of this machine.
type hogs struct{ running []*exec.Cmd }

// hogKinds are what a hog may be after.
var hogKinds = map[string]func() error{"cpu": hogCPU, "memory": hogMemory, "disk": hogDisk, "fork": hogFork}

// startHogs starts some of each of the kinds named.
func startHogs(kinds map[string]int) (*hogs, error) {
	h := &hogs{}
	for kind, n := range kinds {
		for range n {
			cmd := exec.Command("/proc/self/exe", "duel", "--hog", kind)
			cmd.Stderr = os.Stderr
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			if err := cmd.Start(); err != nil {
				h.stop()
				return nil, fmt.Errorf("starting a hog: %w", err)
			}
			h.running = append(h.running, cmd)
		}
	}
	return h, nil
}

func (h *hogs) stop() {
	for _, cmd := range h.running {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) //nolint:errcheck // it has its own group: with what it forked
	}
	for _, cmd := range h.running {
		cmd.Wait() //nolint:errcheck // killed
	}
}

// hog runs until it is killed.
func hog(kind string) error {
	run, ok := hogKinds[kind]
	if !ok {
		return fmt.Errorf("no hog %q", kind)
	}
	return run()
}

func hogCPU() error {
	for n := 0; ; n++ {
		if n < 0 {
			return errors.New("cannot be")
		}
	}
}

// hogMemory takes and returns memory that the kernel must clear each time.
func hogMemory() error {
	for {
		const size = 256 << 20
		m, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
		if err != nil {
			return err
		}
		for i := 0; i < size; i += pageSize {
			m[i] = 1
		}
		if err := unix.Munmap(m); err != nil {
			return err
		}
	}
}

// hogDisk writes to this machine's disk and waits for it. The file has no name, so that nothing is left.
func hogDisk() error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "hog-")
	if err != nil {
		return err
	}
	if err := os.Remove(f.Name()); err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	for {
		for range 64 {
			if _, err := f.Write(block); err != nil {
				return err
			}
		}
		if err := f.Sync(); err != nil {
			return err
		}
		if err := f.Truncate(0); err != nil {
			return err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
}

// hogFork starts programs as fast as it can.
func hogFork() error {
	path, err := exec.LookPath("true")
	if err != nil {
		return err
	}
	path, err = filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	for {
		if err := exec.Command(path).Run(); err != nil {
			return err
		}
	}
}
