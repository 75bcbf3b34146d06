package core

import (
	"strings"
	"testing"
	"time"
)

// FuzzFence plays a peer that dies, comes back and talks, and a device that ends when and how it likes. While the
// device has not said that the peer is off, and nothing of the peer was heard, nothing is started or claimed that
// was not ours; the device is asked once at a time.
func FuzzFence(f *testing.F) {
	f.Add([]byte("dddFtFsdddcdddgddd"))
	f.Add([]byte("dddrFddsdddFFxddd"))
	f.Add([]byte("\x01dddFtFsdbdcdddgddd"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 || len(data) > 400 {
			return
		}
		w := &fenceWorld{bench: newBench(t, withDevice), t: t}
		if data[0]%2 == 1 {
			w.bench = joined(t, "1:1:db", withDevice)
			w.claimed = map[string]bool{"ip1": true}
		}
		w.look()
		for _, op := range data {
			w.play(op)
			w.look()
		}
	})
}

// fenceWorld is what is true of the device and the peer.
type fenceWorld struct {
	*bench
	t       *testing.T
	attempt int             // at work; 0: none is
	waits   bool            // the device was asked, and neither it nor the peer has said anything since
	claimed map[string]bool // by us, last
	held    map[string]bool // what that was when the device was asked
}

func (w *fenceWorld) play(op byte) {
	switch op {
	case 'd':
		w.advance(3 * time.Second)
	case 't':
		w.advance(fenceEvery)
	case 's', 'F', 'x': // the device has ended; x: an attempt that is none
		attempt := w.attempt
		if op == 'x' {
			attempt += 1 + int(op)%3
		} else {
			w.attempt = 0
		}
		if op == 's' && attempt != 0 {
			w.waits = false
		}
		w.step(FenceDone{Attempt: attempt, OK: op != 'F', Code: int(op) % 2})
	case 'b':
		w.waits = false
		w.beat("active", "hbd", "1")
	case 'r':
		w.waits = false
		w.gen, w.seq = w.gen+1, 0
		w.beat("init", "hbd", "1")
	case 'c', 'C':
		w.waits = false
		w.claim(map[byte]string{'c': "", 'C': "1:1:db"}[op])
	case 'g':
		w.waits = false
		w.from("shutdone", "st", "dead")
	case 'a':
		w.waits = false
		w.from("repnodes", "dest", "alpha", "nodelist", "alpha beta ", "delnodelist", " ")
	case 'q':
		w.step(StopCommand{})
	}
}

// look holds what was done against what may be.
func (w *fenceWorld) look() {
	for _, a := range w.all {
		switch a := a.(type) {
		case Fence:
			if w.attempt != 0 || w.c.peer.status != "dead" {
				w.t.Fatalf("%+v while attempt %d is at work, and beta is %s", a, w.attempt, w.c.peer.status)
			}
			w.attempt, w.waits, w.held = a.Attempt, true, w.claimed
		case Run:
			if w.waits && a.Op == Start && !w.held[a.Group] {
				w.t.Fatalf("%s is started before beta was reset:\n%s", a.Resource, w.text())
			}
		case Send:
			if !a.Msg.Has(fieldGroups) {
				continue
			}
			w.claimed = map[string]bool{}
			for _, word := range strings.Fields(a.Msg.Str(fieldGroups)) {
				key := word[strings.LastIndex(word, ":")+1:]
				if w.claimed[key] = true; w.waits && !w.held[key] {
					w.t.Fatalf("%s is claimed before beta was reset:\n%s", key, w.text())
				}
			}
		}
	}
	w.clear()
}
