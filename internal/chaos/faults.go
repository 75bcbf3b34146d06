package chaos

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// do does one step, or says why it cannot be done as things stand.
func (c *conductor) do(s Step) error {
	if s.Verb == "double" {
		return c.doubling(s)
	}
	n := c.nodes[s.Node]
	verbs := map[string]func(Step) (string, error){
		"crash": n.doCrash, "boot": n.doBoot, "kill": n.doKill, "killscript": n.doKillScript,
		"cut": n.doLink, "plug": n.doLink, "remove": n.doLink, "add": n.doLink, "strip": n.doLink, "dress": n.doLink,
		"deafen": n.doDeafen, "hear": n.doDeafen, "loss": n.doLoss,
		"stall": n.doStall, "freeze": n.doStall, "resume": n.doResume,
		"fill": n.doFill, "free": n.doFill, "clock": n.doClock, "script": n.doScript, "mend": n.doScript,
		"replay": n.doReplay, "standby": n.doCommand, "takeover": n.doCommand, "reload": n.doCommand, "stop": n.doStop, "start": n.doStart,
	}
	verb, ok := verbs[s.Verb]
	if !ok {
		return errors.New("unknown verb")
	}
	if n.off && needsPower[s.Verb] {
		return c.skip(s, "no power")
	}
	if deafens[s.Verb] && n.tape != nil {
		n.tape.ears.Store(false)
	}
	why, err := verb(s)
	if err != nil && !n.off && !n.host.Up() {
		return nil // it rebooted itself at this moment
	}
	if why != "" || err != nil {
		return errors.Join(err, c.skip(s, why))
	}
	c.r.Done[s.Verb]++
	return nil
}

// needsPower are the verbs that are about something on a host that runs.
var needsPower = map[string]bool{
	"crash": true, "kill": true, "killscript": true, "cut": true, "remove": true, "add": true, "strip": true, "dress": true,
	"stall": true, "freeze": true, "resume": true, "replay": true, "clock": true, "script": true, "mend": true,
	"standby": true, "takeover": true, "reload": true, "stop": true, "start": true,
}

func (c *conductor) doubling(s Step) error {
	percent, err := strconv.Atoi(s.arg(0))
	if err != nil {
		return err
	}
	c.double = percent
	c.r.Done[s.Verb]++
	return c.lab.Double(percent)
}

func (n *node) doCrash(Step) (string, error) {
	begin := time.Now()
	err := n.powerCut()
	n.down(begin, time.Now())
	return "", err
}

func (n *node) doBoot(Step) (string, error) {
	if !n.off {
		return "it has power", nil
	}
	return "", n.boot()
}

// doKill ends processes of the daemon at once; its supervisor may start it again. The daemon can do without its
// child for a moment, and the child ends with it.
func (n *node) doKill(s Step) (string, error) {
	if n.rests() || n.stall == "freeze" {
		return "nothing to kill", nil
	}
	pids := n.which(s.arg(1))
	if s.arg(1) == procChild {
		if len(pids) == 0 {
			return "the daemon has no child", nil
		}
		return "", n.signalAll(syscall.SIGKILL, pids)
	}
	begin := time.Now()
	n.setDaemon(begin, begin, "killed")
	var err error
	if len(pids) > 0 {
		if err = n.signalAll(syscall.SIGKILL, pids); err == nil && !n.gone(n.pid) {
			err = fmt.Errorf("process %d does not end", n.pid)
		}
	}
	if err == nil && (s.arg(1) != procMain || len(pids) == 0) { // also one that is only starting
		_, err = n.host.Run("sh", "-c", "while pkill -KILL -x 'heartbeat|heartbeatd'; do sleep 0.01; done")
	}
	end := time.Now()
	n.setDaemon(begin, end, "killed")
	if n.stall != "" {
		n.stall = ""
		n.c.change(end, end, n.name, factStall, "off") // see down
	}
	if after, err := time.ParseDuration(s.arg(0)); err == nil {
		n.startAt = end.Add(after)
	}
	return "", err
}

