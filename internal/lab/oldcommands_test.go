//go:build integration

package lab

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// oldCommands are calls of 3.0.6's programs for scripts and operators, and where the answer of heartbeatd is another:
// the number in docs/differences.md. A call runs in a shell, and is cut off after a minute: some of 3.0.6 can hang.
var oldCommands = []struct {
	call   string
	differ string // what heartbeatd says or does instead
	number int
}{
	{call: "hb_standby --help"},
	{call: "hb_standby foo"},
	{call: "hb_standby all foo"},
	{call: "hb_takeover --help"},
	{call: "hb_takeover foo"},
	{call: "hb_takeover local foo"},
	{call: "hb_addnode"},
	{call: "hb_addnode --help"},
	{call: "hb_delnode"},
	{call: "hb_delnode --help"},
	{call: "hb_setweight"},
	{call: "hb_setweight --help"},
	{call: "hb_setsite"},
	{call: "hb_setsite --help"},
	{call: "ResourceManager"},
	{call: "ResourceManager foo"},
	{call: "ResourceManager listkeys node1"},
	{call: "ResourceManager listkeys NODE1"},
	{call: "ResourceManager listkeys node2"},
	{call: "ResourceManager listkeys '.*'"},
	{call: "ResourceManager listkeys 'node[12]'"},
	{call: "ResourceManager listkeys node"},
	{call: "ResourceManager listkeys"},
	{call: "ResourceManager allkeys"},
	{call: "HA_CURHOST=node1 ResourceManager ourkeys"},
	{call: "HA_CURHOST=node2 ResourceManager ourkeys"},
	{call: "HA_CURHOST=node1 ResourceManager otherkeys"},
	{call: "ResourceManager status web"},
	{call: "ResourceManager status db"},
	{call: "ResourceManager status none 2>/dev/null"},
	{call: "ResourceManager status none::1 2>/dev/null"},
	{call: "ResourceManager statgroup web"},
	{call: "HA_DEBUGLOG=/tmp/g ResourceManager statgroup web; tail -n 1 /tmp/g; rm /tmp/g"},
	{call: "HA_DEBUGLOG=/tmp/g ResourceManager statgroup db; tail -n 1 /tmp/g; rm /tmp/g"},
	{call: "HA_DEBUGLOG=/tmp/g ResourceManager statgroup none; tail -n 1 /tmp/g; rm /tmp/g"},
	{call: "ResourceManager takegroup none"},
	{call: "ResourceManager givegroup none"},
	{call: "ResourceManager verifyallidle"},
	{call: "HA_LOGFILE=/tmp/l ResourceManager verifyallidle; sed 's/^.*(/(/' /tmp/l; rm -f /tmp/l"},
	{call: "HA_CURHOST=node1 mach_down node1"},
	{call: "HA_CURHOST=node1 mach_down NODE1"},
	{call: "HA_info=ping mach_down gateway"},
	{call: ". /etc/ha.d/shellfuncs; Echo $HA_DIR $HA_RCDIR $HA_FIFO $HA_BIN $HA_RESOURCEDIR $HA_NOARCHBIN $HA_CF $INITDIR $HA_VARLIB $HA_VARLOCK"},
	{call: "PATH=/usr/bin:/bin; . /etc/ha.d/shellfuncs; command -v ResourceManager mach_down cl_status"},
	{call: ". /etc/ha.d/shellfuncs; ha_log info: here"},
	{call: "HA_LOGFILE=/tmp/l; . /etc/ha.d/shellfuncs; ha_log info: here; cat /tmp/l; rm /tmp/l"},
	{call: `HA_DATEFMT=$(printf '%%Y/%%m/%%d_%%T\t') HA_LOGFILE=/tmp/l HA_DEBUGLOG=/tmp/m; . /etc/ha.d/shellfuncs; ha_log ERROR: here; cat /tmp/l /tmp/m; rm /tmp/l /tmp/m`},
	{call: "HA_debug=1 HA_DEBUGLOG=/tmp/l; . /etc/ha.d/shellfuncs; ha_debug debug: here; cat /tmp/l; rm /tmp/l"},
	{call: ". /etc/ha.d/shellfuncs; ha_parameter deadtime; ha_parameter keepalive; ha_parameter logfile"},
	{call: ". /etc/ha.d/shellfuncs; BSD_Status no-such-program; echo $?"},
}

// withDaemon are calls that say something to it.
var withDaemon = []struct {
	call   string
	differ string
	number int
}{
	{call: "hb_setweight node2 55; sleep 2; cl_status nodeweight node2; cl_status nodeweight node1"},
	{call: "hb_setweight node1 7 8; sleep 2; cl_status nodeweight node1"},
	{call: "hb_setweight NODE1 12x; sleep 2; cl_status nodeweight node1"},
	{call: "hb_setweight node1; sleep 2; cl_status nodeweight node1"},
	{call: "hb_setsite node2 'a cellar'; sleep 2; cl_status nodesite node2"},
	{call: "hb_setsite node2; sleep 2; cl_status nodesite node2; cl_status -m nodesite node2"},
	{call: "hb_addnode node2"},
	{call: "hb_delnode nobody"},
	{call: ". /etc/ha.d/shellfuncs; printf 't=mine\\na=b\\n' | ha_clustermsg"},
	{call: "printf '>>>\\nt=setweight\\nnode=node2\\nweight=3\\n<<<\\n' >/var/lib/heartbeat/fifo; sleep 2; cl_status nodeweight node2"},
	{call: "stat -c '%a %U %F' /var/lib/heartbeat/fifo"},
	{call: "ResourceManager takegroup web"},
	{call: "req_resource web"},
	{call: "hb_addnode node3", differ: "is not added: a cluster with haresources is the two nodes of its ha.cf", number: 86},
	{call: "hb_delnode node1", differ: "node node1 is not dead", number: 86},
	{call: "hb_setweight node9 1", differ: "there is no node", number: 86},
}

