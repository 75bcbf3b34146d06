package cli

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/control"
)

// oldSite is an /etc/ha.d whose scripts note what they do, and say that they run if there is a file of their name.
type oldSite struct {
	*testing.T
	dir    string
	env    map[string]string
	socket string
}

func newOldSite(t *testing.T) *oldSite {
	s := &oldSite{T: t, dir: t.TempDir(), env: map[string]string{}, socket: filepath.Join(t.TempDir(), "s")}
	s.write("haresources", "# one\nAlpha web mail # two\n\nbeta  \\\n db\t10.0.0.1/24/eth0\n")
	s.write("ha.cf", "node alpha beta\n")
	for _, name := range []string{"web", "mail", "db", "IPaddr"} {
		s.write("resource.d/"+name, `#!/bin/sh
cd "${0%/*}/.." || exit 9
for op; do :; done
case $op in
status) if [ -e "on-${0##*/}" ]; then echo running; else echo stopped; fi ;;
*) echo "${0##*/} $op" >>calls; [ ! -e "fail-$op-${0##*/}" ] || exit 4 ;;
esac
case $op in start) touch "on-${0##*/}" ;; stop) rm -f "on-${0##*/}" ;; esac
`)
	}
	return s
}

func (s *oldSite) write(name, text string) {
	s.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		s.Fatal(err)
	}
}

// manage is a call of ResourceManager.
func (s *oldSite) manage(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	m := machine{socket: s.socket, pidFile: filepath.Join(s.dir, "pid"), nodeinfo: filepath.Join(s.dir, "nodeinfo"), host: "alpha", pid: 7, now: func() time.Time { return time.Unix(0, 0).UTC() }}
	env := func(name string) string { return s.env[name] }
	r := &resourceManager{machine: m, called: "/usr/share/heartbeat/ResourceManager", dir: s.dir, initDir: filepath.Join(s.dir, "init.d"),
		env: env, stdout: &out, stderr: &errs, log: m.scriptLog("ResourceManager", env, &errs), retry: func() {}}
	code = r.run(args)
	return code, out.String(), errs.String()
}

func (s *oldSite) calls() string {
	b, _ := os.ReadFile(filepath.Join(s.dir, "calls"))
	os.Remove(filepath.Join(s.dir, "calls"))
	return strings.ReplaceAll(strings.TrimSpace(string(b)), "\n", ", ")
}

// TestResourceManager: what it lists and does without a daemon. TestOldCommandsAsGenuine compares it with 3.0.6's.
func TestResourceManager(t *testing.T) {
	s := newOldSite(t)
	s.write("on-db", "")
	for _, tt := range []struct {
		args        string
		code        int
		out, stderr string
	}{
		{"listkeys alpha", 0, "web\n", ""},
		{"listkeys ALPHA", 0, "web\n", ""},
		{"listkeys a", 0, "", ""},
		{"listkeys .*", 0, "web\ndb\n", ""},
		{"listkeys", 0, "", ""},
		{"allkeys", 0, "web\ndb\n", ""},
		{"ourkeys", 0, "web mail \n", ""},
		{"otherkeys", 0, "db 10.0.0.1/24/eth0 \n", ""},
		{"status web", 3, "", ""},
		{"status db", 0, "", ""},
		{"status nothing", 3, "", "ERROR: Cannot locate resource script nothing"},
		{"takegroup nothing", 0, "", ""},
		{"givegroup nothing", 0, "", ""},
		{"", 1, "", "usage: /usr/share/heartbeat/ResourceManager listkeys machine | takegroup key | givegroup key|status resource\n\n"},
		{"verifyallidle", 1, "", "\nCRITICAL: Resource db is active, and should not be!\nCRITICAL: Non-idle resources can affect data integrity!\n"},
	} {
		code, out, stderr := s.manage(strings.Fields(tt.args)...)
		if code != tt.code || out != tt.out || !strings.Contains(stderr, tt.stderr) || tt.stderr == "" && stderr != "" {
			t.Errorf("%s: exit %d, %q, %q", tt.args, code, out, stderr)
		}
	}
	s.env["HA_DEBUGLOG"] = filepath.Join(s.dir, "debug")
	for key, want := range map[string]string{"web": "NONE", "db": "SOME", "nothing": "NONE"} {
		s.manage("statgroup", key)
		if b, _ := os.ReadFile(s.env["HA_DEBUGLOG"]); string(b) != want+"\n" {
			t.Errorf("statgroup %s says %q", key, b)
		}
		os.Remove(s.env["HA_DEBUGLOG"])
	}
}

