package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/core"
	"heartbeatd/internal/runner"
)

const (
	// handoverMark names, in the environment, the descriptor of what the image before has left.
	handoverMark = "HEARTBEATD_HANDOVER"
	// RipeFlag asks a program whether it could go on from what descriptor 3 holds.
	RipeFlag = "--can-go-on"
	// ripeWithin is how long it may think about that.
	ripeWithin = 20 * time.Second
)

// OwnProgram is the file that this program was started as, as it is installed: whoever upgrades it puts another file
// there. A name that is a link is kept, if it still leads here.
func OwnProgram() string {
	own, err := os.Executable() // without the " (deleted)" of a file that was replaced
	if err != nil {
		return ""
	}
	if name := os.Args[0]; filepath.IsAbs(name) {
		is, err1 := os.Stat(name)
		self, err2 := os.Stat("/proc/self/exe")
		if err1 == nil && err2 == nil && os.SameFile(is, self) {
			return name
		}
	}
	return own
}

// imageID tells a program from the one that takes its place.
type imageID struct {
	dev, ino uint64
	ctime    unix.Timespec
}

func imageOf(path string) (imageID, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return imageID{}, fmt.Errorf("%s: %w", path, err)
	}
	return imageID{dev: uint64(st.Dev), ino: st.Ino, ctime: st.Ctim}, nil //nolint:unconvert // 32 bits on some machines
}

// askRipe runs the program that is to go on, and has it say that it can. What it found out about the machine meanwhile
// is its answer.
func askRipe(h *Handover) ([]byte, error) {
	state, err := h.seal()
	if err != nil {
		return nil, err
	}
	defer state.Close()
	runner.ReadAhead(h.Program)
	ctx, cancel := context.WithTimeout(context.Background(), ripeWithin)
	defer cancel()
	var out, said bounded
	cmd := exec.CommandContext(ctx, h.Program, RipeFlag)
	cmd.Dir, cmd.Env, cmd.ExtraFiles = "/", runner.OwnEnvironment(), []*os.File{state}
	cmd.Stdout, cmd.Stderr = &out, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.WaitDelay = time.Second
	if err := runner.Spawn(cmd); err != nil {
		var at *os.PathError // it names the program once more
		if errors.As(err, &at) {
			err = at.Err
		}
		return nil, fmt.Errorf("%s cannot be run: %w", h.Program, err)
	}
	err = cmd.Wait()
	answer, fits := bytes.CutPrefix(out.said.Bytes(), []byte(ripeWord))
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s did not say within %v whether it can go on", h.Program, ripeWithin)
	case err != nil || !fits:
		return nil, fmt.Errorf("%s cannot go on from here: %s", h.Program, unripe(said.said.String(), err))
	}
	return answer, nil
}

// unripe says in one line why a program cannot go on: the first that it said, and how it has ended where that was not on
// purpose. One that crashes goes on to tell where it was.
func unripe(said string, err error) string {
	first, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	var exit *exec.ExitError
	switch {
	case err == nil:
		err = errNoAnswer
	case first != "" && errors.As(err, &exit) && exit.ExitCode() == refuses:
		return fmt.Sprintf("%.400s", first)
	}
	if first == "" {
		return err.Error()
	}
	return fmt.Sprintf("%.400s (%v)", first, err)
}

// refuses is the exit status of a program that cannot go on and has said why.
const refuses = 1

var errNoAnswer = errors.New("it does not answer as heartbeatd does")

// bounded keeps what a program says, up to far more than one that can go on does. A program that talks on is not listened
// to any more, and ends by that: else it would cost the daemon its memory, and the time of its beats.
type bounded struct{ said bytes.Buffer }

const boundedSize = 1 << 20

func (b *bounded) Write(p []byte) (int, error) {
	if b.said.Len()+len(p) > boundedSize {
		return 0, errTalksOn
	}
	return b.said.Write(p)
}

var errTalksOn = errors.New("it says too much")

// ripeWord begins the answer of a program that can go on.
const ripeWord = "heartbeatd can go on\n"

// plan is what is executed, and what goes along.
type plan struct {
	program string
	files   []int // descriptors that stay open
	// last is called when no signal can get here any more. It makes the file with what is known.
	last func() (*os.File, error)
	// heed listens to signals again, where it did not work.
	heed func()
}

// errNotNow is a reason to try it again in a moment.
var errNotNow = errors.New("something came in between")

// execute makes this process another image. It returns only if that did not work, and then everything is as before.
func execute(p plan) error {
	if !lockForks() { // a program that is started in these moments must not inherit the lock
		return errNotNow
	}
	defer syscall.ForkLock.Unlock()
	runtime.LockOSThread() // the mask is that of the thread which executes
	defer runtime.UnlockOSThread()
	var before unix.Sigset_t
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, runner.Mask(), &before); err != nil {
		return fmt.Errorf("blocking signals: %w", err)
	}
	defer unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil) //nolint:errcheck // as above
	state, err := p.last()
	if err != nil {
		return err
	}
	defer state.Close()
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT) // see early
	defer p.heed()
	return become(p.program, int(state.Fd()), p.files)
}

// early hears the signals of an image that goes on, from before main. Go's runtime unblocks SIGTERM, SIGHUP and SIGINT
// when it starts, and until somebody has asked for them they end the process; but SIGHUP and SIGINT not where they
// were ignored. So a SIGHUP in these two milliseconds is lost, which is why the files are always looked at afterwards
// (settleIn), and a SIGTERM would end the daemon with its resources running, which is why `heartbeat -k`, that the
// unit and the init script call, uses the control socket.
var early = listenEarly()

func listenEarly() chan os.Signal {
	c := make(chan os.Signal, 8)
	if os.Getenv(handoverMark) != "" {
		signal.Notify(c, handled...)
	}
	return c
}

// handled are the signals that mean something.
var handled = []os.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM}

// become executes a program with what is known in a descriptor, and others that stay open.
func become(program string, state int, files []int) error {
	keep := append([]int{state}, files...)
	defer func() {
		for _, fd := range keep {
			unix.CloseOnExec(fd)
		}
	}()
	for _, fd := range keep {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0); err != nil {
			return fmt.Errorf("handing over descriptor %d: %w", fd, err)
		}
	}
	err := syscall.Exec(program, os.Args, append(os.Environ(), handoverMark+"="+strconv.Itoa(state)))
	return fmt.Errorf("executing %s: %w", program, err)
}

func lockForks() bool {
	for until := time.Now().Add(5 * time.Millisecond); time.Now().Before(until); time.Sleep(100 * time.Microsecond) {
		if syscall.ForkLock.TryLock() {
			return true
		}
	}
	return false
}

// CanGoOn is the other side of [RipeFlag]: it reads what the running image would leave, and says whether this program
// could go on from there, by the files that are in it. Nothing is opened or started.
func CanGoOn(state int, configure Configure, answers func() []byte, out io.Writer) error {
	h, err := readHandover(state)
	if err != nil {
		return err
	}
	opt, err := configure(h, h.Files)
	if err != nil {
		return err
	}
	d := newDaemon(opt)
	d.inherited = h
	if _, err := core.Resume(d.coreConfig(d.identity("")), h.Core); err != nil {
		return err
	}
	if path := opt.Config.Log.File; path != "" { // a disk that hangs would hang the daemon
		_, _ = os.Stat(filepath.Dir(path))
	}
	_, _ = os.Stat(filepath.Join(opt.Paths.LibDir, "fifo"))
	_, err = fmt.Fprintf(out, "%s%s", ripeWord, answers())
	return err
}
