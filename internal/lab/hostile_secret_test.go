//go:build integration

package lab

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// theSecrets are the words of authkeys that nobody must ever see, of node1 and node2.
var theSecrets = map[string]string{"node1": "nobody-may-read-this-1", "node2": "nobody-may-read-this-2"}

// tellTale is a resource script that writes down all it was given.
const tellTale = `#!/bin/sh
{ env; tr '\0' ' ' </proc/self/cmdline; ls -l /proc/self/fd; for p in /proc/[0-9]*; do tr '\0' ' ' <$p/cmdline; tr '\0' '\n' <$p/environ; done; } >>/var/lib/tell-tale 2>/dev/null
ps axeww >>/var/lib/tell-tale 2>/dev/null
case $1 in
start) touch /run/tell-tale ;;
stop) rm -f /run/tell-tale; env; echo "cannot stop, this is my environment"; [ ! -e /var/lib/tell.stop-fails ] ;;
status) [ -e /run/tell-tale ] && echo running || echo stopped ;;
esac
`

// syslogOf listens on a host's /dev/log and keeps what comes.
func syslogOf(t testing.TB, h *Host) func() string {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: h.Path("/dev/log"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	var mu sync.Mutex
	var kept bytes.Buffer
	go func() {
		buf := make([]byte, 65536)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			mu.Lock()
			kept.Write(append(buf[:n:n], '\n'))
			mu.Unlock()
		}
	}()
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return kept.String()
	}
}

// TestHostileSecrets: whatever happens to the nodes, the words of authkeys stay in authkeys: not in logs,
// at any debug level, nor in syslog, nor in the arguments or the environment of any process, nor in
// anything that a command prints, nor in any other file.
func TestHostileSecrets(t *testing.T) { fairly(t, playHostileSecrets) }

func playHostileSecrets(t testing.TB) {
	c := newCluster(t, func(node string, f *Files) {
		f.HACF += "debug 255\ndebugfile /var/log/ha-debug\nlogfacility daemon\n"
		f.Authkeys = "auth 1\n1 sha1 " + theSecrets[node] + "\n"
		f.Haresources = "node1 web tell\n"
	})
	told := map[string]*strings.Builder{}
	logs := map[string]func() string{}
	for name, h := range c.nodes {
		c.must(h.WriteFile("/etc/ha.d/resource.d/tell", tellTale, 0o755))
		c.must(h.WriteFile("/var/lib/tell.stop-fails", "", 0o644))
		logs[name], told[name] = syslogOf(t, h), &strings.Builder{}
	}
	say := func(node string, command ...string) {
		out, _ := c.nodes[node].Run(command[0], command[1:]...)
		fmt.Fprintln(told[node], out)
	}
	c.start("node1", "node2") // with different keys: each is a stranger to the other
	c.wait(c.nodes["node1"].TailFromStart("/var/log/ha-log"), "is dead")
	c.must(Eventually(clusterPatience, "node1 to hold its group", func() bool { return c.nodes["node1"].has("/run/tell-tale") }))

	for _, bad := range []string{
		"auth 1\n1 sha1 %s\n2 md4 %s\n", "%s\n", "auth %s\n1 sha1 x\n", "auth 1\nsha1 %s\n", "auth 1\n1 %s\n", "auth 1\n1 crc %s\n", "auth 1\n1 sha1 %s\n99 sha1 %s\n",
		"auth 2\n1 sha1 %s\n", "auth 1\n1 sha1 %s\nauth1%s\n", "auth 1\n 1  sha1\t%s # %s\n", "a%s\n",
	} {
		c.must(c.nodes["node1"].WriteFile("/etc/ha.d/authkeys", strings.ReplaceAll(bad, "%s", theSecrets["node1"]), 0o600))
		for _, command := range [][]string{{"heartbeatd", "check"}, {daemonPath, "-r"}, {daemonPath, "-v"}} {
			say("node1", command...)
		}
	}
	c.must(c.nodes["node1"].WriteFile("/etc/ha.d/authkeys", "auth 1\n1 sha1 "+theSecrets["node1"]+"\n", 0o644))
	say("node1", "heartbeatd", "check")
	c.must(c.nodes["node1"].WriteFile("/etc/ha.d/authkeys", "auth 2\n2 md5 "+theSecrets["node1"]+"\n", 0o600))
	log := c.tail("node1")
	say("node1", daemonPath, "-r")
	c.wait(log, "Rereading authentication file")
	for _, command := range []string{
		"heartbeatd status", "heartbeatd status --json", "heartbeatd check", "heartbeatd decode --help", daemonPath + " -D -W", daemonPath + " -D", daemonPath + " -s", daemonPath + " -V",
		"cl_status listnodes", "cl_status hbparameter -p keepalive", "cl_status hbparameter -p auth", "cl_status hbparameter -p authkeys", "cl_status rscstatus",
		"ps axeww", "cat /proc/$(cat /run/heartbeat.pid)/cmdline", "cat /proc/$(cat /run/heartbeat.pid)/environ", "dmesg",
	} {
		say("node1", "sh", "-c", command)
	}
	for _, name := range []string{"node1", "node2"} {
		say(name, "sh", "-c", "read -r pid </run/heartbeat.pid; kill -TERM $pid") // tell cannot be stopped: that goes to the log, too
	}
	c.wait(log, "cannot stop, this is my environment")
	for name, h := range c.nodes {
		for _, where := range []struct{ what, text string }{
			{"what commands print", told[name].String()}, {"syslog", logs[name]()}, {"the console", h.Console()},
		} {
			if where.text == "" && where.what != "the console" {
				t.Errorf("%s: %s is empty: nothing was tried", name, where.what)
			}
			revealed(t, name, where.what, []byte(where.text))
		}
		if n := searchFiles(t, h); n < 10 {
			t.Errorf("%s: only %d files searched", name, n)
		}
		if text, err := h.ReadFile("/var/lib/tell-tale"); name == "node1" && (err != nil || !strings.Contains(text, "HA_")) {
			t.Errorf("the script did not tell its environment: %v", err)
		}
	}
}

