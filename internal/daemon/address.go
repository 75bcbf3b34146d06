package daemon

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"heartbeatd/etc"
	"heartbeatd/internal/address"
	"heartbeatd/internal/runner"
)

// ownScript is a resource script that this process can do itself: one of the address scripts that we ship, if it is
// just as we ship it. It would run this same program, twice for each start; two processes are most of the time that a
// takeover of an address takes. Whatever else stands under the name is run, as every script is.
func (d *daemon) ownScript(cmd runner.Command) runner.Builtin {
	name := filepath.Base(cmd.Path)
	if !address.IsScript(name) || !d.shipped.is(cmd.Path, name) {
		return nil
	}
	return func(op string, stdout, stderr io.Writer) int {
		s := address.Script{Name: name, Stdout: stdout, Stderr: stderr, Announce: d.announceOn}
		rc := s.Run(append(append([]string{}, cmd.Args...), op))
		if s.Unsure {
			return unsure
		}
		return rc
	}
}

// unsure is the exit status of a script that was ended before it could answer: what it was asked for may run.
const unsure = 128

// shipped knows which files are as we ship them, so that each is read once.
type shipped struct {
	mu   sync.Mutex
	seen map[string]look
}

type look struct {
	stat unix.Stat_t
	same bool
}

// is says whether the file is as we ship the one of this name. Whoever changes a file changes its ctime.
func (s *shipped) is(file, name string) bool {
	var st unix.Stat_t
	if err := unix.Stat(file, &st); err != nil {
		return false
	}
	st.Atim = unix.Timespec{}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, ok := s.seen[file]; ok && l.stat == st {
		return l.same
	}
	same := asShipped(file, name)
	if s.seen == nil {
		s.seen = map[string]look{}
	}
	s.seen[file] = look{st, same}
	return same
}

func asShipped(file, name string) bool {
	ours, err := fs.ReadFile(etc.AddressScripts, path.Join("ha.d/resource.d", name))
	if err != nil {
		return false
	}
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	theirs, err := io.ReadAll(io.LimitReader(f, int64(len(ours))+1))
	return err == nil && bytes.Equal(ours, theirs)
}

// announce repeats an address on its network, whoever put it up.
func (d *daemon) announce(word string) {
	_, spec, err := address.ParseWord(word)
	if err == nil {
		err = d.announcer.Announce(spec)
	}
	if err != nil && !errors.Is(err, address.ErrNoNeighbours) {
		d.logLine("WARN", fmt.Sprintf("announcing %s: %v", word, err))
	}
}

func (d *daemon) announceOn(spec address.Spec, index uint32) error {
	return d.announcer.On(spec.Addr, index)
}
