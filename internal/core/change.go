package core

import "slices"

// A changed haresources. Groups are known by their key, and only the difference is stopped and started: a group that is
// gone is stopped and forgotten, a resource that is gone from its group is stopped, one that is new in it is started,
// all else goes on. The two nodes get the new file at different moments, and the other may be a C node, which reads it
// with every script; so two rules keep a resource from running twice:
//
//   - A new group is taken only when the other node has the same file, or is not there. (group.fresh)
//   - Where resources move from one group to another, also by a new name of a group, all these groups stay as they
//     were until it has the same file, or has said goodbye: who has the old file knows the resources by another group's
//     name, and who is dead may come back with it. (change.ready)
//
// What is to be let go, or is being stopped, is claimed under the old key, which the old file knows, and under that with a
// minus, which no file knows: whoever has the new file sees that not all is let go yet.

// leavingMark marks in a claim the key of what its sender no longer finds in its file, and has not stopped yet.
const leavingMark = "-"

// mixedFiles stands in the place of the fingerprint of a file that is not wholly in force: no other node has it.
const mixedFiles = "?"

// change is a set of keys that are tied together by resources that move between their groups. Mostly it is one.
type change struct {
	old []*group
	new []GroupConfig
}

// changes compares the file with the groups there are.
func (c *Core) changes() []*change {
	sets := map[string]*change{} // by key
	var all []*change
	of := func(key string) *change {
		if sets[key] == nil {
			sets[key] = &change{}
			all = append(all, sets[key])
		}
		return sets[key]
	}
	for _, g := range c.groups {
		if !g.virtual && !g.leaving {
			of(g.key).old = append(of(g.key).old, g)
		}
	}
	for _, gc := range c.cfg.Groups {
		of(gc.Resources[0]).new = append(of(gc.Resources[0]).new, gc)
	}
	for _, m := range c.moves() {
		a, b := sets[m[0]], sets[m[1]]
		if a == b {
			continue
		}
		a.old, a.new = append(a.old, b.old...), append(a.new, b.new...)
		for _, g := range b.old {
			sets[g.key] = a
		}
		for _, gc := range b.new {
			sets[gc.Resources[0]] = a
		}
		b.old, b.new = nil, nil
	}
	return slices.DeleteFunc(all, func(ch *change) bool { return ch.nothing() })
}

// moves are the resources that a group has lost and another one gained, as pairs of their keys.
func (c *Core) moves() (pairs [][2]string) {
	lostBy := map[string][]string{}
	for _, g := range c.groups {
		if g.virtual || g.leaving {
			continue
		}
		for _, word := range g.resources {
			if !slices.Contains(c.listed(g.key), word) {
				lostBy[word] = append(lostBy[word], g.key)
			}
		}
	}
	if len(lostBy) == 0 {
		return nil
	}
	for _, gc := range c.cfg.Groups {
		had := c.groupOf(gc.Resources[0])
		for _, word := range gc.Resources {
			if had != nil && slices.Contains(had.resources, word) {
				continue
			}
			for _, key := range lostBy[word] {
				pairs = append(pairs, [2]string{key, gc.Resources[0]})
			}
		}
	}
	return pairs
}

// listed are the resources that the file has under a key.
func (c *Core) listed(key string) []string {
	for _, gc := range c.cfg.Groups {
		if gc.Resources[0] == key {
			return gc.Resources
		}
	}
	return nil
}

// groupOf is the group of that key, nil if there is none or it is on its way out.
func (c *Core) groupOf(key string) *group {
	for _, g := range c.groups {
		if g.key == key && !g.leaving && !g.virtual {
			return g
		}
	}
	return nil
}

func (ch *change) nothing() bool {
	switch {
	case len(ch.old) != len(ch.new) || len(ch.old) > 1:
		return len(ch.old)+len(ch.new) == 0
	default:
		return len(ch.old) == 0 || ch.old[0].home == ch.new[0].Home && slices.Equal(ch.old[0].resources, ch.new[0].Resources)
	}
}