// doKillScript kills what the daemon has started.
func (n *node) doKillScript(Step) (string, error) {
	if n.daemon != "up" && n.daemon != "stopping" {
		return "no daemon", nil
	}
	begin := time.Now()
	_, err := n.host.Run("pkill", "-KILL", "-P", strconv.Itoa(n.pid))
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return "no script runs", nil
	}
	n.c.number++
	n.c.change(begin, time.Now(), n.name, factTrouble, strconv.Itoa(n.c.number))
	return "", errors.Join(err, n.vanish())
}

// vanish notes which resources are not there, whatever a script that was killed would have said.
func (n *node) vanish() error {
	time.Sleep(20 * time.Millisecond)
	if err := n.c.readCalls(); err != nil {
		return err
	}
	for _, s := range n.c.r.spans() {
		if s.Node != n.name || !s.Stopped.IsZero() {
			continue
		}
		if _, err := os.Stat(n.host.Path("/run/lab." + s.Word)); errors.Is(err, os.ErrNotExist) && n.host.Up() {
			n.c.r.Calls = append(n.c.r.Calls, Call{At: time.Now(), Node: n.name, Word: s.Word, What: callVanished})
		}
	}
	return nil
}

// linkVerbs say from what to what state a link comes.
var linkVerbs = map[string][2]string{
	"cut": {"ok", "cut"}, "plug": {"cut", "ok"}, "remove": {"ok", "removed"}, "add": {"removed", "ok"},
	"strip": {"ok", "stripped"}, "dress": {"stripped", "ok"},
}

func (n *node) doLink(s Step) (string, error) {
	link, err := strconv.Atoi(s.arg(0))
	if err != nil || link >= len(n.links) {
		return "", fmt.Errorf("no link %s", s.arg(0))
	}
	fromTo := linkVerbs[s.Verb]
	if n.links[link] != fromTo[0] {
		return "the link is " + n.links[link], nil
	}
	begin := time.Now()
	if !n.off {
		err = map[string]func(int) error{
			"cut": n.host.Unplug, "plug": n.host.Plug, "remove": n.host.RemoveDevice, "add": n.host.AddDevice,
			"strip": n.host.TakeAddress, "dress": n.host.GiveAddress,
		}[s.Verb](link)
	}
	if err == nil && s.Verb == "add" && n.c.double > 0 {
		err = n.c.lab.Double(n.c.double)
	}
	n.setLink(begin, time.Now(), link, fromTo[1])
	return "", err
}

// reopens is how long a daemon may need to open a link again whose device or address went away.
const reopens = 3 * time.Second

// setLink notes how a link is. What an address is worth that is missing at one end depends on the medium.
func (n *node) setLink(begin, end time.Time, link int, how string) {
	was, value := n.links[link], how
	switch {
	case how == "removed":
		value = "cut"
	case how == "stripped":
		value = "maybe"
	case was == "removed" || was == "stripped":
		end = end.Add(reopens)
		n.opensAt = end
	}
	n.links[link] = how
	n.c.change(begin, end, n.name, factLink+strconv.Itoa(link), value)
}

func (n *node) doDeafen(s Step) (string, error) {
	begin, value := time.Now(), "off"
	n.deafened = s.Verb == "deafen"
	if s.Verb == "hear" {
		if err := n.host.Hear(); err != nil {
			return "", err
		}
	} else {
		value = "on"
		peer := n.c.nodes[other(n.name)].host
		for link := range n.links {
			if err := n.host.Deafen(peer.Address(link)); err != nil {
				return "", err
			}
		}
	}
	n.c.change(begin, time.Now(), n.name, factDeaf, value)
	return "", nil
}

func (n *node) doLoss(s Step) (string, error) {
	percent, err := strconv.Atoi(s.arg(0))
	if err != nil {
		return "", err
	}
	begin := time.Now()
	n.losing = percent > 0
	err = n.host.Lose(percent)
	n.c.change(begin, time.Now(), n.name, factLoss, s.arg(0))
	return "", err
}

