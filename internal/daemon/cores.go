package daemon

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/config"
	"heartbeatd/internal/runner"
)

// tracesName is the file, beside core files, of what Go's runtime says of a death. Its own place for that, standard
// error, is /dev/null in a daemon.
const (
	tracesName = "heartbeatd.trace"
	tracesMost = 1 << 20 // bytes; a longer file begins anew
)

// cores is where the programs of each user leave core files, in a directory of the user's name: coreroot.
func (d *daemon) cores() string {
	if root := d.opt.Config.CoreRoot; root != "" {
		return root
	}
	return filepath.Join(d.opt.Paths.LibDir, "cores")
}

// ownCores is the directory of this process, and of the scripts it starts if it is ours.
func (d *daemon) ownCores() string { return filepath.Join(d.cores(), "root") }

// scriptsDir is where scripts run.
func (d *daemon) scriptsDir() string {
	if d.noCores {
		return "/"
	}
	return d.ownCores()
}

// dumpable makes this process leave a core file when it dies of a fault, or none: coredumps. Without that directive
// nothing is changed, and Go's runtime leaves none. It is for a process that is nothing but the daemon: limits and
// directory are those of the whole process.
func (d *daemon) dumpable() {
	dir, asked := d.ownCores(), d.opt.Config.Coredumps
	if err := enter(dir); err != nil {
		if asked == config.CoresOn || d.opt.Config.CoreRoot != "" {
			d.logLine("ERROR", fmt.Sprintf("Cannot chdir to [%s]: %v", dir, err))
		}
		dir, d.noCores = "", errors.Is(err, runner.ErrNotOurs)
	}
	if err := limitCores(asked); err != nil {
		d.logLine("WARN", err.Error())
	} else if asked == config.CoresOn {
		debug.SetTraceback("crash") // a fault ends in SIGABRT, of which the kernel makes a core file
	}
	if dir == "" || asked == config.CoresOff {
		return
	}
	if err := keepTraces(filepath.Join(dir, tracesName)); err != nil {
		d.logLine("WARN", fmt.Sprintf("what is said at a crash will not be kept: %v", err))
	}
}

var errNoCores = errors.New("Not possible to enable core dumps (rlim_max is 0)") //nolint:staticcheck // the words of 3.0.6

// limitCores allows core files as far as we may, or forbids them. Programs that are started have the same limit, as
// with 3.0.6; they may raise it again.
func limitCores(asked config.Coredumps) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil || asked == config.CoresUnsaid {
		return err
	}
	switch {
	case asked == config.CoresOff:
		limit.Cur = 0
	case limit.Max == 0:
		return errNoCores
	default:
		limit.Cur = limit.Max
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return fmt.Errorf("the limit of core files stays as it was: %w", err)
	}
	return nil
}

// enter goes to a directory for core files, which have all that is in memory, the keys too: it must be ours. One that
// is not there is made.
func enter(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	f, err := os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	if int(st.Uid) != os.Geteuid() || st.Mode&0o022 != 0 {
		return runner.ErrNotOurs
	}
	if err := runner.OnlyOurs(filepath.Dir(dir)); err != nil {
		return err
	}
	return f.Chdir()
}

// keepTraces has the runtime say its last words in a file.
func keepTraces(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > tracesMost {
		_ = f.Truncate(0) // one that grows on is no harm
	}
	return debug.SetCrashOutput(f, debug.CrashOptions{})
}
