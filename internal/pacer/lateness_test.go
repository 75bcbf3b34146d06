//go:build integration && long

package pacer

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestLateness sends beats under load and shows how late they were. BEATS, KEEPALIVE, HOGS, RTPRIO change it.
// A second pacer, with the highest priority and nothing to send, shows what the machine itself adds at the same time.
func TestLateness(t *testing.T) {
	beats, every, hogs := whole("BEATS", 20000), fromEnv("KEEPALIVE", 10*time.Millisecond), whole("HOGS", 6)
	p := newPaced(t, Options{Priority: whole("RTPRIO", 1)})
	witness := newPaced(t, Options{Priority: 99})
	witness.Closed(0)
	for range hogs {
		c := exec.Command("/bin/sh", "-c", "while :; do :; done")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { c.Process.Kill(); c.Wait() }()
	}
	wire := &histogram{}
	pid := p.Status().PID
	before, start, at := cpu(t, pid), time.Now(), clock()+int64(every)
	offered, planned := 0, []int64{}
	for heardAll := 0; heardAll < beats; heardAll++ {
		for offered < beats && p.Offer(time.Duration(at), []byte(strconv.Itoa(offered))) {
			planned = append(planned, at)
			witness.Offer(time.Duration(at+int64(every)/2), []byte("nothing"))
			at += int64(every)
			offered++
		}
		h, ok := p.next(patience)
		if !ok || h.text != strconv.Itoa(heardAll) {
			t.Fatalf("heard %q instead of beat %d", h.text, heardAll)
		}
		wire.add(h.at - planned[heardAll])
	}
	took := time.Since(start)
	own, w, m, used := p.Lateness(), wire.lateness(), witness.Lateness(), cpu(t, pid)-before
	show := func(l Lateness) string {
		return fmt.Sprintf("p50 %s p99 %s p99.9 %s p99.99 %s max %s", l.Quantile(.5), l.Quantile(.99), l.Quantile(.999), l.Quantile(.9999), l.Max)
	}
	fmt.Printf("pacer: %d beats every %s under %d hogs, %s: at sendto %s; on the wire %s; the machine alone %s; CPU %.2f s per 1000 s, PSS %s kB\n",
		beats, every, hogs, p.Status().Sched, show(own), show(w), show(m), used.Seconds()/took.Seconds()*1000, pss(pid))
}

// pss is a process's proportional share of memory, in kB.
func pss(pid int) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	_, rest, _ := strings.Cut(string(b), "\nPss:")
	size, _, _ := strings.Cut(rest, " kB")
	return strings.TrimSpace(size)
}

// cpu is what a process has used: the sum over its threads as the scheduler counts it, in ns.
func cpu(t *testing.T, pid int) (sum time.Duration) {
	t.Helper()
	threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, e := range threads {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", pid, e.Name()))
		first, _, _ := strings.Cut(string(b), " ")
		n, _ := strconv.ParseInt(first, 10, 64)
		sum += time.Duration(n)
	}
	return sum
}

func whole(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return usual
}

func fromEnv(name string, usual time.Duration) time.Duration {
	if d, err := time.ParseDuration(os.Getenv(name)); err == nil {
		return d
	}
	return usual
}
