package chaos

import (
	"testing"
	"time"
)

// TestExcuses: what an excuse is for, and what it is not for. Times are those of a pair with a deadtime of 2 s and a
// keepalive of 0.2 s; web runs on node1 since 0.2, db on node2 where there is one.
func TestExcuses(t *testing.T) {
	two := func(s *Setup) { s.Groups = [][]string{{"node1", "web"}, {"node2", "db"}} }
	set := func(change ...func(*Setup)) []func(*Setup) { return change }
	failback := func(how string) func(*Setup) { return func(s *Setup) { s.Failback = how } }
	ucast := func(s *Setup) {
		s.Links, s.Media = 1, []string{"ucast eth0 10.77.0.1", "ucast eth0 10.77.0.2"}
	}
	bcast := func(s *Setup) { s.Links, s.Media = 1, []string{"bcast eth0"} }
	split := []string{"30 node1 link0 cut", "30 node1 link1 cut", "32.1 node2 log " + dead, "32.1 node1 log " + dead2}
	tests := map[string]struct {
		want  string
		setup []func(*Setup)
		lines []string
	}{
		// Stalls in a row.
		"woken twice, heard in between": {"sleeper-waits", nil, []string{"30 node1 stall on", "31.5 node1 stall off", "31.6 node1 stall on",
			"33 node2 power off", "33 node2 daemon none", "36 node1 stall off", "36.01 node1 log " + dead2, "50 end -"}},
		"woken twice, and a deadtime of doubt is not over": {"sleeper-waits", nil, []string{"30 node1 stall on", "30.1 node2 power off", "30.1 node2 daemon none", "32.5 node1 stall off",
			"33 node1 stall on", "34.1 node1 stall off", "34.2 node1 log " + dead2, "50 end -"}},
		"woken twice, and it is": {"", nil, []string{"30 node1 stall on", "30.1 node2 power off", "30.1 node2 daemon none", "32 node1 stall off", "32.4 node1 stall on", "34.2 node1 stall off",
			"34.3 node1 log " + dead2, "50 end -"}},

		// Two owners, and the split is over.
		"two owners of a standby after a split": {"one-owner", nil, []string{"30 node1 link0 cut", "30 node1 link1 cut", "31.9 node1 link0 ok",
			"32 node1 order standby all", "32.1 node2 web: start", "32.2 node2 web: started", "32.4 node1 web: stop", "32.5 node1 web: stopped", "60 end -"}},
		"two owners long after what the split made begin": {"one-owner", nil, append(split, "32.2 node2 web: start", "32.3 node2 web: started", "36 node1 link0 ok",
			"36.5 node2 web: stop", "36.6 node2 web: stopped", "38.9 node1 order standby all", "39 node2 web: start", "39.1 node2 web: started", "39.2 node1 web: stop", "39.3 node1 web: stopped", "60 end -")},
		"a takeover under way when the split ends": {"", nil, append(split, "32.2 node1 link0 ok", "32.3 node2 web: start", "32.4 node2 web: started",
			"33 node2 web: stop", "33.1 node2 web: stopped", "60 end -")},
		"two owners where nobody was held for dead": {"one-owner split-keeps", nil, []string{"30 node1 link0 cut", "30 node1 link1 cut", "33 node2 web: start", "33.1 node2 web: started", "33.2 node1 link0 ok",
			"33.3 node1 web: stop", "33.4 node1 web: stopped", "60 end -"}},
		"woken, and it starts what it has slept through": {"one-owner", nil, []string{"30 node2 stall on", "32.2 node1 log " + dead2,
			"36 node2 stall off", "36.1 node2 web: start", "36.2 node2 web: started", "36.3 node2 web: stop", "36.4 node2 web: stopped", "60 end -"}},
		"two owners for as long as another group hangs": {"one-owner", set(two), append(split, "32.2 node2 web: start", "32.3 node2 web: started", "32.2 node1 db: start", "32.3 node1 db: started",
			"35 node1 scripts db.stop.hangs", "36 node1 link0 ok", "36.5 node1 db: stop", "90 node1 scripts -", "90 node1 db: stopped", "90.1 node2 web: stop", "90.2 node2 web: stopped", "120 end -")},
		"two owners for as long as their own hangs": {"", nil, append(split, "32.2 node2 web: start", "32.3 node2 web: started",
			"35 node2 scripts web.stop.hangs", "36 node1 link0 ok", "36.5 node2 web: stop", "90 node2 scripts -", "90 node2 web: stopped", "120 end -")},
		"two owners for half a minute while another group hangs": {"", set(two), append(split, "32.2 node2 web: start", "32.3 node2 web: started", "32.2 node1 db: start", "32.3 node1 db: started",
			"35 node2 scripts db.stop.hangs", "36 node1 link0 ok", "36.5 node2 db: stop", "66.6 node2 web: stop", "66.7 node2 web: stopped", "66.8 node1 db: stop", "66.9 node1 db: stopped", "67 end -")},

		// Loss.
		"too early by half, and a little is lost":               {"false-death", nil, []string{"30 node2 loss 5", "30 node1 power off", "30 node1 daemon none", "31.1 node2 log " + dead, "31.2 node2 web: start", "31.3 node2 web: started", "40 end -"}},
		"too early, and what is lost is lost on the other side": {"false-death", nil, []string{"20 node1 loss 30", "30 node1 power off", "30 node1 daemon none", "31.1 node2 log " + dead, "31.2 node2 web: start", "31.3 node2 web: started", "40 end -"}},
		"the last beats were lost":                              {"", nil, []string{"20 node2 loss 38", "30 node1 power off", "30 node1 daemon none", "31.1 node2 log " + dead, "31.2 node2 web: start", "31.3 node2 web: started", "40 end -"}},

		// A cable that is in for a moment.
		"a broadcast needs no neighbour":       {"false-death", set(bcast), []string{"30 node1 link0 cut", "31 node1 link0 ok", "31.5 node1 link0 cut", "32.1 node2 log " + dead, "32.2 node1 link0 ok", "40 end -"}},
		"who sends to an address looks for it": {"", set(ucast), []string{"30 node1 link0 cut", "31 node1 link0 ok", "31.5 node1 link0 cut", "32.1 node2 log " + dead, "32.2 node1 link0 ok", "40 end -"}},
		"a daemon that was back needs none either": {"false-death", set(ucast), []string{"30 node1 daemon killed", "30.7 node1 daemon restarting", "30.9 node1 daemon up", "31.5 node1 daemon killed", "32.1 node2 log " + dead,
			"32.3 node1 daemon restarting", "32.4 node1 daemon up", "40 end -"}},

		// Trouble of another group.
		"late, and another group's stop fails": {"owned-in-time", set(two), []string{"29 node1 scripts db.stop.fails", "29.9 node1 scripts -", "30 node1 power off", "30 node1 daemon none", "32.1 node2 log " + dead,
			"39 node2 web: start", "39.1 node2 web: started", "60 end -"}},
		"late, and its own does": {"", set(two), []string{"29 node1 scripts web.stop.fails", "29.9 node1 scripts -", "30 node1 power off", "30 node1 daemon none", "32.1 node2 log " + dead,
			"39 node2 web: start", "39.1 node2 web: started", "60 end -"}},

		// A split, with auto_failback and with a script that fails.
		"at home, and stopped after a split": {"split-keeps", set(failback("on")), append(split, "32.2 node2 web: start", "32.3 node2 web: started", "36 node1 link0 ok",
			"36.5 node1 web: stop", "36.6 node1 web: stopped", "60 end -")},
		"away from home, and stopped after a split": {"", set(failback("on"), func(s *Setup) { s.Groups = [][]string{{"node2", "web"}} }), append(split, "32.2 node2 web: start", "32.3 node2 web: started",
			"36 node1 link0 ok", "36.5 node1 web: stop", "36.6 node1 web: stopped", "60 end -")},
		"stopped after a split, and another group's start fails": {"split-keeps", set(two), append([]string{"10 node1 scripts db.start.fails"}, append(split, "32.2 node2 web: start", "32.3 node2 web: started", "36 node1 link0 ok",
			"36.5 node1 web: stop", "36.6 node1 web: stopped", "60 end -")...)},

		"soon after an operator's word, and stopped after a split": {"split-keeps", nil, append([]string{"20.5 node1 order standby foreign", "22 node1 scripts mail.stop.fails", "23 node1 scripts -"}, append(split, "32.2 node2 web: start",
			"32.3 node2 web: started", "36 node1 link0 ok", "36.5 node1 web: stop", "36.6 node1 web: stopped", "60 end -")...)},
		"stopped after a long stall": {"long-stall", nil, []string{"30 node1 stall on", "32.1 node2 log " + dead, "32.2 node2 web: start", "32.3 node2 web: started",
			"36 node1 stall off", "36.5 node1 web: stop", "36.6 node1 web: stopped", "60 end -"}},
		"kept after a long stall": {"", nil, []string{"30 node1 stall on", "32.1 node2 log " + dead, "32.2 node2 web: start", "32.3 node2 web: started",
			"36 node1 stall off", "36.5 node2 web: stop", "36.6 node2 web: stopped", "60 end -"}},
		"stopped after a long stall of the decider": {"long-stall", nil, []string{"30 node1 stall main", "33.2 node2 log " + dead, "33.3 node2 web: start", "33.4 node2 web: started",
			"36 node1 stall off", "36.5 node1 web: stop", "36.6 node1 web: stopped", "60 end -"}},

		// Words that are refused, and what they do not name.
		"legacy takes a standby":                 {"move-in-time return-in-time", set(failback("legacy")), []string{"30 node1 order standby all", "30.2 node1 web: stop", "30.3 node1 web: stopped", "30.4 node2 web: start", "30.5 node2 web: started", "60 end -"}},
		"legacy refuses, and gives all the same": {"move-in-time return-in-time", set(failback("legacy")), []string{"30 node1 refused standby all", "30.2 node1 web: stop", "30.3 node1 web: stopped", "30.4 node2 web: start", "30.5 node2 web: started", "60 end -"}},
		"legacy refuses":                         {"", set(failback("legacy")), []string{"30 node1 refused standby all", "60 end -"}},
		"legacy is asked, and keeps it":          {"", set(failback("legacy")), []string{"30 node2 order takeover all", "60 end -"}},
		"refused, and it moves":                  {"move-in-time", nil, []string{"30 node1 refused standby all", "30.2 node1 web: stop", "30.3 node1 web: stopped", "30.4 node2 web: start", "30.5 node2 web: started", "60 end -"}},
		"what is not named is restarted before the next fault": {"move-in-time", set(two), []string{"30 node1 order standby local", "30.2 node1 web: stop", "30.3 node1 web: stopped", "30.4 node2 db: stop", "30.5 node2 db: stopped",
			"30.6 node2 db: start", "30.7 node2 db: started", "31 node1 power off", "31 node1 daemon none", "31.2 node2 web: start", "31.3 node2 web: started", "33.1 node2 log " + dead, "60 end -"}},
		"only what is named moves before the next fault": {"", set(two), []string{"30 node1 order standby local", "30.2 node1 web: stop", "30.3 node1 web: stopped", "31 node1 power off", "31 node1 daemon none",
			"31.2 node2 web: start", "31.3 node2 web: started", "33.1 node2 log " + dead, "60 end -"}},
		"it moves by way of its owner": {"move-in-time", nil, []string{"30 node1 order standby all", "30.1 node1 web: stop", "30.2 node1 web: stopped", "30.3 node1 web: start", "30.4 node1 web: started", "30.5 node1 web: stop", "30.6 node1 web: stopped",
			"30.7 node2 web: start", "30.8 node2 web: started", "60 end -"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			lines := []string{"0.1 node1 web: start", "0.2 node1 web: started"}
			first := tale(t, "0 end -")
			for _, change := range test.setup {
				change(&first.Plan.Setup)
			}
			if len(first.Plan.Setup.Groups) > 1 {
				lines = append(lines, "0.1 node2 db: start", "0.2 node2 db: started")
			}
			r := tale(t, append(lines, test.lines...)...)
			r.Plan = first.Plan
			j := Judge(r)
			if got := rules(j); got != test.want {
				t.Errorf("broken: %q, want %q", got, test.want)
				for _, b := range j.Breaches {
					t.Logf("%s %v %s", b.Rule, b.At.Sub(zero), b.Text)
				}
			}
		})
	}
}

// TestCalmUsesUpAnExcuse: once both nodes were seen to agree, with everything running once, what was before excuses nothing.
func TestCalmUsesUpAnExcuse(t *testing.T) {
	for _, calm := range []bool{false, true} {
		r := tale(t, "0.1 node1 web: start", "0.2 node1 web: started", "5 node1 link0 cut", "5 node1 link1 cut", "7.1 node2 log "+dead, "7.2 node1 link0 ok",
			"8.6 node2 web: start", "8.7 node2 web: started", "9 node2 web: stop", "9.1 node2 web: stopped", "30 end -")
		want := ""
		if calm {
			r.Calms = []Calm{{Begin: zero.Add(7200 * time.Millisecond), Settled: zero.Add(8 * time.Second), End: zero.Add(8500 * time.Millisecond)}}
			want = "one-owner"
		}
		if got := rules(Judge(r)); got != want {
			t.Errorf("calm %v: broken %q, want %q", calm, got, want)
		}
	}
}
