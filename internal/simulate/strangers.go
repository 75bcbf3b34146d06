package simulate

import (
	"slices"
	"strings"

	"heartbeatd/internal/core"
	"heartbeatd/internal/scenario"
)

// A daemon that begins goes by its own file at once, whatever the other node still goes by: docs/guarantees.md, Reload
// and replacement, says what is not promised then.

// noteFiles keeps what a step has to do with the files.
func (r *Run) noteFiles(a *act) {
	switch a.f[0] {
	case "edit":
		r.edited = true
		if a.m.Core == nil && len(a.m.Running) > 0 { // a killed daemon has left them, and nobody will know them
			r.outsider, r.strangers = true, true
			r.spoilAll()
		}
		r.changedWords(a.m, strings.Join(a.f[2:], " "))
	case "boot", "restart", "kill":
		if a.f[0] == "boot" && r.edited && a.o != nil && idle(a.m) {
			r.begins(a.m, r.groups(a.o), r.w.GroupsOf(a.o))
			return
		}
		// What an edit has taken out of the file, or given another name, is unknown to a daemon that begins with that file; and
		// to the other node by that name.
		if r.edited && (!r.inForce(a.m) || r.differs) {
			r.outsider, r.strangers = true, true
			r.spoilAll()
		}
	}
}

// strangerBoots notes that a daemon begins with another file than the one that the other still goes by, or went by until
// it began to replace itself in this moment: its successor knows, and has said, what the old file names.
func (r *Run) strangerBoots(m *scenario.Machine) {
	o := r.other(m)
	if !r.edited || o == nil || m.Core != nil || m.Replacing() {
		return
	}
	switch {
	case o.Core != nil && !r.inForce(o) && idle(m):
		r.begins(m, r.groups(o))
	case o.Core != nil && !r.inForce(o):
		r.strangers = true
		r.spoilAll()
	case o.Core == nil && o.Replacing():
		r.begins(m, r.was[o.Index()])
	}
}

// begins excuses what a daemon that begins, where nothing runs, has in another group than the other node's files: it finds
// that claimed by nobody. All else is as safe as ever.
func (r *Run) begins(m *scenario.Machine, theirs ...[]core.GroupConfig) {
	file := r.w.GroupsOf(m)
	for _, groups := range theirs {
		r.strangers = r.strangers || !sameGroups(groups, file)
		for _, g := range groups {
			for _, h := range file {
				for _, word := range g.Resources {
					if g.Resources[0] != h.Resources[0] && slices.Contains(h.Resources, word) {
						r.spoiled[word] = true
					}
				}
			}
		}
	}
}
