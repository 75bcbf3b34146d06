package chaos

import (
	"testing"
	"time"
)

const dead2 = "WARN: node node2: is dead"

// TestSingle: what is done to a pair at rest. Times are those of a pair with a deadtime of 2 s that is at rest since 0.2.
func TestSingle(t *testing.T) {
	moved := []string{"30.2 node1 web: stop", "30.3 node1 web: stopped", "30.4 node2 web: start", "30.5 node2 web: started", "60 end -"}
	tests := map[string]struct {
		want  string
		lines []string
	}{
		"a standby":                       {"", append([]string{"30 node1 order standby all"}, moved...)},
		"a standby of its own groups":     {"", append([]string{"30 node1 order standby local"}, moved...)},
		"a takeover":                      {"", append([]string{"30 node2 order takeover all"}, moved...)},
		"a takeover of the other's":       {"", append([]string{"30 node2 order takeover foreign"}, moved...)},
		"a standby that does nothing":     {"move-in-time", []string{"30 node1 order standby all", "60 end -"}},
		"a takeover that does nothing":    {"move-in-time", []string{"30 node2 order takeover foreign", "60 end -"}},
		"a standby of what it has not":    {"", []string{"30 node1 order standby foreign", "60 end -"}},
		"a standby of what is not named":  {"move-in-time", append([]string{"30 node1 order standby foreign"}, moved...)},
		"a standby of who has nothing":    {"move-in-time", append([]string{"30 node2 order standby all"}, moved...)},
		"a standby soon after another":    {"", []string{"30 node1 order standby local", "30.1 node1 order standby foreign", "60 end -"}},
		"a standby and a fault":           {"", []string{"30 node1 order standby all", "31 node1 link0 cut", "60 end -"}},
		"killed and back, untouched":      {"", []string{"30 node1 daemon killed", "30.3 node1 daemon restarting", "30.5 node1 daemon up", "60 end -"}},
		"killed and back, started anew":   {"restart-keeps", []string{"30 node1 daemon killed", "30.3 node1 daemon restarting", "30.5 node1 daemon up", "30.6 node1 web: stop", "30.7 node1 web: stopped", "30.8 node1 web: start", "30.9 node1 web: started", "60 end -"}},
		"killed and back, twice":          {"", []string{"30 node1 daemon killed", "30.3 node1 daemon restarting", "30.5 node1 daemon up", "31 node1 daemon killed", "34 node1 daemon restarting", "34.1 node1 daemon up", "34.2 node1 web: stop", "34.3 node1 web: stopped", "34.4 node1 web: start", "34.5 node1 web: started", "60 end -"}},
		"stopped, and it moves":           {"", append([]string{"30 node1 daemon stopping", "30.3 node1 daemon stopped"}, moved...)},
		"stopped, and it stays a while":   {"stop-in-time", []string{"30 node1 daemon stopping", "30.2 node1 web: stop", "30.3 node1 web: stopped", "30.3 node1 daemon stopped", "32.4 node2 web: start", "32.5 node2 web: started", "60 end -"}},
		"stopped, and it ends late":       {"exit-in-time", append([]string{"30 node1 daemon stopping", "34.3 node1 daemon stopped"}, moved...)},
		"held up for good, nobody takes":  {"owned-in-time", []string{"30 node1 stall on", "50 end -"}},
		"held up for good, the other has": {"", []string{"30 node1 stall on", "32.2 node2 log " + dead, "32.3 node2 web: start", "32.4 node2 web: started", "50 end -"}},
		"taken too late for a deadtime":   {"owned-in-time", []string{"30 node1 power off", "30 node1 daemon none", "34.9 node2 web: start", "35 node2 web: started", "60 end -"}},
		"main alone, beats made before":   {"", []string{"30 node1 stall main", "33 node2 log " + dead, "33.1 node2 web: start", "33.2 node2 web: started", "50 end -"}},
		"main alone, nobody takes":        {"owned-in-time", []string{"30 node1 stall main", "50 end -"}},
		"woken, and the other is dead":    {"sleeper-waits", []string{"30 node1 stall on", "30.1 node2 power off", "30.1 node2 daemon none", "34 node1 stall off", "34.2 node1 log " + dead2, "50 end -"}},
		"woken, and it waits":             {"", []string{"30 node1 stall on", "30.1 node2 power off", "30.1 node2 daemon none", "34 node1 stall off", "34.5 node1 log " + dead2, "50 end -"}},
		"woken twice":                     {"", []string{"30 node1 stall on", "30.1 node2 power off", "30.1 node2 daemon none", "32 node1 stall off", "32.3 node1 stall on", "34 node1 stall off", "34.2 node1 log " + dead2, "50 end -"}},
		"main alone, for a moment":        {"", []string{"30 node1 stall main", "30.9 node1 stall off", "50 end -"}},
		"held for dead at its own start": {"false-death", []string{"20 node1 power off", "20 node1 daemon none", "22.1 node2 log " + dead, "22.2 node2 web: start", "22.3 node2 web: started",
			"30 node2 daemon killed", "38 node2 daemon restarting", "38.2 node2 daemon up", "40 node2 log " + dead, "60 end -"}},
		"held for dead after initdead": {"", []string{"20 node1 power off", "20 node1 daemon none", "22.1 node2 log " + dead, "22.2 node2 web: start", "22.3 node2 web: started",
			"30 node2 daemon killed", "38 node2 daemon restarting", "38.2 node2 daemon up", "41.1 node2 log " + dead, "60 end -"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := tale(t, append([]string{"0.1 node1 web: start", "0.2 node1 web: started"}, test.lines...)...)
			j := Judge(r)
			if got := rules(j); got != test.want {
				t.Errorf("broken: %q, want %q", got, test.want)
				for _, b := range j.Breaches {
					t.Logf("%s %v %s", b.Rule, b.At.Sub(zero), b.Text)
				}
			}
		})
	}
	legacy := tale(t, "0.1 node2 web: start", "0.2 node2 web: started", "60 end -")
	legacy.Plan.Setup.Failback = "legacy"
	if got := rules(Judge(legacy)); got != "return-in-time" {
		t.Errorf("a group away from home: broken %q", got)
	}
}

