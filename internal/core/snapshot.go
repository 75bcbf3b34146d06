package core

import (
	"strconv"
	"strings"
	"time"
)

// SnapshotVersion is the format of a [Snapshot]. It changes when an older program could not go on from it, or
// would go on wrongly: not for a field whose absence means what was so before.
const SnapshotVersion = 1

// Snapshot is everything that a core must know which goes on where another ended, see [Core.Snapshot]. It is
// made to be written as JSON. What is not in it, and why, stands in snapshot_test.go: a field of the core that
// is added and forgotten here fails a test.
type Snapshot struct {
	Version    int
	Self       text
	Peer       text // "" in a cluster of one
	UUID       []byte
	Generation uint64
	At         time.Duration // of the newest event
	Files      text          // the fingerprint of haresources
	Mixed      bool          // not all of it is in force yet
	Base       text          // if so: the file of what waits
	Failback   AutoFailback
	QuickPace  time.Duration
	QuickTill  time.Duration
	Keepalive  time.Duration

	Status                       text
	Seq, LastClaim, LastRun      uint64
	History                      []savedMessage
	NextBeat                     time.Duration
	FirstDoubt, LastDoubt, Grace time.Duration
	ReqAt, AgainAt               time.Duration
	Said                         text
	Join                         savedJoin
	FailbackAt                   time.Duration // of the standby
	Refused                      uint64
	RefusedWhich                 text
	Taking                       savedTakeover
	Fence                        savedFence
	Last                         savedTransition
	Drops                        map[string]uint64

	SelfNode savedNode
	PeerNode *savedNode
	Pings    []savedPing
	NextPing time.Duration
	Groups   []savedGroup
}

type (
	savedStamp struct {
		At   time.Duration
		Wall int64
		Load text
		Rand uint64
	}

	// savedMessage is a message kept for retransmission; a beat is kept in short.
	savedMessage struct {
		Seq     uint64
		Message []byte `json:",omitempty"` // as a netstring
		Beat    *savedBeat
		Wall    int64
		Load    text
		Again   time.Duration
	}

	savedBeat struct {
		Status, Sees   text
		Standby, Claim uint64
		Phase          text
	}

	savedJoin struct {
		Began, HeardAt time.Duration
		Silent, Warned bool
		ReloadEnds     time.Duration
	}

	savedTakeover struct {
		From, Cause text
		Initial     bool
	}

	savedFence struct {
		Waiting            bool // an attempt failed; one at work is waited for
		Attempt            int
		At, Since          time.Duration
		Gen, Reset, Struck uint64
		Failure            text
	}

	savedTransition struct {
		Wall        int64
		What, Cause text
	}

	savedNode struct {
		Name     text
		Status   text
		Changed  savedStamp
		LastBeat time.Duration
		Deadtime time.Duration
		Links    []savedLink
		Window   savedWindow

		LastStatus, Residue, Acked uint64

		Capable      bool
		Key          int
		UUID         []byte
		Left         bool
		Deaths, Late uint64
		Weight       int
		Weighed      bool
		Site         text

		Claim                           savedClaim
		Report                          savedReport
		Started, Asked, Claims, Offered bool
		HealedAt, DeafSince             time.Duration
	}

	savedLink struct {
		Name    text
		Up      bool
		Last    time.Duration
		Changed savedStamp
	}

	savedWindow struct {
		Gen, Last     uint64
		Heard, Adrift bool
		Missing       []savedHole
	}

	savedHole struct {
		Seq   uint64
		Ask   time.Duration
		Asked int
	}

	savedClaim struct {
		Known       bool
		Seq         uint64
		Hold        text
		Stable      bool
		Groups      []savedHeld // null for a C node
		Failed      []text
		UnsettledAt time.Duration
		Releasing   bool
		Gone        bool
		Leaving     bool
		Files       text
	}

	savedHeld struct {
		Key     text
		Term    uint64
		Blind   bool
		Age     time.Duration
		Partial bool
	}

	savedReport struct {
		Seq, Standby, Claim uint64
		Phase               text
	}

	savedPing struct {
		Name, Kind, Status text
		Changed            savedStamp
		Last               time.Duration
		Heard              bool
		Deaths, Late       uint64
	}

	savedGroup struct {
		Key, Home text
		Resources []text
		Virtual   bool

		State   text
		Changed savedStamp
		Want    bool

		Asked, Cold       bool
		Index, Tries      int
		Begun             int
		WaitTo            time.Duration
		Partial, Failed   bool
		Failures          int
		RetryAt           time.Duration
		Term              uint64
		Blind             bool
		OursSince         time.Duration
		Failback          bool
		OrphanAt          time.Duration
		Barred            bool
		OrphanAsked       bool
		Request           savedRequest
		Owed, Had, Theirs bool

		Leaving, Fresh, Careful, Waits, Stays bool
	}

	savedRequest struct {
		Since, Again time.Duration
		Said         bool
	}
)

// text is what files, programs and other nodes may have put any bytes into: JSON takes only UTF-8.
type text string

// MarshalText writes bytes that are no plain ASCII as %XX.
func (t text) MarshalText() ([]byte, error) {
	var b []byte
	for i := 0; i < len(t); i++ {
		if c := t[i]; c < ' ' || c > '~' || c == '%' {
			b = append(b, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		} else {
			b = append(b, c)
		}
	}
	return b, nil
}

// UnmarshalText reads it.
func (t *text) UnmarshalText(b []byte) error {
	var s strings.Builder
	for i := 0; i < len(b); i++ {
		if b[i] != '%' || i+2 >= len(b) {
			s.WriteByte(b[i])
			continue
		}
		n, err := strconv.ParseUint(string(b[i+1:i+3]), 16, 8)
		if err != nil {
			return err
		}
		s.WriteByte(byte(n))
		i += 2
	}
	*t = text(s.String())
	return nil
}

func (s Stamp) save() savedStamp { return savedStamp{s.At, s.Wall, text(s.Load), s.Rand} }

func (s savedStamp) stamp() Stamp {
	return Stamp{At: s.At, Wall: s.Wall, Load: string(s.Load), Rand: s.Rand}
}

func texts(words []string) []text {
	var list []text
	for _, w := range words {
		list = append(list, text(w))
	}
	return list
}

func plain(words []text) []string {
	var list []string
	for _, w := range words {
		list = append(list, string(w))
	}
	return list
}
