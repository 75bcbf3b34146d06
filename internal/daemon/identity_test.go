package daemon

import (
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/config"
	"heartbeatd/internal/halog"
)

func testDaemon(t *testing.T) *daemon {
	t.Helper()
	d := &daemon{opt: Options{Config: &config.Config{Self: "node1"}}, start: time.Now(), wait: func(time.Duration) {}}
	d.log = halog.Open(halog.Config{Stderr: io.Discard})
	t.Cleanup(func() { d.log.Close(time.Second) })
	return d
}

// The values are 3.0.6's (protocol.md 10).
func TestNodenameUUID(t *testing.T) {
	for name, want := range map[string]string{
		"node1": "90b8de7708c87a6cfef1993a43051dba",
		"node2": "f3727cf5aae82f22b5f603e93235dadc",
		"alpha": "cc301fda9190a843de51a987ec340ccc",
	} {
		if got := hex.EncodeToString(nodenameUUID(name)); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

// genFiles are the two places a generation is saved in.
type genFiles struct{ file, run string }

func newGenFiles(t *testing.T) genFiles {
	g := genFiles{filepath.Join(t.TempDir(), "hb_generation"), filepath.Join(t.TempDir(), "hb_generation")}
	if err := os.Chmod(filepath.Dir(filepath.Dir(g.file)), 0o755); err != nil {
		t.Fatal(err)
	}
	return g
}

// start is a start at that time. The frozen files can be read and not written.
func (g genFiles) start(t *testing.T, d *daemon, now time.Time, uptime uint64, frozen ...string) uint64 {
	t.Helper()
	for _, path := range []string{g.file, g.run} {
		mode := os.FileMode(0o777)
		if slices.Contains(frozen, path) {
			mode = 0o555
		}
		if err := os.Chmod(filepath.Dir(path), mode); err != nil {
			t.Fatal(err)
		}
	}
	runtime.LockOSThread() // the kernel keeps the identity for files by thread; modes do not bind root
	defer runtime.UnlockOSThread()
	unix.Setfsuid(65534)
	gen := d.generation(g.file, g.run, now, uptime)
	unix.Setfsuid(os.Geteuid())
	for _, path := range []string{g.file, g.run} { // saved at that time
		if !slices.Contains(frozen, path) {
			os.Chtimes(path, now, now)
		}
		os.Chmod(filepath.Dir(path), 0o777)
	}
	return gen
}

func TestGenerationOnlyGrows(t *testing.T) {
	d := testDaemon(t)
	g := newGenFiles(t)
	now := time.Unix(1_800_000_000, 0)
	first := g.start(t, d, now, 0)
	if first != 1_800_000_001 {
		t.Errorf("first: %d", first)
	}
	for _, path := range []string{g.file, g.run} {
		if b, _ := os.ReadFile(path); string(b) != "     1800000001\n" {
			t.Errorf("%s: %q", path, b)
		}
	}
	if next := g.start(t, d, now.Add(-time.Hour), 0); next != first+1 {
		t.Errorf("clock set back: %d", next)
	}
	for _, text := range []string{"rubbish\n", ""} {
		os.WriteFile(g.file, []byte(text), 0o644)
		os.Remove(g.run)
		now = now.Add(time.Minute)
		if next := g.start(t, d, now, 0); next != uint64(now.Unix())+1 {
			t.Errorf("file %q: %d", text, next)
		}
	}
	os.Remove(g.file)
	before := g.start(t, d, now.Add(time.Hour), 0)
	os.Remove(g.file)
	if next := g.start(t, d, now, 0); next <= before {
		t.Errorf("lost file and a clock that was set back: %d then %d", before, next)
	}
}

// A file that is ahead of the clock and cannot be written gives every start the same number.
func TestGenerationOnReadOnlyDisk(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for name, frozen := range map[string]func(genFiles) []string{
		"disk":          func(g genFiles) []string { return []string{g.file} },
		"disk and /run": func(g genFiles) []string { return []string{g.file, g.run} },
	} {
		for what, saved := range map[string]time.Duration{"": 0, ", saved by a clock set back since": 1000 * time.Hour} {
			d := testDaemon(t)
			g := newGenFiles(t)
			os.WriteFile(g.file, []byte("     1999999999\n"), 0o644)
			os.Chtimes(g.file, now.Add(saved), now.Add(saved))
			waited, at := time.Duration(0), now
			d.wait = func(rest time.Duration) { waited = time.Now().Add(rest).Sub(at).Round(time.Second) }
			last := uint64(1_999_999_999)
			for i := range 5 {
				gen := g.start(t, d, at, 100+uint64(at.Unix()-now.Unix()), frozen(g)...)
				if gen <= last {
					t.Errorf("%s%s: start %d: %d after %d", name, what, i, gen, last)
				}
				last, at = gen, at.Add(waited)
			}
			if both := len(frozen(g)) == 2; both != (waited > 0) {
				t.Errorf("%s%s: waited %v", name, what, waited)
			}
			if saved > 0 {
				continue
			}
			// The machine boots anew: /run is empty, and the disk can be written again.
			os.Remove(g.run)
			if gen := g.start(t, d, now.Add(time.Minute), 30); gen <= last {
				t.Errorf("%s: after a reboot: %d after %d", name, gen, last)
			}
		}
	}
}

// A directory that is not there, as on a full disk: it starts all the same.
func TestGenerationThatCannotBeSaved(t *testing.T) {
	d := testDaemon(t)
	gone := filepath.Join(t.TempDir(), "missing", "hb_generation")
	for _, method := range []string{"file", "time"} {
		d.opt.Config.HBGenMethod = method
		waited := false
		d.wait = func(time.Duration) { waited = true }
		now := time.Unix(1_800_000_000, 0)
		a := d.generation(gone, gone, now, 0)
		if !waited {
			t.Errorf("%s: the second in which nothing could be saved was not waited out", method)
		}
		if b := d.generation(gone, gone, now.Add(time.Second), 0); a == 0 || b <= a {
			t.Errorf("%s: %d then %d", method, a, b)
		}
	}
}

// 3.0.6: the generation is the time. Two starts within a second differ all the same.
func TestGenerationByTime(t *testing.T) {
	d := testDaemon(t)
	d.opt.Config.HBGenMethod = "time"
	g := newGenFiles(t)
	now := time.Unix(1_800_000_000, 0)
	for i, want := range []uint64{1_800_000_000, 1_800_000_001, 1_800_000_002} {
		if gen := g.start(t, d, now, 0); gen != want {
			t.Errorf("start %d in one second: %d, want %d", i, gen, want)
		}
	}
	if gen := g.start(t, d, now.Add(time.Minute), 0); gen < 1_800_000_060 || gen > 1_800_000_062 {
		t.Errorf("a minute later: %d", gen)
	}
	if _, err := os.Stat(g.file); err == nil {
		t.Error("the file of the other method was written")
	}
}

func TestUUIDStays(t *testing.T) {
	d := testDaemon(t)
	path := filepath.Join(t.TempDir(), "hb_uuid")
	first := d.uuid(path)
	if len(first) != 16 || first[6]>>4 != 4 {
		t.Errorf("uuid %x", first)
	}
	if second := d.uuid(path); string(second) != string(first) {
		t.Errorf("%x then %x", first, second)
	}
}
