package chaos

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

var zero = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// tale is a record told in lines: "SECONDS NODE FACT VALUE", "SECONDS NODE WORD#PID: CALL", "SECONDS NODE log TEXT",
// "SECONDS NODE order TEXT", or refused TEXT. A value of - is none.
func tale(t *testing.T, lines ...string) *Record {
	t.Helper()
	r := &Record{
		Plan: &Plan{Seed: 1, Setup: Setup{
			Links: 2, Keepalive: 200 * time.Millisecond, Deadtime: 2 * time.Second, Initdead: 3 * time.Second,
			Failback: "off", Groups: [][]string{{"node1", "web"}}, Secret: "not-for-you",
		}},
		Begin: zero, Console: map[string]string{},
	}
	for _, n := range Nodes {
		r.Changes = append(r.Changes, Change{zero, zero, n, factDaemon, "up"})
	}
	for _, line := range lines {
		f := strings.Fields(line)
		d, err := time.ParseDuration(f[0] + "s")
		if err != nil || len(f) < 3 {
			t.Fatalf("%q: %v", line, err)
		}
		at := zero.Add(d)
		r.End = at
		switch {
		case f[1] == "end":
		case f[2] == "log":
			r.Lines = append(r.Lines, Line{at, at, f[1], strings.Join(f[3:], " ")})
		case f[2] == "ended":
			r.Ended = append(r.Ended, Ended{at, f[1], f[3]})
		case f[2] == "order" || f[2] == "refused": // of an operator
			code := 0
			if f[2] == "refused" {
				code = 1
			}
			r.Commands = append(r.Commands, Order{Begin: at, End: at.Add(100 * time.Millisecond), Node: f[1], Text: strings.Join(f[3:], " "), Code: code})
			r.Changes = append(r.Changes, Change{at, at.Add(500 * time.Millisecond), f[1], factCommand, f[0]})
		case strings.HasSuffix(f[2], ":"):
			word, pid, _ := strings.Cut(strings.TrimSuffix(f[2], ":"), "#")
			number, _ := strconv.Atoi(pid)
			r.Calls = append(r.Calls, Call{At: at, Node: f[1], Word: word, What: f[3], PID: number})
		default:
			r.Changes = append(r.Changes, Change{at, at, f[1], f[2], strings.TrimSuffix(strings.Join(f[3:], " "), "-")})
		}
	}
	return r
}

func rules(j Judgement) string {
	var all []string
	for _, b := range j.Breaches {
		if len(all) == 0 || all[len(all)-1] != b.Rule {
			all = append(all, b.Rule)
		}
	}
	return strings.Join(all, " ")
}

const dead = "WARN: node node1: is dead"

