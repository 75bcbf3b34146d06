package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// daemonChildFlag makes heartbeatd the daemon that `heartbeat` starts in the background.
const daemonChildFlag = "--daemon-child"

// readyFD is where the child says that it is ready; its standard error reaches the terminal
// until then.
const readyFD = 3

// daemonize starts this program again as a daemon of its own session, and returns when that is
// ready (0) or has failed (its exit code). 3.0.6 returns before sockets and locks are tried;
// here a start that fails is seen by whoever started it.
func daemonize(opts DaemonOptions, stderr io.Writer) int {
	exe, err := os.Executable()
	if err != nil {
		complain(stderr, fmt.Errorf("starting the daemon: %w", err), "")
		return exitFailed
	}
	args := []string{daemonChildFlag}
	if opts.Debug > 0 {
		args = append(args, "-"+strings.Repeat("d", opts.Debug))
	}
	if opts.NoResources {
		args = append(args, "-M")
	}
	return startDetached(exec.Command(exe, args...), stderr)
}

func startDetached(cmd *exec.Cmd, stderr io.Writer) int {
	code, err := tryDetached(cmd, stderr)
	if err != nil {
		complain(stderr, fmt.Errorf("starting the daemon: %w", err), "")
		return exitFailed
	}
	return code
}

func tryDetached(cmd *exec.Cmd, stderr io.Writer) (int, error) {
	ready, readyW, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer ready.Close()
	words, wordsW, err := os.Pipe()
	if err != nil {
		readyW.Close()
		return 0, err
	}
	defer words.Close()
	cmd.Dir = "/"
	cmd.Stderr = wordsW
	cmd.ExtraFiles = []*os.File{readyW}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	readyW.Close()
	wordsW.Close()
	if err != nil {
		return 0, err
	}
	return awaitReady(cmd, ready, words, stderr)
}

// awaitReady passes on what the child says until it is ready or gone.
func awaitReady(cmd *exec.Cmd, ready, words io.Reader, stderr io.Writer) (int, error) {
	said := make(chan struct{})
	go func() { io.Copy(stderr, words); close(said) }()
	n, _ := ready.Read(make([]byte, 1))
	if n == 1 {
		// The child has let go of its standard error by now, but a script of its may hold it.
		select {
		case <-said:
		case <-time.After(time.Second):
		}
		return exitOK, cmd.Process.Release()
	}
	err := cmd.Wait()
	<-said
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return exit.ExitCode(), nil
	}
	if err == nil {
		err = errors.New("it ended before it was ready")
	}
	return 0, err
}

// daemonChild is the other side of daemonize: heartbeatd --daemon-child [-d...] [-M].
func daemonChild(h Hooks, args []string) int {
	opts := DaemonOptions{Ready: announceReady}
	options, _ := getopt("heartbeatd", args, "dM")
	for _, o := range options {
		switch o.letter {
		case 'd':
			opts.Debug++
		case 'M':
			opts.NoResources = true
		}
	}
	// Scripts must not inherit the pipe: the parent would wait for them.
	unix.CloseOnExec(readyFD)
	return h.RunDaemon(opts)
}

// announceReady lets go of the terminal, then tells the parent.
func announceReady() {
	if null, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0); err == nil {
		unix.Dup3(null, 2, 0) //nolint:errcheck // the worst case is a line on a terminal
		unix.Close(null)
	}
	unix.Write(readyFD, []byte{1}) //nolint:errcheck // a parent that is gone needs no answer
	unix.Close(readyFD)
}
