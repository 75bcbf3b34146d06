package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// fetchPatience is how long one fetch may take. It bounds how many are under way at a time.
const fetchPatience = 500 * time.Millisecond

// stageFetch is the demonstration's client: it fetches a page every so often, each time over a new
// connection and without waiting for the fetch before, until its input ends. It prints a line for
// each: "STARTED ENDED ok SERVER" or "STARTED ENDED failed REASON", times in Unix nanoseconds.
func stageFetch(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: fetch URL EVERY")
	}
	every, err := time.ParseDuration(args[1])
	if err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	client := &http.Client{Timeout: fetchPatience, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       (&net.Dialer{Timeout: fetchPatience}).DialContext,
	}}
	var mu sync.Mutex
	var under sync.WaitGroup
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			under.Wait()
			return nil
		case <-tick.C:
		}
		under.Go(func() {
			line := fetchOnce(client, args[0])
			mu.Lock()
			defer mu.Unlock()
			fmt.Println(line)
		})
	}
}

func fetchOnce(client *http.Client, url string) string {
	began := time.Now()
	server, err := get(client, url)
	ended := time.Now()
	if err != nil {
		return fmt.Sprintf("%d %d failed %s", began.UnixNano(), ended.UnixNano(), strings.ReplaceAll(err.Error(), "\n", " "))
	}
	return fmt.Sprintf("%d %d ok %s", began.UnixNano(), ended.UnixNano(), server)
}

func get(client *http.Client, url string) (string, error) {
	resp, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 256))
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(body)), nil
}

// Fetch is one fetch of the client.
type Fetch struct {
	Began, Ended time.Time
	Server       string // the host that answered; "" if none did
	Failure      string // why none did
}

// Client is the demonstration's client while it runs.
type Client struct {
	input io.Closer
	done  chan struct{}
	mu    sync.Mutex
	all   []Fetch
	bad   error
}

// StartClient lets the host fetch a URL every so often until [Client.Stop].
func (h *Host) StartClient(url string, every time.Duration) (*Client, error) {
	cmd := h.Command(toolPath, stageWord, "fetch", url, every.String())
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the client: %w", err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the client: %w", err)
	}
	cmd.Stderr = h.console
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the client: %w", err)
	}
	c := &Client{input: input, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.read(output)
		cmd.Wait()
	}()
	return c, nil
}

func (c *Client) read(r io.Reader) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		f, err := parseFetch(lines.Text())
		c.mu.Lock()
		if err != nil {
			c.bad = err
		} else {
			c.all = append(c.all, f)
		}
		c.mu.Unlock()
	}
}

func parseFetch(line string) (Fetch, error) {
	words := strings.SplitN(line, " ", 4)
	if len(words) != 4 {
		return Fetch{}, fmt.Errorf("a fetch is 4 words, got %q", line)
	}
	began, err1 := strconv.ParseInt(words[0], 10, 64)
	ended, err2 := strconv.ParseInt(words[1], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return Fetch{}, fmt.Errorf("a fetch begins with two times: %w", err)
	}
	f := Fetch{Began: time.Unix(0, began), Ended: time.Unix(0, ended)}
	switch words[2] {
	case "ok":
		f.Server = words[3]
	case "failed":
		f.Failure = words[3]
	default:
		return Fetch{}, fmt.Errorf("a fetch is ok or failed, got %q", words[2])
	}
	return f, nil
}

// FirstAnswer is when the first answer of a server came to a fetch begun after a time; zero if
// there is none yet.
func (c *Client) FirstAnswer(server string, after time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.all {
		if f.Server == server && f.Began.After(after) {
			return f.Ended
		}
	}
	return time.Time{}
}

// LastAnswer is when the newest answer came, of whatever server; zero if there was none.
func (c *Client) LastAnswer() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.all) - 1; i >= 0; i-- {
		if c.all[i].Server != "" {
			return c.all[i].Ended
		}
	}
	return time.Time{}
}

// Stop ends the client and returns all its fetches, in the order of their ends.
func (c *Client) Stop() ([]Fetch, error) {
	c.input.Close()
	<-c.done
	c.mu.Lock()
	defer c.mu.Unlock()
	sort.SliceStable(c.all, func(i, j int) bool { return c.all[i].Ended.Before(c.all[j].Ended) })
	return c.all, c.bad
}
