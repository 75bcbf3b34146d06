package core

import (
	"time"

	"heartbeatd/internal/wire"
)

// Stamp is what the world looked like when an event happened. The core owns no clock, no
// randomness and no file: everything it needs of them comes in here.
type Stamp struct {
	At   time.Duration // monotonic time since an origin of the caller's choice
	Wall int64         // Unix seconds, for the ts field and for the operator
	Load string        // first line of /proc/loadavg, for the ld field; may be empty
	Rand uint64        // any random number, fresh for each event

	// Ahead says that somebody sends beats for us, see [Core.BeatAhead]. Went is how many of them
	// have gone out since the last event. TakeBack, which must be set where Ahead ever was, keeps
	// those back that have not and says how many more have; it is asked at most once in a step that
	// gives a number to another message, or finds that what the beats say is no longer true.
	Ahead    bool
	Went     int
	TakeBack func() int
}

// NoKey is no number of a key.
const NoKey = -1

// Event is something that happened.
type Event interface{ event() }

type (
	// Started is the first event of every core. The link layer is up by now.
	Started struct{}

	// Received is a datagram that parsed and carried a valid signature.
	Received struct {
		Link  string        // the medium's name: eth0
		Heard time.Duration // when the kernel received it, on the clock of Stamp.At; 0: now
		Key   int           // number of the key that signed it; NoKey if that key is not ours by the same number
		Msg   *wire.Message
	}

	// Tick is sent when the time named by [Core.NextTick] has come, after everything that
	// waited in the inbox was delivered. A late Tick is recognised as such.
	Tick struct {
		// Partial says that more waits in the inbox than could be delivered in time. What is due
		// is done, but nobody is declared dead on such evidence.
		Partial bool
	}

	// ScriptDone is the end of a [Run].
	ScriptDone struct {
		ID      uint64
		Missing bool   // there is no such script
		Unsure  bool   // it was killed or could not be run: its end tells nothing about the resource
		RC      int    // exit status; 128+signal when killed; 127 when nothing could be run
		Output  string // what it printed on stdout (status is judged by it), possibly cut
		Path    string // what was run, for the log
	}

	// FenceDone is the end of a [Fence].
	FenceDone struct {
		Attempt int
		OK      bool // the node is off, or was: nothing that ran on it before runs any more
		Code    int  // exit status of the device's program; 128+signal when killed
		PID     int
		Output  string // why it failed, in a line
	}

	// StandbyCommand is the operator's hb_standby on this node.
	StandbyCommand struct{ Which Which }

	// TakeoverCommand is the operator's hb_takeover on this node.
	TakeoverCommand struct{ Which Which }

	// Relay is a message that a program of this machine wants to be sent, without the fields that all
	// messages have. See [Core.relay] for those that are not.
	Relay struct{ Msg *wire.Message }

	// Answered is a ping node's answer to a [Ping].
	Answered struct {
		Node  string
		Heard time.Duration // as in Received
	}

	// StopCommand is SIGTERM: release everything, say goodbye, end.
	StopCommand struct{}
)

func (Started) event()         {}
func (Received) event()        {}
func (Tick) event()            {}
func (ScriptDone) event()      {}
func (FenceDone) event()       {}
func (StandbyCommand) event()  {}
func (TakeoverCommand) event() {}
func (Relay) event()           {}
func (Answered) event()        {}
func (StopCommand) event()     {}
