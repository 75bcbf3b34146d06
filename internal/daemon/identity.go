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
	c := d.opt.Config
	id := identity{generation: d.generation(filepath.Join(dir, "hb_generation"), time.Now()), uuid: nodenameUUID(c.Self)}
	if c.UUIDFrom != "nodename" {
		id.uuid = d.uuid(filepath.Join(dir, "hb_uuid"))
	}
	d.logLine("info", fmt.Sprintf("Heartbeat generation: %d", id.generation))
	return id
}

// generation is higher at every start, or peers take our beats for a replay. 3.0.6 counts up a
// file, and is lost without it; here the wall clock helps out, so that neither a lost file nor
// a full disk nor a clock that was set back alone makes a node a stranger.
func (d *daemon) generation(path string, now time.Time) uint64 {
	clock := uint64(max(now.Unix(), 1))
	if d.opt.Config.HBGenMethod == "time" {
		return clock
	}
	b, err := os.ReadFile(path)
	last, perr := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 63)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(b) == 0:
		d.logLine("WARN", fmt.Sprintf("No Previous generation - starting at %d", clock+1))
	case err != nil:
		d.logLine("ERROR", fmt.Sprintf("%s: %v", path, err))
	case perr != nil:
		d.logLine("WARN", fmt.Sprintf("BROKEN previous generation - starting at %d", clock+1))
	}
	gen := max(last, clock) + 1
	if err := writeSynced(path, fmt.Sprintf("%15d\n", gen)); err != nil {
		d.logLine("ERROR", fmt.Sprintf("the generation could not be saved: %v; the next start goes by the clock", err))
		d.wait(time.Until(time.Unix(int64(clock)+1, 0))) // the next start must not fall into this second
	}
	return gen
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
	if b, err := os.ReadFile(path); err == nil && len(b) == 16 {
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