func TestScriptsInOrder(t *testing.T) {
	tests := map[string]struct {
		want  string
		lines []string
	}{
		"both started":             {"", []string{"1 node1 web#1: start", "2 node1 web#1: started", "2 node1 db#2: start", "3 node1 db#2: started", "4 end -"}},
		"stopped and started":      {"", []string{"1 node1 web#1: start", "2 node1 web#1: started", "2 node1 db#2: start", "3 node1 db#2: started", "4 node1 db#3: stop", "5 node1 db#3: stopped", "6 node1 web#4: stop", "7 node1 web#4: stopped", "7.1 end -"}},
		"the second first":         {"order", []string{"1 node1 db#1: start", "2 node1 db#1: started", "2 node1 web#2: start", "3 node1 web#2: started", "4 end -"}},
		"the first stopped first":  {"order", []string{"1 node1 web#1: start", "2 node1 web#1: started", "2 node1 db#2: start", "3 node1 db#2: started", "4 node1 web#3: stop", "5 node1 web#3: stopped", "5 end -"}},
		"two at once":              {"one-script", []string{"1 node1 web#1: start", "1.5 node1 mail#2: start", "2 node1 web#1: started", "2.5 node1 mail#2: started", "4 end -"}},
		"one a node":               {"", []string{"1 node1 web#1: start", "1.5 node2 mail#1: start", "2 node1 web#1: started", "2.5 node2 mail#1: started", "4 end -"}},
		"one that was killed":      {"", []string{"1 node1 web#1: start", "1.5 node1 mail#2: start", "2.5 node1 mail#2: started", "4 end -"}},
		"past one that hangs":      {"", []string{"1 node1 web#1: start", "31.1 node1 mail#2: start", "31.2 node1 mail#2: started", "35 node1 web#1: started", "35.1 end -"}},
		"past one that hangs soon": {"one-script", []string{"1 node1 web#1: start", "21.1 node1 mail#2: start", "21.2 node1 mail#2: started", "35 node1 web#1: started", "35.1 end -"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := tale(t, test.lines...)
			r.Plan.Setup.Groups = [][]string{{"node1", "web", "db"}, {"node2", "mail"}}
			var j Judgement
			jd := &judge{r: r, s: r.Plan.Setup, t: r.timeline(), spans: r.spans(), out: Judgement{Checked: map[string]int{}, Longest: map[string]time.Duration{}}}
			jd.oneScript()
			jd.order()
			j = jd.out
			if got := rules(j); got != test.want {
				t.Errorf("broken: %q, want %q: %v", got, test.want, j.Breaches)
			}
		})
	}
}
