package daemon

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/config"
)

// TestHandoverIsSealed: what is read is what was written, and only from a file that nobody can change.
func TestHandoverIsSealed(t *testing.T) {
	h := &Handover{
		Format: handoverFormat, Version: "1", Files: config.Files{Dir: "/etc/ha.d", HaCf: config.File{State: config.Present, Data: []byte("node \xff\n")}},
		Elapsed: time.Hour, UUID: []byte{1, 0xff}, Drops: map[string]uint64{"replay": 2}, Lock: 10, Links: nil,
	}
	f, err := h.seal()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("x"), 0); !errors.Is(err, unix.EPERM) {
		t.Errorf("it can be written to: %v", err)
	}
	got, err := readHandover(int(f.Fd()))
	if err != nil || !reflect.DeepEqual(got, h) {
		t.Errorf("read %+v, %v", got, err)
	}
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	file.WriteString(`{"Format":1}`)
	if _, err := readHandover(int(file.Fd())); !errors.Is(err, errHandover) {
		t.Errorf("a file of anybody's was read: %v", err)
	}
	h.Format++
	other, err := h.seal()
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := readHandover(int(other.Fd())); !errors.Is(err, errHandover) {
		t.Errorf("another format was read: %v", err)
	}
}

// TestClockGoesOn: a successor's clock does not run backwards.
func TestClockGoesOn(t *testing.T) {
	h := Handover{Elapsed: time.Hour, Monotonic: monotonic() - time.Second}
	if now := time.Since(h.began()); now < time.Hour+time.Second || now > time.Hour+time.Minute {
		t.Errorf("the clock stands at %v", now)
	}
	h.Monotonic = monotonic() + time.Hour // of no machine
	if now := time.Since(h.began()); now < time.Hour {
		t.Errorf("the clock stands at %v", now)
	}
}

// TestInheritedOnlyFromMark: without the word in the environment nothing is inherited; with a wrong one it is said.
func TestInheritedOnlyFromMark(t *testing.T) {
	if h, err := Inherited(); h != nil || err != nil {
		t.Errorf("inherited %v, %v", h, err)
	}
	for _, mark := range []string{"x", "-1", "2", "99999"} {
		t.Setenv(handoverMark, mark)
		if _, err := Inherited(); !errors.Is(err, errHandover) {
			t.Errorf("%s: %v", mark, err)
		}
		if os.Getenv(handoverMark) != "" {
			t.Error("scripts would inherit the word")
		}
	}
}

// FuzzHandover: whatever the file holds, it is understood or refused.
func FuzzHandover(f *testing.F) {
	f.Add([]byte(`{"Format":1,"Core":{"Version":1}}`))
	f.Add([]byte(`{"Format":1,"Links":[{"Medium":{"Peer":"10.0.0.1"},"FD":12}],"Programs":[{"PID":-1}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := parseHandover(text)
		if (h == nil) == (err == nil) {
			t.Fatalf("%v, %v", h, err)
		}
		if h != nil {
			h.descriptors()
		}
	})
}

// TestWayBack: where nothing else helps, the image before is executed with what it has left, and its own files.
func TestWayBack(t *testing.T) {
	if os.Getenv("WAY_BACK") != "" {
		file, err := os.Open(os.Getenv("WAY_BACK"))
		if err != nil {
			t.Fatal(err)
		}
		h := &Handover{Format: handoverFormat, Files: config.Files{Dir: "new"}, Before: config.Files{Dir: "old"}, Changed: true, Image: int(file.Fd())}
		t.Fatal(h.back(errors.New("why not")))
	}
	image := filepath.Join(t.TempDir(), "image")
	os.WriteFile(image, []byte("#!/bin/sh\ncat /proc/self/fd/$"+handoverMark+"\n"), 0o755)
	cmd := exec.Command(os.Args[0], "-test.run=^TestWayBack$")
	cmd.Env = append(os.Environ(), "WAY_BACK="+image)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	h, err := parseHandover(out)
	if err != nil || h.Files.Dir != "old" || h.Changed || h.Failed != "why not" {
		t.Errorf("it got %+v, %v\n%s", h, err, out)
	}
}
