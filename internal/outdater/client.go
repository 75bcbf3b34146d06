package outdater

import (
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/clientapi"
	"heartbeatd/internal/dopd"
	"heartbeatd/internal/wire"
)

const (
	// comesBack is how long one waits for a dopd that is not there, or not there any more: it may just be started
	// again, as at a reload, and 3.0.6's dies of an answer where GLib is newer than it.
	comesBack = 5 * time.Second
	again     = 100 * time.Millisecond
)

// Ask asks the dopd at path, ours or 3.0.6's, to have the other side of a resource marked as outdated. Without an
// answer it says that the other node is down, as 3.0.6 does: most often it is, and the cluster does not know it yet.
func Ask(path, peer, resource string, timeout time.Duration) (dopd.Verdict, error) {
	deadline := time.Now().Add(timeout)
	seen := time.Now() // when it was there last
	for {
		begin := time.Now()
		v, err := askOnce(path, peer, resource, deadline)
		crowded := errors.Is(err, unix.EAGAIN) // so many wait there that one cannot even wait
		if crowded || time.Since(begin) > again {
			seen = time.Now() // who is not there, or does not want to hear, says so at once
		}
		switch {
		case err == nil:
			return v, nil
		case time.Until(deadline) <= 0 || crowded && time.Until(deadline) < again:
			return dopd.Down, fmt.Errorf("no answer within %s: %w", timeout, err)
		case time.Until(deadline) < again, time.Since(seen) > comesBack-again:
			return dopd.Down, fmt.Errorf("dopd does not answer: %w", err)
		}
		time.Sleep(again)
	}
}

func askOnce(path, peer, resource string, deadline time.Time) (dopd.Verdict, error) {
	conn, err := (&net.Dialer{Deadline: deadline}).Dial("unix", path)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	conn.SetDeadline(deadline) //nolint:errcheck // a socket has one
	if _, err := conn.Write(clientapi.AppendFrame(nil, newQuestion(peer, resource), wire.Classic)); err != nil {
		return 0, err
	}
	for {
		m, err := clientapi.ReadMessage(conn, mostMessage)
		if err != nil {
			return 0, err
		}
		if m.StrIs("t", answered) {
			return dopd.ParseVerdict(m.Str(fieldAnswer)), nil
		}
	}
}
