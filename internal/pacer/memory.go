package pacer

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// LockMemory keeps what this process has in memory, and what it will have, from being swapped out or
// dropped. What was never touched is not brought in (MCL_ONFAULT): without that a program of 2 MB takes 45.
func LockMemory() error { return lockMemory() }

// A limit on locked memory counts address space, of which Go's runtime reserves far more than it uses,
// and whoever comes to the limit later gets no more memory at all and dies. So what is to come is locked
// only where there is no limit, or none for us: the call succeeding beyond the limit shows that.
func lockMemory() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil {
		return err
	}
	flags := unix.MCL_CURRENT | unix.MCL_ONFAULT
	if limit.Cur == unix.RLIM_INFINITY || addressSpace() > limit.Cur {
		flags |= unix.MCL_FUTURE
	}
	return unix.Mlockall(flags)
}

// addressSpace is the size of this process in bytes, as mlockall(2) counts it; 0 if that is not known.
func addressSpace() uint64 {
	first, _, _ := strings.Cut(string(readFile("/proc/self/statm")), " ")
	pages, _ := strconv.ParseUint(first, 10, 64)
	return pages * uint64(os.Getpagesize())
}
