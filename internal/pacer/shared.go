package pacer

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// MaxBeat is the longest beat the ring takes, in bytes. Beats of 3.0.6 have some 200, ours up to 700 or so.
	MaxBeat = 2048
	// Slots is how many beats can be ahead.
	Slots = 64
	// MaxLines is how many media the pacer can serve. A Pacer with more of them takes no beats.
	MaxLines = 64
)

// The states of a slot, in the low bits of its word; above them stands a serial number that no other
// beat has, so that no compare-and-swap can mistake a later beat for the one it looked at.
const (
	stateEmpty = iota // never used, or revoked
	stateReady        // to be sent at its moment
	stateTaken        // being sent: nobody can call it back
	stateSent
	stateMask = 3
)

// slot is one beat. Who may write: the decider while the word says empty or sent, except the word itself,
// which the pacer moves from ready to taken to sent.
type slot struct {
	word atomic.Uint64
	at   atomic.Int64 // its moment, CLOCK_MONOTONIC, ns
	late atomic.Int64 // by how much the pacer missed it, written before it takes the beat
	size uint32
	_    [4]byte
	data [MaxBeat]byte
}

// lineCount is what became of the beats on one medium. The pacer alone writes.
type lineCount struct {
	sent, failed atomic.Uint64
	inARow       atomic.Uint64 // failures since the last that went out
	errno, size  atomic.Uint32 // of the last failure
	_            [24]byte      // each has a cache line
}

// How the pacer runs, as it says itself.
const (
	schedNone = iota // as it was started
	schedNice
	schedFIFO
)

// shared is the memory both processes see. The program is the same file in both (/proc/self/exe), and so
// is the layout. The kernel gives it zeroed, and every zero is right.
type shared struct {
	// What the decider wants, set before the pacer is started.
	priority int32 // 1..99; 0: no real time
	score    int32 // oom_score_adj

	// What the pacer has become, set before it says that it is ready.
	sched      atomic.Uint32
	schedErrno atomic.Uint32 // why it is not more
	lockErrno  atomic.Uint32 // why its memory is not locked

	// sleeps is when the pacer will look at the ring again by itself. Of all others it must be woken.
	sleeps atomic.Int64
	_      [64]byte

	lines [MaxLines]lineCount
	late  histogram
	slots [Slots]slot
}

// forever is the moment that never comes.
const forever = int64(^uint64(0) >> 1)

const sharedSize = int(unsafe.Sizeof(shared{}))

// makeShared gives new memory and the descriptor by which another process can have it too.
func makeShared() (mem *shared, fd int, err error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err = unix.MemfdCreate("beats", flags|unix.MFD_NOEXEC_SEAL) // sysctl vm.memfd_noexec may insist on it
	if err == unix.EINVAL {                                         // before Linux 6.3
		fd, err = unix.MemfdCreate("beats", flags)
	}
	if err != nil {
		return nil, -1, fmt.Errorf("making shared memory: %w", err)
	}
	if err = unix.Ftruncate(fd, int64(sharedSize)); err == nil {
		// Nobody can make it shorter: reading past the end would kill both.
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	}
	if err == nil {
		mem, err = mapShared(fd)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, -1, fmt.Errorf("making shared memory: %w", err)
	}
	return mem, fd, nil
}

func mapShared(fd int) (*shared, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if st.Size != int64(sharedSize) {
		return nil, errors.New("shared memory has another size")
	}
	p, err := unix.MmapPtr(fd, 0, nil, uintptr(sharedSize), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return (*shared)(p), nil
}

func (m *shared) unmap() { _ = unix.MunmapPtr(unsafe.Pointer(m), uintptr(sharedSize)) }

// clock is CLOCK_MONOTONIC, which is also what package time counts by.
//
//go:nosplit
func clock() int64 {
	var ts unix.Timespec
	unix.RawSyscall(unix.SYS_CLOCK_GETTIME, unix.CLOCK_MONOTONIC, uintptr(unsafe.Pointer(&ts)), 0)
	return int64(ts.Sec)*1e9 + int64(ts.Nsec)
}
