package daemon

import (
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

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

func TestGenerationOnlyGrows(t *testing.T) {
	d := testDaemon(t)
	path := filepath.Join(t.TempDir(), "hb_generation")
	now := time.Unix(1_800_000_000, 0)
	first := d.generation(path, now)
	if first != 1_800_000_001 {
		t.Errorf("first: %d", first)
	}
	if b, _ := os.ReadFile(path); string(b) != "     1800000001\n" {
		t.Errorf("file: %q", b)
	}
	if g := d.generation(path, now.Add(-time.Hour)); g != first+1 {
		t.Errorf("clock set back: %d", g)
	}
	os.WriteFile(path, []byte("rubbish\n"), 0o644)
	if g := d.generation(path, now.Add(time.Minute)); g <= first+1 {
		t.Errorf("broken file: %d", g)
	}
	os.Remove(path)
	if g := d.generation(path, now.Add(2*time.Minute)); g <= first+61 {
		t.Errorf("lost file: %d", g)
	}
	// A directory that cannot be written, as on a full disk: it starts all the same, and the
	// next start is still higher.
	gone := filepath.Join(t.TempDir(), "missing", "hb_generation")
	waited := false
	d.wait = func(time.Duration) { waited = true }
	a := d.generation(gone, now)
	if !waited {
		t.Error("the second in which nothing could be saved was not waited out")
	}
	if b := d.generation(gone, now.Add(time.Second)); a == 0 || b <= a {
		t.Errorf("unwritable: %d then %d", a, b)
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
