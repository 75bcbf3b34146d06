package interop

import (
	"fmt"
	"slices"
	"strings"

	"heartbeatd/internal/lab"
)

// spoiled says why a play tells nothing, "" if it tells something.
func spoiled(o *Observation) string {
	if why := heldUp(o); why != "" {
		return why
	}
	if why := garbledByC(o); why != "" {
		return why
	}
	return lostByC(o)
}

// garbledByC finds a C node that could not read its own FIFO.
func garbledByC(o *Observation) string {
	for _, s := range o.Segments {
		for _, node := range Nodes {
			for _, l := range s.Log[node] {
				if s.Kinds[node] == C && lab.Garbled(l.Text) {
					return fmt.Sprintf("the C daemon of %s garbled a message of its own", node)
				}
			}
		}
	}
	return ""
}

// heldUp finds a C+C that was held up by the machine, before the scenario itself made any beat late.
// With heartbeatd in the pairing a late beat may be ours, so that is no excuse.
func heldUp(o *Observation) string {
	if o.Pairing != judgement {
		return ""
	}
	late := func(l LogLine) bool { return strings.HasPrefix(l.Text, "Late heartbeat") }
	for _, segment := range o.Segments {
		if slices.ContainsFunc(segment.Steps, delays) {
			return ""
		}
		for _, node := range Nodes {
			if slices.ContainsFunc(segment.Log[node], late) {
				return fmt.Sprintf("%s had a late heartbeat on %s", node, o.Pairing)
			}
		}
	}
	return ""
}

// delays tells whether a step can make beats late, then or later.
func delays(step string) bool {
	verb, _, _ := strings.Cut(step, " ")
	return slices.Contains([]string{"freeze", "loss", "cut", "deafen"}, verb)
}

// lostByC finds a C node in transition for ever because a message of its own mach_down script did
// not arrive. 3.0.6: with `msgfmt netstring` what one process writes to the FIFO swallows what comes
// next; it never leaves the node, so the other has no part in it.
func lostByC(o *Observation) string {
	for _, node := range Nodes {
		sent, got, stuck := 0, 0, false
		for _, s := range o.Segments {
			for _, l := range s.Log[node] {
				switch {
				case strings.HasPrefix(l.Entity, "mach_down") && strings.HasSuffix(l.Text, "foreign resources acquired"):
					sent++
				case l.Entity == "heartbeat" && l.Text == "mach_down takeover complete.":
					got++
				}
			}
			stuck = stuck || s.Kinds[node] == C && s.State[node] == "transition" && !s.Settled && sent > got
		}
		if stuck {
			return fmt.Sprintf("the C daemon of %s lost its own mach_down message on %s", node, o.Pairing)
		}
	}
	return ""
}
