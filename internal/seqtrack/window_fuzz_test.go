package seqtrack

import (
	"testing"
	"time"
)

// FuzzWindow plays any history of numbers and generations, and holds it against a memory that
// forgets nothing: no message is ever accepted twice, nor one of an earlier life, nor one that was
// given up.
func FuzzWindow(f *testing.F) {
	f.Add([]byte("\x01\x01\x11\x11\x15\x21\x21\x31\x90\x11"))
	f.Add([]byte("\x01\x02\xf1\xf1\x90\x21\x0a\x11\x0b\x21"))
	f.Add([]byte("\x81\x11\x18\x22\x23\x24\xa0\x11\x01\x21"))
	f.Fuzz(func(t *testing.T, data []byte) {
		type number struct{ gen, seq uint64 }
		var (
			w        Window
			accepted = map[number]bool{}
			gen, seq = uint64(5), uint64(100)
			now      time.Duration
		)
		for _, b := range data {
			switch arg := uint64(b & 15); b >> 4 {
			case 0: // another life
				gen, seq = gen+arg-7, arg
			case 1:
				seq += arg
			case 2, 3:
				seq -= min(seq, arg)
			case 4:
				seq += arg * MaxGap / 8
			case 5:
				seq -= min(seq, arg*MaxGap/8)
			case 6:
				w.SenderDied()
				if w.Missing() != 0 {
					t.Fatal("a dead sender is waited for")
				}
			case 7:
				now += time.Duration(arg) * 300 * time.Millisecond
				missing := w.Missing()
				for _, s := range w.Due(now, time.Second) {
					if s >= w.Last() || accepted[number{w.Generation(), s}] {
						t.Fatalf("%d is asked for, the newest is %d", s, w.Last())
					}
				}
				if w.Missing() != missing {
					t.Fatal("asking changes what is missing")
				}
			case 8:
				if w.Forget(seq) && accepted[number{w.Generation(), seq}] {
					t.Fatalf("%d was missing and had been accepted", seq)
				}
			default:
				before := w.Generation()
				status := b>>4%2 == 0
				seq += arg % 3
				r := w.Judge(gen, seq, status, now+time.Second)
				if w.Generation() < before {
					t.Fatalf("the generation fell from %d to %d", before, w.Generation())
				}
				if !r.Verdict.Accepted() {
					continue
				}
				if n := (number{gen, seq}); accepted[n] {
					t.Fatalf("%+v is accepted twice, as %s now", n, r.Verdict)
				} else {
					accepted[n] = true
				}
				if gen != w.Generation() || gen < before || gen > before && !status {
					t.Fatalf("generation %d accepted after %d (status: %v)", gen, before, status)
				}
			}
			if w.Missing() > MaxGap || w.Covered() > w.Last() {
				t.Fatalf("%d missing, all up to %d of %d", w.Missing(), w.Covered(), w.Last())
			}
			if at, ok := w.NextAsk(); ok != (w.Missing() > 0) {
				t.Fatalf("%d missing, to be asked for at %v: %v", w.Missing(), at, ok)
			}
		}
	})
}
