package daemon

import (
	"errors"
	"net"
	"os"
	"time"
)

// notifyPatience is how long the loop waits for a systemd that does not read.
const notifyPatience = 100 * time.Millisecond

// notifySystemd tells systemd (Type=notify) how we are. Without it there is nobody to tell.
func notifySystemd(state string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	if path[0] == '@' {
		path = "\x00" + path[1:]
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return
	}
	c.SetWriteDeadline(time.Now().Add(notifyPatience)) //nolint:errcheck // a socket can
	if _, err := c.Write([]byte(state)); err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
		c.Close()
		return // or nobody to tell
	}
	go func() { // systemd would end a service of which it never hears that it is ready
		defer c.Close()
		c.SetWriteDeadline(time.Time{}) //nolint:errcheck // as above
		c.Write([]byte(state))          //nolint:errcheck // nobody else to tell
	}()
}
