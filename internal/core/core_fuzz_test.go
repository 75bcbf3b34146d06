package core

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/seqtrack"
	"heartbeatd/internal/wire"
)

// fuzzWorld is a core, and the truth about what its scripts have done, driven by a fuzzer's bytes.
type fuzzWorld struct {
	t    *testing.T
	data []byte
	c    *Core
	now  time.Duration
	gen  uint64 // of the other node, and the number of its last message
	seq  uint64

	runs    []Run           // not ended yet
	may     map[string]bool // resources that may run here
	missing string          // the resource that has no script on this machine
	said    map[*wire.Message]bool
	ended   bool
}

const fuzzBytes = 2000 // longer inputs only take longer

var (
	fuzzTypes = strings.Fields("status starting resource ask_resources hb_takeover shutdone reqnodes repnodes ip-request ip-request-resp " +
		"NS_ackmsg NS_rexmit NS_nak_rexmit NS_")
	fuzzNames = strings.Fields("st dt rsc_hold rtype isstable info dest firstseq lastseq ackseq nodelist ipaddr ok weown " +
		"hbd hbd_sees hbd_groups hbd_failed hbd_standby hbd_claim hbd_reply hbd_haresources src hg seq ts ttl t")
	fuzzValues = append(strings.Fields("0 1 5 9 a ffffffffffffffff -1 active up init dead all local foreign none failback full OK "+
		"ip1 db me other done standby shutdown mach_down alpha beta gamma 1:1:ip1 1:1:db b9:9:ip1 :: b:x:y bp3:70000:db "+
		"18446744073709551615:-9999999999999:db 99999999999999999999"),
		"", "alpha beta", "ip1 db", "1:1:ip1 2:2:db", "5 asked", "5 releasing", "5 waiting", "5 offered", "5 taking", "x y")
)

func newFuzzWorld(t *testing.T, data []byte) *fuzzWorld {
	w := &fuzzWorld{t: t, data: data[:min(len(data), fuzzBytes)], now: time.Hour, gen: 5, may: map[string]bool{}, said: map[*wire.Message]bool{}}
	cfg := testConfig()
	setting := w.byte()
	cfg.Failback = AutoFailback(setting % 3)
	if setting>>2&3 == 3 {
		cfg.Peer = ""
	}
	if resources := []string{"ip1", "web", "db"}; setting>>4&3 < 3 { // left by a daemon that was killed
		w.may[resources[setting>>4&3]] = true
	}
	if setting>>6 == 3 && !w.may["web"] {
		w.missing = "web"
	}
	w.c = New(cfg)
	w.step(Started{})
	return w
}

func (w *fuzzWorld) byte() byte {
	if len(w.data) == 0 {
		return 0
	}
	b := w.data[0]
	w.data = w.data[1:]
	return b
}

func (w *fuzzWorld) text() string {
	n := min(int(w.byte()%64), len(w.data))
	s := string(w.data[:n])
	w.data = w.data[n:]
	return s
}

// step gives the core one event and holds what it does against what a core may do.
func (w *fuzzWorld) step(ev Event) {
	w.t.Helper()
	out := w.c.Step(Stamp{At: w.now, Wall: 1_700_000_000 + int64(w.now/time.Second), Rand: 1234}, ev)
	if w.ended && len(out) > 0 {
		w.t.Fatalf("it has ended and does %+v", out)
	}
	sends, logs := 0, 0
	for _, a := range out {
		switch a := a.(type) {
		case Run:
			w.begin(a)
		case Send:
			sends++
			w.sent(a.Msg)
		case Log:
			if a.Limit == "" {
				logs++
			}
		case Exit:
			w.ended = true
			w.noneRuns("it ends")
		}
	}
	// A request for a retransmission is answered by 50 messages at most; each missing number is
	// asked for in a message of its own.
	most := 60
	if _, tick := ev.(Tick); tick {
		most += seqtrack.MaxGap
	}
	if sends > most || logs > 60 {
		w.t.Fatalf("%d messages and %d log lines for one %T", sends, logs, ev)
	}
	if at := w.c.NextTick(); at < w.now {
		w.t.Fatalf("a tick at %v, and it is %v", at, w.now)
	}
}

