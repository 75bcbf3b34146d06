package clientapi

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"heartbeatd/internal/wire"
)

// Client is a program's end of the socket, as libhbclient is.
type Client struct {
	conn   net.Conn
	name   string
	node   string // dest of requests; nobody looks at it
	Signon *wire.Message
	Others []*wire.Message // what came that was no answer
}

// RefusedError is a refused signon, in 3.0.6's words.
type RefusedError struct{ Info string }

func (e *RefusedError) Error() string { return e.Info }

// ErrRequest is an answer that is none; the reason is in the message.
var ErrRequest = errors.New("the request was refused")

// Dial signs on by a name, or without one. Everything together may take until deadline.
func Dial(path, name string, deadline time.Time) (*Client, error) {
	conn, err := (&net.Dialer{Deadline: deadline}).Dial("unix", path)
	if err != nil {
		return nil, fmt.Errorf("connecting to heartbeat: %w", err)
	}
	conn.SetDeadline(deadline)
	node, _ := os.Hostname()
	c := &Client{conn: conn, name: name, node: node}
	if name == "" {
		c.name = strconv.Itoa(os.Getpid())
	}
	uid, gid := strconv.Itoa(os.Geteuid()), strconv.Itoa(os.Getegid())
	m, err := c.Ask("signon", "uid", uid, "gid", gid)
	switch {
	case errors.Is(err, ErrRequest):
		err = &RefusedError{Info: m.Str("info")}
	case err == nil:
		c.Signon = m
		return c, nil
	}
	conn.Close()
	return nil, err
}

// Ask sends a request with the fields (name, value, ...) and waits for its answer.
func (c *Client) Ask(reqtype string, fields ...string) (*wire.Message, error) {
	m := wire.New("hbapi-req").AddStr("reqtype", reqtype).AddStr("dest", c.node)
	m.AddStr("pid", strconv.Itoa(os.Getpid())).AddStr("from_id", c.name)
	for i := 0; i+1 < len(fields); i += 2 {
		m.AddStr(fields[i], fields[i+1])
	}
	if err := c.Send(m); err != nil {
		return nil, err
	}
	return c.answer(reqtype)
}

// answer waits for one.
func (c *Client) answer(reqtype string) (*wire.Message, error) {
	for {
		m, err := c.Read()
		switch {
		case err != nil:
			return nil, err
		case !m.StrIs("t", "hbapi-resp") || !m.StrIs("reqtype", reqtype):
			if c.Others = append(c.Others, m); len(c.Others) > mostQueued {
				c.Others = c.Others[1:]
			}
			if reqtype == "clientstatus" && m.StrIs("t", "respond-cstatus") { // of another node
				return m, nil
			}
		case m.StrIs("result", badReq):
			return m, ErrRequest
		default:
			return m, nil
		}
	}
}

// List is Ask for a request with more than one answer, in the order in which they came.
func (c *Client) List(reqtype string, fields ...string) (list []*wire.Message, err error) {
	m, err := c.Ask(reqtype, fields...)
	for err == nil {
		list = append(list, m)
		if !m.StrIs("result", okMore) {
			return list, nil
		}
		m, err = c.answer(reqtype)
	}
	return append(list, m), err
}

// Send sends a message as it is.
func (c *Client) Send(m *wire.Message) error {
	if _, err := c.conn.Write(AppendFrame(nil, m, wire.Classic)); err != nil {
		return fmt.Errorf("talking to heartbeat: %w", err)
	}
	return nil
}

// Read waits for the next message.
func (c *Client) Read() (*wire.Message, error) {
	body, err := readFrame(c.conn, maxBody)
	if err != nil {
		return nil, fmt.Errorf("hearing heartbeat: %w", err)
	}
	return parseBody(body)
}

// SetDeadline is for what follows.
func (c *Client) SetDeadline(t time.Time) { c.conn.SetDeadline(t) } //nolint:errcheck // a socket has one

// Close signs off. Nobody answers that but by the end of the connection, which is waited for: then the name is free.
func (c *Client) Close() error {
	m := wire.New("hbapi-req").AddStr("reqtype", "signoff").AddStr("dest", c.node)
	c.conn.SetDeadline(time.Now().Add(lastWords))
	c.Send(m.AddStr("pid", strconv.Itoa(os.Getpid())).AddStr("from_id", c.name)) //nolint:errcheck // it ends in any case
	io.Copy(io.Discard, c.conn)                                                  //nolint:errcheck // the same
	return c.conn.Close()
}
