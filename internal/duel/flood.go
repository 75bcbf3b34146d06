package duel

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/lab"
)

const (
	floodRate = 20000 // datagrams a second
	floodStep = time.Millisecond
	lateBeat  = 5 * time.Millisecond // later than this is a late beat
)

// forgery is a beat of node2 in which something was changed after it was signed: it takes a whole check to see.
func (p *pair) forgery() (forged []byte, err error) {
	err = lab.Eventually(patience, "a beat to forge", func() bool {
		forged = p.wire.genuine(number(1))
		return forged != nil
	})
	if err != nil {
		return nil, err
	}
	at := bytes.Index(forged, []byte("ts="))
	if at < 0 || at+4 > len(forged) {
		return nil, errors.New("the beat has no time to forge")
	}
	if at += 3; forged[at] == '1' {
		forged[at] = '2'
	} else {
		forged[at] = '1'
	}
	return forged, nil
}

// send has the client send a datagram to node1 again and again.
func (p *pair) send(datagram []byte, rate int, lasts time.Duration) (sent int, err error) {
	var fd int
	err = p.client.InNetwork(func() (err error) {
		if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		return unix.Connect(fd, &unix.SockaddrInet4{Port: 694, Addr: p.nodes[0].Address(0).As4()})
	})
	if err != nil {
		return 0, fmt.Errorf("making the forger's socket: %w", err)
	}
	defer unix.Close(fd)
	count := make(chan int)
	go func() {
		runtime.LockOSThread()                                  // it ends with this, and its priority too
		unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), -20) //nolint:errcheck // slower then, which is told
		count <- repeat(fd, datagram, rate, lasts)
	}()
	return <-count, nil
}

// repeat writes a datagram at a rate and says how often it could.
func repeat(fd int, datagram []byte, rate int, lasts time.Duration) (sent int) {
	each := int(int64(rate) * int64(floodStep) / int64(time.Second))
	begin := time.Now()
	for step := 1; time.Since(begin) < lasts; step++ {
		for range each {
			if _, err := unix.Write(fd, datagram); err == nil {
				sent++
			}
		}
		if wait := time.Duration(step)*floodStep - time.Since(begin); wait > 0 {
			ts := unix.NsecToTimespec(int64(wait))
			unix.Nanosleep(&ts, nil) //nolint:errcheck // a signal makes it short, which is no harm
		}
	}
	return sent
}
