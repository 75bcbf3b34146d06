package cli

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/control"
	"heartbeatd/internal/pidfile"
)

// replacing is a daemon that is asked to replace itself; its answers to status come one after the other, the last
// again and again.
type replacing struct {
	statusOnly
	answers chan control.Status
	refusal error
	asked   int
}

func (r *replacing) Status() (control.Status, error) {
	select {
	case s := <-r.answers:
		r.st = s
	default:
	}
	return r.st, nil
}

func (r *replacing) Stop() error { return nil }

func (r *replacing) Replace() error { r.asked++; return r.refusal }

// TestReplaceCommand is `heartbeat -R` beside a daemon that runs.
func TestReplaceCommand(t *testing.T) {
	at := func(r control.Replacement) control.Status {
		return control.Status{PID: 42, Version: "2.0", Replacement: r}
	}
	for _, tt := range []struct {
		name    string
		answers []control.Replacement
		refusal error
		verdict int
		code    int
		want    []string
	}{
		{"done", []control.Replacement{{Done: 3}, {Done: 3, Pending: true}, {Done: 4}}, nil, 0, 0, []string{"info: Heartbeat pid 42 goes on as version 2.0"}},
		{"waits", []control.Replacement{{}, {Pending: true, Waiting: "web start is running", Seconds: 2}, {Done: 1}}, nil, 0, 0,
			[]string{"info: waiting: web start is running", "goes on as version 2.0"}},
		{"failed", []control.Replacement{{}, {Failed: "it is no program"}}, nil, 0, 1, []string{"ERROR: Heartbeat pid 42 NOT replaced: it is no program"}},
		{"an old failure", []control.Replacement{{Failed: "before"}, {Pending: true}, {Done: 1}}, nil, 0, 0, []string{"goes on as version 2.0"}},
		{"never", []control.Replacement{{}, {Pending: true}}, nil, 0, 1, []string{"ERROR: Heartbeat pid 42 not replaced yet"}},
		{"refused", []control.Replacement{{}}, &control.Refusal{Reason: "this node is stopping"}, 0, 1, []string{"this node is stopping"}},
		{"broken files", []control.Replacement{{}}, nil, 6, 1, []string{"validating", "NOT restarted"}},
		{"files that may not be read", []control.Replacement{{}}, nil, 4, 4, []string{"NOT restarted"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := testMachine(t)
			lock, err := pidfile.Create(m.pidFile)
			if err != nil {
				t.Fatal(err)
			}
			defer lock.Remove()
			server, err := control.Listen(m.socket)
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			d := &replacing{answers: make(chan control.Status, len(tt.answers)), refusal: tt.refusal}
			for _, r := range tt.answers {
				d.answers <- at(r)
			}
			go server.Serve(d)
			var out, errs strings.Builder
			var logged []string
			c := hbCall{machine: m, stdout: &out, stderr: &errs, replaceWithin: time.Minute,
				hooks: Hooks{Validate: func(w io.Writer) int { fmt.Fprintln(w, "validating"); return tt.verdict },
					Logged: func(text string) { logged = append(logged, text) }}}
			if tt.name == "never" {
				c.replaceWithin = 200 * time.Millisecond
			}
			code := c.run("heartbeat", []string{"-R"})
			if want := "NOT restarted (heartbeatd check says which)"; (tt.verdict != 0) != (len(logged) == 1 && strings.Contains(logged[0], want)) {
				t.Errorf("ha-log has %q", logged)
			}
			for _, want := range tt.want {
				if !strings.Contains(errs.String(), want) {
					t.Errorf("it says %q, want %q", errs.String(), want)
				}
			}
			if code != tt.code || tt.verdict == 0 != (d.asked == 1) {
				t.Errorf("exit code %d, want %d; asked %d times (process %d)", code, tt.code, d.asked, os.Getpid())
			}
		})
	}
}

// TestStopIsOrderedAgain: a connection that ends without an answer was to a daemon that has just executed its successor.
func TestStopIsOrderedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var asked []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; ; n++ {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if n == 0 || n == 2 {
				conn.Close()
				continue
			}
			line, _ := bufio.NewReader(conn).ReadString('\n')
			asked = append(asked, line)
			fmt.Fprintf(conn, `{"ok":true,"status":{"pid":17}}`+"\n")
			conn.Close()
		}
	}()
	c := &hbCall{machine: machine{socket: path}}
	ordered := c.asksToStop(17)()
	other := c.asksToStop(18)()
	l.Close()
	<-done
	if !ordered || !strings.Contains(strings.Join(asked, ""), "stop") {
		t.Errorf("ordered: %v, by %q", ordered, asked)
	}
	if other {
		t.Error("ordered a stop of another process")
	}
}