// tied says that resources move from one group to another.
func (ch *change) tied() bool { return len(ch.old) > 1 || len(ch.new) > 1 || ch.key() == "" }

// key is that of the only group; "" if its name changes.
func (ch *change) key() string {
	switch {
	case len(ch.old) == 1 && len(ch.new) == 1 && ch.old[0].key != ch.new[0].Resources[0]:
		return ""
	case len(ch.old) > 0:
		return ch.old[0].key
	}
	return ch.new[0].Resources[0]
}

// moved says that a group has another home.
func (ch *change) moved() bool {
	home := ""
	for _, g := range ch.old {
		if home != "" && home != g.home {
			return true
		}
		home = g.home
	}
	for _, gc := range ch.new {
		if home != "" && home != gc.Home {
			return true
		}
		home = gc.Home
	}
	return false
}

// adds says that a group gets a resource.
func (ch *change) adds() bool {
	return len(ch.old) == 1 && len(ch.new) == 1 && slices.ContainsFunc(ch.new[0].Resources, func(w string) bool { return !slices.Contains(ch.old[0].resources, w) })
}

// ready says whether a change may be made now. A C node names sides, not groups: what goes from one side to the other
// would be claimed by both or by nobody; and it takes what the other side has as it stands in its file at that moment.
func (c *Core) ready(ch *change) bool {
	n := c.peer
	switch {
	case n == nil || n.claim.gone || n.left:
		return true
	case n.dead(): // it may not be, or come back with the old file
		return !ch.tied() && (n.capable || n.lastStatus == 0 || !ch.moved())
	case n.lastStatus != 0 && !n.capable:
		return !ch.moved()
	case ch.tied(), ch.adds() && (!n.claim.known || n.claim.files != "" && n.claim.files != c.before):
		// A third file may have what is added in a group that we have forgotten.
		return n.active() && n.claim.known && n.claim.files == c.cfg.Fingerprint
	}
	return true
}

// anyBarred says that a dead node was not reset yet, and may have what it had by other names.
func (c *Core) anyBarred() bool {
	return c.fencing() || slices.ContainsFunc(c.groups, func(g *group) bool { return g.barred })
}

// changeGroups brings the file into force, as far as that may be done now.
func (c *Core) changeGroups() {
	if !c.changing || c.phase != phaseStable {
		return
	}
	c.forgetLeft()
	if p := c.standby.phase; p != standbyNone && p != standbyWaiting {
		return // what it is about must stay what it was; but who has given may be waited for, with what it still has to let go
	}
	waits := false
	for _, ch := range c.changes() {
		ready := c.ready(ch)
		if ready && !slices.ContainsFunc(ch.old, func(g *group) bool { return g.unquiet() != "" }) {
			c.change(ch)
			c.moved = true
			continue
		}
		waits = true
		for _, g := range ch.old {
			g.pending = !ready || c.loses(g) // else the other node need not wait for it
		}
		if !ready {
			c.sayWaits(ch)
		}
	}
	if !waits {
		c.takeBackLeft()
		c.fileOrder()
	}
	c.makeSides()
	c.changing = waits || slices.ContainsFunc(c.groups, func(g *group) bool { return g.leaving || g.fresh || g.careful })
}

// loses says that a group is to let go a resource.
func (c *Core) loses(g *group) bool {
	return slices.ContainsFunc(g.resources, func(w string) bool { return !slices.Contains(c.listed(g.key), w) })
}

// outlived says that a group is still known here by an old file, which the other node has not: it may have the resources
// by the name that they have there.
func (c *Core) outlived(g *group) bool {
	n := c.peer
	return g.pending && n.capable && n.claim.files != "" && n.claim.files != c.base
}

