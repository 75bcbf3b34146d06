package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"heartbeatd/internal/confhost"
	"heartbeatd/internal/config"
	"heartbeatd/internal/daemon"
)

// goOn is this process when another image of it was the daemon until now.
func goOn(stderr io.Writer) (code int, resumed bool) {
	h, err := daemon.Inherited()
	switch {
	case err != nil:
		complain(stderr, err, "")
		return exitFailed, true
	case h == nil:
		return 0, false
	}
	configure := func(h *daemon.Handover, files config.Files) (daemon.Options, error) {
		return configured(h, files, resolvedBy(confhost.New(), h.Answers), os.Stderr)
	}
	return ran(daemon.Continue(h, configure), stderr), true
}

// canGoOn answers a daemon that asks whether it could be replaced by this program. Its state is in descriptor 3.
func canGoOn(stdout, stderr io.Writer) int {
	host := resolvedBy(confhost.New(), nil)
	configure := func(h *daemon.Handover, files config.Files) (daemon.Options, error) {
		return configured(h, files, host, nil)
	}
	if err := daemon.CanGoOn(3, configure, host.answers, stdout); err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	return exitOK
}

// configured makes the options of a daemon of the files that were handed over. An interface that is not there now is
// waited for: it may have been there at the start.
func configured(h *daemon.Handover, files config.Files, host config.Host, stderr io.Writer) (opt daemon.Options, err error) {
	cfg, report := loadAgain(files, host, true)
	if report.Fatal() {
		var why []string
		for _, n := range notes(report) {
			if n.Level == "ERROR" {
				why = append(why, n.Text)
			}
		}
		return opt, errors.New(strings.Join(why, "; "))
	}
	opt = daemon.Options{
		Config: cfg, Paths: daemon.DefaultPaths, Version: version, Debug: h.Debug, NoResources: h.NoResources, Foreground: h.Foreground,
		Notes: notes(report), Reread: rereader(files, cfg, h.Foreground), Files: files, Program: h.Program,
	}
	if h.Foreground && logToStderr(cfg) {
		opt.Stderr = stderr
	}
	return opt, nil
}
