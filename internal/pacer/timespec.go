package pacer

import "golang.org/x/sys/unix"

// timespec is unix.NsecToTimespec, but nosplit.
//
//go:nosplit
func timespec(ns int64) (ts unix.Timespec) {
	const second = 1_000_000_000
	set(&ts.Sec, ns/second)
	set(&ts.Nsec, ns%second)
	return ts
}

// set is for fields that have the machine's word size.
//
//go:nosplit
func set[T int32 | int64](field *T, value int64) { *field = T(value) }
