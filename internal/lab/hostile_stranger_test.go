//go:build integration

package lab

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/auth"
	"heartbeatd/internal/wire"
)

const heartbeatPort = 694

// stranger is a host on the network of a cluster that has not the key. It hears what is broadcast.
type stranger struct {
	testing.TB
	host *Host
	raw  int // sends IP packets as they are

	mu    sync.Mutex
	heard [][]byte // genuine datagrams, oldest first

	sent atomic.Uint64
	stop chan struct{}
	busy sync.WaitGroup
}

func newStranger(c *cluster) *stranger {
	c.Helper()
	s := &stranger{TB: c.TB, host: newHost(c.TB, c.lab, "stranger", HostOptions{}), stop: make(chan struct{})}
	var in *net.UDPConn
	inside(c.TB, s.host, func() (err error) {
		if in, err = net.ListenUDP("udp4", &net.UDPAddr{Port: heartbeatPort}); err != nil {
			return err
		}
		s.raw, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
		return err
	})
	s.busy.Add(1)
	go func() {
		defer s.busy.Done()
		s.listen(in)
	}()
	c.Cleanup(func() {
		s.rest()
		in.Close()
		s.busy.Wait()
		unix.Close(s.raw)
	})
	return s
}

// listen remembers the newest few hundred datagrams.
func (s *stranger) listen(in *net.UDPConn) {
	buf := make([]byte, 65536)
	for {
		n, err := in.Read(buf)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.heard = append(s.heard[max(0, len(s.heard)-399):], append([]byte{}, buf[:n]...))
		s.mu.Unlock()
	}
}

// rest ends every flood.
func (s *stranger) rest() {
	select {
	case <-s.stop:
	default:
		close(s.stop)
	}
}

// awaits waits until it has heard so many datagrams.
func (s *stranger) awaits(n int) {
	s.Helper()
	err := Eventually(clusterPatience, fmt.Sprintf("%d genuine datagrams", n), func() bool { return len(s.recording()) >= n })
	if err != nil {
		s.Fatal(err)
	}
}

func (s *stranger) recording() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([][]byte{}, s.heard...)
}

// any is one genuine datagram.
func (s *stranger) any(r *rand.Rand) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heard[r.IntN(len(s.heard))]
}

// floods sends what next makes to each address, at that rate to each, until rest. Where the machine is
// behind, it goes in bursts; what would be more than a quarter of a second's is left out.
func (s *stranger) floods(rate float64, next func(r *rand.Rand) []byte, to ...netip.Addr) {
	var out *net.UDPConn
	inside(s.TB, s.host, func() (err error) {
		out, err = net.ListenUDP("udp4", nil)
		return err
	})
	s.busy.Add(1)
	go func() {
		defer s.busy.Done()
		defer out.Close()
		r := rand.New(rand.NewPCG(1, 2))
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		begin := time.Now()
		for n := 0.0; s.awake(tick.C); {
			due := time.Since(begin).Seconds() * rate
			for n = max(n, due-rate/4); n < due; n++ {
				data := next(r)
				for _, a := range to {
					out.WriteToUDPAddrPort(data, netip.AddrPortFrom(a, heartbeatPort)) // a full queue is the network's loss
					s.sent.Add(1)
				}
			}
		}
	}()
}

// awake waits for the next tick; false is rest.
func (s *stranger) awake(tick <-chan time.Time) bool {
	select {
	case <-s.stop:
		return false
	case <-tick:
	}
	select {
	case <-s.stop:
		return false
	default:
		return true
	}
}

