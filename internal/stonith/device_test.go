package stonith

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// logged are the lines of a device.
type logged struct {
	sync.Mutex
	lines []string
}

func (l *logged) log(level, text string) {
	l.Lock()
	defer l.Unlock()
	l.lines = append(l.lines, level+" "+text)
}

func (l *logged) text() string {
	l.Lock()
	defer l.Unlock()
	return strings.Join(l.lines, "\n")
}

// device makes one whose program is a shell script; $HERE is its directory.
func device(t *testing.T, script string, change func(*Config)) (*Device, *logged, string) {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "stonith")
	if err := os.WriteFile(program, []byte("#!/bin/sh\nHERE="+dir+"\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	l := &logged{}
	cfg := Config{Type: "external/test", Program: program, Words: []string{"node1", "node2", "hunter2"}, Plain: []string{"node1", "node2"}, Log: l.log, Limit: time.Minute}
	if change != nil {
		change(&cfg)
	}
	d := New(cfg)
	t.Cleanup(d.Close)
	return d, l, dir
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestParametersAreNoArguments: whoever lists processes must not read a password, and the command gets it.
func TestParametersAreNoArguments(t *testing.T) {
	d, l, dir := device(t, `echo "$@" >$HERE/args; cat $4 >$HERE/parameters; tr '\0' '\n' </proc/self/environ >$HERE/environ
echo "Nov 22 08:00:00 node1 stonith: [12]: CRIT: login with hunter2 refused for node2"; exit 5`, nil)
	r := d.Reset("node2")
	if r.OK || r.Code != 1 || r.PID == 0 || r.Output != "login with *** refused for node2" {
		t.Errorf("%+v", r)
	}
	if got := read(t, dir+"/args"); got != "-t external/test -F /proc/self/fd/3 -T reset node2\n" {
		t.Errorf("arguments: %s", got)
	}
	if got := read(t, dir+"/parameters"); got != "node1 node2 hunter2\n" {
		t.Errorf("parameters: %q", got)
	}
	if strings.Contains(read(t, dir+"/environ"), "hunter2") {
		t.Error("the password is in the environment")
	}
	if got := l.text(); got != "ERROR glib: login with *** refused for node2" {
		t.Errorf("log: %s", got)
	}
}

func TestParametersOfAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "parameters")
	if err := os.WriteFile(file, []byte("# a comment\nnode1 node2 hunter3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, l, dir := device(t, `echo "$@" >$HERE/args; echo hunter3 again`, func(c *Config) { c.File, c.Words = file, nil })
	if r := d.Check(); !r.OK || r.Code != 0 {
		t.Errorf("%+v", r)
	}
	if got := read(t, dir+"/args"); got != "-t external/test -F "+file+" -S\n" {
		t.Errorf("arguments: %s", got)
	}
	if got := l.text(); got != "info glib: *** again" {
		t.Errorf("log: %s", got)
	}
	os.Remove(file)
	if r := d.Reset("node2"); r.OK || !strings.Contains(r.Output, "no such file") {
		t.Errorf("%+v", r)
	}
}

// TestExitCodes: 3.0.6's process ends with 0, 1, or 100 where the device does not know the node.
func TestExitCodes(t *testing.T) {
	for code, want := range map[int]int{0: 0, 1: 1, 2: 1, 4: 100, 5: 1, 8: 1, 255: 1} {
		d, _, _ := device(t, "exit "+strconv.Itoa(code), nil)
		r := d.Reset("node2")
		if r.Code != want || r.OK != (want == 0) || (r.Output == "") != r.OK {
			t.Errorf("exit %d: %+v", code, r)
		}
	}
	d, _, _ := device(t, "exit 4", func(c *Config) { c.Agent, c.Words = true, nil })
	if r := d.Reset("node2"); r.Code != 1 {
		t.Errorf("an agent's exit 4 means what it likes: %+v", r)
	}
	d, _, _ = device(t, "kill -9 $$", nil)
	if r := d.Reset("node2"); r.OK || r.Code != 1 || !strings.Contains(r.Output, "killed") {
		t.Errorf("%+v", r)
	}
	d, l, _ := device(t, "", func(c *Config) { c.Program = "/nosuch/stonith" })
	if r := d.Reset("node2"); r.OK || r.Code != 1 || !strings.Contains(l.text(), "/nosuch/stonith") {
		t.Errorf("%+v %s", r, l.text())
	}
}

// TestHangingDeviceIsGivenUp, with all that it has started.
func TestHangingDeviceIsGivenUp(t *testing.T) {
	d, l, dir := device(t, `sleep 1000 & echo $! >$HERE/child; wait`, func(c *Config) { c.Limit = 300 * time.Millisecond })
	r := d.Reset("node2")
	if r.OK || r.Code != 1 || !strings.Contains(r.Output, "no answer from the device within 300ms") || !strings.Contains(l.text(), "given up") {
		t.Errorf("%+v %s", r, l.text())
	}
	b, err := os.ReadFile(dir + "/child")
	if err != nil {
		return // it was given up before it had begun anything
	}
	child, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); !gone(child); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("its child still runs")
		}
	}
}

// gone says that a process has ended, or only waits to be buried.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(b), ") Z ")
}