// TestOldCommandsAsGenuine calls the programs of 3.0.6 and heartbeatd's by their names, in the same state, and
// compares what they print and how they end.
func TestOldCommandsAsGenuine(t *testing.T) {
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	genuine, err := GenuineSoftware(cache)
	if err != nil {
		t.Fatal(err)
	}
	fairly(t, func(t testing.TB) {
		l := newLab(t, 1)
		c, ours := oldHost(t, l, "node1", genuine), oldHost(t, l, "node1b", ourSoftware(t))
		for _, o := range oldCommands {
			compareCall(t, c, ours, o.call, o.differ)
		}
		for _, h := range []*Host{c, ours} {
			if err := h.StartDaemon(); err != nil {
				t.Fatal(err)
			}
			log := h.TailFromStart("/var/log/ha-log")
			if _, err := log.Wait(clusterPatience, "local resource transition completed"); err != nil && h == c {
				t.Fatal(err)
			}
			if err := Eventually(clusterPatience, "web to run", func() bool {
				out, _ := h.Run("cl_status", "rscstatus")
				return strings.TrimSpace(out) == "all"
			}); err != nil {
				t.Fatal(err)
			}
		}
		for _, o := range oldCommands {
			compareCall(t, c, ours, o.call, o.differ)
		}
		for _, o := range withDaemon {
			compareCall(t, c, ours, o.call, o.differ)
		}
	})
}

func ourSoftware(t testing.TB) Software {
	t.Helper()
	binary, err := buildDaemon()
	if err != nil {
		t.Fatal(err)
	}
	project, err := ProjectDir()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Heartbeatd(binary, project)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// oldHost is a host that is node1 of a pair whose other node never comes.
func oldHost(t testing.TB, l *Lab, name string, s Software) *Host {
	t.Helper()
	h, err := l.Node(name, s, HostOptions{Disk: 64})
	if err != nil {
		t.Fatal(err)
	}
	run(t, h, "hostname", "node1")
	for _, r := range []string{"web", "db", "mail"} {
		if err := h.InstallRecorder(r); err != nil {
			t.Fatal(err)
		}
	}
	port := map[string]string{"node1": "694", "node1b": "695"}[name]
	err = h.Configure(Files{
		HACF:        strings.NewReplacer("udpport 694", "udpport "+port, "ucast eth1 10.77.1.1\n", "", "ucast eth1 10.77.1.2\n", "").Replace(clusterHACF),
		Haresources: "# a comment\nnode1 web\tmail # the rest\nNode2 \\\n  db  10.77.0.100/24/eth0\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func compareCall(t testing.TB, c, ours *Host, call, differ string) {
	t.Helper()
	var want string
	done := make(chan struct{})
	go func() { want = shellCall(c, call); close(done) }()
	got := shellCall(ours, call)
	<-done
	switch {
	case differ == "" && got != want:
		t.Errorf("%s\n3.0.6:\n%s\nheartbeatd:\n%s", call, indent(want), indent(got))
	case differ != "" && !strings.Contains(got, differ):
		t.Errorf("%s\n3.0.6:\n%s\nheartbeatd does not say %q:\n%s", call, indent(want), differ, indent(got))
	case differ != "" && got == want:
		t.Errorf("%s: heartbeatd says the same as 3.0.6, which docs/differences.md denies:\n%s", call, indent(got))
	}
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n    ")
}

var (
	oldStamp = regexp.MustCompile(`(\w{3} \d\d|\d{4}/\d\d/\d\d_)? ?\d\d:\d\d:\d\d`)
	oldPID   = regexp.MustCompile(`\[\d+\]`)
	oldShell = regexp.MustCompile(`(?m)^(/usr/share/heartbeat/\w+|sh|bash): (line )?\d+: `)
)

// shellCall is what a call prints and how it ends, without what is never the same twice.
func shellCall(h *Host, call string) string {
	var out, errs bytes.Buffer
	cmd := h.Command("timeout", "60", "sh", "-c", "PATH=$PATH:/usr/share/heartbeat; "+call)
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = 200 * time.Millisecond
	err := cmd.Run()
	var exit *exec.ExitError
	code := 0
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	text := fmt.Sprintf("exit %d\n%s--\n%s", code, out.String(), errs.String())
	text = oldStamp.ReplaceAllString(text, "TIME")
	return oldShell.ReplaceAllString(oldPID.ReplaceAllString(text, "[N]"), "SHELL: ")
}
