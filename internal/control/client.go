package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// What a caller of the client functions may want to tell apart. Anything else is a daemon that
// is there but does not answer as it should, or a [Refusal].
var (
	ErrNotRunning   = errors.New("heartbeatd is not running on this machine")
	ErrNotPermitted = errors.New("only root may talk to heartbeatd")
	ErrNoAnswer     = errors.New("heartbeatd does not answer")
)

// maxAnswer bounds what a client reads, in bytes; a status of hundreds of links is far below.
const maxAnswer = 16 << 20

// Conn is one connection to the daemon, good for one question.
type Conn struct {
	conn net.Conn
	path string
}

// Dial connects to the daemon that listens on path; it never waits. The error is, or wraps,
// [ErrNotRunning], [ErrNotPermitted] or [ErrNoAnswer].
func Dial(path string) (*Conn, error) {
	conn, err := net.DialTimeout("unix", path, patience)
	switch {
	case err == nil:
		return &Conn{conn, path}, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ENOTDIR):
		return nil, fmt.Errorf("%w (nobody listens on %s)", ErrNotRunning, path)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%w (%s: permission denied)", ErrNotPermitted, path)
	}
	return nil, fmt.Errorf("%w on %s: %w", ErrNoAnswer, path, err)
}

// Close ends the connection.
func (c *Conn) Close() error { return c.conn.Close() }

// ask sends the request and reads the answer, both within timeout.
func (c *Conn) ask(req request, timeout time.Duration) (answer, error) {
	var a answer
	data, err := json.Marshal(req)
	if err != nil {
		return a, fmt.Errorf("writing the request: %w", err)
	}
	c.conn.SetDeadline(time.Now().Add(timeout))
	if _, err := c.conn.Write(append(data, '\n')); err != nil && !errors.Is(err, unix.EPIPE) {
		return a, c.noAnswer(err, timeout)
	}
	if err := json.NewDecoder(io.LimitReader(c.conn, maxAnswer)).Decode(&a); err != nil {
		return a, c.noAnswer(err, timeout)
	}
	if a.Error == ErrNotPermitted.Error() {
		return a, ErrNotPermitted
	}
	if !a.OK {
		return a, &Refusal{Reason: a.Error, Hint: a.Hint}
	}
	return a, nil
}

func (c *Conn) noAnswer(err error, timeout time.Duration) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("%w on %s within %v", ErrNoAnswer, c.path, timeout)
	}
	return fmt.Errorf("%w as it should on %s: %w", ErrNoAnswer, c.path, err)
}

func query(path string, req request, timeout time.Duration) (answer, error) {
	conn, err := Dial(path)
	if err != nil {
		return answer{}, err
	}
	defer conn.Close()
	return conn.ask(req, timeout)
}

// Query asks for the status.
func Query(path string, timeout time.Duration) (Status, error) {
	a, err := query(path, request{Command: "status"}, timeout)
	if err != nil {
		return Status{}, err
	}
	if a.Status == nil {
		return Status{}, fmt.Errorf("%w as it should on %s: no status in the answer", ErrNoAnswer, path)
	}
	return *a.Status, nil
}

// Standby asks this node to give up the resources which names: all, local, foreign, failback.
// It returns when the daemon has accepted, not when the move is over.
func Standby(path, which string, timeout time.Duration) error {
	_, err := query(path, request{Command: "standby", Which: which}, timeout)
	return err
}

// Takeover asks this node to take the resources which names from the other. It returns when the
// daemon has accepted.
func Takeover(path, which string, timeout time.Duration) error {
	_, err := query(path, request{Command: "takeover", Which: which}, timeout)
	return err
}

// Replace asks the daemon to go on as the program that is installed now. It returns when the daemon has accepted;
// [Status] has a field for what becomes of it.
func Replace(path string, timeout time.Duration) error {
	_, err := query(path, request{Command: "replace"}, timeout)
	return err
}

// Stop tells the daemon to release everything and end. It returns when the daemon has accepted. Where that is replacing
// itself just now, the question is put again: the socket is there all the time.
func Stop(path string, timeout time.Duration) error {
	_, err := query(path, request{Command: "stop"}, timeout)
	for n := 0; n < 20 && errors.Is(err, ErrNoAnswer) && !errors.Is(err, os.ErrDeadlineExceeded); n++ {
		time.Sleep(50 * time.Millisecond)
		_, err = query(path, request{Command: "stop"}, timeout)
	}
	return err
}
