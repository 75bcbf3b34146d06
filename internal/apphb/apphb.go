// Package apphb tells the application heartbeat daemon of 3.0.6, apphbd, that this daemon lives: the directive
// use_apphbd.
//
// Like the watchdog's, its work is done beside the caller, so that an apphbd that hangs holds up nobody; and nothing
// is told that the caller has not asked for.
package apphb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// Path is apphbd's socket.
const Path = "/run/heartbeat/apphb.comm"

// What 3.0.6 calls itself there.
const (
	application = "heartbeat"
	instance    = "master_control_process"
)

const (
	// again is how long after a failure it is tried again.
	again = 10 * time.Second
	// within is how long anything may take there.
	within = time.Second
)

// Config is what apphbd is told, and where.
type Config struct {
	Path     string        // "" is [Path]
	Deadtime time.Duration // without a word for so long it says that we hang
	Warntime time.Duration // without one for so long it says that we are late
	Log      func(level, text string)
	// Again is the pause after a failure; 0 is ten seconds.
	Again time.Duration
}

// Client is the way to apphbd, whether it runs or not. A nil *Client is none.
type Client struct {
	config  Config
	tickles chan struct{}
	leave   chan struct{}
	over    chan struct{}

	conn  net.Conn // the goroutine's, as the rest
	retry time.Time
	told  bool // that it cannot be had
}

// Open begins to register.
func Open(c Config) *Client {
	if c.Path == "" {
		c.Path = Path
	}
	if c.Again <= 0 {
		c.Again = again
	}
	a := &Client{config: c, tickles: make(chan struct{}, 1), leave: make(chan struct{}), over: make(chan struct{})}
	a.Tickle()
	go a.run()
	return a
}

// Tickle says that the caller lives. It does not wait.
func (a *Client) Tickle() {
	if a == nil {
		return
	}
	select {
	case a.tickles <- struct{}{}:
	default: // one is on its way
	}
}

// Close signs off: from now on nobody is to be missed.
func (a *Client) Close() {
	if a == nil {
		return
	}
	close(a.leave)
	select {
	case <-a.over:
	case <-time.After(3 * within):
	}
}

func (a *Client) run() {
	defer close(a.over)
	for {
		select {
		case <-a.leave:
			if a.conn != nil {
				_ = a.say(typed("unreg"))
				_ = a.conn.Close()
			}
			return
		case <-a.tickles:
			a.beat()
		}
	}
}

func (a *Client) beat() {
	if a.conn == nil {
		a.register(time.Now())
	}
	if a.conn == nil {
		return
	}
	if err := a.say(typed("hb")); err != nil {
		a.config.Log("ERROR", "apphb_hb() failed.: "+plain(err)) // the words of 3.0.6
		a.drop()
	}
}

func (a *Client) drop() {
	_ = a.conn.Close()
	a.conn, a.retry = nil, time.Now().Add(a.config.Again)
}

// register signs on, if it is time to try.
func (a *Client) register(now time.Time) {
	if now.Before(a.retry) {
		return
	}
	err := a.dial()
	if err == nil {
		a.told = false
		a.config.Log("info", fmt.Sprintf("Registered with apphbd as %s/%s.", application, instance))
		return
	}
	a.retry = now.Add(a.config.Again)
	if !a.told {
		a.told = true
		a.config.Log("ERROR", "Unable to register with apphbd.: "+plain(err))
		a.config.Log("info", "Continuing to try and register.")
	}
}

func (a *Client) dial() error {
	conn, err := net.DialTimeout("unix", a.config.Path, within)
	if err != nil {
		return err
	}
	a.conn = conn
	for _, m := range [][]byte{registration(), interval("setint", a.config.Deadtime), interval("setwarn", a.config.Warntime)} {
		if err = a.ask(m); err != nil {
			_ = conn.Close()
			a.conn = nil
			return err
		}
	}
	_ = conn.SetReadDeadline(time.Time{})
	go io.Copy(io.Discard, conn) //nolint:errcheck // what it answers to a beat says nothing
	return nil
}

func (a *Client) say(body []byte) error {
	_ = a.conn.SetWriteDeadline(time.Now().Add(within))
	frame := binary.NativeEndian.AppendUint32(nil, uint32(len(body)))
	frame = binary.NativeEndian.AppendUint32(frame, magic)
	_, err := a.conn.Write(append(frame, body...))
	return err
}

// ask says something and waits for the answer, a number.
func (a *Client) ask(body []byte) error {
	if err := a.say(body); err != nil {
		return err
	}
	_ = a.conn.SetReadDeadline(time.Now().Add(within))
	var answer [frameHead + 4]byte
	if _, err := io.ReadFull(a.conn, answer[:]); err != nil {
		return err
	}
	order := binary.NativeEndian
	if order.Uint32(answer[:]) != 4 || order.Uint32(answer[4:]) != magic {
		return errors.New("its answer is not understood")
	}
	if code := order.Uint32(answer[frameHead:]); code != 0 {
		return fmt.Errorf("it refuses (%d)", code)
	}
	return nil
}

// What 3.0.6 was seen to send: a frame of its library with a type of 8 bytes in it and what belongs to that.
const (
	frameHead = 8
	magic     = 0xabcd
	typeSize  = 8
	nameSize  = 256
)

func typed(kind string) []byte { return append([]byte(kind), make([]byte, typeSize-len(kind))...) }

// registration has the names of program and part, the directory, and pid, uid and gid.
func registration() []byte {
	body := typed("reg")
	dir, _ := os.Getwd()
	for _, name := range []string{application, instance, dir} {
		field := make([]byte, nameSize)
		copy(field[:nameSize-1], name)
		body = append(body, field...)
	}
	for _, n := range []int{os.Getpid(), os.Getuid(), os.Getgid()} {
		body = binary.NativeEndian.AppendUint32(body, uint32(n))
	}
	return body
}

// interval has milliseconds, as a C long.
func interval(kind string, d time.Duration) []byte {
	return binary.NativeEndian.AppendUint64(typed(kind), uint64(d.Milliseconds()))
}

// plain leaves out of an error what the line says already.
func plain(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err
	}
	return err.Error()
}
