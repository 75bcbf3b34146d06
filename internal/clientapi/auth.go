package clientapi

import "slices"

// Peer is who is at the other end of a connection, as the kernel says.
type Peer struct {
	PID      int
	UID, GID uint32   // effective, at the moment of connect
	Groups   []uint32 // supplementary
}

// Rule is one apiauth entry: who may sign on by a name.
type Rule struct {
	UIDs, GIDs []uint32
	// Open lets everybody in who asks nothing but questions: the built-in entry anon. The cl_status of 3.0.6
	// is setgid haclient, so whoever can log in may ask all it asks.
	Open bool
}

// admits says whether the rule names the user or one of his groups. DIFFERS: 3.0.6 knows only the
// effective group; here a user whom the administrator has put into haclient is in it.
func (r Rule) admits(p Peer) bool {
	return slices.Contains(r.UIDs, p.UID) || slices.Contains(r.GIDs, p.GID) ||
		slices.ContainsFunc(p.Groups, func(g uint32) bool { return slices.Contains(r.GIDs, g) })
}

// Names of rules with a meaning of their own.
const (
	Anonymous = "anon"    // clients without a name
	Default   = "default" // names without a rule
)

// authorise gives the reason for which a client must not sign on, "" if it may. member says that a rule
// names it; who comes in by an open rule gets answers, but not the messages of the cluster.
func authorise(rules map[string]Rule, name string, casual bool, p Peer) (refusal string, member bool) {
	rule, ok := rules[name]
	switch {
	case casual:
		if rule, ok = rules[Anonymous]; !ok {
			return "apiauth anon missing", false
		}
	case !ok:
		if rule, ok = rules[Default]; !ok {
			return "no default client auth", false
		}
	}
	member = rule.admits(p)
	if !member && !(casual && rule.Open) {
		return "client failed authorization", false
	}
	return "", member
}
