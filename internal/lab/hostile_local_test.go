//go:build integration

package lab

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// nobody runs a shell script on a node as a user without rights.
func (c *cluster) nobody(node, script string) (code int, out string) {
	c.Helper()
	cmd := c.nodes[node].Command("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "sh", "-c", script)
	text, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		c.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

// places are all files of the daemon that a user can come across.
const places = "/run/heartbeat /run/heartbeat.pid /run/heartbeat.pid.lock /var/lib/heartbeat /var/log/ha-log /etc/ha.d"

// TestHostileLocalUser: a user without rights can neither read what is secret, nor change anything, nor
// stop, hold up or command the daemon.
func TestHostileLocalUser(t *testing.T) { fairly(t, playHostileLocalUser) }

func playHostileLocalUser(t testing.TB) {
	c := newCluster(t)
	c.startBoth()
	if _, out := c.nobody("node1", "id -u; id -G"); out != "65534\n65534\n" {
		t.Fatalf("the user without rights is %q", out)
	}
	if _, out := c.nobody("node1", "find "+places+" ! -type l -writable ! -path /run/heartbeat/register 2>/dev/null"); out != "" {
		t.Errorf("a user without rights can write to:\n%s", out)
	}
	for _, secret := range []string{"/etc/ha.d/authkeys", "/run/heartbeat/control", "/run/heartbeat.pid.lock", "/proc/$pid/environ", "/proc/$pid/mem"} {
		if code, out := c.nobody("node1", "read -r pid </run/heartbeat.pid; exec cat "+secret); code == 0 || !strings.Contains(out, "denied") {
			t.Errorf("cat %s: exit %d: %s", secret, code, out)
		}
	}
	for _, try := range []struct {
		script string
		code   int // -1: any but 0
		says   string
	}{
		{"heartbeatd status", -1, "root"},
		{"/usr/share/heartbeat/hb_standby all", -1, "root"},
		{"/usr/share/heartbeat/hb_takeover all", -1, "root"},
		{"cl_status rscstatus", 0, "local"},
		{daemonPath + " -k", 4, "not permitted"},
		{daemonPath + " -r", 4, ""},
		{daemonPath, 4, ""},
		{"heartbeatd", 4, ""},
		{"read -r pid </run/heartbeat.pid; kill -STOP $pid", -1, "not permitted"},
		{"rm -f /run/heartbeat.pid /var/lib/heartbeat/hb_generation", -1, "cannot remove"},
		{"mv /run/heartbeat /run/elsewhere", -1, "cannot move"},
		{"ln -s /tmp/x /run/heartbeat.pid.1", -1, "ailed"},
		{"flock -n /run/heartbeat.pid.lock true", -1, "ermission denied"},
		{"heartbeatd address start 10.77.0.200/24/eth0", -1, ""},
	} {
		code, out := c.nobody("node1", try.script)
		if (code == 0) != (try.code == 0) || try.code > 0 && code != try.code || !strings.Contains(out, try.says) {
			t.Errorf("%s: exit %d (want %d): %s", try.script, code, try.code, out)
		}
	}
	c.nothingMoved()
	if code, _ := c.exitCode("node1", daemonPath, "-s"); code != 0 {
		t.Errorf("heartbeat -s says %d", code)
	}
}

// TestHostileOldOwner: /run/heartbeat belonged to another user, as the packages of 3.0.6 leave it, who has
// put links, FIFOs and files where the daemon writes. It takes the place over and changes nothing else.
func TestHostileOldOwner(t *testing.T) { fairly(t, playHostileOldOwner) }

func playHostileOldOwner(t testing.TB) {
	c := newCluster(t)
	trap := `set -e
umask 0
mkdir /run/heartbeat /root/private; chmod 700 /root/private; echo untouched >/root/private/file; chmod 600 /root/private/file
ln -s /root/private /run/heartbeat/rsctmp
ln -s /root/private /run/heartbeat/scripts
mkfifo /run/heartbeat/hb_generation /var/lib/heartbeat/hb_generation
ln -s /dev/zero /var/lib/heartbeat/hb_uuid
ln -s /root/private/file /run/heartbeat.pid
mkfifo -m 600 /var/log/ha-log
chown -R 65534:65534 /run/heartbeat; chmod 777 /run/heartbeat`
	run(t, c.nodes["node1"], "sh", "-c", trap)
	c.start("node1", "node2")
	c.settle("node1", "node1", "node2")
	out := run(t, c.nodes["node1"], "sh", "-c", "cd /run/heartbeat; stat -c '%n %F %U %a' . rsctmp scripts control hb_generation /run/heartbeat.pid /var/lib/heartbeat/hb_uuid /var/lib/heartbeat/hb_generation /root/private /root/private/file; cat /root/private/file; ls -A /root/private")
	want := `. directory root 755
rsctmp directory root 1755
scripts directory root 700
control socket root 600
hb_generation regular file root 644
/run/heartbeat.pid regular file root 644
/var/lib/heartbeat/hb_uuid regular file root 644
/var/lib/heartbeat/hb_generation regular file root 644
/root/private directory root 700
/root/private/file regular file root 600
untouched
file
`
	if out != want {
		t.Errorf("after the start:\n%swant:\n%s", out, want)
	}
	if _, out := c.nobody("node1", "find "+places+" ! -type l -writable ! -path /run/heartbeat/register 2>/dev/null"); out != "" {
		t.Errorf("the earlier owner can still write to:\n%s", out)
	}
	for _, command := range []string{"heartbeatd status", "/usr/share/heartbeat/hb_standby all", "cat /run/heartbeat/control"} {
		if code, out := c.nobody("node1", command); code == 0 { // the group is still the old one
			t.Errorf("%s by a member of the earlier group: %s", command, out)
		}
	}
	s, err := c.status("node1")
	c.must(err)
	if s.LogDropped == 0 {
		t.Error("a FIFO that nobody reads took the log")
	}
	run(t, c.nodes["node1"], "sh", "-c", "rm /var/log/ha-log; kill -HUP $(cat /run/heartbeat.pid)")
	c.wait(c.nodes["node1"].TailFromStart("/var/log/ha-log"), "log lines were lost")
	c.nothingMoved()
}

// TestHostileControlPath: what is no socket is not replaced; the start is refused, with the reason.
func TestHostileControlPath(t *testing.T) { fairly(t, playHostileControlPath) }

func playHostileControlPath(t testing.TB) {
	c := newCluster(t)
	for _, obstacle := range []string{"touch control", "mkdir control", "ln -s /dev/null control", "mkfifo control"} {
		run(t, c.nodes["node1"], "sh", "-c", "mkdir -p /run/heartbeat && cd /run/heartbeat && rm -rf control && "+obstacle)
		err := c.nodes["node1"].StartDaemon()
		if err == nil || !strings.Contains(err.Error(), "/run/heartbeat/control exists and is not a socket") {
			t.Errorf("%s: the start says %v", obstacle, err)
		}
	}
	run(t, c.nodes["node1"], "rm", "-rf", "/run/heartbeat/control")
	c.startBoth()
}

// clients are connections to a node's control socket that do whatever they like.
type clients struct {
	path string
	stop chan struct{}
	busy sync.WaitGroup
	made atomic.Int64
}

// crowd keeps many clients at work, until the returned function is called.
func (c *cluster) crowd(node string) (rest func() (connections int64)) {
	k := &clients{path: c.nodes[node].Path("/run/heartbeat/control"), stop: make(chan struct{})}
	for _, work := range []func(net.Conn){
		func(conn net.Conn) { k.hang() }, // nothing
		func(conn net.Conn) { io.WriteString(conn, `{"command":"sta`); k.hang() },
		func(conn net.Conn) { io.Copy(conn, io.LimitReader(zeros{}, 4<<20)) },
		func(conn net.Conn) {
			io.WriteString(conn, "{\"command\":\"standby\",\"which\":\"everything\"}\n")
			bufio.NewReader(conn).ReadString('\n')
		},
	} {
		for range 150 {
			k.busy.Add(1)
			go func() {
				defer k.busy.Done()
				for !k.resting() {
					conn, err := net.DialTimeout("unix", k.path, time.Second)
					if err != nil {
						k.hang()
						continue
					}
					k.made.Add(1)
					work(conn)
					conn.Close()
				}
			}()
		}
	}
	return func() int64 { close(k.stop); k.busy.Wait(); return k.made.Load() }
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// hang waits a little, or until the rest.
func (k *clients) hang() {
	select {
	case <-k.stop:
	case <-time.After(100 * time.Millisecond):
	}
}

func (k *clients) resting() bool {
	select {
	case <-k.stop:
		return true
	default:
		return false
	}
}

// TestHostileClients: 600 clients at once that say nothing, half a word, megabytes or nonsense, again and
// again, delay no beat; status is still answered, and when they are gone nothing of them is left.
func TestHostileClients(t *testing.T) { alone(t, playHostileClients) }

func playHostileClients(t testing.TB) {
	c := newCluster(t, patientFiles)
	c.startBoth()
	before, files, memory := c.worstGaps(), c.openFiles("node1"), c.memory("node1")
	rest := c.crowd("node1")
	var slowest time.Duration
	answered := 0
	for begin := time.Now(); time.Since(begin) < 4*time.Second; {
		asked := time.Now()
		if _, err := c.status("node1"); err == nil {
			answered++
			slowest = max(slowest, time.Since(asked))
		}
	}
	connections := rest()
	c.gapsStayed(before, c.worstGaps())
	t.Logf("%d connections; %d answers to status meanwhile, the slowest after %v", connections, answered, slowest.Round(time.Millisecond))
	if connections < 1000 {
		t.Errorf("only %d connections: not what the test is for", connections)
	}
	if answered == 0 {
		t.Error("nobody else was answered")
	}
	c.must(Eventually(clusterPatience, "the daemon to forget its clients", func() bool { return c.openFiles("node1") <= files+2 }))
	if grown := c.memory("node1") - memory; grown > 32<<10 {
		t.Errorf("its memory grew by %d kB", grown)
	}
	c.nothingMoved()
}

func (c *cluster) openFiles(node string) (n int) {
	c.Helper()
	out := run(c.TB, c.nodes[node], "sh", "-c", "read -r pid </run/heartbeat.pid; ls /proc/$pid/fd | wc -l")
	if _, err := fmt.Sscan(out, &n); err != nil {
		c.Fatal(err)
	}
	return n
}
