package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/control"
)

func TestMoveFaces(t *testing.T) {
	const full = "/usr/share/heartbeat/"
	for _, tc := range []struct {
		name, args  string
		code        int
		asked       string
		stdout, err string
	}{
		{"hb_standby", "", 0, "standby all", "", "Jan 05 09:00:01 Going standby [all].\n"},
		{"hb_standby", "local", 0, "standby local", "", "Jan 05 09:00:01 Going standby [local].\n"},
		{"hb_standby", "failback", 0, "standby foreign", "", "Jan 05 09:00:01 Going standby [foreign].\n"},
		{"hb_standby", "foo", 1, "", full + "hb_standby: wrong resources(foo).\nusage:\n", full + "hb_standby [all|foreign|local|failback]\n"},
		{"hb_standby", "all all", 1, "", full + "hb_standby: too many arguments\nusage:\n", full + "hb_standby [all|foreign|local|failback]\n"},
		{"hb_standby", "--help", 1, "", "usage:\n", full + "hb_standby [all|foreign|local|failback]\n"},
		{"hb_takeover", "", 0, "takeover all", "", ""},
		{"hb_takeover", "failback", 0, "takeover failback", "", ""},
		{"hb_takeover", "foo", 1, "", full + "hb_takeover: wrong resources(foo).\nusage:\n", full + "hb_takeover [all|foreign|local|failback]\n"},
	} {
		m := testMachine(t)
		f := &fakeDaemon{}
		f.run(t, m)
		var out, errs bytes.Buffer
		code := m.hbMove(tc.name, tc.name, strings.Fields(tc.args), &out, &errs)
		asked := ""
		select {
		case asked = <-f.asked:
		default:
		}
		if code != tc.code || out.String() != tc.stdout || errs.String() != tc.err || asked != tc.asked {
			t.Errorf("%s %s: exit %d, stdout %q, stderr %q, asked %q", tc.name, tc.args, code, &out, &errs, asked)
		}
	}
}

func TestMoveFaceNamesTheFullPathItWasCalledBy(t *testing.T) {
	var out, errs bytes.Buffer
	testMachine(t).hbMove("hb_standby", "/opt/hb_standby", []string{"x"}, &out, &errs)
	if errs.String() != "/opt/hb_standby [all|foreign|local|failback]\n" {
		t.Errorf("got %q", &errs)
	}
}

// 3.0.6 blocks for ever here.
func TestMoveWithoutDaemonFailsAtOnce(t *testing.T) {
	m := testMachine(t)
	before := time.Now()
	for _, run := range []func(out, errs *bytes.Buffer) int{
		func(out, errs *bytes.Buffer) int { return m.hbMove("hb_standby", "hb_standby", nil, out, errs) },
		func(out, errs *bytes.Buffer) int { return m.hbMove("hb_takeover", "hb_takeover", nil, out, errs) },
		func(out, errs *bytes.Buffer) int {
			return standbyCommand([]string{"--socket", m.socket}, nil, out, errs)
		},
		func(out, errs *bytes.Buffer) int {
			return takeoverCommand([]string{"--socket", m.socket, "local"}, nil, out, errs)
		},
	} {
		var out, errs bytes.Buffer
		want := "heartbeatd: error: heartbeatd is not running on this machine (nobody listens on " + m.socket + ")\n" +
			"heartbeatd: hint: start it with 'systemctl start heartbeat' or 'service heartbeat start'\n"
		if code := run(&out, &errs); code != 1 || out.Len() > 0 || errs.String() != want {
			t.Errorf("exit %d, stdout %q, stderr %q", code, &out, &errs)
		}
	}
	if d := time.Since(before); d > 30*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestMoveCommands(t *testing.T) {
	m := testMachine(t)
	f := &fakeDaemon{}
	f.run(t, m)
	var out, errs bytes.Buffer
	if code := standbyCommand([]string{"--socket", m.socket}, nil, &out, &errs); code != 0 || out.String() != "Going standby [all].\n" {
		t.Errorf("exit %d, %q, %q", code, &out, &errs)
	}
	if code := takeoverCommand([]string{"failback", "--socket", m.socket}, nil, &out, &errs); code != 0 || errs.Len() > 0 {
		t.Errorf("exit %d, %q, %q", code, &out, &errs)
	}
	if a, b := <-f.asked, <-f.asked; a != "standby all" || b != "takeover failback" {
		t.Errorf("asked %q, %q", a, b)
	}
	f.err = &control.Refusal{Reason: "auto_failback is legacy", Hint: "set it to on"}
	errs.Reset()
	code := standbyCommand([]string{"--socket", m.socket}, nil, &out, &errs)
	if want := "heartbeatd: error: auto_failback is legacy\nheartbeatd: hint: set it to on\n"; code != 1 || errs.String() != want {
		t.Errorf("refused: exit %d, %q", code, &errs)
	}
	for _, args := range []string{"foo", "all all", "--foo"} {
		if code := standbyCommand(strings.Fields(args), nil, &out, &errs); code != 2 {
			t.Errorf("%q: exit %d, want 2", args, code)
		}
	}
}
