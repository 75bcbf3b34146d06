//go:build integration

package chaos

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/lab"
)

func TestMain(m *testing.M) { os.Exit(lab.Main(m.Run)) }

// seedsInTest are played all at once, which takes as long as the longest of them: about 40 s.
const seedsInTest = 12

// TestChaos plays a dozen seeds, as `make chaos` does a thousand.
func TestChaos(t *testing.T) {
	t.Parallel()
	farm := testFarm(t)
	farm.Workers = seedsInTest
	var seeds []uint64
	for seed := range uint64(seedsInTest) {
		seeds = append(seeds, seed+1)
	}
	begin := time.Now()
	all := farm.Run(seeds)
	Summary(t.Output(), all, time.Since(begin))
	good := 0
	for _, v := range all {
		switch v.Word() {
		case wordFailed, wordError:
			t.Errorf("%s: seed %d", v.Word(), v.Plan.Seed)
		case wordOK:
			good++
		}
	}
	if good == 0 {
		t.Error("no seed came to a good end")
	}
}

// TestRecordingIsPlayed: a recording reaches the daemon that heard it, over each medium, and is refused where it is of
// an earlier life of its sender. Each process of a daemon can be killed and held up.
func TestRecordingIsPlayed(t *testing.T) {
	for name, media := range map[string][]string{"bcast": {"bcast eth0"}, "mcast": {"mcast eth0 225.0.0.1 694 1 0"}, "ucast": {"ucast eth0 10.77.0.1", "ucast eth0 10.77.0.2"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			farm := testFarm(t)
			second := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
			r, err := farm.Play(&Plan{Setup: Setup{
				Links: 1, Media: media, Keepalive: second(.2), Deadtime: second(2), Initdead: second(2), Failback: "off",
				Groups: [][]string{{"node1", "web"}, {"node2", "db"}}, Secret: "not-for-you",
			}, Rounds: []Round{{For: second(6), Steps: []Step{
				{At: second(.1), Verb: "kill", Node: "node2", Args: []string{"100ms", procMain}},
				{At: second(1.5), Verb: "replay", Node: "node1", Args: []string{"3s"}}, // long enough for node2 to be back, on any machine
				{At: second(4.6), Verb: "stall", Node: "node1", Args: []string{procBoth}},
				{At: second(5.3), Verb: "resume", Node: "node1"},
			}}}})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Skipped) > 0 {
				t.Errorf("left out: %q", r.Skipped)
			}
			for node, words := range map[string]string{"node1": "attempted replay attack [node2]", "node2": "Heartbeat generation"} {
				if !slices.ContainsFunc(r.Lines, func(l Line) bool { return l.Node == node && strings.Contains(l.Text, words) }) {
					t.Errorf("%s does not say %q", node, words)
				}
			}
			for _, b := range Judge(r).Breaches {
				t.Logf("%s: %s (the machine was held up for %v)", b.Rule, b.Text, worst(r.Lates).By)
			}
		})
	}
}

// testFarm is a farm with the daemon of this tree, or the test is skipped.
func testFarm(t *testing.T) *Farm {
	t.Helper()
	if err := lab.Available(); err != nil {
		skip(t, err.Error())
	}
	if os.Getuid() != 0 {
		skip(t, "needs root")
	}
	if _, err := exec.LookPath("nft"); err != nil {
		skip(t, "needs nftables")
	}
	project, err := lab.ProjectDir()
	if err != nil {
		t.Fatal(err)
	}
	software, err := lab.Heartbeatd(buildDaemon(t, project), project)
	if err != nil {
		t.Fatal(err)
	}
	m := StartMetronome()
	t.Cleanup(m.Stop)
	return &Farm{Workers: 1, Rounds: 1, Out: t.Output(), Play: func(p *Plan) (*Record, error) { return Play(p, software, m) }}
}

// skip skips a test with its reason. Where HEARTBEATD_NEED_ROOT is set, nothing may be skipped.
func skip(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("HEARTBEATD_NEED_ROOT") == "1" || os.Getenv("CI") == "true" {
		t.Fatalf("cannot run here, and nothing may be skipped: %s", reason)
	}
	t.Skip(reason)
}

func buildDaemon(t *testing.T, project string) string {
	t.Helper()
	if binary := os.Getenv("HEARTBEATD"); binary != "" {
		return binary // another daemon than the one of this tree
	}
	binary := filepath.Join(t.TempDir(), "heartbeatd")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "./cmd/heartbeatd")
	build.Dir, build.Env = project, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the daemon: %v\n%s", err, out)
	}
	return binary
}
