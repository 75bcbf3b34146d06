package clientapi

import (
	"bytes"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/wire"
)

// dialogue is what one program and the daemon of 3.0.6 said to each other.
type dialogue struct {
	name   string
	frames []frame
}

type frame struct {
	daemon bool
	bytes  []byte
}

func recorded(t testing.TB) (all []dialogue) {
	t.Helper()
	text, err := os.ReadFile("testdata/dialogues.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		switch {
		case strings.HasPrefix(line, "== "):
			all = append(all, dialogue{name: line[3:]})
			continue
		case line == "" || line[0] == '#':
			continue
		}
		d := &all[len(all)-1]
		b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(line[1:]), " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if line[0] != ' ' {
			d.frames = append(d.frames, frame{daemon: line[0] == 'S'})
		}
		last := &d.frames[len(d.frames)-1]
		last.bytes = append(last.bytes, b...)
	}
	return all
}

// recordedConfig and recordedState are those of the cluster of the recordings.
func recordedConfig() Config {
	return Config{
		Node: "node1", Deadtime: 5 * time.Second, Keepalive: 500 * time.Millisecond,
		Version: "3.0.6 (node: 958e11be8686759f1b99204c17812f2c2633b169)", Pacemaker: "false", LogFacility: -1,
		Parameters: map[string]string{"deadtime": "5", "keepalive": "500ms", "pacemaker": "false", "auto_failback": "off"},
		Rules: map[string]Rule{
			"ipfail": {UIDs: []uint32{103}}, "ping": {GIDs: []uint32{106}}, Anonymous: {UIDs: []uint32{0}, GIDs: []uint32{106}, Open: true},
		},
		Format: wire.Classic,
	}
}

func recordedState() (State, bool) {
	links := []Link{{"eth0", true}, {"eth1", false}}
	return State{Holding: "local", Nodes: []Node{
		{Name: "node1", Type: "normal", Status: "active", UUID: bytes.Repeat([]byte{1}, 16), Weight: 100, Links: links},
		{Name: "node2", Type: "normal", Status: "active", UUID: bytes.Repeat([]byte{2}, 16), Weight: 70, Site: "here", Links: links},
		{Name: "10.77.0.9", Type: "ping", Status: "dead", Weight: 100, Links: []Link{{"10.77.0.9", false}}},
	}}, true
}

func newTable() *Table {
	return NewTable(recordedConfig(), func(int) bool { return true }, recordedState)
}

// TestRecordedDialogues: to what a program of 3.0.6 was heard to send, each answer is the one that its
// daemon was heard to give, byte for byte.
func TestRecordedDialogues(t *testing.T) {
	checked := 0
	for i, d := range recorded(t) {
		table, id := newTable(), ID(i+1)
		var peer Peer
		if strings.HasPrefix(d.name, "ipfail") {
			peer = Peer{PID: 9047, UID: 103, GID: 106}
		} else if id := pidIn(d.frames[0].bytes); id != 0 {
			peer = Peer{PID: id, GID: 106}
		}
		table.Connected(id, peer)
		if !bytes.Contains(d.frames[0].bytes, []byte("reqtype=signon\n")) {
			pid := strconv.Itoa(peer.PID)
			table.Received(id, wire.New("hbapi-req").AddStr("reqtype", "signon").AddStr("pid", pid).AddStr("uid", "0").AddStr("gid", "106"))
		}
		var said []*wire.Message
		for _, f := range d.frames {
			if !f.daemon {
				m, err := readMessage(f.bytes)
				if err != nil {
					t.Fatalf("%s: %v", d.name, err)
				}
				if got := AppendFrame(nil, m, wire.Classic); !bytes.Equal(got, f.bytes) {
					t.Errorf("%s: read and written again, the request is\n%q, was\n%q", d.name, got, f.bytes)
				}
				said = append(said, written(table.Received(id, m))...)
				continue
			}
			if bytes.Contains(f.bytes, []byte("hbapi-clstat")) {
				continue // the core makes it complete: see core and the tests with sockets
			}
			if len(said) == 0 {
				t.Fatalf("%s: no answer, want %q", d.name, f.bytes)
			}
			if got := AppendFrame(nil, said[0], wire.Classic); !bytes.Equal(got, f.bytes) {
				t.Errorf("%s: the answer is\n%q, want\n%q", d.name, got, f.bytes)
			}
			said = said[1:]
			checked++
		}
		if len(said) > 0 {
			t.Errorf("%s: more was said: %q", d.name, AppendFrame(nil, said[0], wire.Classic))
		}
	}
	if checked < 17 {
		t.Errorf("only %d answers were compared", checked)
	}
}

func pidIn(frame []byte) int {
	m, err := readMessage(frame)
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(m.Str("pid"))
	return pid
}

func readMessage(frame []byte) (*wire.Message, error) {
	body, err := readFrame(bytes.NewReader(frame), maxBody)
	if err != nil {
		return nil, err
	}
	return parseBody(body)
}

func written(actions []Action) (all []*wire.Message) {
	for _, a := range actions {
		if w, ok := a.(Write); ok {
			all = append(all, w.Msg)
		}
	}
	return all
}