// fragments sends the beginnings of datagrams whose ends never come.
func (s *stranger) fragments(rate int, to netip.Addr) {
	s.busy.Add(1)
	go func() {
		defer s.busy.Done()
		packet := make([]byte, 20+8+480)
		packet[0], packet[8], packet[9] = 0x45, 64, unix.IPPROTO_UDP
		binary.BigEndian.PutUint16(packet[2:], uint16(len(packet)))
		binary.BigEndian.PutUint16(packet[6:], 0x2000) // more fragments
		copy(packet[16:], to.AsSlice())
		binary.BigEndian.PutUint16(packet[22:], heartbeatPort)
		binary.BigEndian.PutUint16(packet[24:], 3000)
		copy(packet[28:], "###\n")
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for id := uint16(1); s.awake(tick.C); id++ {
			binary.BigEndian.PutUint16(packet[4:], id)
			unix.Sendto(s.raw, packet, 0, &unix.SockaddrInet4{Addr: to.As4()}) //nolint:errcheck // as above
		}
	}()
}

// forgeries are messages that would do harm, signed with a key that is not the cluster's.
func forgeries(t testing.TB) [][]byte {
	t.Helper()
	keys, err := auth.NewKeys(1, map[int]auth.Key{1: {Method: auth.MD5, Secret: []byte("a-guess")}})
	if err != nil {
		t.Fatal(err)
	}
	message := func(src, kind string, fields ...string) []byte {
		m := wire.New(kind)
		for i := 0; i < len(fields); i += 2 {
			m.AddStr(fields[i], fields[i+1])
		}
		m.AddStr("src", src).AddStr("seq", "1").AddStr("hg", "7fffffff").AddStr("ts", "7fffffff").AddStr("ttl", "3")
		return keys.Seal(m, true)
	}
	var all [][]byte
	for _, src := range []string{"node1", "node2", "node9"} {
		all = append(all,
			message(src, "status", "st", "active", "dt", "3e8", "protocol", "1", "hbd", "1"),
			message(src, "status", "st", "dead"),
			message(src, "shutdone", "st", "dead"),
			message(src, "resource", "rsc_hold", "all", "rtype", "full", "isstable", "1", "hbd", "1", "hbd_groups", "1:1:"+clusterAddress+"/24/eth0"),
			message(src, "ask_resources", "rsc_hold", "all", "info", "me"),
			message(src, "hb_takeover", "rsc_hold", "all"))
	}
	return all
}

// spoiled is a genuine datagram that was changed on the way.
func spoiled(r *rand.Rand, genuine []byte) []byte {
	d := append([]byte{}, genuine...)
	switch r.IntN(4) {
	case 0:
		d[r.IntN(len(d))] ^= 1 << r.IntN(8)
	case 1:
		d = d[:r.IntN(len(d))]
	case 2:
		at := r.IntN(len(d))
		d = append(d[:at:at], append([]byte{byte(r.IntN(256))}, d[at:]...)...)
	case 3:
		a, b := r.IntN(len(d)), r.IntN(len(d))
		d[a], d[b] = d[b], d[a]
		if a == b || d[a] == d[b] {
			d[0] ^= 1
		}
	}
	return d
}

// rubbish is no datagram of anybody.
func rubbish(r *rand.Rand) []byte {
	size := r.IntN(1400)
	if r.IntN(400) == 0 {
		size = 65507
	}
	d := make([]byte, size)
	for i := range d {
		d[i] = byte(r.Uint32())
	}
	copy(d, []string{"", "###\n", ">>>\n", "###\n9999999:(0)a=", ">>>\n(2)a=>>>\x14", "###\n%%%\n7:1 abcde,"}[r.IntN(6)])
	return d
}

// everything is a mixture of all that somebody without the key can send. Most of it is made up before:
// making it costs more than sending it.
func (s *stranger) everything() func(r *rand.Rand) []byte {
	forged := forgeries(s.TB)
	r := rand.New(rand.NewPCG(rand.Uint64(), 3))
	var stock [][]byte
	for range 4000 {
		stock = append(stock, forged[r.IntN(len(forged))], spoiled(r, s.any(r)), rubbish(r))
	}
	return func(r *rand.Rand) []byte {
		if r.IntN(4) == 0 {
			return s.any(r)
		}
		return stock[r.IntN(len(stock))]
	}
}
