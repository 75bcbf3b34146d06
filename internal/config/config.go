// Package config reads ha.cf, authkeys and haresources: the languages of Heartbeat 3.0.6, its
// defaults, its cross checks and its verdict. It is pure: files come in as bytes, the machine
// (interfaces, users, services) as a [Host].
package config

import (
	"net/netip"
	"time"

	"heartbeatd/internal/auth"
)

// Failback is auto_failback.
type Failback uint8

// The values of auto_failback. Legacy is the default of 3.0.6 when the directive is absent.
const (
	Legacy Failback = iota
	On
	Off
)

// String is the word of ha.cf.
func (f Failback) String() string {
	switch f {
	case Legacy:
		return "legacy"
	case On:
		return "on"
	case Off:
		return "off"
	}
	return "unknown"
}

// MediumKind is the directive a medium came from.
type MediumKind uint8

// Media that carry beats.
const (
	Bcast MediumKind = iota
	Ucast
	Mcast
	Ucast6
	Mcast6
	Serial
)

// String is the directive.
func (k MediumKind) String() string {
	switch k {
	case Bcast:
		return "bcast"
	case Ucast:
		return "ucast"
	case Mcast:
		return "mcast"
	case Ucast6:
		return "ucast6"
	case Mcast6:
		return "mcast6"
	case Serial:
		return "serial"
	}
	return "unknown"
}

// Medium is one way for datagrams, as one directive asked for it.
type Medium struct {
	Kind   MediumKind
	Device string     // interface name, or path of a serial line; also the link's name in logs
	Peer   netip.Addr // ucast, ucast6: the address sent to; mcast, mcast6: the group
	Port   uint16     // 0 for a serial line
	TTL    int        // mcast, mcast6: 0..4
	Loop   bool       // mcast, mcast6
	Baud   int        // serial
	Where  string     // "ha.cf:12"
}

// Logging is where lines go. An empty path means off.
type Logging struct {
	File         string
	DebugFile    string
	Facility     string // "" for no syslog
	UseLogd      bool
	LogdRetry    time.Duration // conn_logd_time
	SyslogFormat bool          // syslogmsgfmt: true is "Nov 22 07:11:55 node1 heartbeat: [3029]: info: text"
}

// Compression is which messages are sent compressed.
type Compression struct {
	Method      string // compression: zlib, bz2
	Threshold   int    // compression_threshold, in KiB
	Traditional bool   // traditional_compression: whatever is longer is compressed
}

// Group is one logical line of haresources.
type Group struct {
	Home      string   // node name, lower case
	Resources []string // words, at least one for a real group; the first is the group's key
	Where     string
}

// Config is everything the three files say, defaults applied and checked.
type Config struct {
	Dir          string     // the directory the files came from, /etc/ha.d
	Self         string     // this node's name, lower case
	Nodes        []string   // normal nodes, lower case, in file order, each once
	PingNodes    []PingNode // of ping, ping6 and ping_group; they count for the ttl
	Keepalive    time.Duration
	Deadtime     time.Duration
	Warntime     time.Duration
	Initdead     time.Duration
	Deadping     time.Duration
	AutoFailback Failback
	HopFudge     int // 0..255
	Debug        int // 0..255
	UDPPort      uint16
	MsgFmt       string        // classic, netstring
	MaxRexmit    time.Duration // max_rexmit_delay
	HBGenMethod  string        // file, time
	UUIDFrom     string        // file, nodename
	LogBadPacket bool          // log_badpack
	Compression  Compression   // of whole messages
	Realtime     bool          // realtime: beats are sent with real-time priority, memory is locked
	RTPriority   int           // rtprio, 1..99
	Coredumps    Coredumps     // coredumps
	CoreRoot     string        // coreroot: below it each user has a directory; "" is the built-in one
	UseApphbd    bool          // use_apphbd: the application heartbeat daemon watches this one
	Media        []Medium
	Stonith      *Stonith // nil: none
	Children     []Child  // respawn and failfast, in file order
	Watchdog     string   // the device; "" for none
	Log          Logging
	Groups       []Group
	Keys         *auth.Keys
	APIAuth      []APIAuth         // who may sign on by which name, the built-in entries first
	Env          []string          // NAME=VALUE of env directives, without the HA_ prefix
	Parameters   map[string]string // recorded directives, as written or "1000ms" for computed ones
	Advice       Report            // warnings for `heartbeatd check`, which a start does not show
}

// Parameter is what cl_status hbparameter -p NAME answers; ok is false for "no value".
// 3.0.6: crm answers the value of pacemaker, hbversion exists without a directive.
func (c *Config) Parameter(name string) (value string, ok bool) {
	switch name {
	case "crm":
		name = "pacemaker"
	case "hbversion":
		return Version, true
	}
	value, ok = c.Parameters[name]
	return value, ok
}

// Version is the release of the C daemon whose configuration language this is.
const Version = "3.0.6"
