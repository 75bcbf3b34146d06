package link

import (
	"slices"
	"testing"
	"time"
)

// TestQuest: it looks at once, then again and again for a second, and no longer; it never looks more often than it may.
func TestQuest(t *testing.T) {
	const ms = time.Millisecond
	for name, tt := range map[string]struct {
		begin []time.Duration
		found time.Duration // from then on nothing is missing
		want  []time.Duration
	}{
		"rests":                {nil, time.Hour, nil},
		"nothing is missing":   {[]time.Duration{50 * ms}, 0, []time.Duration{50 * ms}},
		"found later":          {[]time.Duration{50 * ms}, 300 * ms, []time.Duration{50 * ms, 250 * ms, 450 * ms}},
		"never found":          {[]time.Duration{0}, time.Hour, []time.Duration{0, 200 * ms, 400 * ms, 600 * ms, 800 * ms, 1000 * ms}},
		"begun again":          {[]time.Duration{0, 1500 * ms}, 0, []time.Duration{0, 1500 * ms}},
		"begun again and soon": {[]time.Duration{0, 50 * ms, 100 * ms}, 0, []time.Duration{0, 200 * ms}},
		"begun without end": {every(10*ms, 3*time.Second), time.Hour, append(every(200*ms, 3*time.Second),
			3000*ms, 3200*ms, 3400*ms, 3600*ms, 3800*ms, 4000*ms)},
	} {
		t.Run(name, func(t *testing.T) {
			var q quest
			var looked []time.Duration
			for now := time.Duration(0); now < 10*time.Second; now += 10 * ms {
				if slices.Contains(tt.begin, now) {
					q.begin()
				}
				if wait, ok := q.wait(now); ok && (wait == 0) != q.due(now) || !ok && q.due(now) {
					t.Fatalf("at %v it waits %v (%v), and is due: %v", now, wait, ok, q.due(now))
				}
				if q.due(now) {
					looked = append(looked, now)
					q.looked(now, now < tt.found)
				}
			}
			if !slices.Equal(looked, tt.want) {
				t.Errorf("looked at %v, want %v", looked, tt.want)
			}
		})
	}
}

func every(step, end time.Duration) (all []time.Duration) {
	for at := time.Duration(0); at < end; at += step {
		all = append(all, at)
	}
	return all
}
