package config

import (
	"slices"
	"strings"
)

// applyPacemaker refuses everything but off: this daemon manages haresources only.
func applyPacemaker(p *parser, v string) *fault {
	if p.given["pacemaker"] > 0 || p.bad["pacemaker"] || p.bad["crm"] {
		return faultf("keep one of them", "pacemaker/crm directive used multiple times!")
	}
	on, ok := parseBool(v)
	if ok && !on {
		return nil
	}
	if ok || slices.Contains([]string{"manual", "respawn", "minimal", "ccm-only", "valgrind"}, strings.ToLower(v)) {
		return faultf("remove the line to go on with haresources; for Pacemaker move the cluster to Corosync and pcs",
			"[%s] asks for Pacemaker, which is not part of this daemon", v)
	}
	return faultf("write off, or remove the line", "Invalid directive value %s", v)
}
