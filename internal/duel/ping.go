package duel

import (
	"encoding/binary"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/lab"
)

// pingEvery is how often the client asks the service address for an answer, in nanoseconds.
const pingEvery = 1_000_000

// pinger is a client that asks an address for an echo, as an ordinary host would: by its own ARP table. The
// answers are seen by the wiretap.
type pinger struct {
	stop, done chan struct{}
}

func ping(client *lab.Host, service [4]byte) (*pinger, error) {
	var fd int
	err := client.InNetwork(func() (err error) {
		if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_ICMP); err != nil {
			return err
		}
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1) //nolint:errcheck // what comes is not read
		return unix.Connect(fd, &unix.SockaddrInet4{Addr: service})
	})
	if err != nil {
		return nil, fmt.Errorf("making the client's socket: %w", err)
	}
	p := &pinger{stop: make(chan struct{}), done: make(chan struct{})}
	go p.run(fd)
	return p, nil
}

func (p *pinger) run(fd int) {
	defer close(p.done)
	defer unix.Close(fd)
	runtime.LockOSThread()
	var next unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &next) //nolint:errcheck // it cannot fail
	for seq := uint16(0); ; seq++ {
		select {
		case <-p.stop:
			return
		default:
		}
		unix.Write(fd, echoRequest(seq)) //nolint:errcheck // nobody there is an answer too
		next = unix.NsecToTimespec(next.Nano() + pingEvery)
		unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &next, nil) //nolint:errcheck // a signal makes it short, which is no harm
	}
}

func (p *pinger) close() {
	close(p.stop)
	<-p.done
}

func echoRequest(seq uint16) []byte {
	b := make([]byte, 16)
	b[0] = 8
	binary.BigEndian.PutUint16(b[4:], 0x6462)
	binary.BigEndian.PutUint16(b[6:], seq)
	sum := uint32(0)
	for i := 0; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	sum = sum&0xffff + sum>>16
	sum = sum&0xffff + sum>>16
	binary.BigEndian.PutUint16(b[2:], ^uint16(sum))
	return b
}
