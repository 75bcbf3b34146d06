package halog

import (
	"fmt"
	"sort"
	"sync"
	"time"
)

// Limiter thins out lines that a stranger can cause: of each key the first line passes at once,
// then at most one each interval, which tells how many were left out. It keeps a bounded number
// of keys, so that inventing keys fills no memory. Time is passed in: any monotonic clock does.
type Limiter struct {
	mu       sync.Mutex
	interval time.Duration
	max      int
	keys     map[string]*limited
	swept    time.Duration // when forget ran last
}

type limited struct {
	last time.Duration // when a line passed
	more uint64        // left out since
	late Line          // the latest of these
}

// Line is a line that may be logged now.
type Line struct {
	Level Level
	Text  string
}

// overflow is the key shared by all that find no room.
const overflow = ""

// NewLimiter returns a limiter for at most keys keys (at least 1) and one more that is shared by
// all further ones.
func NewLimiter(interval time.Duration, keys int) *Limiter {
	return &Limiter{interval: interval, max: max(keys, 1), keys: make(map[string]*limited)}
}

// Limit returns the line to log now, or false when it is to be left out.
func (l *Limiter) Limit(key string, at time.Duration, line Line) (Line, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.keys[key]
	if k == nil && len(l.keys) >= l.max {
		if at-l.swept >= l.interval/16 { // a flood of new keys must not sweep for each
			l.forget(at)
		}
		if len(l.keys) >= l.max {
			key = overflow
			k = l.keys[key]
		}
	}
	if k == nil {
		l.keys[key] = &limited{last: at}
		return line, true
	}
	if at-k.last < l.interval {
		k.more++
		k.late = line
		return Line{}, false
	}
	return k.pass(at, line), true
}

// Skip says that a line with this key is left out now, and has counted it: it need not even be made up.
// The line that tells how many were left out is then the first of them.
func (l *Limiter) Skip(key []byte, at time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.keys[string(key)]
	if k == nil || k.more == 0 || at-k.last >= l.interval {
		return false
	}
	k.more++
	return true
}

// Due returns the lines that tell of what was left out for keys whose interval is over and that
// have been silent since; call it now and then, so that the end of a flood is counted too.
func (l *Limiter) Due(at time.Duration) []Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []string
	for name, k := range l.keys {
		if k.more > 0 && at-k.last >= l.interval {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	lines := make([]Line, 0, len(names))
	for _, name := range names {
		k := l.keys[name]
		k.more-- // the line that is shown is one of them
		lines = append(lines, k.pass(at, k.late))
	}
	l.forget(at)
	return lines
}

func (k *limited) pass(at time.Duration, line Line) Line {
	if k.more > 0 {
		line.Text = fmt.Sprintf("%s (%d more in the last %d s)", line.Text, k.more, int64((at-k.last+time.Second/2)/time.Second))
	}
	*k = limited{last: at}
	return line
}

// forget drops the keys that have nothing to tell.
func (l *Limiter) forget(at time.Duration) {
	l.swept = at
	for name, k := range l.keys {
		if k.more == 0 && at-k.last >= l.interval {
			delete(l.keys, name)
		}
	}
}
