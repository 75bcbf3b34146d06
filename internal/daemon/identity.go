package daemon

import (
	"crypto/rand"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"heartbeatd/internal/core"
)

// identity is what makes this life of this node different from all others.
type identity struct {
	generation uint64
	uuid       []byte
}

func (d *daemon) identity(dir string) identity {
	if h := d.inherited; h != nil { // it is the same life
		return identity{h.Generation, h.UUID}
	}
	c := d.opt.Config
	gen := d.generation(filepath.Join(dir, "hb_generation"), filepath.Join(d.opt.Paths.RunDir, "hb_generation"), time.Now(), uptime())
	id := identity{generation: gen, uuid: nodenameUUID(c.Self)}
	if c.UUIDFrom != "nodename" {
		id.uuid = d.uuid(filepath.Join(dir, "hb_uuid"))
	}
	d.logLine("info", fmt.Sprintf("Heartbeat generation: %d", id.generation))
	return id
}

// generation is higher at every start, or peers take our beats for a replay. 3.0.6 counts up a
// file, and is lost without it; here the wall clock helps out, and a copy that lasts as long as
// the machine runs, so that neither a lost file nor a full or read-only disk nor a clock that was
// set back alone makes a node a stranger. uptime is in seconds.
func (d *daemon) generation(path, runCopy string, now time.Time, uptime uint64) uint64 {
	clock := uint64(max(now.Unix(), 1))
	byTime := d.opt.Config.HBGenMethod == "time"
	copies, gen := []string{path, runCopy}, clock+1
	if byTime { // 3.0.6: the time itself, and no file
		copies, gen = []string{runCopy}, clock
	}
	ahead := false
	for _, name := range copies {
		last, at, err := savedGeneration(name)
		if name == path {
			d.sayGeneration(path, err, clock+1)
		}
		if err == nil {
			gen = max(gen, last+age(at, now))
			ahead = ahead || at.After(now)
		}
	}
	var failed []error
	for _, name := range copies {
		if err := writeSynced(name, fmt.Sprintf("%15d\n", gen)); err != nil {
			failed = append(failed, err)
		}
	}
	switch {
	case len(failed) == 0:
	case len(failed) < len(copies):
		d.logLine("ERROR", fmt.Sprintf("the generation could not be saved: %v; the next start goes by the other copy, and by the clock", errors.Join(failed...)))
	default:
		if ahead { // the clock was set back: only the time since boot is sure to go on
			gen += uptime
		}
		d.logLine("ERROR", fmt.Sprintf("the generation could not be saved: %v; the next start is higher only as far as time passes and the clock is not set back", errors.Join(failed...)))
		// Two seconds: the first of them does not count yet, see age.
		d.wait(time.Until(now.Truncate(time.Second).Add(2 * time.Second)))
	}
	return gen
}

var errBroken = errors.New("not a number")

// savedGeneration reads what an earlier start has saved, and when it did.
func savedGeneration(path string) (last uint64, at time.Time, err error) {
	b, info, err := readSmall(path)
	if err != nil {
		return 0, at, err
	}
	if len(b) == 0 {
		return 0, at, fs.ErrNotExist
	}
	if last, err = strconv.ParseUint(strings.TrimSpace(string(b)), 10, 62); err != nil {
		return 0, at, errBroken
	}
	return last, info.ModTime(), nil
}

// age is by how much a saved generation has to grow: the seconds since it was saved, at least
// one. Counting up by one would do if every start could save its own; a file that can be read
// and not written gives every start the same number. A file from before 2020 was written while
// the clock was not set.
func age(at, now time.Time) uint64 {
	if at.Year() < 2020 {
		return 1
	}
	return uint64(max(1, now.Unix()-at.Unix()))
}

func (d *daemon) sayGeneration(path string, err error, clock uint64) {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.logLine("WARN", fmt.Sprintf("No Previous generation - starting at %d", clock))
	case errors.Is(err, errBroken):
		d.logLine("WARN", fmt.Sprintf("BROKEN previous generation - starting at %d", clock))
	case err != nil:
		d.logLine("ERROR", fmt.Sprintf("the previous generation: %v", err))
	}
}

// uptime is how long the machine runs, in seconds; 0 if it does not say.
func uptime() uint64 {
	b, _ := os.ReadFile("/proc/uptime")
	whole, _, _ := strings.Cut(string(b), ".")
	seconds, _ := strconv.ParseUint(whole, 10, 32)
	return seconds
}

// writeSynced replaces a file in one step and sees it onto the disk.
func writeSynced(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".hb_*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// uuid reads the node's uuid, or makes one at the first start.
func (d *daemon) uuid(path string) []byte {
	if b, _, err := readSmall(path); err == nil && len(b) == 16 {
		return b
	}
	d.logLine("info", "No uuid found for current node - generating a new uuid.")
	u := make([]byte, 16)
	rand.Read(u) //nolint:errcheck // never fails on Linux
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	if err := writeSynced(path, string(u)); err != nil {
		d.logLine("ERROR", fmt.Sprintf("the uuid could not be saved: %v", err))
	}
	return u
}

// nodenameUUID is uuidfrom nodename. 3.0.6: 32 hex digits from glibc's rand(), seeded by a
// hash of the name (protocol.md 10).
func nodenameUUID(name string) []byte {
	h := uint32(0)
	for i := 0; i < len(name); i++ {
		if h = h*31 + uint32(name[i]); i == 0 {
			h = uint32(name[0])
		}
	}
	next := glibcRand(h)
	u := make([]byte, 16)
	for i := range u {
		u[i] = byte(next()%16)<<4 | byte(next()%16)
	}
	return u
}

// glibcRand is rand() after srand(seed): the additive feedback generator of glibc.
func glibcRand(seed uint32) func() uint32 {
	if seed == 0 {
		seed = 1
	}
	var r [344]int32
	r[0] = int32(seed)
	for i := 1; i < 31; i++ {
		v := 16807 * int64(r[i-1]) % 2147483647
		if v < 0 {
			v += 2147483647
		}
		r[i] = int32(v)
	}
	for i := 31; i < 34; i++ {
		r[i] = r[i-31]
	}
	for i := 34; i < 344; i++ {
		r[i] = r[i-31] + r[i-3]
	}
	state := r[344-31:]
	n := 0
	ring := make([]int32, 31)
	copy(ring, state)
	return func() uint32 {
		v := ring[n%31] + ring[(n+28)%31]
		ring[n%31] = v
		n++
		return uint32(v) >> 1
	}
}

// fingerprint lets the nodes find out that they read different haresources.
func fingerprint(groups []core.GroupConfig) string {
	h := fnv.New64a()
	for _, g := range groups {
		fmt.Fprintf(h, "%s %q\n", g.Home, g.Resources)
	}
	return strconv.FormatUint(h.Sum64(), 16)
}
