package daemon

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"heartbeatd/internal/config"
	"heartbeatd/internal/link/linktest"
	"heartbeatd/internal/runner"
)

// me is the user the tests run as: others need root, and a private host.
func me(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

// script writes a program to a machine's directory and returns its path.
func (m *machine) script(name, text string) string {
	m.Helper()
	path := filepath.Join(m.dir, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		m.Fatal(err)
	}
	return path
}

// stays is a program that runs until it is told to end, and says so.
const stays = `echo "$# $1|$2|$HA_CURHOST|$HA_FLAVOUR|$NOTIFY_SOCKET" >%[1]s.args
ls -l /proc/$$/fd >%[1]s.fds
trap 'echo %[1]s >>%[2]s; exit 0' TERM
echo $$ >%[1]s.pid
while :; do sleep 0.02; done
`

func TestPrograms(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "/nowhere")
	network := linktest.New(nil, 1, "eth0")
	a := newMachine(t, network, "node1", func(c *config.Config) { c.Env = []string{"FLAVOUR=plain"} })
	b := newMachine(t, network, "node2", nil).start()
	order := filepath.Join(a.dir, "order")
	first, second := filepath.Join(a.dir, "first"), filepath.Join(a.dir, "second")
	for _, name := range []string{"first", "second"} {
		a.script(name, fmt.Sprintf(stays, filepath.Join(a.dir, name), order))
	}
	dies, done, gone := a.script("dies", "exit 3\n"), a.script("done", "exit 100\n"), filepath.Join(a.dir, "gone")
	for _, command := range []string{first + ` one "two  three"`, second, dies, done, gone} {
		a.d.opt.Config.Children = append(a.d.opt.Config.Children, config.Child{User: me(t), Command: command})
	}
	a.start()
	a.untilLog(`ERROR: Respawning client "` + dies + `":`)
	a.untilLog("WARN: Managed " + done + " process ")
	a.untilLog("ERROR: Cannot exec " + gone + ": No such file or directory")
	for _, path := range []string{first + ".pid", second + ".pid"} {
		a.until(path+" is there", func() bool { b, _ := os.ReadFile(path); return len(b) > 1 })
	}
	b.untilLog("remote resource transition completed.")
	if got, _ := os.ReadFile(first + ".args"); string(got) != "2 one|two  three|node1|plain|\n" {
		t.Errorf("arguments and environment: %q", got)
	}
	fds, _ := os.ReadFile(first + ".fds")
	if leaked := regexp.MustCompile(`socket:|pipe:|anon_inode|memfd|ha-log|/run/|/lib/`).Find(fds); leaked != nil || !strings.Contains(string(fds), " 0 -> /dev/null") {
		t.Errorf("open files: %s", fds)
	}
	if started, active := strings.Index(a.log(), "Starting child client"), strings.Index(a.log(), "now set to: 'active'"); started < active {
		t.Errorf("started before communication was up:\n%s", a.log())
	}
	a.stop()
	if got, _ := os.ReadFile(order); string(got) != second+"\n"+first+"\n" {
		t.Errorf("ended in the order %q", got)
	}
	log := a.log()
	for _, want := range []string{
		`Starting child client "` + first + ` one "two  three"" (`, `Starting "` + first + ` one "two  three"" as uid `,
		"exited with return code 3.", "exited with return code 100.",
		"client [" + gone + "] is not running.", "client [" + done + "] is not running.", "killing " + second + " process group ",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("ha-log lacks %q", want)
		}
	}
	if strings.Contains(log, `Respawning client "`+done) || strings.Contains(log, `Respawning client "`+gone) {
		t.Error("one is started again that has exited with 100, or cannot be started")
	}
	if relinquished, killing := strings.Index(log, "All HA resources relinquished."), strings.Index(log, "killing "); killing < relinquished {
		t.Error("programs are ended before the resources are released")
	}
	if !strings.HasSuffix(log, "node1 Heartbeat shutdown complete.\n") || strings.Count(log, "shutdown complete") != 1 {
		t.Errorf("the last line is another:\n%s", log)
	}
	if t.Failed() {
		t.Log(log)
	}
}

// TestProgramThatIgnoresTerm does not keep the peer from taking over, nor from being told.
func TestProgramThatIgnoresTerm(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	a, b := newMachine(t, network, "node1", nil), newMachine(t, network, "node2", nil).start()
	pid := filepath.Join(a.dir, "pid-of-it")
	deaf := a.script("deaf", "trap '' TERM\necho $$ >"+pid+"\nwhile :; do sleep 0.05; done\n")
	a.d.opt.Config.Children = []config.Child{{User: me(t), Command: deaf}}
	a.start()
	a.until("web runs", a.runs)
	a.until("the program runs", func() bool { b, _ := os.ReadFile(pid); return len(b) > 1 })
	b.untilLog("remote resource transition completed.")
	a.d.signals <- syscall.SIGTERM
	b.until("web runs on the other node", b.runs)
	a.untilLog("killing " + deaf + " process group ")
	if s := a.status(); s.State != "stopping" {
		t.Errorf("it says that it is %s", s.State)
	}
	text, _ := os.ReadFile(pid)
	var number int
	fmt.Sscan(string(text), &number)
	syscall.Kill(-number, syscall.SIGKILL)
	if err := <-a.ended; err != nil {
		t.Error(err)
	}
}

