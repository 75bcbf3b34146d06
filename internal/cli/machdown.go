package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"heartbeatd/internal/control"
	"heartbeatd/internal/fifo"
	"heartbeatd/internal/wire"
)

// fifoPath is where scripts write to the daemon.
const fifoPath = "/var/lib/heartbeat/fifo"

// machDown is the program mach_down, by which 3.0.6's rc.d/status takes over from a dead node. The daemon has done so,
// or knows why it must not.
func machDown(called string, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	m := thisMachine()
	return m.machDown(scriptPath("mach_down", called), args, os.Getenv, stderr)
}

func (m machine) machDown(called string, args []string, env func(string) string, stderr io.Writer) int {
	node := ""
	if len(args) > 0 {
		node = strings.ToLower(args[0])
	}
	self := env("HA_CURHOST")
	if self == "" {
		self = m.node()
	}
	if node == self || strings.Contains(env("HA_info"), "ping") {
		return exitOK
	}
	if _, err := control.Query(m.socket, commandTimeout); errors.Is(err, control.ErrNotRunning) {
		complain(stderr, errors.New("mach_down: heartbeat is not running on this machine: nothing is taken over"), "")
		return exitFailed
	}
	log := m.scriptLog("mach_down", env, stderr)
	defer log.close()
	log.say("info: %s: heartbeat itself takes over from a dead node: nothing to do for %s", called, node)
	return exitOK
}

// reqResource is the program req_resource, by which 3.0.6 asks for a group of its own.
func reqResource(called string, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	key := ""
	if len(args) > 0 {
		key = args[0]
	}
	if resourceManagerFace("ResourceManager", []string{"status", key}, stdin, io.Discard, stderr) == rscHeld {
		return exitOK
	}
	m := thisMachine()
	self := os.Getenv("HA_CURHOST")
	if self == "" {
		self = m.node()
	}
	msg := wire.New("ip-request").AddStr("ipaddr", key)
	if os.Getenv("HA_NICEFAILBACK") == "yes" || os.Getenv("HA_DONTASK") == "yes" {
		msg = wire.New("ip-request-resp").AddStr("dest", self).AddStr("ipaddr", key).AddStr("weown", "yes").AddStr("ok", "OK")
	}
	return sendToDaemon("req_resource", msg, stderr)
}

// sendToDaemon writes to the FIFO. 3.0.6 waits for ever while there is no daemon.
func sendToDaemon(name string, m *wire.Message, stderr io.Writer) int {
	return sendTo(fifoPath, name, m, stderr)
}

func sendTo(path, name string, m *wire.Message, stderr io.Writer) int {
	if err := fifo.Send(path, m); err != nil {
		complain(stderr, fmt.Errorf("%s: %w", name, err), "")
		return exitFailed
	}
	return exitOK
}

const messageHelp = `Usage: heartbeatd message <TEXT

Sends a message to both nodes: lines NAME=VALUE on the standard input, one of
them t=TYPE. On each node the script TYPE in /etc/ha.d/rc.d is run for it, if
there is one. ha_clustermsg of /etc/ha.d/shellfuncs is this command.

Exit code: 0 the daemon has it, 1 it is not running, 2 that is no message.
`

// messageCommand sends what it reads, as ha_clustermsg of 3.0.6's shellfuncs did; it does not wait where the FIFO would.
func messageCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if code, done := parseFlags(newFlags("message"), messageHelp, args, stdout, stderr); done {
		return code
	}
	return messageTo(fifoPath, stdin, stderr)
}

func messageTo(path string, stdin io.Reader, stderr io.Writer) int {
	text, err := io.ReadAll(io.LimitReader(stdin, 64<<10))
	if err != nil {
		complain(stderr, fmt.Errorf("message: %w", err), "")
		return exitFailed
	}
	var found []*wire.Message
	var why []string
	var s fifo.Scanner
	whole := ">>>\n" + strings.TrimRight(string(text), "\n") + "\n<<<\n"
	s.Write([]byte(whole), func(m *wire.Message) { found = append(found, m) }, func(w string) { why = append(why, w) })
	if len(found) != 1 || len(why) > 0 {
		complain(stderr, fmt.Errorf("message: %s", strings.Join(append(why, "want lines NAME=VALUE, one of them t=TYPE"), "; ")), "")
		return exitUsage
	}
	return sendTo(path, "message", found[0], stderr)
}