// TestResourceManagerMoves groups, as long as there is no daemon.
func TestResourceManagerMoves(t *testing.T) {
	s := newOldSite(t)
	code, _, log := s.manage("takegroup", "web")
	if c := s.calls(); code != 0 || c != "web start, mail start" || !strings.Contains(log, "info: Acquiring resource group: alpha web mail\n") ||
		!strings.Contains(log, "info: Running "+s.dir+"/resource.d/web  start\n") {
		t.Errorf("take: exit %d, %s, %s", code, c, log)
	}
	if code, _, _ := s.manage("takegroup", "mail"); code != 0 || s.calls() != "" {
		t.Error("what runs is started again")
	}
	if code, _, log := s.manage("givegroup", "web"); code != 0 || s.calls() != "mail stop, web stop" {
		t.Errorf("give: exit %d, %s", code, log)
	}
	s.write("fail-start-mail", "")
	if code, _, log := s.manage("takegroup", "web"); code != 4 || s.calls() != "web start, mail start, mail stop, web stop" ||
		!strings.Contains(log, "CRIT: Giving up resources due to failure of mail\n") {
		t.Errorf("a start that fails: exit %d, %s", code, log)
	}
	s.write("fail-stop-web", "")
	s.env["HA_STOPRETRYMAX"] = "2"
	s.write("resource.d/web", "#!/bin/sh\ncase $1 in status) echo running;; *) exit 5;; esac\n")
	if code, _, log := s.manage("givegroup", "web"); code != 5 || strings.Count(log, "Retrying failed stop operation [web]") != 2 || !strings.Contains(log, "CRIT: Resource STOP failure") {
		t.Errorf("a stop that fails: exit %d, %s", code, log)
	}
}

// statusOnly answers with a status.
type statusOnly struct{ st control.Status }

func (f statusOnly) Status() (control.Status, error) { return f.st, nil }
func (statusOnly) Standby(string) error              { return errors.New("not asked for") }
func (statusOnly) Takeover(string) error             { return errors.New("not asked for") }
func (statusOnly) Replace() error                    { return errors.New("not asked for") }
func (statusOnly) Stop() error                       { return errors.New("not asked for") }

func (s *oldSite) daemon(st control.Status) {
	s.Helper()
	server, err := control.Listen(s.socket)
	if err != nil {
		s.Fatal(err)
	}
	go server.Serve(statusOnly{st})
	s.Cleanup(func() { server.Close() })
}

// TestResourceManagerBesideTheDaemon moves nothing, whatever it is asked.
func TestResourceManagerBesideTheDaemon(t *testing.T) {
	s := newOldSite(t)
	s.daemon(control.Status{Node: "alpha", Groups: []control.GroupStatus{
		{Key: "web", Owner: "alpha", State: "running", Resources: []string{"web", "mail"}},
		{Key: "db", Owner: "beta", State: "stopped", Resources: []string{"db", "10.0.0.1/24/eth0"}},
	}})
	for _, tt := range []struct {
		args string
		code int
		says string
	}{
		{"takegroup web", 0, ""}, {"givegroup db", 0, ""}, {"takegroup mail", 0, ""},
		{"takegroup db", 1, "it alone moves groups; beta has this one"},
		{"givegroup web", 1, "it alone moves groups; alpha has this one"},
		{"givegroup mail", 1, "use hb_standby"},
	} {
		code, _, stderr := s.manage(strings.Fields(tt.args)...)
		if c := s.calls(); code != tt.code || !strings.Contains(stderr, tt.says) || c != "" {
			t.Errorf("%s: exit %d, %q, %s", tt.args, code, stderr, c)
		}
	}
}

