package chaos

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/lab"
)

// heartbeatPort is the udpport of every plan.
const heartbeatPort = 694

// recording is what a node has heard of the other in the present life of its daemon. Played again by a third
// machine it must change nothing and keep nobody alive. What did not reach the daemon is not in it.
type recording struct {
	fd   int
	ears atomic.Bool // the daemon hears what arrives
	over atomic.Bool // its life has ended

	mu    sync.Mutex
	heard []packet
}

type packet struct {
	link int
	data []byte
}

// mostHeard bounds a recording: the newest count.
const mostHeard = 1500

// inside runs work in the network of a host.
func inside(h *lab.Host, work func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		done <- func() error {
			f, err := os.Open(h.Path("/proc/1/ns/net"))
			if err != nil {
				return err
			}
			defer f.Close()
			if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
				return fmt.Errorf("entering the network of %s: %w", h.Name, err)
			}
			return work()
		}()
	}()
	return <-done
}

// hark keeps the recording of a node: it begins when the daemon is up and ends with it.
func (n *node) hark() error {
	if n.c.player == nil || n.daemon != "up" {
		return nil
	}
	if n.tape == nil {
		var err error
		if n.tape, err = n.newTape(); err != nil {
			return err
		}
	}
	ears := n.stall == "" && len(n.stopped) == 0 && !n.deafened && !n.losing && time.Now().After(n.opensAt)
	for _, how := range n.links {
		ears = ears && (how == "ok" || how == "cut")
	}
	n.tape.ears.Store(ears)
	return nil
}

// deafens are the verbs after which a daemon does not hear all that arrives.
var deafens = map[string]bool{"deafen": true, "loss": true, "stall": true, "freeze": true, "remove": true, "strip": true}

func (n *node) newTape() (*recording, error) {
	r := &recording{}
	err := inside(n.host, func() (err error) {
		const ip = unix.ETH_P_IP<<8 | unix.ETH_P_IP>>8 // in the order of the network
		if r.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, ip&0xffff); err != nil {
			return err
		}
		return unix.SetsockoptTimeval(r.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 100_000})
	})
	if err != nil {
		return nil, fmt.Errorf("recording what %s hears: %w", n.name, err)
	}
	go r.listen(n.c.nodes[other(n.name)].host)
	return r, nil
}

func (r *recording) end() { r.over.Store(true) }

// listen records what comes from the other node.
func (r *recording) listen(from *lab.Host) {
	defer unix.Close(r.fd)
	buf := make([]byte, 65536)
	for !r.over.Load() {
		n, sender, err := unix.Recvfrom(r.fd, buf, 0)
		ll, _ := sender.(*unix.SockaddrLinklayer)
		if err != nil || ll == nil || ll.Pkttype == unix.PACKET_OUTGOING || !r.ears.Load() {
			continue
		}
		ip := buf[:n]
		if len(ip) < 20 || ip[9] != unix.IPPROTO_UDP || len(ip) < int(ip[0]&15)*4+8 {
			continue
		}
		udp := ip[int(ip[0]&15)*4:]
		link := int(ip[14]) // of 10.77.LINK.NUMBER
		size := int(binary.BigEndian.Uint16(udp[4:]))
		if from.Address(link).As4() != [4]byte(ip[12:16]) || binary.BigEndian.Uint16(udp[2:]) != heartbeatPort || size < 8 || size > len(udp) {
			continue
		}
		r.mu.Lock()
		r.heard = append(r.heard[max(0, len(r.heard)-mostHeard+1):], packet{link, append([]byte{}, udp[8:size]...)})
		r.mu.Unlock()
	}
}

// replays says whether a plan plays recordings; then there is a third machine.
func (p *Plan) replays() bool {
	for _, r := range p.Rounds {
		for _, s := range r.Steps {
			if s.Verb == "replay" {
				return true
			}
		}
	}
	return false
}

// doReplay plays to a node what it has heard, in the order in which it came, again and again.
func (n *node) doReplay(s Step) (string, error) {
	if err := n.hark(); err != nil || n.tape == nil {
		return "nobody listens", err
	}
	n.tape.mu.Lock()
	heard := append([]packet{}, n.tape.heard...)
	n.tape.mu.Unlock()
	length, err := time.ParseDuration(s.arg(0))
	if err != nil || len(heard) == 0 {
		return "nothing was heard", err
	}
	out, err := n.c.mouths()
	if err != nil {
		return "", fmt.Errorf("playing a recording: %w", err)
	}
	go n.tape.play(out, heard, n.listens(), length)
	return "", nil
}

// mouths are sockets of the third machine, one a link.
func (c *conductor) mouths() (out []*net.UDPConn, err error) {
	err = inside(c.player, func() error {
		for link := range c.r.Plan.Setup.Links {
			from := c.player.Address(link)
			conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: from.AsSlice()})
			if err != nil {
				return err
			}
			out = append(out, conn)
			raw, err := conn.SyscallConn()
			if err != nil {
				return err
			}
			raw.Control(func(fd uintptr) { //nolint:errcheck // it is open
				err = unix.SetsockoptInet4Addr(int(fd), unix.IPPROTO_IP, unix.IP_MULTICAST_IF, from.As4())
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// listens is where each link of a node is to be reached.
func (n *node) listens() []*net.UDPAddr {
	var to []*net.UDPAddr
	for link := range n.c.r.Plan.Setup.Links {
		to = append(to, &net.UDPAddr{IP: n.host.Address(link).AsSlice(), Port: heartbeatPort})
	}
	for _, medium := range n.c.r.Plan.Setup.Media {
		var link int
		if f := strings.Fields(medium); f[0] == "mcast" {
			fmt.Sscanf(f[1], "eth%d", &link) //nolint:errcheck // the generator wrote it
			to[link] = &net.UDPAddr{IP: net.ParseIP(f[2]), Port: heartbeatPort}
		}
	}
	return to
}

// playEvery is the pause between two datagrams of a recording.
const playEvery = 5 * time.Millisecond

// play sends until the time is over, or the life of the daemon that heard it. A word of which the sender has heard
// in an earlier life only would be news to the next.
func (r *recording) play(out []*net.UDPConn, heard []packet, to []*net.UDPAddr, length time.Duration) {
	end := time.Now().Add(length)
	for i := 0; time.Now().Before(end) && !r.over.Load(); i++ {
		p := heard[i%len(heard)]
		out[p.link].WriteToUDP(p.data, to[p.link]) //nolint:errcheck // the cable may be out
		time.Sleep(playEvery)
	}
	for _, conn := range out {
		conn.Close()
	}
}
