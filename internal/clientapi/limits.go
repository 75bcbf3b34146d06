package clientapi

import (
	"sync"
	"time"
)

// What clients may have. 3.0.6 knows only the queue, of 64 messages.
const (
	mostConnections  = 256              // at once; as many descriptors
	mostOfOthers     = 192              // of all users but root
	mostOfStrangers  = 144              // of these, of users whom apiauth does not name
	mostOfOne        = 48               // of one user who is not root
	mostQueued       = 256              // messages that a client has not read
	mostQueuedBytes  = 512 << 10        // or so many bytes, if there is more than one
	patience         = 10 * time.Second // for a signon, and for a client to read what it got
	lastWords        = 2 * time.Second  // for the last message before the end
	acceptsPerSecond = 1000
	acceptsAtOnce    = 200

	requestsPerSecond  = 1000 // of one user
	requestsAtOnce     = 300
	messagesPerSecond  = 100 // to the cluster, of all clients: the other node must be able to ask for what it missed
	messagesAtOnce     = 50
	questionsPerSecond = 2 // to other nodes, of all clients without a name together
	questionsAtOnce    = 5
	answersPerSecond   = 10 // to other nodes' questions; what is beyond is not answered
	answersAtOnce      = 20
	movesPerSecond     = 1 // requests for a standby or a takeover, of one user: each is told in two logs
	movesAtOnce        = 3

	// mostMessage is the longest message of a client, as of the FIFO. 3.0.6: what a frame holds.
	mostMessage = 32 << 10
	// usualMessage is what one without much in it has on the line, and what the cluster adds to each.
	usualMessage = 350
)

// longest is the longest message that a client may send. On a serial line one that takes longer would keep beats
// waiting until they are too old to be written.
func (cfg Config) longest() int {
	if cfg.LineBytes == 0 {
		return mostMessage
	}
	return min(mostMessage, cfg.LineBytes*3/2)
}

// rates are what may be said to the cluster, and by whom.
type rates struct {
	said      bucket // by all clients together that apiauth names
	bytes     bucket // of that, where a serial line has to carry it: half of the line
	slow      bool   // there is one
	questions bucket // by the others
	answers   bucket // to another node's
	inside    bucket // by parts of the daemon: they wait for nobody
}

func newRates(lineBytes int) *rates {
	r := &rates{said: newBucket(messagesPerSecond, messagesAtOnce), inside: newBucket(messagesPerSecond, messagesAtOnce)}
	asked, answered := float64(questionsPerSecond), float64(answersPerSecond)
	if r.slow = lineBytes > 0; r.slow {
		line := float64(lineBytes)
		r.bytes = newBucket(line/2, line*3/2)
		asked, answered = min(asked, line/8/usualMessage), min(answered, line/8/usualMessage)
	}
	r.questions, r.answers = newBucket(asked, questionsAtOnce), newBucket(answered, answersAtOnce)
	return r
}

// say waits until a client that apiauth names may say so many bytes.
func (r *rates) say(size int, over <-chan struct{}) bool {
	return r.said.wait(over) && (!r.slow || r.bytes.waitFor(float64(size), over))
}

// bucket limits a rate: who comes too early waits.
type bucket struct {
	guard sync.Mutex
	rate  float64 // a second
	burst float64
	level float64
	last  time.Time
}

func newBucket(rate, burst float64) bucket { return bucket{rate: rate, burst: burst, level: burst} }

// take takes n, and says how long to wait for them.
func (b *bucket) take(n float64, now time.Time) time.Duration {
	b.guard.Lock()
	defer b.guard.Unlock()
	b.fill(now)
	b.level -= n
	if b.level >= 0 {
		return 0
	}
	return time.Duration(-b.level / b.rate * float64(time.Second))
}

// try takes one if there is one.
func (b *bucket) try(now time.Time) bool {
	b.guard.Lock()
	defer b.guard.Unlock()
	if b.fill(now); b.level < 1 {
		return false
	}
	b.level--
	return true
}

func (b *bucket) giveBack(n float64) {
	b.guard.Lock()
	defer b.guard.Unlock()
	b.level += n
}

// fill is called with the lock held.
func (b *bucket) fill(now time.Time) {
	if !b.last.IsZero() && now.After(b.last) {
		b.level = min(b.burst, b.level+now.Sub(b.last).Seconds()*b.rate)
	}
	if b.last.IsZero() || now.After(b.last) {
		b.last = now
	}
}

// wait takes one and waits for it; it is false if over comes first.
func (b *bucket) wait(over <-chan struct{}) bool { return b.waitFor(1, over) }

// waitFor takes n. Who has gone before its turn has taken nothing: else whoever comes and goes makes all others wait.
func (b *bucket) waitFor(n float64, over <-chan struct{}) bool {
	d := b.take(n, time.Now())
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-over:
		b.giveBack(n)
		return false
	}
}

// user is somebody with connections.
type user struct {
	connections int
	requests    bucket
	moves       bucket
}

// users counts connections.
type users struct {
	guard sync.Mutex
	of    map[uint32]*user
	all   int
	other int // of others than root
	alien int // of these, of users whom apiauth does not name
}

// admit is nil where a user has enough connections, or all have: then it is crowded.
func (u *users) admit(uid uint32, known bool) (who *user, crowded bool) {
	u.guard.Lock()
	defer u.guard.Unlock()
	who = u.of[uid]
	switch {
	case u.all >= mostConnections:
		return nil, true
	case uid == 0:
	case who != nil && who.connections >= mostOfOne:
		return nil, false
	case u.other >= mostOfOthers, !known && u.alien >= mostOfStrangers:
		return nil, true
	}
	if who == nil {
		who = &user{requests: newBucket(requestsPerSecond, requestsAtOnce), moves: newBucket(movesPerSecond, movesAtOnce)}
		u.of[uid] = who
	}
	who.connections++
	u.count(uid, known, 1)
	return who, false
}

// count is called with the lock held.
func (u *users) count(uid uint32, known bool, n int) {
	u.all += n
	if uid != 0 {
		u.other += n
		if !known {
			u.alien += n
		}
	}
}

// connectionsOf is how many connections a user has.
func (u *users) connectionsOf(who *user) int {
	u.guard.Lock()
	defer u.guard.Unlock()
	return who.connections
}

func (u *users) leave(uid uint32, known bool) {
	u.guard.Lock()
	defer u.guard.Unlock()
	who := u.of[uid]
	if who.connections--; who.connections == 0 && len(u.of) > mostConnections {
		delete(u.of, uid) // its bucket may be forgotten: this many users are no flood of one
	}
	u.count(uid, known, -1)
}