func TestJudge(t *testing.T) {
	owned := []string{"0.1 node1 web: start", "0.2 node1 web: started"}
	tests := map[string]struct {
		want  string
		lines []string
	}{
		"all is well": {"", []string{"20 end -"}},
		"nobody starts it": {"owned-in-time", []string{
			"0.3 node1 web: stop", "0.4 node1 web: stopped", "20 end -"}},
		"two owners without a reason": {"one-owner nothing-moves", []string{
			"8 node2 web: start", "8.1 node2 web: started", "8.3 node2 web: stop", "8.4 node2 web: stopped", "9 end -"}},
		"a split, with two owners till it heals": {"", []string{
			"5 node1 link0 cut", "5 node1 link1 cut", "7.1 node2 log " + dead, "7.1 node2 web: start", "7.2 node2 web: started",
			"20 node1 link0 ok", "20.3 node2 web: stop", "20.4 node2 web: stopped", "30 end -"}},
		"after a split the wrong node keeps it": {"split-keeps", []string{
			"8 node1 link0 cut", "8 node1 link1 cut", "10.1 node2 log " + dead, "10.1 node2 web: start", "10.2 node2 web: started",
			"20 node1 link0 ok", "20.3 node1 web: stop", "20.4 node1 web: stopped", "30 end -"}},
		"a short split, and it moves": {"split-keeps", []string{
			"8 node1 link0 cut", "8 node1 link1 cut", "8.5 node1 link0 ok", "10 node1 web: stop", "10.1 node1 web: stopped", "10.3 node2 web: start", "10.4 node2 web: started", "14 end -"}},
		"two owners too early in a split": {"one-owner", []string{
			"5 node1 link0 cut", "5 node1 link1 cut", "6.0 node2 web: start", "6.1 node2 web: started",
			"10 node1 link0 ok", "10.3 node2 web: stop", "10.4 node2 web: stopped", "12 end -"}},
		"two owners long after a split": {"one-owner owned-in-time", []string{
			"5 node1 link0 cut", "5 node1 link1 cut", "7.1 node2 web: start", "7.2 node2 web: started",
			"10 node1 link0 ok", "25 node2 web: stop", "25 node2 web: stopped", "26 end -"}},
		"two owners while one link is there": {"one-owner nothing-moves", []string{
			"5 node1 link0 cut", "7.1 node2 web: start", "7.2 node2 web: started",
			"7.3 node2 web: stop", "7.4 node2 web: stopped", "8 end -"}},
		"a power cut, and a takeover in time": {"", []string{
			"5 node1 power off", "7.1 node2 log " + dead, "7.1 node2 web: start", "7.2 node2 web: started", "30 end -"}},
		"a power cut, and a takeover too late": {"owned-in-time", []string{
			"5 node1 power off", "17 node2 web: start", "17.2 node2 web: started", "30 end -"}},
		"a boot, and it is started on both": {"one-owner", []string{
			"5 node1 power off", "5 node1 daemon none", "7.1 node2 web: start", "7.2 node2 web: started",
			"10 node1 power on", "11 node1 daemon starting", "11.2 node1 daemon up", "11.5 node1 web: start", "11.6 node1 web: started",
			"11.9 node1 web: stop", "12 node1 web: stopped", "13 end -"}},
		"a split, and one side does nothing": {"owned-in-time", []string{
			"5 node1 link0 cut", "5 node1 link1 cut", "30 end -"}},
		"one direction, and both keep it": {"one-owner owned-in-time", []string{
			"5 node2 deaf on", "7.1 node2 web: start", "7.2 node2 web: started", "30 node2 deaf off", "45 end -"}},
		"one direction, and the one not heard yields": {"", []string{
			"5 node2 deaf on", "7.1 node2 log " + dead, "7.1 node2 web: start", "7.2 node2 web: started", "7.8 node1 web: stop", "7.9 node1 web: stopped", "30 end -"}},
		"killed, nobody takes over": {"owned-in-time", []string{
			"5 node1 daemon killed", "20 end -"}},
		"killed and back, clash ended": {"", []string{
			"5 node1 daemon killed", "7.1 node2 log " + dead, "7.1 node2 web: start", "7.2 node2 web: started", "10 node1 daemon restarting", "10.2 node1 daemon up",
			"10.9 node1 web: stop", "11 node1 web: stopped", "30 end -"}},
		"a move without need": {"nothing-moves", []string{
			"15 node1 web: stop", "15.1 node1 web: stopped", "15.2 node1 web: start", "15.3 node1 web: started", "16 end -"}},
		"a move by command": {"", []string{
			"15 node1 command 1", "15.1 node1 web: stop", "15.2 node1 web: stopped", "15.3 node2 web: start", "15.4 node2 web: started", "30 end -"}},
		"a move because of a short stall": {"nothing-moves", []string{
			"10 node1 stall on", "10.5 node1 stall off", "11 node1 web: stop", "11.1 node1 web: stopped", "11.2 node2 web: start", "11.3 node2 web: started", "12 end -"}},
		"declared dead though it beats": {"false-death", []string{
			"10 node2 log " + dead, "11 end -"}},
		"declared dead too early": {"false-death", []string{
			"5 node1 power off", "6.2 node2 log " + dead, "6.3 node2 web: start", "6.4 node2 web: started", "11 end -"}},
		"declared dead after a short stall": {"false-death", []string{
			"10 node1 stall on", "11 node1 stall off", "11.1 node2 log " + dead, "12 end -"}},
		"declared dead after a short stall that ended in a power cut": {"", []string{
			"10 node1 stall on", "11 node1 power off", "11 node1 daemon none", "11 node1 stall off", "12.2 node2 log " + dead,
			"12.3 node2 web: start", "12.4 node2 web: started", "20 end -"}},
		"declared dead after a long stall": {"", []string{
			"10 node1 stall on", "12.2 node2 log " + dead, "12.3 node2 web: start", "12.4 node2 web: started",
			"14 node1 stall off", "14.5 node2 web: stop", "14.6 node2 web: stopped", "30 end -"}},
		"the daemon ends":                   {"daemon-lives", []string{"4 node1 ended daemon", "5 end -"}},
		"the host reboots for nothing":      {"no-needless-reboot", []string{"4 node1 ended host", "5 end -"}},
		"the host reboots for a stop":       {"", []string{"3 node1 web: stop", "3.1 node1 web: stop-failed", "4 node1 ended host", "5 end -"}},
		"a panic":                           {"clean-log", []string{"4 node1 log panic: oh", "5 end -"}},
		"a secret":                          {"clean-log", []string{"4 node1 log the key is not-for-you", "5 end -"}},
		"a start fails, and the other runs": {"", []string{"3 node1 scripts web.start.fails", "3.1 node1 command 1", "3.2 node1 web: stop", "3.3 node1 web: stopped", "3.4 node2 web: start", "3.5 node2 web: started", "40 end -"}},
		"a start fails, and nobody runs it": {"owned-in-time", []string{"3 node1 scripts web.start.fails", "3.1 node1 command 1", "3.2 node1 web: stop", "3.3 node1 web: stopped", "90 end -"}},
		"status lied":                       {"", []string{"3 node2 web: lied", "4 node2 web: start", "4.1 node2 web: started", "20 end -"}},
		"two owners that a command left":    {"one-owner owned-in-time", []string{"3 node1 command 1", "4 node2 web: start", "4.1 node2 web: started", "60 end -"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := tale(t, append(append([]string{}, owned...), test.lines...)...)
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

func TestJudgeOfFigures(t *testing.T) {
	tests := map[string]struct {
		want   string
		change func(*Record)
	}{
		"files":      {"no-growth", func(r *Record) { r.Samples = []Sample{{At: r.End, Files: mostUsed.files + 1}} }},
		"threads":    {"no-growth", func(r *Record) { r.Samples = []Sample{{At: r.End, Threads: mostUsed.threads + 1}} }},
		"memory":     {"no-growth", func(r *Record) { r.Samples = []Sample{{At: r.End, Memory: mostUsed.memory + 1}} }},
		"goroutines": {"no-growth", func(r *Record) { r.Samples = []Sample{{At: r.End, Goroutines: mostUsed.goroutines + 1}} }},
		"files, in a life": {"no-growth", func(r *Record) {
			r.Samples = []Sample{{At: zero, Files: 10, PID: 7}, {At: r.End, Files: 19, PID: 7}}
		}},
		"files, in two lives": {"", func(r *Record) {
			r.Samples = []Sample{{At: zero, Files: 10, PID: 7}, {At: r.End, Files: 19, PID: 8}}
		}},
		"within": {"", func(r *Record) {
			r.Samples = []Sample{{At: r.End, Files: 20, Threads: 9, Memory: 9000, Goroutines: 20}}
		}},
		"console":     {"clean-log", func(r *Record) { r.Console["node1"] = "x\ngoroutine 1 [running]:\n" }},
		"not settled": {"converges", func(r *Record) { r.Calms = []Calm{{Begin: zero, End: r.End, Why: "x"}} }},
		"settled":     {"", func(r *Record) { r.Calms = []Calm{{Begin: zero, End: r.End, Settled: r.End}} }},
		"a command hangs": {"commands-return", func(r *Record) {
			r.Commands = []Order{{Begin: zero.Add(time.Second), Node: "node1", Text: "standby"}}
		}},
		"a command returns": {"", func(r *Record) {
			r.Commands = []Order{{Begin: zero.Add(time.Second), End: zero.Add(2 * time.Second), Node: "node1", Text: "standby"}}
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := tale(t, "0.1 node1 web: start", "0.2 node1 web: started", "20 end -")
			test.change(r)
			if got := rules(Judge(r)); got != test.want {
				t.Errorf("broken: %q, want %q", got, test.want)
			}
		})
	}
}

func TestSpans(t *testing.T) {
	tests := map[string]struct {
		lines []string
		want  string // NODE START STARTED STOP STOPPED, in seconds
	}{
		"kept":             {[]string{"1 node1 web: start", "2 node1 web: started", "9 end -"}, "node1 1 2 - -"},
		"stopped":          {[]string{"1 node1 web: start", "2 node1 web: started", "3 node1 web: stop", "4 node1 web: stopped", "9 end -"}, "node1 1 2 3 4"},
		"stop failed":      {[]string{"1 node1 web: start", "2 node1 web: started", "3 node1 web: stop", "4 node1 web: stop-failed", "9 end -"}, "node1 1 2 - -"},
		"start failed":     {[]string{"1 node1 web: start", "2 node1 web: start-failed", "9 end -"}, "node1 1 - 2 2"},
		"power":            {[]string{"1 node1 web: start", "2 node1 web: started", "3 node1 power off", "9 end -"}, "node1 1 2 3 3"},
		"while power goes": {[]string{"3 node1 power off", "3.1 node1 web: start", "5 node1 power on", "6 node1 web: start", "9 end -"}, "node1 6 - - -"},
		"other's power":    {[]string{"1 node1 web: start", "2 node1 web: started", "3 node2 power off", "9 end -"}, "node1 1 2 - -"},
		"twice off":        {[]string{"1 node1 power off", "2 node1 power on", "3 node1 web: start", "4 node1 web: started", "5 node1 power off", "9 end -"}, "node1 3 4 5 5"},
		"vanished":         {[]string{"1 node1 web: start", "2 node1 web: vanished", "3 node1 web: start", "4 node1 web: started", "9 end -"}, "node1 1 - 2 2; node1 3 4 - -"},
		"vanished late":    {[]string{"1 node1 web: start", "2 node1 web: vanished", "3 node1 web: started", "9 end -"}, "node1 1 - 2 2; node1 3 3 - -"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			second := func(at time.Time) string {
				if at.IsZero() {
					return "-"
				}
				return fmt.Sprint(at.Sub(zero).Seconds())
			}
			for _, s := range tale(t, test.lines...).spans() {
				got = append(got, fmt.Sprintf("%s %s %s %s %s", s.Node, second(s.Start), second(s.Started), second(s.Stop), second(s.Stopped)))
			}
			if all := strings.Join(got, "; "); all != test.want {
				t.Errorf("got %s, want %s", all, test.want)
			}
		})
	}
}
