package daemon

import (
	"os"
	"runtime"
)

// ballast is memory that is never touched, and so costs nothing. But the collector counts it: it lets the heap grow by
// as much before it works, and keeps for the heap what that has once had.
var ballast []byte

// mostReserved bounds memreserve, in kilobytes.
const mostReserved = 1 << 20

// reserve has so many kilobytes for the heap brought in now, and keeps them: memreserve. When memory is short later,
// the daemon needs none. Locked they are as all of this process is.
func reserve(kilobytes int) {
	size := min(kilobytes, mostReserved) << 10
	ballast = make([]byte, size)
	touch(make([]byte, size))
	runtime.GC()
}

//go:noinline
func touch(memory []byte) {
	for i := 0; i < len(memory); i += os.Getpagesize() {
		memory[i] = 1
	}
}
