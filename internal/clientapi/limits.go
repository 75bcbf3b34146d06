package clientapi

import (
	"sync"
	"time"
)

// What clients may have. 3.0.6 knows only the queue, of 64 messages.
const (
	mostConnections  = 256              // at once; as many descriptors
	mostOfOthers     = 192              // of all users but root
	mostOfOne        = 48               // of one user who is not root
	mostQueued       = 256              // messages that a client has not read
	mostQueuedBytes  = 512 << 10        // or so many bytes, if there is more than one
	patience         = 10 * time.Second // for a signon, and for a client to read what it got
	lastWords        = 2 * time.Second  // for the last message before the end
	acceptsPerSecond = 1000
	acceptsAtOnce    = 200

	requestsPerSecond = 1000 // of one user
	requestsAtOnce    = 300
	messagesPerSecond = 100 // to the cluster, of all clients: the other node must be able to ask for what it missed
	messagesAtOnce    = 50
)

// bucket limits a rate: who comes too early waits.
type bucket struct {
	guard sync.Mutex
	rate  float64 // a second
	burst float64
	level float64
	last  time.Time
}

func newBucket(rate, burst float64) bucket { return bucket{rate: rate, burst: burst, level: burst} }

// take takes one, and says how long to wait for it.
func (b *bucket) take(now time.Time) time.Duration {
	b.guard.Lock()
	defer b.guard.Unlock()
	if !b.last.IsZero() && now.After(b.last) {
		b.level = min(b.burst, b.level+now.Sub(b.last).Seconds()*b.rate)
	}
	if b.last.IsZero() || now.After(b.last) {
		b.last = now
	}
	b.level--
	if b.level >= 0 {
		return 0
	}
	return time.Duration(-b.level / b.rate * float64(time.Second))
}

// wait takes one and waits for it; it is false if over comes first.
func (b *bucket) wait(over <-chan struct{}) bool {
	d := b.take(time.Now())
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-over:
		return false
	}
}

// user is somebody with connections.
type user struct {
	connections int
	requests    bucket
}

// users counts connections.
type users struct {
	guard sync.Mutex
	of    map[uint32]*user
	all   int
	other int // of others than root
}

// admit is nil where a user has enough connections, or all have.
func (u *users) admit(uid uint32) *user {
	u.guard.Lock()
	defer u.guard.Unlock()
	who := u.of[uid]
	if u.all >= mostConnections || uid != 0 && (u.other >= mostOfOthers || who != nil && who.connections >= mostOfOne) {
		return nil
	}
	if who == nil {
		who = &user{requests: newBucket(requestsPerSecond, requestsAtOnce)}
		u.of[uid] = who
	}
	who.connections++
	u.all++
	if uid != 0 {
		u.other++
	}
	return who
}

func (u *users) leave(uid uint32) {
	u.guard.Lock()
	defer u.guard.Unlock()
	who := u.of[uid]
	if who.connections--; who.connections == 0 && len(u.of) > mostConnections {
		delete(u.of, uid) // its bucket may be forgotten: this many users are no flood of one
	}
	u.all--
	if uid != 0 {
		u.other--
	}
}
