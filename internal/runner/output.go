package runner

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Which files that other processes have open are output files of ours. Their text in /proc proves nothing: anybody
// can have a file that is called so, and can put another in its place between two looks.

// outputTarget is what the link of an output file in /proc says.
const outputTarget = "/memfd:" + streamName + " (deleted)"

// ownProcess says whether the process of a directory in /proc is of this user and lives among the same users and
// mounts: what our scripts have started does, unless it went elsewhere.
func ownProcess(dir string) bool {
	var st unix.Stat_t
	if unix.Stat(dir, &st) != nil || int(st.Uid) != os.Geteuid() {
		return false
	}
	for _, kind := range []string{"user", "mnt"} {
		theirs, err := os.Readlink(dir + "/ns/" + kind)
		if err != nil {
			return false
		}
		if own, err := os.Readlink("/proc/self/ns/" + kind); err != nil || own != theirs {
			return false
		}
	}
	return true
}

// openOutput opens the file of a link in /proc if it is an output file of ours. Until that is known the file is only
// held: to open a device or a FIFO does something.
func openOutput(link string) (file *os.File, ino uint64) {
	fd, err := unix.Open(link, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, 0
	}
	defer unix.Close(fd)
	path := fmt.Sprintf("/proc/self/fd/%d", fd)
	if target, err := os.Readlink(path); err != nil || target != outputTarget {
		return nil, 0
	}
	st, ok := look(fd)
	if !ok || !isOutput(st) {
		return nil, 0
	}
	// For reading only: opened by a path for writing it would never look unused.
	if file, err = os.OpenFile(path, os.O_RDONLY, 0); err != nil {
		return nil, 0
	}
	if _, err := unix.FcntlInt(file.Fd(), unix.F_GET_SEALS, 0); err != nil { // only files in memory have seals
		file.Close()
		return nil, 0
	}
	return file, st.Ino
}

// isOutput says whether a file was made by this user as memfd_create makes them: without a name, where the kernel
// keeps those that have none.
func isOutput(st unix.Statx_t) bool {
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Nlink != 0 || int(st.Uid) != os.Geteuid() {
		return false
	}
	fd, err := unix.MemfdCreate(streamName+"-like", unix.MFD_CLOEXEC)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	own, ok := look(fd)
	return ok && own.Dev_major == st.Dev_major && own.Dev_minor == st.Dev_minor
}

// look asks for what the kernel knows of an open file; a file system that is somebody's program is not asked, as it
// need not answer.
func look(fd int) (st unix.Statx_t, ok bool) {
	err := unix.Statx(fd, "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, unix.STATX_BASIC_STATS, &st)
	return st, err == nil
}