// TestResourceManagerBesideAStrangeDaemon: one that does not answer may be the owner of everything.
func TestResourceManagerBesideAStrangeDaemon(t *testing.T) {
	s := newOldSite(t)
	l, err := net.Listen("unix", s.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	for _, args := range [][]string{{"takegroup", "web"}, {"givegroup", "web"}} {
		if code, _, stderr := s.manage(args...); code != 1 || s.calls() != "" {
			t.Errorf("%v: exit %d, %s", args, code, stderr)
		}
	}
}

// TestNodeCommands: what is wrong is said, with exit code 1.
func TestNodeCommands(t *testing.T) {
	s := newOldSite(t)
	m := machine{socket: s.socket}
	var out, errs bytes.Buffer
	if code := m.hbNode(hbNodes["hb_setweight"], []string{"beta", "5"}, &out, &errs); code != 1 || !strings.Contains(errs.String(), "not running") {
		t.Errorf("without a daemon: exit %d, %s", code, &errs)
	}
	s.daemon(control.Status{Node: "alpha", Nodes: []control.NodeStatus{{Name: "alpha", Self: true, Status: "active"}, {Name: "beta", Status: "dead"}}})
	for _, tt := range []struct {
		call, says string
	}{
		{"hb_addnode gamma", "the two nodes of its ha.cf"},
		{"hb_addnode beta gamma", "gamma is not added"},
		{"hb_delnode alpha", "node alpha is not dead"},
		{"hb_delnode BETA", "stands in ha.cf"},
		{"hb_setweight gamma 4", `there is no node "gamma"`},
		{"hb_setsite gamma x", `there is no node "gamma"`},
	} {
		errs.Reset()
		w := strings.Fields(tt.call)
		if code := m.hbNode(hbNodes[w[0]], w[1:], &out, &errs); code != 1 || !strings.Contains(errs.String(), tt.says) {
			t.Errorf("%s: exit %d, %s", tt.call, code, &errs)
		}
	}
	if msg, err := setSite([]string{"beta", "x\nt=y"}, control.Status{Nodes: []control.NodeStatus{{Name: "beta"}}}); err == nil {
		t.Errorf("a line end makes %v", msg)
	}
}

func TestMachDown(t *testing.T) {
	s := newOldSite(t)
	m := machine{socket: s.socket, host: "alpha", now: time.Now}
	env := func(name string) string { return s.env[name] }
	var errs bytes.Buffer
	if code := m.machDown("mach_down", []string{"beta"}, env, &errs); code != 1 || !strings.Contains(errs.String(), "nothing is taken over") {
		t.Errorf("without a daemon: exit %d, %s", code, &errs)
	}
	s.daemon(control.Status{Node: "alpha"})
	errs.Reset()
	if code := m.machDown("mach_down", []string{"beta"}, env, &errs); code != 0 || !strings.Contains(errs.String(), "nothing to do for beta") {
		t.Errorf("exit %d, %s", code, &errs)
	}
	errs.Reset()
	if code := m.machDown("mach_down", []string{"ALPHA"}, env, &errs); code != 0 || errs.Len() > 0 {
		t.Errorf("of this node: exit %d, %s", code, &errs)
	}
}

// TestPropagate copies to the other node only, and goes on to boot only what boots here.
func TestPropagate(t *testing.T) {
	for _, on := range []bool{true, false} {
		s := newOldSite(t)
		s.write("authkeys", "auth 1\n1 crc\n")
		var did []string
		var out, errs bytes.Buffer
		p := propagate{dir: s.dir, self: "alpha", enabled: func() bool { return on }, stdout: &out, stderr: &errs,
			run: func(name string, args ...string) error {
				did = append(did, strings.ReplaceAll(name+" "+strings.Join(args, " "), s.dir, "DIR"))
				return nil
			}}
		want := []string{"scp -p DIR/ha.cf DIR/authkeys DIR/haresources root@beta:DIR/"}
		if on {
			want = append(want, "ssh root@beta systemctl enable heartbeat || update-rc.d heartbeat defaults || chkconfig heartbeat on")
		}
		if code := p.all(); code != 0 || !slices.Equal(did, want) || !strings.HasPrefix(out.String(), "Propagating HA configuration files to node beta.\n") {
			t.Errorf("exit %d, %q, %s %s", code, did, &out, &errs)
		}
		p.run = func(string, ...string) error { return fmt.Errorf("no route") }
		if code := p.all(); code != 1 || !strings.Contains(errs.String(), "beta: copying: no route") {
			t.Errorf("exit %d, %s", code, &errs)
		}
		os.Remove(filepath.Join(s.dir, "authkeys"))
		out.Reset()
		if code := p.all(); code != 0 || out.String() != "HA Linux not configured on this node.  Can not propagate.\n" {
			t.Errorf("exit %d, %s", code, &out)
		}
	}
}

// TestPropagateTakesNoArguments: whoever gives some expects something else of it, and nothing is copied.
func TestPropagateTakesNoArguments(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"beta"}} {
		var out, errs bytes.Buffer
		code := haPropagate("ha_propagate", args, strings.NewReader(""), &out, &errs)
		if want := "usage: ha_propagate\nCopies ha.cf, authkeys and haresources to the other nodes of ha.cf, by scp as root.\n"; code != exitUsage || errs.String() != want || out.Len() > 0 {
			t.Errorf("%q: exit %d, %q, %q", args, code, &out, &errs)
		}
	}
}

func TestMessageCommand(t *testing.T) {
	for text, code := range map[string]int{"": 2, "x=1\n": 2, "t=a\nx\n": 2, "t=a\n<<<\nt=b\n": 2, "t=a\nx=1\n": 1} {
		var errs bytes.Buffer
		if got := messageTo(filepath.Join(t.TempDir(), "fifo"), strings.NewReader(text), &errs); got != code {
			t.Errorf("%q: exit %d, %s", text, got, &errs)
		}
	}
}
