package core

import "time"

// AutoFailback is the directive auto_failback.
type AutoFailback uint8

// The values of auto_failback.
const (
	FailbackLegacy AutoFailback = iota
	FailbackOn
	FailbackOff
)

// Config is what a core needs to know. Names are lower case.
type Config struct {
	Self       string
	Peer       string   // "" for a cluster of one
	Order      []string // node names in the order of ha.cf
	UUID       []byte   // 16 bytes
	Generation uint64   // higher at every start
	PID        int      // only for the shutdown line

	Keepalive time.Duration // > 0
	Deadtime  time.Duration // > 2 x Keepalive
	Warntime  time.Duration
	Initdead  time.Duration // >= Deadtime
	MaxRexmit time.Duration // max_rexmit_delay; 0 is 250 ms
	TTL       int
	Links     []string // names of the media, as ha.cf has them

	Failback    AutoFailback
	Groups      []GroupConfig
	Pings       []PingConfig  // ping, ping6 and ping_group, in the order of ha.cf
	Deadping    time.Duration // 0 is Deadtime
	Children    bool          // the caller has programs to end after [Exit], and says then that the shutdown is complete
	StopRetries int           // HA_STOPRETRYMAX; 0 is 10 (3.0.6)
	HangReport  time.Duration // how long a script may run before ha-log names it; 0 is 30 s
	Fingerprint string        // of haresources: the nodes compare it

	// Hooks asks for a [Hook] for every message that a site may have a script of rc.d for.
	Hooks bool

	Stonith string // the STONITH device, for the log; "": there is none, and a takeover waits for nothing

	// Thrifty makes a core that needs no memory for what it does all the time. Then the actions of a Step,
	// and the message of an acknowledgement, are good until the next Step only.
	Thrifty bool
}

// GroupConfig is one line of haresources.
type GroupConfig struct {
	Home      string
	Resources []string // the first is the group's key
}

func (c Config) withDefaults() Config {
	if c.MaxRexmit == 0 {
		c.MaxRexmit = 250 * time.Millisecond
	}
	if c.Deadping == 0 {
		c.Deadping = c.Deadtime
	}
	if c.StopRetries == 0 {
		c.StopRetries = 10
	}
	if c.HangReport == 0 {
		c.HangReport = 30 * time.Second
	}
	if len(c.Order) == 0 {
		c.Order = []string{c.Self}
		if c.Peer != "" {
			c.Order = append(c.Order, c.Peer)
		}
	}
	return c
}

// Which names the groups that a standby, a takeover or a claim is about, seen from one node.
type Which string

// The words of hb_standby, hb_takeover and rsc_hold.
const (
	None     Which = "none"
	Local    Which = "local"    // the groups whose home is this node
	Foreign  Which = "foreign"  // the others
	All      Which = "all"      // both
	Failback Which = "failback" // standby: Foreign; takeover: what is ours
)

// valid says whether an operator may use the word.
func (w Which) valid() bool {
	return w == Local || w == Foreign || w == All || w == Failback
}

// mirror is the same set of groups seen from the other node.
func (w Which) mirror() Which {
	switch w {
	case Local:
		return Foreign
	case Foreign, Failback:
		return Local
	}
	return w
}

// includes says whether a group whose home is the speaker (home) or not belongs to w.
func (w Which) includes(home bool) bool {
	switch w {
	case All:
		return true
	case Local:
		return home
	case Foreign, Failback:
		return !home
	}
	return false
}

// holding is the word for a set of sides.
func holding(local, foreign bool) Which {
	switch {
	case local && foreign:
		return All
	case local:
		return Local
	case foreign:
		return Foreign
	}
	return None
}
