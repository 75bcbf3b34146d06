package outdater

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/dopd"
)

// TestOthersDoNotCrowdOutRoot: DRBD takes no answer for the death of the other node. Whatever the members of haclient
// do, root is heard.
func TestOthersDoNotCrowdOutRoot(t *testing.T) {
	p := newPlace(t, true)
	others := 0
	for range 2 * mostOfOthers {
		if _, ok := p.take(&net.UnixConn{}, false); ok {
			others++
		}
	}
	if others != mostOfOthers {
		t.Errorf("%d connections of others", others)
	}
	if _, ok := p.take(&net.UnixConn{}, true); !ok {
		t.Error("no room for root")
	}
	p.guard.Lock()
	p.turns[false] = time.Now().Add(time.Hour)
	p.guard.Unlock()
	fmt.Fprint(p.dial(t), genuineQuestion)
	if e := p.event(t); e.Peer != "node2" {
		t.Errorf("%+v", e)
	}
}

// TestRoomComesBack: whoever goes makes room.
func TestRoomComesBack(t *testing.T) {
	p := newPlace(t, true)
	for range 3 * mostOfOthers {
		c := &net.UnixConn{}
		id, ok := p.take(c, false)
		if !ok {
			t.Fatal("no room")
		}
		p.release(id, c, false)
	}
}

// TestAskHoldsOutInACrowd: where so many wait to be let in that nobody else can wait, one tries again.
func TestAskHoldsOutInACrowd(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outdater")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrUnix{Name: path})
	}
	if err == nil {
		err = unix.Listen(fd, 0) // one may wait
	}
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	first, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if c, err := net.Dial("unix", path); !errors.Is(err, unix.EAGAIN) {
		t.Fatalf("there is no crowd: %v, %v", c, err)
	}
	go func() {
		time.Sleep(3 * again)
		for n := range 2 {
			in, _, err := unix.Accept(fd)
			if err != nil {
				return
			}
			if n == 1 {
				unix.Read(in, make([]byte, 1000))
				unix.Write(in, []byte(genuineAnswer))
			}
			defer unix.Close(in)
		}
	}()
	if v, err := Ask(path, "node2", "r0", time.Minute); v != dopd.Outdated || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}

// TestAskOutlastsAReload: a dopd that goes while it is waited for is waited for as long as one that is not there yet.
func TestAskOutlastsAReload(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outdater")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		c.Read(make([]byte, 1000))
		time.Sleep(comesBack + again)
		c.Close()
		if c, err = l.Accept(); err == nil {
			c.Read(make([]byte, 1000))
			c.Write([]byte(genuineAnswer))
		}
	}()
	if v, err := Ask(path, "node2", "r0", time.Minute); v != dopd.Outdated || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}
