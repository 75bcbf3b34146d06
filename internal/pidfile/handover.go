package pidfile

import (
	"fmt"
	"os"
)

// Lock is the open file that holds the lock. Whoever inherits it holds the lock, without a moment in which
// nobody does.
func (f *File) Lock() *os.File { return f.lock }

// Adopt goes on with a lock that this process has inherited, under its own number: it is the process that took the
// lock, with another program. The path must be the one of [Create].
func Adopt(path string, lock *os.File) (*File, error) {
	if err := take(lock); err != nil { // no more than a question, as it is ours
		return nil, fmt.Errorf("the inherited lock of the pid file: %w", err)
	}
	f := &File{path: path, lock: lock}
	f.number()
	f.Warning = f.Ensure()
	return f, nil
}

// Release lets go of the file but leaves the lock to those who have inherited it, and the pid file to them.
func (f *File) Release() error { return f.lock.Close() }