// sayWaits says once what a change waits for.
func (c *Core) sayWaits(ch *change) {
	for _, g := range ch.old {
		if !g.waits {
			g.waits = true
			c.logf(Warn, "what haresources has changed about resource group %s waits: %s", g.key, c.waitsFor())
		}
	}
}

// waitsFor is what stands in the way of a new or renamed group.
func (c *Core) waitsFor() string {
	n := c.peer
	switch {
	case n.dead():
		return "node " + n.name + " is dead, and may come back with the old file"
	case n.lastStatus != 0 && !n.capable:
		return "node " + n.name + " would claim it too, or nobody, until it is stopped or changed as well"
	case c.differs(n.claim.files):
		return "node " + n.name + " has not the same haresources yet"
	case c.peerLetsGo():
		return "node " + n.name + " still stops what haresources no longer has there"
	}
	return "node " + n.name + " has not said yet what it holds"
}

// change makes one.
func (c *Core) change(ch *change) {
	tied := ch.tied() || ch.adds() && c.peer != nil && c.peer.claim.files != c.before
	gained := c.gained(ch)
	for _, gc := range ch.new {
		if c.groupOf(gc.Resources[0]) == nil {
			c.addGroup(gc, gained[gc.Resources[0]])
		}
	}
	for _, gc := range ch.new { // when it is known what goes on under another name
		if g := c.groupOf(gc.Resources[0]); slices.Contains(ch.old, g) {
			c.changeGroup(g, gc, tied, ch)
		}
	}
	for _, g := range ch.old {
		if c.listed(g.key) == nil {
			c.dropGroup(g, ch)
		}
	}
}

// gained says from which group that runs here a group has resources that go on running under its name.
func (c *Core) gained(ch *change) map[string]*group {
	from := map[string]*group{}
	for _, gc := range ch.new {
		if c.groupOf(gc.Resources[0]) != nil {
			continue
		}
		for _, g := range ch.old {
			if g.want && g.state == groupRunning && from[gc.Resources[0]] == nil && slices.ContainsFunc(gc.Resources, func(w string) bool { return slices.Contains(g.resources, w) }) {
				from[gc.Resources[0]] = g
			}
		}
	}
	return from
}

// keeps says that a resource goes on running here in another group.
func (c *Core) keeps(word string, ch *change) bool {
	for _, gc := range ch.new {
		if g := c.groupOf(gc.Resources[0]); slices.Contains(gc.Resources, word) && g != nil && g.want {
			return true
		}
	}
	// What two groups had, by mistake, goes on for the one that keeps it.
	return slices.ContainsFunc(c.groups, func(g *group) bool {
		return g.want && !g.leaving && !g.virtual && slices.Contains(g.resources, word) && slices.Contains(c.listed(g.key), word)
	})
}

// addGroup is a group that was not there. What runs of it under another name goes on; else what runs of it
// is found out first, as at the start of a daemon.
func (c *Core) addGroup(gc GroupConfig, from *group) {
	g := &group{key: gc.Resources[0], home: gc.Home, resources: gc.Resources, begun: len(gc.Resources), fresh: true, changed: c.now}
	g.barred, g.stays = c.anyBarred(), gc.Home != c.cfg.Self
	if from != nil {
		g.state, g.want, g.term, g.oursSince = groupStarting, true, from.term, from.oursSince
		g.fresh, g.careful = false, true
	}
	c.groups = append(c.groups, g)
}

