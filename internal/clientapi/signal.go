package clientapi

import (
	"encoding/binary"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// soPeerGroups gives the supplementary groups of who connected.
const soPeerGroups = 59

// mostGroups are looked at: more are not looked for.
const mostGroups = 1024

func peerGroups(fd int) []uint32 {
	buf := make([]byte, 4*mostGroups)
	n := uint32(len(buf))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, soPeerGroups,
		uintptr(unsafe.Pointer(&buf[0])), uintptr(unsafe.Pointer(&n)), 0)
	if errno != 0 {
		return nil
	}
	var groups []uint32
	for i := 0; i+4 <= int(n); i += 4 {
		groups = append(groups, binary.NativeEndian.Uint32(buf[i:]))
	}
	return groups
}

// signal sends a client the signal it asked for: to the process that connected, as long as that is its user's. A
// program that has become another user's since is none of its business.
func (c *conn) signal(n int) {
	fd, err := unix.PidfdOpen(c.peer.PID, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	info, err := os.Stat(fmt.Sprintf("/proc/%d", c.peer.PID))
	if err != nil {
		return
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid == c.peer.UID {
		unix.PidfdSendSignal(fd, unix.Signal(n), nil, 0) //nolint:errcheck // who has ended needs none
	}
}
