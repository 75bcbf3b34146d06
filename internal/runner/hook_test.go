package runner

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func (s *site) hook(ctx context.Context, text string, env ...string) Result {
	s.t.Helper()
	path := s.script("mine", text)
	pid := 0
	res := s.RunHook(ctx, Hook{Path: path, Type: "status", Env: env}, func(p int) { pid = p })
	if pid != res.PID {
		s.t.Errorf("process %d was told, %d ended", pid, res.PID)
	}
	return res
}

// TestHookGetsWhatItNeeds: its argument and its variables, over those of every script; nothing of ours.
func TestHookGetsWhatItNeeds(t *testing.T) {
	s := newSite(t)
	res := s.hook(context.Background(), `echo "$# $1 $HA_st $PATH"; ls /proc/self/fd | tr '\n' ' '; read line || echo no input`, "HA_st=dead", "PATH=/bin:/usr/bin")
	lines := res.Lines()
	if res.RC != 0 || len(lines) != 2 || lines[0] != "1 status dead /bin:/usr/bin" || !strings.HasPrefix(lines[1], "0 1 2 3 no input") {
		t.Errorf("%+v", res)
	}
}

func TestHookFails(t *testing.T) {
	s := newSite(t)
	if res := s.hook(context.Background(), "echo no mail >&2; exit 3"); res.RC != 3 || res.Err != nil || strings.Join(res.Lines(), "") != "no mail" {
		t.Errorf("%+v", res)
	}
	res := s.RunHook(context.Background(), Hook{Path: s.etc + "/nothing", Type: "status"}, func(int) {})
	if res.RC != rcNotFound || res.Err == nil || res.PID != 0 {
		t.Errorf("%+v", res)
	}
}

// TestHookIsEnded with all it has started, also if it does not listen.
func TestHookIsEnded(t *testing.T) {
	for name, text := range map[string]string{
		"one that ends": "echo $$; sleep 1000 & wait",
		"one that wont": "trap '' TERM; echo $$; while :; do sleep 1; done",
	} {
		s := newSite(t)
		path := s.script("mine", text)
		ctx, end := context.WithCancel(context.Background())
		done := make(chan Result, 1)
		started := make(chan int, 1)
		go func() { done <- s.RunHook(ctx, Hook{Path: path, Type: "x"}, func(p int) { started <- p }) }()
		pid := <-started
		time.Sleep(50 * time.Millisecond) // for its trap
		end()
		select {
		case res := <-done:
			if res.RC <= rcSignal {
				t.Errorf("%s: %+v", name, res)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s goes on", name)
		}
		for deadline := time.Now().Add(time.Minute); !errors.Is(unix.Kill(-pid, 0), unix.ESRCH); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s has left a process behind", name)
			}
		}
	}
}
