package daemon

import (
	"net"
	"path/filepath"
	"testing"
	"time"
)

// TestSystemdThatDoesNotRead holds up the loop for a moment at most, and hears what it was told when it reads again.
func TestSystemdThatDoesNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	for filler := fillerOf(t, path); ; {
		filler.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		if _, err := filler.Write([]byte("x")); err != nil {
			break // its queue is full
		}
	}
	done := make(chan struct{})
	go func() { notifySystemd("READY=1"); close(done) }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("the loop is held up")
	}
	c.SetReadDeadline(time.Now().Add(time.Minute))
	buf := make([]byte, 100)
	for {
		n, err := c.Read(buf)
		if err != nil {
			t.Fatalf("it was never told: %v", err)
		}
		if string(buf[:n]) == "READY=1" {
			return
		}
	}
}

func fillerOf(t *testing.T, path string) *net.UnixConn {
	t.Helper()
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
