package simulate

import (
	"strings"

	"heartbeatd/internal/core"
)

// Cases are what a simulation must have reached, in the words of its log.
var Cases = []string{
	"Other node completed standby takeover", "Cancelling pending standby operation", "No reply to standby request",
	"Standby in progress", "Both machines own resource group", "has released", "does not hear this node",
	"returning after partition", "Heartbeat restart on node", "could not be stopped", "Giving up resources",
	"Running here already", "it seems to hang", "lost packet(s)", "Irretrievably lost packet", "lost a lot of packets",
	"This node was held up", "Received shutdown notice", "mach_down takeover complete", "Resource takeover cancelled",
	"attempted replay attack", "haresources differs", "bad node [gamma]", "has given that request up already",
	"Other side is in flux", "local resources in flux", "is stopping", "releases it now", "probably not LSB-compliant",
	"Late heartbeat", "Link ",
}

// Tally is what happened in a run, or in many.
type Tally struct {
	Cases  map[string]int // of Cases
	Armed  map[string]int // rules about a time, by name: how often one began to count
	Judged map[string]int // and how often it was judged

	longestCalm        float64 // in multiples of what is promised
	maxSent, maxWakeup float64 // in a minute, in multiples of the beats
}

func newTally() Tally {
	return Tally{Cases: map[string]int{}, Armed: map[string]int{}, Judged: map[string]int{}}
}

// Add adds what happened in another run.
func (t *Tally) Add(o Tally) {
	for _, m := range [][2]map[string]int{{t.Cases, o.Cases}, {t.Armed, o.Armed}, {t.Judged, o.Judged}} {
		for k, n := range m[1] {
			m[0][k] += n
		}
	}
	t.longestCalm = max(t.longestCalm, o.longestCalm)
	t.maxSent, t.maxWakeup = max(t.maxSent, o.maxSent), max(t.maxWakeup, o.maxWakeup)
}

func (t *Tally) note(a core.Action) {
	text := ""
	switch a := a.(type) {
	case core.Log:
		text = a.Text
	case core.Reboot:
		text = a.Reason
	default:
		return
	}
	for _, c := range Cases {
		if strings.Contains(text, c) {
			t.Cases[c]++
		}
	}
}
