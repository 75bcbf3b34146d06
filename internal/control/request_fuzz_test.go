package control

import (
	"bytes"
	"encoding/json"
	"testing"
)

// counting is a daemon that only counts what reaches it.
type counting struct{ calls, moves []string }

func (c *counting) Status() (Status, error) {
	c.calls = append(c.calls, "status")
	return Status{}, nil
}

func (c *counting) Standby(which string) error  { return c.move("standby", which) }
func (c *counting) Takeover(which string) error { return c.move("takeover", which) }

func (c *counting) Stop() error {
	c.calls = append(c.calls, "stop")
	return nil
}

func (c *counting) Replace() error {
	c.calls = append(c.calls, "replace")
	return nil
}

func (c *counting) move(command, which string) error {
	c.calls = append(c.calls, command)
	c.moves = append(c.moves, which)
	return nil
}

// FuzzRequest: whatever a client sends is answered by one line of JSON; what reaches the daemon is
// one call, with a word that it knows; what was understood is understood alike when written again.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{
		`{"command":"status"}`, `{"command":"standby","which":"all"}` + "\n", `{"command":"takeover","which":"failback"}{"command":"status"}`,
		"{}\n{\"command\":\"status\"}\n", `{"COMMAND":"standby","Which":"local","which":"foreign"}`, "\x00\xff\n", `{"command":"a\nb\u0000"}`,
		"\xef\xbb\xbf{\"command\":\"status\"}\r\n", `{"command":null,"which":7}`, "[[[[[[[[", `{"command":"standby","which":"` + "\xff" + `"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		line, err := readLine(bytes.NewReader(data))
		if err != nil {
			if line != nil {
				t.Fatalf("%q beside error %v", line, err)
			}
			return
		}
		if len(line) > maxRequest {
			t.Fatalf("a request of %d bytes", len(line))
		}
		d := &counting{}
		a := respond(line, d)
		if a.OK != (len(d.calls) == 1) || len(d.calls) > 1 || a.OK == (a.Error != "") {
			t.Fatalf("%q: calls %q, answer %+v", line, d.calls, a)
		}
		for _, which := range d.moves {
			if !ValidWhich(which) {
				t.Fatalf("%q: the daemon is asked to move %q", line, which)
			}
		}
		out, err := json.Marshal(a)
		if err != nil || bytes.ContainsAny(out, "\n\x00") || len(out) > 8*maxRequest {
			t.Fatalf("%q: answered by %q: %v", line, out, err)
		}
		understoodAlike(t, line)
	})
}

func understoodAlike(t *testing.T, line []byte) {
	r, err := parseRequest(line)
	if err != nil {
		return
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := parseRequest(text); err != nil || again != r {
		t.Fatalf("%q is %+v, written again %+v: %v", line, r, again, err)
	}
}
