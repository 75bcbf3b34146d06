package scenario

import (
	"time"

	"heartbeatd/internal/wire"
)

// happening is what is going to happen: something done (do), a datagram that arrives (msg), or a
// core's timer. There are very many of the latter two, so they are no closures.
type happening struct {
	at   time.Duration
	n    uint64
	m    *Machine
	msg  *wire.Message
	life uint64 // timer: of the daemon that asked for it; datagram: the number of its link
	do   func()
}

func (h *happening) before(o *happening) bool { return h.at < o.at || h.at == o.at && h.n < o.n }

// queue is a binary heap. container/heap would make an interface of each element.
type queue []happening

func (q *queue) push(h happening) {
	s := append(*q, h)
	i := len(s) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !h.before(&s[up]) {
			break
		}
		s[i], i = s[up], up
	}
	s[i] = h
	*q = s
}

func (q *queue) pop() happening {
	s := *q
	first, last := s[0], s[len(s)-1]
	s[len(s)-1] = happening{}
	s = s[:len(s)-1]
	*q = s
	if len(s) == 0 {
		return first
	}
	i := 0
	for {
		down := 2*i + 1
		if down >= len(s) {
			break
		}
		if down+1 < len(s) && s[down+1].before(&s[down]) {
			down++
		}
		if !s[down].before(&last) {
			break
		}
		s[i], i = s[down], down
	}
	s[i] = last
	return first
}
