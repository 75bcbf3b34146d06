package watchdog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// fake is a device that tells of everything that is done to it.
type fake struct {
	done    chan string
	refuses error // of SetTimeout
	fails   error // of Write
	hangs   chan struct{}
}

func (f *fake) Write(b []byte) (int, error) {
	if f.hangs != nil {
		<-f.hangs
	}
	f.done <- fmt.Sprintf("%q", b)
	return len(b), f.fails
}

func (f *fake) SetTimeout(seconds int) error {
	f.done <- fmt.Sprintf("timeout %d", seconds)
	return f.refuses
}

func (f *fake) Close() error { f.done <- "close"; return nil }

// lines is a log.
type lines struct {
	mu   sync.Mutex
	said []string
}

func (l *lines) log(level, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, level+": "+text)
}

func (l *lines) want(t *testing.T, want ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Equal(l.said, want) {
		t.Errorf("log %q, want %q", l.said, want)
	}
}

func put(f *fake) func(string) (Device, error) { return func(string) (Device, error) { return f, nil } }

func (f *fake) want(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := <-f.done; got != w {
			t.Fatalf("the device got %s, want %s", got, w)
		}
	}
}

func TestTimeout(t *testing.T) {
	for deadtime, want := range map[time.Duration]int{
		5 * time.Second: 6, time.Second: 2, 990 * time.Millisecond: 1, 991 * time.Millisecond: 2, 1990 * time.Millisecond: 2, 30 * time.Second: 31,
	} {
		if got := Timeout(deadtime); got != want {
			t.Errorf("deadtime %v: %d s, want %d", deadtime, got, want)
		}
	}
}

// TestLife: armed, one byte for each tickle and none without, disarmed with the magic letter before it is closed.
func TestLife(t *testing.T) {
	f, l := &fake{done: make(chan string, 1)}, &lines{}
	d := arm("/dev/watchdog", 5*time.Second, l.log, put(f))
	f.want(t, "timeout 6", `"\x00"`)
	for range 3 {
		d.Tickle()
		f.want(t, `"\x00"`)
	}
	select {
	case got := <-f.done:
		t.Fatalf("nobody asked, and the device got %s", got)
	case <-time.After(50 * time.Millisecond):
	}
	go d.Disarm()
	f.want(t, `"V"`, "close")
	l.want(t, "notice: Using watchdog device: /dev/watchdog")
}

func TestNoDevice(t *testing.T) {
	l, name := &lines{}, filepath.Join(t.TempDir(), "none")
	d := Open(name, time.Second, l.log)
	d.Tickle()
	d.Disarm()
	l.want(t, "ERROR: Cannot open watchdog device: "+name+": no such file or directory")
}

// TestFIFOWithoutReader must not wait for one.
func TestFIFOWithoutReader(t *testing.T) {
	name := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	l := &lines{}
	Open(name, time.Second, l.log).Disarm()
	l.want(t, "ERROR: Cannot open watchdog device: "+name+": no such device or address")
}

// TestFile does real file operations on what stands in for a device: no ioctl there, which is only logged.
func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "wd")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := &lines{}
	d := Open(name, 5*time.Second, l.log)
	for size := int64(1); size < 4; size++ {
		for { // written beside us
			if st, err := os.Stat(name); err != nil {
				t.Fatal(err)
			} else if st.Size() == size {
				break
			}
			time.Sleep(time.Millisecond)
		}
		d.Tickle()
	}
	d.Disarm()
	got, _ := os.ReadFile(name)
	if want := "\x00\x00\x00V"; string(got) != want && string(got) != "\x00\x00\x00\x00V" { // the last tickle may be overtaken
		t.Errorf("written %q, want %q", got, want)
	}
	l.want(t, "notice: Using watchdog device: "+name, "ERROR: WDIOC_SETTIMEOUT: Failed to set watchdog timer to 6 seconds.: inappropriate ioctl for device")
}

// TestFailingDevice: its failure is said once, and it is tickled on.
func TestFailingDevice(t *testing.T) {
	f, l := &fake{done: make(chan string), fails: unix.EIO}, &lines{}
	ready := make(chan *Dog)
	go func() { ready <- arm("wd", time.Second, l.log, put(f)) }()
	f.want(t, "timeout 2")
	d := <-ready
	f.want(t, `"\x00"`)
	d.Tickle()
	f.want(t, `"\x00"`)
	go d.Disarm()
	f.want(t, `"V"`, "close")
	<-d.over
	l.want(t, "notice: Using watchdog device: wd", "ERROR: Watchdog write failure: wd: input/output error",
		"ERROR: Watchdog write magic character failure: closing wd!: input/output error")
}

// TestHangingDevice holds nobody up.
func TestHangingDevice(t *testing.T) {
	f, l := &fake{done: make(chan string, 8), hangs: make(chan struct{}), refuses: errors.New("no")}, &lines{}
	d := arm("wd", time.Second, l.log, put(f))
	for range 100 {
		d.Tickle()
	}
	d.Disarm()
	l.want(t, "notice: Using watchdog device: wd", "ERROR: WDIOC_SETTIMEOUT: Failed to set watchdog timer to 2 seconds.: no",
		"ERROR: The watchdog device wd hangs: it was not disarmed")
	close(f.hangs)
	<-d.over
}