func (n *node) doStall(s Step) (string, error) {
	if n.stall != "" || len(n.stopped) > 0 || n.daemon != "up" {
		return "nothing to hold up", nil
	}
	begin, value := time.Now(), "on"
	if s.Verb == "freeze" {
		_, err := n.host.Run("sh", "-c", "kill -STOP -1")
		n.stall = s.Verb
		n.c.change(begin, time.Now(), n.name, factStall, value)
		return "", err
	}
	pids := n.which(s.arg(0))
	if len(pids) == 0 {
		return "no such process", nil
	}
	if err := n.signalAll(syscall.SIGSTOP, pids); err != nil {
		return "", err
	}
	n.stopped = pids
	switch s.arg(0) {
	case procChild:
		return "", nil // the daemon does without it
	case procMain:
		value = stallMain
	}
	n.stall = s.Verb
	n.c.change(begin, time.Now(), n.name, factStall, value)
	return "", nil
}

func (n *node) doResume(Step) (string, error) {
	if n.stall == "" && len(n.stopped) == 0 {
		return "it goes on already", nil
	}
	return "", n.resume()
}

func (n *node) doFill(s Step) (string, error) {
	if n.filled = s.Verb == "fill"; n.filled {
		return "", n.host.FillDisk("/var/log/ha-log")
	}
	return "", n.host.EmptyDisk()
}

func (n *node) doClock(s Step) (string, error) {
	by, err := time.ParseDuration(s.arg(0))
	if err != nil {
		return "", err
	}
	n.clocks = append(n.clocks, by)
	return "", n.host.WriteFile(clockFile, strconv.FormatInt(int64(by), 10)+"\n", 0o644)
}

func (n *node) doScript(s Step) (string, error) {
	word, action, how := s.arg(0), s.arg(1), s.arg(2)
	fault, begin, path := word+"."+action+"."+how, time.Now(), fmt.Sprintf("/run/fault.%s.%s.%s", word, action, how)
	if s.Verb == "mend" {
		if !n.faults[fault] {
			return "it is good already", nil
		}
		delete(n.faults, fault)
		if err := n.host.Remove(path); err != nil {
			return "", err
		}
	} else {
		n.faults[fault] = true
		if err := n.host.WriteFile(path, "", 0o644); err != nil {
			return "", err
		}
	}
	n.sayFaults(begin)
	return "", nil
}

func (n *node) sayFaults(begin time.Time) {
	var all []string
	for f := range n.faults {
		all = append(all, f)
	}
	sort.Strings(all)
	n.c.change(begin, time.Now(), n.name, factScripts, strings.Join(all, " "))
}

// doCommand gives an operator's command.
func (n *node) doCommand(s Step) (string, error) {
	if n.rests() || s.Verb == "reload" && n.daemon != "up" { // -r starts a daemon where none runs
		return "no daemon", nil
	}
	argv := map[string][]string{
		"standby": {standbyPath, s.arg(0)}, "takeover": {takePath, s.arg(0)}, "reload": {daemonPath, "-r"},
	}[s.Verb]
	begin := time.Now()
	n.run(strings.Join(append([]string{s.Verb}, s.Args...), " "), func(int, string) {}, argv[0], argv[1:]...)
	if s.Verb != "reload" {
		n.c.number++
		n.c.change(begin, time.Now().Add(500*time.Millisecond), n.name, factCommand, strconv.Itoa(n.c.number))
	}
	return "", nil
}

func (n *node) doStop(Step) (string, error) {
	if n.daemon != "up" || n.stall == "freeze" {
		return "the daemon is " + n.daemon, nil
	}
	n.stop()
	return "", nil
}

func (n *node) doStart(Step) (string, error) {
	if !n.rests() {
		return "the daemon is " + n.daemon, nil
	}
	n.startAt = time.Now()
	return "", nil
}
