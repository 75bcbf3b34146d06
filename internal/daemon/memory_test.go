package daemon

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// TestReserve: what memreserve asks for is in memory, and stays when the collector has worked.
func TestReserve(t *testing.T) {
	const kilobytes, mark = 40000, "HEARTBEATD_TEST_RESERVE"
	if os.Getenv(mark) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestReserve$", "-test.v")
		cmd.Env = append(os.Environ(), mark+"=1", "GOGC=100")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	before := resident(t)
	reserve(kilobytes)
	runtime.GC()
	if more := resident(t) - before; more < kilobytes*9/10 || more > kilobytes*2 {
		t.Errorf("%d kB more are in memory, want %d", more, kilobytes)
	}
	// What the heap takes now, it takes from there.
	faults := minorFaults(t)
	var kept [][]byte
	for range 20 {
		kept = append(kept, make([]byte, 1<<20))
		touch(kept[len(kept)-1])
	}
	if n := minorFaults(t) - faults; n > 20<<20/os.Getpagesize()/4 {
		t.Errorf("20 MB from the heap cost %d page faults", n)
	}
	runtime.KeepAlive(kept)
}

func resident(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func minorFaults(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		t.Skip(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	n, err := strconv.Atoi(strings.Fields(rest)[7])
	if err != nil {
		t.Fatal(err)
	}
	return n
}