func (w *fuzzWorld) begin(r Run) {
	for _, other := range w.runs {
		if other.Group == r.Group || other.ID >= r.ID {
			w.t.Fatalf("%+v is started while %+v runs", r, other)
		}
	}
	if len(w.may) > 3 || r.Group != "ip1" && r.Group != "db" {
		w.t.Fatalf("script of an unknown group: %+v", r)
	}
	if r.Op == Start && r.Resource != w.missing {
		w.may[r.Resource] = true
	}
	w.runs = append(w.runs, r)
}

// sent: what goes out can go out, and never claims less than runs.
func (w *fuzzWorld) sent(m *wire.Message) {
	if err := m.Check(); err != nil {
		w.t.Fatalf("it sends what may not be sent: %v: %+v", err, m)
	}
	if w.said[m] {
		return // a retransmission tells of the past
	}
	w.said[m] = true
	switch m.Str("t") {
	case "resource":
		held := " " + m.Str(fieldGroups)
		for _, g := range testConfig().Groups {
			for _, r := range g.Resources {
				if w.may[r] && !strings.Contains(held+" ", ":"+g.Resources[0]+" ") {
					w.t.Fatalf("%s may run, and the claim is %q", r, held)
				}
			}
		}
	case "shutdone":
		w.noneRuns("it says goodbye")
	}
}

func (w *fuzzWorld) noneRuns(when string) {
	for r, may := range w.may {
		if may {
			w.t.Fatalf("%s while %s may run", when, r)
		}
	}
}

// end ends a script, honestly: its exit status may be bad, but what it says is true.
func (w *fuzzWorld) end(which, how byte) {
	if len(w.runs) == 0 {
		return
	}
	i := int(which) % len(w.runs)
	r := w.runs[i]
	w.runs = append(w.runs[:i:i], w.runs[i+1:]...)
	e := ScriptDone{ID: r.ID, Path: "/etc/ha.d/resource.d/" + r.Resource}
	switch {
	case r.Resource == w.missing:
		e.RC, e.Missing = 127, true
	case r.Op == Status && how%8 == 7:
		e.RC, e.Unsure = 137, true
	case r.Op == Status && w.may[r.Resource]:
		e.Output = []string{"running", "OK", "IPaddr: INFO:  Running OK"}[how%3]
	case r.Op == Status:
		e.RC, e.Output = 3, "stopped"
		if how%3 == 1 {
			e.RC, e.Output = 1, "web is NOT running"
		}
	case r.Op == Start && how%4 == 3: // it fails, having done something or nothing
		e.RC = 1
		w.may[r.Resource] = how&16 != 0
	case r.Op == Stop && how%4 == 3:
		e.RC = 1
		w.may[r.Resource] = w.may[r.Resource] && how&16 != 0
	case r.Op == Stop:
		delete(w.may, r.Resource)
	}
	w.step(e)
}

// pass lets time pass; the timer fires when it was asked for, or, when this machine is held up, late.
func (w *fuzzWorld) pass(d time.Duration, late, partial bool) {
	end := w.now + d
	for n := 0; ; n++ {
		if n > 2000 {
			w.t.Fatalf("%d ticks in %v", n, d)
		}
		at := w.c.NextTick()
		if at > end || late {
			w.now = end
			break
		}
		w.now = at
		w.step(Tick{Partial: partial})
	}
	if late {
		w.step(Tick{Partial: partial})
	}
}