// TestPersonIsWaitedFor: a meatware reset has no limit, and ends with the daemon.
func TestPersonIsWaitedFor(t *testing.T) {
	d, _, dir := device(t, `[ $5 = -S ] && exit 0; mkfifo $HERE/fifo; echo >$HERE/waits; read answer <$HERE/fifo; [ "$answer" = yes ]`,
		func(c *Config) { c.Type, c.Limit = meatware, time.Millisecond })
	done := make(chan Result, 2)
	go func() { done <- d.Reset("node2") }()
	await(t, dir+"/waits")
	select {
	case r := <-done:
		t.Fatalf("ended by itself: %+v", r)
	case <-time.After(50 * time.Millisecond):
	}
	if err := os.WriteFile(dir+"/fifo", []byte("yes\n"), 0); err != nil {
		t.Fatal(err)
	}
	if r := <-done; !r.OK {
		t.Errorf("%+v", r)
	}
	os.Remove(dir + "/fifo")
	os.Remove(dir + "/waits")
	go func() { done <- d.Reset("node2") }()
	await(t, dir+"/waits")
	d.Close()
	if r := <-done; r.OK {
		t.Errorf("%+v", r)
	}
}

func await(t *testing.T, path string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not come", path)
		}
	}
}

// TestResetOutlivesItsReader: a reset goes on when the daemon that asked for it has ended.
func TestResetOutlivesItsReader(t *testing.T) {
	d, _, dir := device(t, `grep SigIgn /proc/$$/status >$HERE/ignored`, nil)
	if r := d.Reset("node2"); !r.OK {
		t.Fatalf("%+v", r)
	}
	_, mask, _ := strings.Cut(strings.TrimSpace(read(t, dir+"/ignored")), "\t")
	bits, err := strconv.ParseUint(mask, 16, 64)
	if err != nil || bits&(1<<(syscall.SIGPIPE-1)) == 0 {
		t.Errorf("SIGPIPE ends it: %s", mask)
	}
}

// TestAgent: a fence agent reads its parameters from stdin.
func TestAgent(t *testing.T) {
	d, l, dir := device(t, `echo "$#" >$HERE/args; cat >$HERE/stdin; echo "login failed with pa55 at 10.0.0.9" >&2; exit 1`,
		func(c *Config) {
			c.Agent, c.Type, c.Words = true, "fence_test", []string{"ip=10.0.0.9", "password=pa55"}
		})
	if r := d.Reset("node2"); r.OK || r.Code != 1 || r.Output != "login failed with *** at 10.0.0.9" {
		t.Errorf("%+v", r)
	}
	if got := read(t, dir+"/stdin"); got != "ip=10.0.0.9\npassword=pa55\naction=reboot\nnodename=node2\nport=node2\n" {
		t.Errorf("stdin: %q", got)
	}
	if got := read(t, dir+"/args"); got != "0\n" {
		t.Errorf("arguments: %s", got)
	}
	if strings.Contains(l.text(), "pa55") {
		t.Errorf("log: %s", l.text())
	}
	for _, c := range []struct {
		action string
		words  []string
		want   string
	}{
		{"status", []string{"ip=h", "action=off"}, "ip=h\naction=off\naction=monitor\n"},
		{"reset", []string{"action=off", "plug=7"}, "action=off\nplug=7\nnodename=node2\n"},
		{"reset", []string{"port=7"}, "port=7\naction=reboot\nnodename=node2\n"},
	} {
		node := map[string]string{"reset": "node2"}[c.action]
		if got := agentInput(c.action, node, c.words); got != c.want {
			t.Errorf("%v: %q, want %q", c, got, c.want)
		}
	}
}

// TestVeil: the words of a plug-in have places, not names; those of an agent have names.
func TestVeil(t *testing.T) {
	for _, c := range []struct {
		agent      bool
		word, text string
		want       string
	}{
		{false, "abcd==", "login: abcd== refused", "login: *** refused"},
		{false, "ab=cd=ef", "ab=cd=ef, cd=ef", "***, ***"},
		{false, "user=node1", "user=node1 at node1", "*** at node1"},
		{false, "ip=10.0.0.9", "10.0.0.9 is silent", "10.0.0.9 is silent"},
		{true, "password=abcd==", "login: abcd== refused", "login: *** refused"},
		{true, "ip=bmc", "bmc is silent", "bmc is silent"},
		{true, "hunter2", "hunter2", "***"},
	} {
		if got := newVeil(c.agent, []string{c.word}, []string{"node1"})(c.text); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// TestTalkativeDevice: neither a flood nor what it leaves behind holds anything up.
func TestTalkativeDevice(t *testing.T) {
	d, l, _ := device(t, `i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i+1)); done; printf '\033[31mlast\377 '; head -c 100000 /dev/zero | tr '\0' x`, nil)
	if r := d.Reset("node2"); !r.OK {
		t.Errorf("%+v", r)
	}
	if n := len(l.lines); n != mostLines {
		t.Errorf("%d lines in the log", n)
	}
	out := newLines(l.log, newVeil(false, nil, nil))
	fmt.Fprintf(out, "\x1b[31mred\xff\n%s", strings.Repeat("x", 5000))
	out.end()
	if got := l.text(); strings.ContainsAny(got, "\x1b\xff") || len(out.last) != longestRow || !strings.Contains(got, " [31mred?") {
		t.Errorf("log: %q", got[len(got)-600:])
	}
}
