package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"heartbeatd/internal/clientapi"
	"heartbeatd/internal/dopd"
	"heartbeatd/internal/outdater"
)

// TestPeerOutdater: the options, the environment and the exit codes of 3.0.6.
func TestPeerOutdater(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "outdater")
	server, err := outdater.Listen(outdater.Config{
		Path: socket, Self: "node1", Group: -1, May: func(clientapi.Peer) bool { return true }, Log: func(text string) { t.Error(text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	verdicts := map[string]dopd.Verdict{"r3": 3, "r4": 4, "r5": 5, "r6": 6, "r20": 20, "r21": 21}
	go func() {
		for e := range server.Events() {
			switch {
			case e.Left || e.Resource == "silent":
			case e.Peer != "node2":
				server.Answer(e.ID, 99)
			default:
				server.Answer(e.ID, verdicts[e.Resource])
			}
		}
	}()
	nowhere := filepath.Join(t.TempDir(), "outdater")
	const own = "/usr/libexec/heartbeat/drbd-peer-outdater"
	for _, c := range []struct {
		args, env, socket string
		code              int
		stdout, stderr    string // how they begin
	}{
		{"-r r4 -p node2", "", socket, 4, "", ""},
		{"-rr3 -pnode2 -t5", "", socket, 3, "", ""},
		{"-r r5 -p node2 -t 60 extra", "", socket, 5, "", ""},
		{"-p NODE2 -r r6", "", socket, 6, "", ""},
		{"-r r20 -p node2", "", socket, 20, "", ""},
		{"-r r21 -p node2", "", socket, 21, "", ""},
		{"-r r4 -p node1", "", socket, 20, "", ""},
		{"", "DRBD_PEER=node2 DRBD_RESOURCE=r4", socket, 4, "", ""},
		{"-r r6", "DRBD_PEER=node2 DRBD_RESOURCE=r4", socket, 6, "", ""},
		{"-r r4 -p node2", "DRBD_PEER=bad DRBD_RESOURCE=bad", socket, 4, "", ""},
		{"-r silent -p node2 -t 1", "", socket, 5, "", "heartbeatd: error: drbd-peer-outdater: no answer within 1s"},
		{"-r r4 -p node2 -t 1", "", nowhere, 5, "", "heartbeatd: error: drbd-peer-outdater: dopd does not answer: "},
		{"-r r4 -p node2 -t 0", "", nowhere, 5, "", "heartbeatd: error: drbd-peer-outdater: "},
		{"-h", "", nowhere, 0, peerOutdaterUsage, ""},
		{"", "", nowhere, 1, "", peerOutdaterUsage},
		{"-V", "", nowhere, 1, "", peerOutdaterUsage},
		{"-r r4", "", nowhere, 1, "", peerOutdaterUsage},
		{"-p node2", "", nowhere, 1, "", peerOutdaterUsage},
		{"", "DRBD_PEERS=node2 DRBD_RESOURCE=r4", nowhere, 1, "", peerOutdaterUsage},
		{"-x", "", nowhere, 1, "", own + ": invalid option -- 'x'\n" + peerOutdaterUsage},
		{"-r", "", nowhere, 1, "", own + ": option requires an argument -- 'r'\n" + peerOutdaterUsage},
	} {
		env := map[string]string{}
		for _, word := range strings.Fields(c.env) {
			name, value, _ := strings.Cut(word, "=")
			env[name] = value
		}
		var out, errs bytes.Buffer
		o := peerOutdater{c.socket, func(name string) string { return env[name] }}
		code := o.run(own, strings.Fields(c.args), &out, &errs)
		if code != c.code || !strings.HasPrefix(out.String(), c.stdout) || !strings.HasPrefix(errs.String(), c.stderr) ||
			(out.Len() > 0) != (c.stdout != "") || (errs.Len() > 0) != (c.stderr != "") {
			t.Errorf("%s %s: exit %d, want %d\nstdout %s\nstderr %s", c.env, c.args, code, c.code, &out, &errs)
		}
	}
}

// TestPeerOutdaterIsReached by its name, as DRBD calls it.
func TestPeerOutdaterIsReached(t *testing.T) {
	var out, errs bytes.Buffer
	if code := Run("/usr/lib/heartbeat/drbd-peer-outdater", []string{"-h"}, os.Stdin, &out, &errs); code != 0 || out.String() != peerOutdaterUsage {
		t.Errorf("exit %d: %s%s", code, &out, &errs)
	}
}

func TestUnansweredHint(t *testing.T) {
	for want, err := range map[string]error{
		"only root": fmt.Errorf("dial: %w", os.NewSyscallError("connect", syscall.EACCES)), "heartbeat must run": os.ErrNotExist,
	} {
		if got := unansweredHint(err); !strings.HasPrefix(got, want) {
			t.Errorf("%v: %q", err, got)
		}
	}
}

func TestSeconds(t *testing.T) {
	for text, want := range map[string]time.Duration{"5": 5 * time.Second, " 7x": 7 * time.Second, "": 0, "abc": 0, "0": 0,
		"-5": 24 * time.Hour, "99999999999": 24 * time.Hour, "99999999999999999999999": 24 * time.Hour} {
		if got := seconds(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
