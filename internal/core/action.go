package core

import (
	"time"

	"heartbeatd/internal/wire"
)

// Action is something the caller must do, in the order given.
type Action interface{ action() }

type (
	// Send signs the message and writes it on every link. The same *Message sent twice is a
	// retransmission and must give the same bytes.
	Send struct{ Msg *wire.Message }

	// Run starts a resource script; its end comes back as [ScriptDone] with the same ID. If an
	// earlier daemon was killed and left scripts of its own at work, the caller lets them end
	// before it runs one: they change what the status scripts are about to find.
	Run struct {
		ID       uint64
		Group    string // key of the group
		Resource string // the word of haresources: 10.0.0.1/24/eth0, drbddisk::r0, httpd
		Op       Op
	}

	// Announce repeats the gratuitous ARP (or neighbour advertisement) of an address word.
	Announce struct{ Resource string }

	// Log is one line of ha-log.
	Log struct {
		From  string // "heartbeat", or the script whose line C operators know: "ResourceManager", "mach_down"
		Level Level
		Text  string
		Limit string // not empty: a stranger can cause this line at will; limit the rate per word
	}

	// Reboot is the last resort after a stop script failed for good: the resource may still
	// run here and only a reboot is certain to end it.
	Reboot struct{ Reason string }

	// Hook is a message that 3.0.6 runs a script of /etc/ha.d/rc.d for, see [Config.Hooks]. Nothing
	// depends on it. The message is the caller's until the next Step.
	Hook struct {
		Msg   *wire.Message
		Gives bool // an ip-request, of a group that runs here and will be given away
	}

	// Fence resets a node with the STONITH device, and comes back as [FenceDone] with the same attempt. One
	// that hangs may be given up after a while; it has failed then.
	Fence struct {
		Node    string
		Attempt int
	}

	// Ping asks every ping node for an answer, see [Config.Pings] and [Answered].
	Ping struct{}

	// Exit ends the daemon; everything is released and said.
	Exit struct{}
)

func (Send) action()     {}
func (Run) action()      {}
func (Announce) action() {}
func (Log) action()      {}
func (Reboot) action()   {}
func (Hook) action()     {}
func (Fence) action()    {}
func (Ping) action()     {}
func (Exit) action()     {}

// Op is the last argument of a resource script.
type Op uint8

// What a resource script can be asked to do.
const (
	Start Op = iota
	Stop
	Status
)

func (o Op) String() string {
	switch o {
	case Start:
		return "start"
	case Stop:
		return "stop"
	case Status:
		return "status"
	}
	return "unknown"
}

// Level is the weight of a log line; its text is the one 3.0.6 prints.
type Level uint8

// Levels, gravest first.
const (
	Emerg Level = iota
	Alert
	Crit
	Error
	Warn
	Notice
	Info
	Debug
)

var levelNames = [...]string{"EMERG", "ALERT", "CRIT", "ERROR", "WARN", "notice", "info", "debug"}

func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return "unknown"
}

// NoTick is returned by [Core.NextTick] when nothing is due, ever.
const NoTick = time.Duration(1<<63 - 1)
