package pacer

import "golang.org/x/sys/unix"

// The pacer reads and writes a few files of /proc before it begins. Package os would make an epoll instance for that.

func readFile(name string) []byte {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd) //nolint:errcheck // nothing was written
	buf := make([]byte, 4096)
	n, _ := unix.Read(fd, buf)
	return buf[:max(n, 0)]
}

// writeFile is for what is good to have and no more: an error is no reason not to send beats.
func writeFile(name, text string) {
	if fd, err := unix.Open(name, unix.O_WRONLY|unix.O_CLOEXEC, 0); err == nil {
		_, _ = unix.Write(fd, []byte(text))
		_ = unix.Close(fd)
	}
}

// threads lists this process's threads, as names in /proc.
func threads() (names []string) {
	fd, err := unix.Open("/proc/self/task", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd) //nolint:errcheck // nothing was written
	buf := make([]byte, 4096)
	for {
		n, err := unix.ReadDirent(fd, buf)
		if err != nil || n <= 0 {
			return names
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names)
	}
}