// changeGroup gives a group other resources or another home.
func (c *Core) changeGroup(g *group, gc GroupConfig, tied bool, ch *change) {
	if g.home != gc.Home {
		g.home, g.failback, g.stays = gc.Home, false, true
		g.fresh = g.fresh || !g.want
	}
	was := g.resources
	g.resources, g.waits, g.pending = gc.Resources, false, false
	if g.state == groupStopped {
		g.begun = len(g.resources)
		return
	}
	added := slices.ContainsFunc(g.resources, func(w string) bool { return !slices.Contains(was, w) })
	gone := slices.DeleteFunc(slices.Clone(was), func(w string) bool {
		return slices.Contains(g.resources, w) || c.keeps(w, ch)
	})
	if len(gone) > 0 {
		c.letGo(&group{key: g.key, home: g.home, resources: gone, term: g.term, oursSince: g.oursSince, state: g.state, retryAt: g.retryAt})
	}
	g.careful = g.careful || tied
	g.begun = len(g.resources)
	switch {
	case g.state == groupStarting, g.state == groupRunning && added:
		c.setGroup(g, groupStarting)
		g.cold = false
	}
}

// dropGroup ends a group that is gone.
func (c *Core) dropGroup(g *group, ch *change) {
	c.groups = slices.DeleteFunc(c.groups, func(o *group) bool { return o == g })
	if g.state == groupStopped {
		if g.owed { // somebody waits for the answer
			g.leaving = true
			c.groups = append(c.groups, g)
		}
		return
	}
	g.resources = slices.DeleteFunc(slices.Clone(g.resources), func(w string) bool { return c.keeps(w, ch) })
	if len(g.resources) > 0 {
		c.letGo(g)
	}
}

// letGo stops what the file no longer has. A stop that was begun or has failed goes on.
func (c *Core) letGo(g *group) {
	c.logf(Info, "haresources no longer has %s in resource group %s: it is stopped", g.words(), g.key)
	g.leaving, g.waits, g.pending, g.fresh, g.careful, g.failed, g.barred = true, false, false, false, false, false, false
	g.begun, g.index = len(g.resources), 0
	g.release()
	if g.state != groupStopFailed {
		g.state = groupRunning
	}
	c.groups = append(c.groups, g)
}

// forgetLeft forgets what has been let go.
func (c *Core) forgetLeft() {
	c.groups = slices.DeleteFunc(c.groups, func(g *group) bool { return g.leaving && g.state == groupStopped && !g.owed })
}

// takeBackLeft ends the letting go of what could not be stopped, and is in the file again.
func (c *Core) takeBackLeft() {
	c.groups = slices.DeleteFunc(c.groups, func(l *group) bool {
		if !l.leaving || l.state != groupStopFailed {
			return false
		}
		for _, g := range c.groups {
			if g != nil && !g.leaving && g.want && !slices.ContainsFunc(l.resources, func(w string) bool { return !slices.Contains(g.resources, w) }) {
				return true
			}
		}
		return false
	})
}

// fileOrder puts the groups in the order of the file; what is being let go comes last.
func (c *Core) fileOrder() {
	place := func(g *group) int {
		for i, gc := range c.cfg.Groups {
			if !g.leaving && !g.virtual && gc.Resources[0] == g.key {
				return i
			}
		}
		if g.virtual {
			return len(c.cfg.Groups)
		}
		return len(c.cfg.Groups) + 1
	}
	slices.SortStableFunc(c.groups, func(a, b *group) int { return place(a) - place(b) })
}

// makeSides sees to it that each node has a side, if only an empty one.
func (c *Core) makeSides() {
	has, held := map[string]bool{}, map[string]bool{}
	for _, g := range c.groups {
		held[g.home] = held[g.home] || g.ours() // also what is being let go: the side stays where it was
		has[g.home] = has[g.home] || !g.virtual && !g.leaving
	}
	c.groups = slices.DeleteFunc(c.groups, func(g *group) bool { return g.virtual && (has[g.home] || !slices.Contains(c.cfg.Order, g.home)) })
	for _, name := range c.cfg.Order {
		if has[name] || slices.ContainsFunc(c.groups, func(g *group) bool { return g.virtual && g.home == name }) {
			continue
		}
		g := &group{home: name, virtual: true, state: groupStopped, changed: c.now}
		if held[name] {
			g.state, g.want = groupRunning, true
		}
		c.groups = append(c.groups, g)
	}
}

