package duel

import (
	"bufio"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/lab"
)

// serviceScript is a resource that says when it is called. It uses nothing but what the shell has built in: it
// starts no program, so that its own time is that of a shell.
//
//go:embed service.sh
var serviceScript string

// call is one line that a script or a command has said: "HOST WHO WHAT".
type call struct {
	at              int64
	host, who, what string
}

// calls hears what scripts and commands say, through a pipe that all hosts see. A pipe has no time of its own:
// the reader's is taken, some ten microseconds later.
type calls struct {
	pipe *os.File
	done chan struct{}
	mu   sync.Mutex
	told []call
	news chan struct{} // closed when something was told
}

func hear(l *lab.Lab) (*calls, error) {
	path := filepath.Join(l.Shared(), "calls")
	if err := unix.Mkfifo(path, 0o666); err != nil {
		return nil, fmt.Errorf("making a pipe for the scripts: %w", err)
	}
	// Open for writing too, so that it never ends.
	pipe, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("opening the pipe for the scripts: %w", err)
	}
	c := &calls{pipe: pipe, done: make(chan struct{}), news: make(chan struct{})}
	go c.run()
	return c, nil
}

func (c *calls) run() {
	defer close(c.done)
	runtime.LockOSThread()
	unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), -20) //nolint:errcheck // later by some microseconds then
	lines := bufio.NewReader(c.pipe)
	for {
		line, err := lines.ReadString('\n')
		now := time.Now().UnixNano()
		if err != nil {
			return
		}
		words := strings.Fields(line)
		if len(words) != 3 {
			continue
		}
		c.mu.Lock()
		c.told = append(c.told, call{now, words[0], words[1], words[2]})
		close(c.news)
		c.news = make(chan struct{})
		c.mu.Unlock()
	}
}

// await waits for the first call after a time that fits; "" fits all.
func (c *calls) await(patience time.Duration, since int64, host, who, what string) (call, error) {
	deadline := time.After(patience)
	for {
		c.mu.Lock()
		news := c.news
		for _, k := range c.told {
			if k.at >= since && (host == "" || k.host == host) && k.who == who && k.what == what {
				c.mu.Unlock()
				return k, nil
			}
		}
		c.mu.Unlock()
		select {
		case <-news:
		case <-deadline:
			return call{}, fmt.Errorf("waited %v in vain for %s %s on %q", patience, who, what, host)
		}
	}
}

// since returns what was told from a time on.
func (c *calls) since(at int64) []call {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []call
	for _, k := range c.told {
		if k.at >= at {
			all = append(all, k)
		}
	}
	return all
}

func (c *calls) close() {
	c.pipe.Close()
	<-c.done
}