// TestProgramThatEndsDuringTheRelease is not started again, and a failfast one reboots nothing.
func TestProgramThatEndsDuringTheRelease(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	a := newMachine(t, network, "node1", nil)
	newMachine(t, network, "node2", nil).start()
	a.d.reboots = func(reason string) { t.Error("reboot: " + reason) }
	// It ends when web does, and slow waits for that.
	ends := a.script("ends", strings.ReplaceAll("while [ ! -e DIR/web ]; do sleep 0.02; done\ntouch DIR/seen\nwhile [ -e DIR/web ]; do sleep 0.02; done\nexit 9\n", "DIR", a.dir))
	a.d.opt.Config.Groups = append(a.d.opt.Config.Groups, config.Group{Home: "node1", Resources: []string{"slow"}})
	a.script("ha.d/resource.d/slow", strings.ReplaceAll(`case $1 in
status) if [ -e DIR/slow ]; then echo running; else echo stopped; fi ;;
start) touch DIR/slow ;;
stop) while ! grep -q 'return code 9' DIR/ha-log; do sleep 0.02; done; rm -f DIR/slow ;;
esac
`, "DIR", a.dir))
	a.d.opt.Config.Children = []config.Child{{User: me(t), Command: ends, Failfast: true}}
	a.start()
	a.until("both groups run", func() bool { _, err := os.Stat(filepath.Join(a.dir, "slow")); return err == nil && a.runs() })
	a.until("the program has seen web", func() bool { _, err := os.Stat(filepath.Join(a.dir, "seen")); return err == nil })
	a.stop()
	if log := a.log(); strings.Contains(log, "Respawning client") || !strings.Contains(log, "client ["+ends+"] is not running.") {
		t.Errorf("ha-log:\n%s", log)
	}
}

// TestFailfast: the machine is rebooted, by what reboots it when a resource cannot be stopped.
func TestFailfast(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	a := newMachine(t, network, "node1", nil)
	newMachine(t, network, "node2", nil).start()
	reboots := make(chan string, 1)
	a.d.reboots = func(reason string) { reboots <- reason }
	risky := a.script("risky", "exit 1\n")
	a.d.opt.Config.Children = []config.Child{{User: me(t), Command: risky, Failfast: true}}
	a.start()
	select {
	case reason := <-reboots:
		if !strings.Contains(reason, risky) {
			t.Errorf("rebooted because %s", reason)
		}
	case <-time.After(time.Minute):
		t.Error("no reboot")
	}
	a.untilLog("EMERG: Rebooting system.  Reason: " + risky)
}

// TestProgramsOfAKilledDaemon are ended with all they have started, before others are.
func TestProgramsOfAKilledDaemon(t *testing.T) {
	network := linktest.New(nil, 1, "eth0")
	a := newMachine(t, network, "node1", nil)
	newMachine(t, network, "node2", nil).start()
	orphan := exec.Command(a.script("orphan", "sleep 1000 &\necho $! >"+a.dir+"/inner\nwait\n"))
	orphan.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := orphan.Start(); err != nil {
		t.Fatal(err)
	}
	go orphan.Wait() //nolint:errcheck // it is killed
	var inner int
	a.until("the orphan has a child", func() bool {
		text, _ := os.ReadFile(filepath.Join(a.dir, "inner"))
		n, _ := fmt.Sscan(string(text), &inner)
		return n == 1
	})
	state := filepath.Join(a.d.opt.Paths.RunDir, "children")
	os.MkdirAll(state, 0o700)
	runner.NewRecords(state).Add(orphan.Process.Pid, "orphan")
	a.d.opt.Config.Children = []config.Child{{User: me(t), Command: a.script("new", "exec sleep 1000\n")}}
	a.start()
	a.untilLog(`Starting "` + filepath.Join(a.dir, "new"))
	if pid := orphan.Process.Pid; !zombie(pid) && syscall.Kill(pid, 0) == nil { // in this order: Wait may reap it in between
		t.Error("the new one was started beside the old one")
		syscall.Kill(-pid, syscall.SIGKILL)
	}
	a.until("the orphan's child is gone", func() bool { return syscall.Kill(inner, 0) == syscall.ESRCH || zombie(inner) })
	a.untilLog(fmt.Sprintf("WARN: orphan (process group %d) of an earlier heartbeat still runs: killing it with signal 15", orphan.Process.Pid))
}

func zombie(pid int) bool {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return strings.Contains(string(b), ") Z ")
}