// has tells whether a file is there.
func (h *Host) has(path string) bool {
	_, err := os.Stat(h.Path(path))
	return err == nil
}

func revealed(t testing.TB, node, where string, text []byte) {
	t.Helper()
	for _, secret := range theSecrets {
		if i := bytes.Index(text, []byte(secret)); i >= 0 {
			t.Errorf("%s: a secret is in %s: %q", node, where, text[max(0, i-100):i+len(secret)])
		}
	}
}

// searchFiles looks for the secrets in every file that a program of the host could have written.
func searchFiles(t testing.TB, h *Host) (searched int) {
	t.Helper()
	for _, top := range []string{"/var", "/run", "/tmp", "/lab", "/root", "/etc"} {
		root := h.Path(top)
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() || path == h.Path("/etc/ha.d/authkeys") {
				return err
			}
			f, err := os.Open(path)
			if err != nil {
				return err
			}
			defer f.Close()
			text, err := io.ReadAll(io.LimitReader(f, 64<<20))
			searched++
			revealed(t, h.Name, path, text)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	return searched
}

// TestHostileCrash: a daemon that is made to crash leaves no picture of its memory, in which the secret
// would be, though the limit for core files allows one; and its last words do not hold it.
func TestHostileCrash(t *testing.T) { fairly(t, playHostileCrash) }

func playHostileCrash(t testing.TB) {
	c := newCluster(t, func(node string, f *Files) { f.Authkeys = "auth 1\n1 sha1 " + theSecrets[node] + "\n" })
	h := c.nodes["node1"]
	for _, signal := range []string{"ABRT", "SEGV", "BUS", "FPE", "ILL", "TRAP", "SYS", "QUIT"} {
		cmd := h.Command("sh", "-c", "cd /var; ulimit -c unlimited; exec heartbeatd")
		var words bytes.Buffer
		cmd.Stderr = &words
		c.must(cmd.Start())
		c.must(Eventually(clusterPatience, "the daemon to be there", func() bool {
			_, err := h.Run("heartbeatd", "status")
			return err == nil
		}))
		run(t, h, "sh", "-c", "kill -"+signal+" $(cat /run/heartbeat.pid)")
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-ended:
		case <-time.After(clusterPatience):
			t.Fatalf("SIG%s does not end the daemon", signal)
		}
		// By its own exit, not by the signal: only that makes the kernel write a core file, or call whoever does.
		if code := cmd.ProcessState.ExitCode(); code != 2 {
			t.Errorf("SIG%s: the daemon ended with %v", signal, cmd.ProcessState)
		}
		if words.Len() == 0 {
			t.Errorf("SIG%s: the daemon ended without a word", signal)
		}
		revealed(t, "node1", "the last words after SIG"+signal, words.Bytes())
	}
	searchFiles(t, h)
	if out := run(t, h, "find", "/var", "/run", "/tmp", "-xdev", "-name", "*core*", "-type", "f"); out != "" {
		t.Errorf("core files: %s", out)
	}
}
