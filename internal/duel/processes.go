package duel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// processes has the kernel tell, with its own time stamps, of every process of the machine that begins, becomes
// another program or ends. So a script is timed without a word of its own, and without cost to it.
type processes struct {
	rings []*perfRing
	stop  chan struct{}
	done  chan struct{}

	alone sync.Mutex // held while a move is made: what processes do is kept for one move at a time

	mu   sync.Mutex
	told []processEvent
	lost int
}

type processEvent struct {
	at     int64 // nanoseconds of CLOCK_REALTIME, the clock of packets too
	kind   uint32
	pid    int
	parent int
	name   string
}

// perfRing is the kernel's memory of one processor's events.
type perfRing struct {
	fd   int
	mem  []byte
	page *unix.PerfEventMmapPage
}

const (
	ringPages = 64
	pageSize  = 4096
	execBit   = 1 << 13 // PERF_RECORD_MISC_COMM_EXEC
)

// watchProcesses begins to listen. It needs root, or kernel.perf_event_paranoid at -1.
func watchProcesses() (*processes, error) {
	p := &processes{stop: make(chan struct{}), done: make(chan struct{})}
	attr := unix.PerfEventAttr{
		Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_DUMMY, Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{})),
		Sample_type: unix.PERF_SAMPLE_TID | unix.PERF_SAMPLE_TIME,
		Bits:        unix.PerfBitComm | unix.PerfBitCommExec | unix.PerfBitTask | unix.PerfBitSampleIDAll | unix.PerfBitUseClockID,
		Clockid:     unix.CLOCK_REALTIME,
	}
	for cpu := range runtime.NumCPU() {
		fd, err := unix.PerfEventOpen(&attr, -1, cpu, -1, unix.PERF_FLAG_FD_CLOEXEC)
		if err != nil {
			p.close()
			return nil, fmt.Errorf("the kernel does not tell of processes (perf_event_open; it needs root): %w", err)
		}
		ring := &perfRing{fd: fd}
		p.rings = append(p.rings, ring)
		if ring.mem, err = unix.Mmap(fd, 0, (1+ringPages)*pageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
			p.close()
			return nil, fmt.Errorf("mapping the kernel's memory of processes: %w", err)
		}
		ring.page = (*unix.PerfEventMmapPage)(unsafe.Pointer(&ring.mem[0]))
	}
	go p.run()
	return p, nil
}

func (p *processes) run() {
	defer close(p.done)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-tick.C:
			p.drain()
		}
	}
}

func (p *processes) drain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.rings {
		r.drain(p.take)
	}
}

// drain hands over each record: what it is, its flags and its body.
func (r *perfRing) drain(take func(kind uint32, misc uint16, body []byte)) {
	head := atomic.LoadUint64(&r.page.Data_head)
	tail := r.page.Data_tail
	data := r.mem[pageSize:]
	size := uint64(len(data))
	record := make([]byte, 0, 256)
	for tail < head {
		record = record[:0]
		for i := range uint64(8) {
			record = append(record, data[(tail+i)%size])
		}
		length := uint64(binary.NativeEndian.Uint16(record[6:]))
		if length < 8 {
			break
		}
		for i := uint64(8); i < length; i++ {
			record = append(record, data[(tail+i)%size])
		}
		take(binary.NativeEndian.Uint32(record), binary.NativeEndian.Uint16(record[4:]), record[8:])
		tail += length
	}
	atomic.StoreUint64(&r.page.Data_tail, tail)
}

// take notes a record. Its last 16 bytes are process, thread and time.
func (p *processes) take(kind uint32, misc uint16, b []byte) {
	if len(b) < 24 {
		return
	}
	word := func(n int) int { return int(binary.NativeEndian.Uint32(b[n:])) }
	e := processEvent{kind: kind, at: int64(binary.NativeEndian.Uint64(b[len(b)-8:])), pid: word(0)}
	switch kind {
	case unix.PERF_RECORD_LOST:
		p.lost++
		return
	case unix.PERF_RECORD_COMM:
		if misc&execBit == 0 {
			return
		}
		e.name, _, _ = strings.Cut(string(b[8:len(b)-16]), "\x00")
	case unix.PERF_RECORD_FORK:
		e.parent = word(4)
		if e.parent == e.pid { // a thread
			return
		}
	case unix.PERF_RECORD_EXIT:
		if word(0) != word(8) { // a thread
			return
		}
	default:
		return
	}
	if e.pid > 0 && e.pid != math.MaxUint32 { // those are processes that are not for us to see: of another lab
		p.told = append(p.told, e)
	}
}

// events are those since a time. What is older is forgotten.
func (p *processes) events(since int64) (processLog, error) {
	p.drain()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lost > 0 {
		p.lost = 0
		return nil, errors.New("the kernel told of more processes than could be read")
	}
	var all processLog
	for _, e := range p.told {
		if e.at >= since {
			all = append(all, e)
		}
	}
	p.told = nil
	all.sort()
	return all, nil
}

// forget drops what was told so far.
func (p *processes) forget() {
	p.drain()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told, p.lost = nil, 0
}

func (p *processes) close() {
	if p.stop != nil && len(p.rings) == runtime.NumCPU() {
		close(p.stop)
		<-p.done
	}
	for _, r := range p.rings {
		if r.mem != nil {
			unix.Munmap(r.mem) //nolint:errcheck // the process ends soon
		}
		unix.Close(r.fd)
	}
}
