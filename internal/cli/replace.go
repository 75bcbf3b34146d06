package cli

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"heartbeatd/internal/control"
	"heartbeatd/internal/pidfile"
)

const (
	// replaceWithin is how long -R waits. The daemon goes on waiting where it does not.
	replaceWithin = time.Minute
	replaceLook   = 50 * time.Millisecond
)

// restart is -R: the running daemon goes on as the program that is installed now, with the files as they are now. To
// 3.0.6 that is a call of its own, and -C says with which resources; here the daemon knows.
func (c *hbCall) restart() int {
	var said bytes.Buffer // 3.0.6 says nothing of it where none runs
	code := c.hooks.Validate(&said)
	pid, alive, _ := pidfile.Alive(c.pidFile)
	switch {
	case !alive && code != 0:
		return exitFailed
	case !alive:
		fmt.Fprintln(c.stderr, "ERROR: heartbeat is not running.")
		return hbBadConfig
	case code != 0:
		c.stderr.Write(said.Bytes()) //nolint:errcheck // nobody else to tell
		return c.notRestarted(pid, code)
	}
	before, err := control.Query(c.socket, commandTimeout)
	if errors.Is(err, control.ErrNotRunning) { // 3.0.6 itself, or one that is just ending
		fmt.Fprintf(c.stderr, "ERROR: Heartbeat already running [pid %s].\n", pidText(pid))
		return exitFailed
	}
	if err == nil {
		err = control.Replace(c.socket, commandTimeout)
	}
	if err != nil {
		complainAnswer(c.stderr, err)
		if errors.Is(err, control.ErrNotPermitted) {
			return hbNotPermitted
		}
		return exitFailed
	}
	return c.awaitReplacement(before)
}

// awaitReplacement follows what becomes of it. In between the daemon may not answer for a moment.
func (c *hbCall) awaitReplacement(before control.Status) int {
	said := ""
	var st control.Status
	for end := time.Now().Add(c.patience()); time.Now().Before(end); time.Sleep(replaceLook) {
		now, err := control.Query(c.socket, commandTimeout)
		if err != nil {
			if _, alive, _ := pidfile.Alive(c.pidFile); !alive {
				fmt.Fprintln(c.stderr, "ERROR: heartbeat has ended; see its log")
				return exitFailed
			}
			continue
		}
		st = now
		r := st.Replacement
		switch {
		case r.Failed != "":
			fmt.Fprintf(c.stderr, "ERROR: Heartbeat pid %d NOT replaced: %s\n", st.PID, r.Failed)
			return exitFailed
		case r.Done > before.Replacement.Done && !r.Pending:
			c.log(c.stderr, "heartbeat", "info: Heartbeat pid %d goes on as version %s", st.PID, st.Version)
			return exitOK
		case r.Waiting != "" && r.Seconds >= 1 && r.Waiting != said:
			said = r.Waiting
			c.log(c.stderr, "heartbeat", "info: waiting: %s", said)
		}
	}
	fmt.Fprintf(c.stderr, "ERROR: Heartbeat pid %d not replaced yet: it goes on waiting, see 'heartbeatd status'\n", st.PID)
	return exitFailed
}

func (c *hbCall) patience() time.Duration {
	if c.replaceWithin > 0 {
		return c.replaceWithin
	}
	return replaceWithin
}

// asksToStop tells the daemon by its control socket, which serves also while it replaces itself; a signal that comes
// in just that moment would end it with its resources running. It is false where nobody takes the order: 3.0.6.
func (c *hbCall) asksToStop(pid int) func() bool {
	return func() bool {
		for begin := time.Now(); time.Since(begin) < orderWithin; {
			st, err := control.Query(c.socket, commandTimeout)
			if err == nil && st.PID != pid {
				return false
			}
			if err == nil {
				err = control.Stop(c.socket, commandTimeout)
			}
			var refused *control.Refusal
			switch {
			case err == nil:
				return true
			case errors.Is(err, control.ErrNotPermitted), errors.As(err, &refused):
				return false
			}
			// Whoever took this connection has executed its successor, and the connection has ended with it.
			time.Sleep(orderAgain)
		}
		return false
	}
}

const (
	orderWithin = 500 * time.Millisecond // a multiple of what a replacement takes
	orderAgain  = 20 * time.Millisecond
)
