package drbd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"heartbeatd/internal/runner"
)

// Source is where the kernel is asked. The zero value knows of no DRBD.
type Source struct {
	Proc  string        // /proc/drbd
	Setup string        // the program drbdsetup, for DRBD 9
	Names string        // /dev/drbd/by-res, which tells the names of resources before DRBD 9
	Limit time.Duration // how long all of it may take
}

// Machine is this machine.
func Machine() Source {
	return Source{Proc: "/proc/drbd", Setup: "drbdsetup", Names: "/dev/drbd/by-res", Limit: 2 * time.Second}
}

// mostBytes is how much of an answer is read.
const mostBytes = 1 << 20

// errSlow: a machine whose DRBD is stuck is one that is looked at.
var errSlow = errors.New("no answer")

// Devices are those of the machine, nil where the kernel has no DRBD. It does not wait longer than the limit.
func (s Source) Devices() ([]Device, error) {
	if s.Proc == "" {
		return nil, nil
	}
	type answer struct {
		devices []Device
		err     error
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.Limit)
	defer cancel()
	done := make(chan answer, 1)
	go func() {
		devices, err := s.read(ctx)
		done <- answer{devices, err}
	}()
	select {
	case a := <-done:
		if a.err != nil && ctx.Err() != nil {
			a.err = s.slow()
		}
		return a.devices, a.err
	case <-ctx.Done():
		return nil, s.slow()
	}
}

func (s Source) slow() error { return fmt.Errorf("%w from DRBD within %s", errSlow, s.Limit) }

func (s Source) read(ctx context.Context) ([]Device, error) {
	text, err := readSome(s.Proc)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("asking DRBD: %w", err)
	}
	version, devices := parseProc(string(text))
	if major, _, _ := strings.Cut(version, "."); len(devices) == 0 && !before9(major) {
		return s.ask(ctx)
	}
	s.name(devices)
	return devices, nil
}

func before9(major string) bool {
	n, err := strconv.Atoi(major)
	return err != nil || n < 9
}

func readSome(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, mostBytes))
}

// ask runs drbdsetup. It is killed when the time is over, and not waited for: it may be stuck in the kernel.
func (s Source) ask(ctx context.Context) ([]Device, error) {
	program, err := runner.Find(s.Setup)
	if err != nil {
		return nil, fmt.Errorf("asking DRBD: %w", err)
	}
	cmd := exec.Command(program, "status", "--json")
	cmd.Env = []string{"PATH=" + runner.SearchPath, "LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second // what it leaves behind may hold its output
	var out limited
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("asking DRBD: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }) //nolint:errcheck // it has ended then
	defer stop()
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("asking DRBD: %s: %w", program, err)
	}
	return parseSetup(out.Bytes())
}

// name gives devices the names of their resources. udev makes the links: by-res/NAME, and with more than one volume
// by-res/NAME/VOLUME.
func (s Source) name(devices []Device) {
	links, _ := filepath.Glob(filepath.Join(s.Names, "*"))
	volumes, _ := filepath.Glob(filepath.Join(s.Names, "*", "*"))
	for _, link := range append(links, volumes...) {
		to, err := os.Readlink(link)
		if err != nil {
			continue
		}
		resource, _, _ := strings.Cut(strings.TrimPrefix(link, s.Names+"/"), "/")
		for i := range devices {
			if devices[i].Name == filepath.Base(to) {
				devices[i].Resource = resource
			}
		}
	}
}

// limited keeps the begin of what a program writes.
type limited struct{ bytes.Buffer }

func (l *limited) Write(b []byte) (int, error) {
	if room := mostBytes - l.Len(); room > 0 {
		l.Buffer.Write(b[:min(len(b), room)])
	}
	return len(b), nil
}
