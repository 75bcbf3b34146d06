package halog

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// eager makes every line look and try, so that tests need no waiting.
var eager = tuning{queue: 64, idle: time.Hour, flush: 10 * time.Second, send: time.Second}

func flushed(t *testing.T, l *Log) {
	t.Helper()
	if !l.Flush() {
		t.Fatal("Flush timed out")
	}
}

func info(text string) string {
	return "Nov 05 07:11:55 node1 heartbeat: [3029]: info: " + text + "\n"
}

func warn(text string) string {
	return "Nov 05 07:11:55 node1 heartbeat: [3029]: WARN: " + text + "\n"
}

func openFile(t *testing.T, path string, tune tuning) *Log {
	t.Helper()
	c := sampleConfig()
	c.File = path
	l := open(c, tune)
	t.Cleanup(func() { l.Close(time.Second) })
	return l
}

func TestMissingDirectory(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "later", "ha-log")
	l := openFile(t, path, eager)
	l.Line(Info, "one")
	l.Line(Info, "two")
	flushed(t, l)
	if got := l.Lost(); got != 2 {
		t.Errorf("Lost = %d, want 2", got)
	}
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	l.Line(Info, "three")
	flushed(t, l)
	expect(t, path, warn("2 log lines were lost: open "+path+": no such file or directory")+info("three"))
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o644 {
		t.Errorf("mode of the new file: %v, %v", st, err)
	}
}

// A path that cannot be opened is not tried for each line.
func TestOpenIsRetriedAtIntervals(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "later", "ha-log")
	f := newFile(path, tuning{retry: 2 * time.Second})
	start := time.Now()
	if err := f.open(start); err == nil {
		t.Fatal("opened a file in a missing directory")
	}
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := f.open(start.Add(1999 * time.Millisecond)); err == nil {
		t.Error("tried again before the interval was over")
	}
	if err := f.open(start.Add(2 * time.Second)); err != nil {
		t.Errorf("after the interval: %v", err)
	}
	f.close()
}

func TestRotation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ha-log")
	slow := eager
	slow.check = time.Hour // no look at the path by itself after the first
	l := openFile(t, path, slow)
	l.Line(Info, "one")
	flushed(t, l)
	l.Line(Info, "two")
	flushed(t, l)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	l.Line(Info, "three")
	flushed(t, l)
	expect(t, path+".1", info("one")+info("two")+info("three"))
	l.Reopen()
	l.Line(Info, "four")
	flushed(t, l)
	expect(t, path, info("four"))
	expect(t, path+".1", info("one")+info("two")+info("three"))
}

func TestRotationWithoutSignal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ha-log")
	l := openFile(t, path, eager)
	l.Line(Info, "one")
	flushed(t, l)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	l.Line(Info, "two")
	flushed(t, l)
	expect(t, path, info("log-rotate detected on logfile "+path)+info("two"))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	l.Line(Info, "three")
	flushed(t, l)
	expect(t, path, info("log-rotate detected on logfile "+path)+info("three"))
	if l.Lost() != 0 {
		t.Errorf("Lost = %d, want 0", l.Lost())
	}
}

// The directory goes away under the open file and comes back.
func TestDirectoryRemoved(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "log")
	path := filepath.Join(dir, "ha-log")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	l := openFile(t, path, eager)
	l.Line(Info, "one")
	flushed(t, l)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	l.Line(Info, "two")
	flushed(t, l)
	if l.Lost() != 1 {
		t.Errorf("Lost = %d, want 1", l.Lost())
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	l.Line(Info, "three")
	flushed(t, l)
	expect(t, path, warn("1 log lines were lost: open "+path+": no such file or directory")+info("three"))
}

func TestCopytruncate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ha-log")
	l := openFile(t, path, eager)
	l.Line(Info, "one")
	flushed(t, l)
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	l.Line(Info, "two")
	flushed(t, l)
	expect(t, path, info("two")) // no hole of zero bytes before it
}

func TestDevFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "ha-log")
	if err := os.Symlink("/dev/full", path); err != nil {
		t.Fatal(err)
	}
	l := openFile(t, path, eager)
	for range 5 {
		l.Line(Info, "nowhere")
	}
	flushed(t, l)
	if l.Lost() != 5 {
		t.Errorf("Lost = %d, want 5", l.Lost())
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	l.Reopen()
	l.Line(Info, "six")
	flushed(t, l)
	expect(t, path, warn("5 log lines were lost: write "+path+": no space left on device")+info("six"))
}

// A FIFO that nobody reads must not stop anything: neither without a reader nor with a full pipe.
func TestFIFO(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ha-log")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	l := openFile(t, path, eager)
	l.Line(Info, "nobody there")
	flushed(t, l)
	if l.Lost() != 1 {
		t.Errorf("without a reader: Lost = %d, want 1", l.Lost())
	}
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for i := range 2000 { // 64 KiB hold fewer
		l.Line(Info, fmt.Sprintf("line %d %s", i, strings.Repeat("x", 60)))
		if i%50 == 0 {
			flushed(t, l)
		}
	}
	flushed(t, l)
	if l.Lost() < 500 {
		t.Errorf("with a full pipe: Lost = %d, want several hundred", l.Lost())
	}
}
