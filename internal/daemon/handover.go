package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/children"
	"heartbeatd/internal/config"
	"heartbeatd/internal/core"
	"heartbeatd/internal/link"
)

// handoverFormat changes when an older or a newer program would read it wrongly.
const handoverFormat = 1

// Handover is what one image of the daemon leaves to the next. It is kept in memory only, as it holds the keys.
type Handover struct {
	Format  int
	Version string // of the image that ends
	Program string // what was executed

	Files   config.Files // to go by
	Before  config.Files // what was in force; gone by where Files cannot be
	Changed bool
	Answers []byte // of the machine, about Files; see [Options.Load]

	Foreground, NoResources bool
	Debug                   int

	Elapsed    time.Duration // the core's clock ...
	Monotonic  time.Duration // ... at this moment of CLOCK_MONOTONIC
	Generation uint64
	UUID       []byte
	Core       core.Snapshot
	Received   uint64
	Drops      map[string]uint64

	Programs []children.Saved
	Begun    bool // they were
	Pacer    int  // its process, which is to be gone

	Done   int    // replacements
	What   string // it is for, in words
	Since  time.Duration
	Shut   []string // media that were not open
	Failed string   // why the image that was to go on could not

	// Open files, by their numbers; 0: there is none.
	Links                                          []link.Inherited
	Lock, Control, Register, Watchdog, FIFO, Image int
	WatchdogName                                   string
}

var errHandover = errors.New("what the daemon before left cannot be understood")

// handoverName is what /proc shows.
const handoverName = "heartbeatd-handover"

// seal puts it into a file in memory that nobody can change any more, and that is closed at exec until somebody says
// otherwise.
func (h *Handover) seal() (*os.File, error) {
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("writing down what is known: %w", err)
	}
	fd, err := unix.MemfdCreate(handoverName, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("a file in memory for what is known: %w", err)
	}
	f := os.NewFile(uintptr(fd), handoverName)
	if _, err = f.Write(text); err == nil {
		_, err = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("a file in memory for what is known: %w", err)
	}
	return f, nil
}

const seals = unix.F_SEAL_WRITE | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL

// readHandover reads it, and nothing that is not such a file.
func readHandover(fd int) (*Handover, error) {
	got, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0)
	if err != nil || got&seals != seals {
		return nil, fmt.Errorf("%w: descriptor %d is not a sealed file in memory", errHandover, fd)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, fmt.Errorf("%w: %w", errHandover, err)
	}
	text := make([]byte, st.Size)
	for at := 0; at < len(text); { // its place is shared with whoever has it open, too
		n, err := unix.Pread(fd, text[at:], int64(at))
		if err != nil || n == 0 {
			return nil, fmt.Errorf("%w: %w", errHandover, errors.Join(err, io.ErrUnexpectedEOF))
		}
		at += n
	}
	return parseHandover(text)
}

func parseHandover(text []byte) (*Handover, error) {
	var h Handover
	if err := json.Unmarshal(text, &h); err != nil {
		return nil, fmt.Errorf("%w: %w", errHandover, err)
	}
	if h.Format != handoverFormat {
		return nil, fmt.Errorf("%w: its format is %d, not %d", errHandover, h.Format, handoverFormat)
	}
	return &h, nil
}

// monotonic is CLOCK_MONOTONIC, which all images of a process share.
func monotonic() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // every Linux has it
	return time.Duration(ts.Nano())
}

// began is when the daemon was started, so that its clock goes on.
func (h *Handover) began() time.Time {
	return time.Now().Add(-h.Elapsed - max(0, monotonic()-h.Monotonic))
}

// save is what the successor gets. No beat may be lent out.
func (d *daemon) save(w *wish) *Handover {
	h := &Handover{
		Format: handoverFormat, Version: d.opt.Version, Program: d.opt.Program,
		Files: w.files, Before: d.opt.Files, Changed: w.changed, Answers: w.answers,
		Foreground: d.opt.Foreground, NoResources: d.opt.NoResources, Debug: d.debug - d.opt.Config.Debug,
		Generation: d.gen, UUID: d.uid, Core: d.core.Snapshot(), Received: d.received, Drops: d.drops,
		Done: d.replacement.done, Since: d.now() - w.since, What: w.what,
	}
	for _, st := range d.links.States() {
		if !st.Open {
			h.Shut = append(h.Shut, st.Medium.String())
		}
	}
	if k := d.programs.keeper; k != nil {
		h.Programs, h.Begun = k.Save()
		for i := range h.Programs {
			if p := &h.Programs[i]; p.Runs && p.PID > 0 {
				p.Start = d.programs.processes.StartTime(p.PID)
			}
		}
	}
	if s, ok := d.ahead.sender.(interface{ PID() int }); ok {
		h.Pacer = s.PID()
	}
	h.Elapsed, h.Monotonic = d.now(), monotonic()
	return h
}
