package pacer

import (
	"testing"
	"time"
)

func TestBuckets(t *testing.T) {
	last := -1
	for us := int64(0); us < 100_000_000; us += 1 + us/100 {
		b := bucket(us * 1000)
		if b < last || b > last+1 || b >= buckets {
			t.Fatalf("bucket of %d µs is %d after %d", us, b, last)
		}
		last = b
		if b < buckets-1 {
			d := time.Duration(us) * time.Microsecond
			if end := above(b); end <= d || end > d+d/8+time.Microsecond {
				t.Fatalf("bucket %d of %s ends at %s", b, d, end)
			}
		}
	}
	if bucket(-5) != 0 || bucket(1<<62) != buckets-1 {
		t.Error("a time out of range has no bucket")
	}
}

func TestQuantiles(t *testing.T) {
	h, other := &histogram{}, &histogram{}
	for range 990 {
		h.add(int64(20 * time.Microsecond))
	}
	for range 10 {
		other.add(int64(3 * time.Millisecond))
	}
	h.merge(other)
	l := h.lateness()
	if l.Count != 1000 || l.Max != 3*time.Millisecond {
		t.Errorf("count %d, max %s", l.Count, l.Max)
	}
	for share, want := range map[float64]time.Duration{0.5: 20 * time.Microsecond, 0.99: 20 * time.Microsecond, 0.991: 3 * time.Millisecond, 1: 3 * time.Millisecond} {
		if got := l.Quantile(share); got < want || got > want+want/8 {
			t.Errorf("quantile %g is %s, want %s", share, got, want)
		}
	}
	if none := (&histogram{}).lateness(); none.Quantile(0.999) != 0 {
		t.Error("a quantile of nothing")
	}
}
