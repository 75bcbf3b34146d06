package duel

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/lab"
)

// What a frame on the wire is.
type frameKind uint8

const (
	beatFrame   frameKind = iota + 1 // a status message of heartbeat
	otherFrame                       // another message of heartbeat
	answerFrame                      // the answer to an echo request
	claimFrame                       // an ARP frame by which somebody says that the service address is his
	advertFrame                      // an advertisement of VRRP
)

// frame is one frame as it left a host, with the kernel's time stamp of that moment.
type frame struct {
	at   int64
	kind frameKind
	node byte // the last byte of the sender's own address
	link byte
	mac  [6]byte
}

// wiretap sees all frames that come out of the hosts' cables into the switch.
type wiretap struct {
	file    *os.File
	bridges map[int]bool
	service [4]byte
	client  byte // the number of the host that asks, and floods
	closed  atomic.Bool
	done    chan struct{}

	mu     sync.Mutex
	frames []frame
	nodes  map[[6]byte]byte // whose card that is
	sample map[byte][]byte  // the last beat of each
}

// tap begins to listen in the switch.
func tap(l *lab.Lab, service [4]byte) (*wiretap, error) {
	t := &wiretap{bridges: map[int]bool{}, service: service, nodes: map[[6]byte]byte{}, sample: map[byte][]byte{}, done: make(chan struct{})}
	var fd int
	err := l.InNetwork(func() (err error) {
		devices, err := net.Interfaces()
		if err != nil {
			return err
		}
		for _, d := range devices {
			if strings.HasPrefix(d.Name, "br") {
				t.bridges[d.Index] = true
			}
		}
		fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, tapFilter()); err != nil {
			return err
		}
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20) //nolint:errcheck // what is missed is counted
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
			return err
		}
		all := uint16(unix.ETH_P_ALL)
		return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all<<8 | all>>8})
	})
	if err != nil {
		return nil, fmt.Errorf("listening in the switch: %w", err)
	}
	unix.SetNonblock(fd, true) //nolint:errcheck // then Close would wait for a frame
	t.file = os.NewFile(uintptr(fd), "wiretap")
	go t.run()
	return t, nil
}

// tapFilter lets ARP, answers to echo requests, VRRP and the nodes' own heartbeats pass: the kernel drops the
// rest, a flood above all. The nodes are hosts 1 and 2.
func tapFilter() *unix.SockFprog {
	half := func(at uint32) unix.SockFilter { return unix.SockFilter{Code: 0x28, K: at} }
	octet := func(at uint32) unix.SockFilter { return unix.SockFilter{Code: 0x30, K: at} }
	equal := func(k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: 0x15, Jt: yes, Jf: no, K: k}
	}
	filter := []unix.SockFilter{
		half(12), equal(unix.ETH_P_ARP, 12, 0), equal(unix.ETH_P_IP, 0, 10),
		octet(23), equal(112, 9, 0), equal(unix.IPPROTO_ICMP, 0, 2),
		octet(34), equal(0, 6, 5),
		equal(unix.IPPROTO_UDP, 0, 4),
		half(36), equal(694, 0, 2),
		octet(29), {Code: 0x25, Jt: 0, Jf: 1, K: 2},
		{Code: 0x06, K: 0}, {Code: 0x06, K: 2048},
	}
	return &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
}

func (t *wiretap) run() {
	defer close(t.done)
	raw, err := t.file.SyscallConn()
	if err != nil {
		return
	}
	buf, oob := make([]byte, 2048), make([]byte, 128)
	for {
		var n, oobn int
		var from unix.Sockaddr
		var got error
		err := raw.Read(func(fd uintptr) bool {
			n, oobn, _, from, got = unix.Recvmsg(int(fd), buf, oob, 0)
			return got != unix.EAGAIN
		})
		if err != nil || t.closed.Load() {
			return
		}
		where, ok := from.(*unix.SockaddrLinklayer)
		if got != nil || !ok || where.Pkttype == unix.PACKET_OUTGOING || t.bridges[where.Ifindex] {
			continue
		}
		if f, ok := t.read(buf[:n]); ok {
			f.at = stamp(oob[:oobn])
			t.note(f, buf[:n])
		}
	}
}

// stamp is the kernel's time stamp of a frame.
func stamp(oob []byte) int64 {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return 0
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPNS && len(m.Data) >= 16 {
			return int64(binary.NativeEndian.Uint64(m.Data))*1e9 + int64(binary.NativeEndian.Uint64(m.Data[8:]))
		}
	}
	return 0
}

// read tells what a frame is.
func (t *wiretap) read(b []byte) (f frame, ok bool) {
	if len(b) < 42 {
		return f, false
	}
	copy(f.mac[:], b[6:12])
	if binary.BigEndian.Uint16(b[12:]) == unix.ETH_P_ARP {
		f.kind = claimFrame
		return f, bytes.Equal(b[28:32], t.service[:])
	}
	f.link, f.node = b[28], b[29]
	switch b[23] {
	case unix.IPPROTO_ICMP:
		f.kind = answerFrame
		return f, bytes.Equal(b[26:30], t.service[:])
	case 112:
		f.kind = advertFrame
		return f, true
	}
	f.kind = otherFrame
	if bytes.Contains(b[42:], []byte("t=status")) {
		f.kind = beatFrame
	}
	return f, true
}

func (t *wiretap) note(f frame, b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.kind == beatFrame && t.sample[f.node] == nil {
		t.sample[f.node] = bytes.Clone(b[42:])
	}
	switch f.kind {
	case beatFrame, otherFrame, advertFrame:
		t.nodes[f.mac] = f.node
	default:
		f.node = 0 // known by its card only
	}
	t.frames = append(t.frames, f)
}

// since returns the frames of a time on, each with its node.
func (t *wiretap) since(at int64) []frame {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []frame
	for _, f := range t.frames {
		if f.at < at {
			continue
		}
		if f.node == 0 {
			f.node = t.nodes[f.mac]
		}
		all = append(all, f)
	}
	return all
}

// genuine is a beat of a node as it was on the wire; nil if there was none yet.
func (t *wiretap) genuine(node byte) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.sample[node])
}

// forget drops the frames so far.
func (t *wiretap) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.frames = nil
}

func (t *wiretap) close() {
	t.closed.Store(true)
	t.file.Close()
	<-t.done
}
