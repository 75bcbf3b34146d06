package clientapi

import (
	"bytes"
	"testing"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

// FuzzClient: whatever bytes a client sends, before it is signed on and after, the table stays whole: nobody is signed on
// whom no rule lets in, no message is said in another's name or in the daemon's, and each answer can be read.
func FuzzClient(f *testing.F) {
	for _, d := range recorded(f) {
		var all []byte
		for _, fr := range d.frames {
			if !fr.daemon {
				all = append(all, fr.bytes...)
			}
			f.Add(fr.bytes)
		}
		f.Add(all)
	}
	f.Add(AppendFrame(nil, msg("t=x dest=node2 from_id=other"), wire.Netstring))
	f.Add(AppendFrame(nil, msg("t=hbapi-req reqtype=clientstatus pid=12 from_id=12 node=node2 cn=x"), wire.Classic))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, signed := range []bool{false, true} {
			table := newTable()
			peer := Peer{PID: 9047, UID: 103, GID: 106}
			table.Connected(1, peer)
			if signed {
				table.Received(1, signon("ipfail", 9047, 103, 106))
			}
			r := bytes.NewReader(data)
			for table.find(1) != nil {
				body, err := readFrame(r, maxBody)
				if err != nil {
					break
				}
				m, err := parseBody(body)
				if err != nil {
					m = nil
				}
				check(t, table, table.Received(1, m))
			}
			check(t, table, table.Closed(1, "EOF"))
			if len(table.clients) != 0 {
				t.Fatal("somebody is still there")
			}
		}
	})
}

func check(t *testing.T, table *Table, actions []Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case Write:
			if _, err := readMessage(AppendFrame(nil, a.Msg, wire.Classic)); err != nil && a.Msg.Check() == nil {
				t.Fatalf("an answer that cannot be read: %v: %s", err, text(actions))
			}
		case Say:
			kind, from := a.Msg.Str("t"), a.Msg.Str("from_id")
			if core.OwnType(kind) && kind != "ask_resources" && kind != "hb_takeover" {
				t.Fatalf("said: %s", kind)
			}
			if from != "ipfail" && from != "9047" {
				t.Fatalf("said by %q", from)
			}
		}
	}
	for _, c := range table.clients {
		if c.signed && c.name != "ipfail" && c.name != "9047" {
			t.Fatalf("signed on: %q", c.name)
		}
	}
}
