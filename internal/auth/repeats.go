package auth

const (
	// unpackAtMost is how often one compressed datagram is unpacked: it comes once over each link, of which there are
	// 64 at most, and again when it was asked for.
	unpackAtMost = 256
	// repeatsKnown are how many of them are remembered. Who sends recordings of more can have them unpacked, in turns.
	repeatsKnown = 128
)

// repeats counts how often the newest compressed datagrams have come, by their signatures.
type repeats struct {
	known [repeatsKnown]repeat
	next  int // the oldest
}

type repeat struct {
	token [40]byte // the longest
	times int
}

// another counts one, and says how often it has come by now.
func (r *repeats) another(token []byte) int {
	var t [40]byte
	copy(t[:], token)
	for i := range r.known {
		if k := &r.known[i]; k.times > 0 && k.token == t {
			k.times++
			return k.times
		}
	}
	r.known[r.next] = repeat{token: t, times: 1}
	r.next = (r.next + 1) % repeatsKnown
	return 1
}