// message makes up what a holder of the key may send.
func (w *fuzzWorld) message() *wire.Message {
	m := &wire.Message{}
	how := w.byte()
	if how < 250 {
		m.AddStr("t", fuzzTypes[int(how)%len(fuzzTypes)])
	} else {
		m.AddStr("t", w.text())
	}
	for n := w.byte() % 8; n > 0; n-- {
		name, value := fuzzNames[int(w.byte())%len(fuzzNames)], ""
		if v := w.byte(); v < 200 {
			value = fuzzValues[int(v)%len(fuzzValues)]
		} else if value = w.text(); v > 250 {
			m.AddBin(name, []byte(value))
			continue
		}
		m.AddStr(name, value)
	}
	switch next := w.byte(); {
	case next == 255:
		w.gen, w.seq = w.gen+1, 0
	case next >= 200:
		w.seq += uint64(next - 199)
	case next >= 190:
		w.seq -= min(w.seq, 2)
	}
	w.seq++
	for _, f := range [][2]string{{"src", "beta"}, {"ts", "1"}, {"hg", hex(w.gen)}, {"seq", hex(w.seq)}} {
		if !m.Has(f[0]) {
			m.AddStr(f[0], f[1])
		}
	}
	return m
}

// deliver hands a message over. One of nobody we know changes nothing at all.
func (w *fuzzWorld) deliver(m *wire.Message, link byte) {
	if m.Check() != nil {
		return // it does not get through package wire
	}
	stranger := m.Str("src") != "beta" && m.Str("src") != "alpha" || m.Str("src") == "beta" && w.c.peer == nil
	before := w.view(stranger)
	heard := w.now - time.Duration(link>>4)*time.Second/4
	w.step(Received{Link: []string{"eth0", "eth1", "eth9"}[link%3], Heard: heard, Msg: m})
	if stranger && !reflect.DeepEqual(before, w.view(true)) {
		w.t.Fatalf("a message from %q changes\n%+v\ninto\n%+v", m.Str("src"), before, w.view(true))
	}
}

func (w *fuzzWorld) view(wanted bool) (v View) {
	if wanted {
		v = w.c.View(w.now)
		v.Drops = nil
	}
	return v
}

// event does the next thing the fuzzer wants.
func (w *fuzzWorld) event() {
	switch op := w.byte(); {
	case op < 90:
		w.deliver(w.message(), w.byte())
	case op < 160:
		w.end(w.byte(), w.byte())
	case op < 220:
		w.pass(time.Duration(w.byte())*40*time.Millisecond, false, op%8 == 0)
	case op < 228:
		w.pass(time.Duration(w.byte())*200*time.Millisecond, true, op%8 == 0)
	case op < 240:
		w.step(StandbyCommand{[]Which{All, Local, Foreign, Failback}[op%4]})
	case op < 250:
		w.step(TakeoverCommand{[]Which{All, Local, Foreign, Failback}[op%4]})
	case op < 252:
		w.step(StopCommand{})
	case op < 254:
		w.step(ScriptDone{ID: uint64(w.byte()) * math.MaxUint32, RC: int(op)})
	default:
		w.c.View(w.now)
	}
}

// FuzzCore: whatever a holder of the key sends, in whatever order and however the scripts end, as long
// as they tell the truth, a node never claims less than may run on it, sends and logs little for
// each event, listens to nobody but its peer, and stops when it is told to.
func FuzzCore(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x01\x00\x08\x00\x00\x70\x00\x00\x70\x00\x00\x70\x00\x00\xa1\xff\xa1\xff"))
	f.Add([]byte("\x31\x02\x02\x01\x00\x0e\x01\x70\x00\x00\xa1\xff\x70\x00\x07\x70\x00\x03\xfa"))
	f.Add([]byte("\xc5\x00\x00\x02\x00\x08\x0e\x01\x00\x00\x02\x02\x03\x02\x0b\x10\x21\x0e\x01\x00\x00\xa1\xff\xe4\x70\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		w := newFuzzWorld(t, data)
		for len(w.data) > 0 && !w.ended {
			w.event()
		}
		w.step(StopCommand{})
		for until := w.now + 10*time.Minute; !w.ended; {
			if w.now > until {
				t.Fatalf("it does not stop: %+v, scripts %+v", w.c.View(w.now), w.runs)
			}
			for len(w.runs) > 0 {
				w.end(0, 0)
			}
			w.pass(time.Second, false, false)
		}
	})
}