// unlisted says that a claim names what is not in our file.
func (c *Core) unlisted(groups map[string]held) bool {
	if len(groups) == 0 {
		return false
	}
	listed := make(map[string]bool, len(c.cfg.Groups))
	for _, gc := range c.cfg.Groups {
		listed[gc.Resources[0]] = true
	}
	for key := range groups { // order does not matter: any such key will do
		if !listed[key] {
			return true
		}
	}
	return false
}

// sameFiles says that the other node has the same file and has let go what that no longer has; or that it is a C
// node and settled, so that its claim says which side is its own; or that nobody is there.
func (c *Core) sameFiles() bool {
	n := c.peer
	switch {
	case n.absent():
		return !c.fencing() // else it may run what has moved by the old name
	case c.legacyC():
		return n.active()
	case !n.active() || !n.claim.known || n.outdated():
		return false
	case !n.capable:
		return n.claim.stable
	}
	return !n.claim.differs && !c.peerLetsGo()
}

// peerLetsGo says that a heartbeatd with the same file holds what is not, or no longer, in it.
func (c *Core) peerLetsGo() bool {
	n := c.peer
	return n != nil && n.capable && n.claim.odd && !n.claim.differs && n.claim.files != ""
}

// takeFresh ends the waiting of new groups. A C node's side is where the other groups of it are.
func (c *Core) takeFresh() {
	if !c.changing || c.phase != phaseStable {
		return
	}
	if !c.sameFiles() {
		if !c.fencing() { // then ha-log says that nothing is taken
			c.sayFresh()
		}
		return
	}
	for _, g := range c.groups {
		switch {
		case g.careful:
			g.careful, c.moved = false, true
		case g.fresh && (g.state == groupUnknown || g.state == groupProbing && !g.doubtful):
			// What runs of it is found out first: adoptFound keeps a new group where it runs already.
		case g.fresh:
			g.fresh, g.waits, c.moved = false, false, true
			if n := c.peer; !n.absent() && !n.capable && !g.want {
				c.besideC(g)
			}
		}
	}
}

// besideC says whose a new group is.
func (c *Core) besideC(g *group) {
	switch here := c.sideHere(g); {
	case !c.peerHolds(g) && here:
		c.acquire(g)
	case c.legacyC():
		g.theirs = g.home != c.cfg.Self
	}
}

// sayFresh says once what a new group waits for.
func (c *Core) sayFresh() {
	for _, g := range c.groups {
		if g.fresh && !g.waits && !g.want && !c.peerHolds(g) {
			g.waits = true
			c.logf(Warn, "resource group %s is taken by nobody yet: %s", g.key, c.waitsFor())
		}
	}
}

// sideHere says that another group with the same home is held here.
func (c *Core) sideHere(g *group) bool {
	return slices.ContainsFunc(c.groups, func(o *group) bool { return o != g && o.home == g.home && !o.leaving && o.ours() })
}

// mustLetGo says that a group may not start anything yet: the other node may know its resources by another name, or
// they, or what was in the group before, are still being stopped here.
func (c *Core) mustLetGo(g *group) bool {
	if g.fresh || g.careful {
		return true
	}
	for _, l := range c.groups {
		if !l.leaving || l.state == groupStopped {
			continue
		}
		if l.key == g.key && l.state != groupStopFailed || slices.ContainsFunc(l.resources, func(w string) bool { return slices.Contains(g.resources, w) }) {
			return true
		}
	}
	return false
}

// adoptFound keeps a new group where it was found running, unless a C node claims it, which never yields.
func (c *Core) adoptFound(g *group) {
	if g.fresh && c.phase == phaseStable && !(c.peerHolds(g) && !c.peer.capable) {
		g.want = true
	}
}

// filesDiffer says that the other node has another haresources.
func (c *Core) filesDiffer() bool { return !c.peer.absent() && c.peer.claim.differs }
