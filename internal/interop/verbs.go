package interop

import (
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"heartbeatd/internal/lab"
)

const (
	daemonPath  = "/usr/libexec/heartbeat/heartbeat"
	standbyPath = "/usr/share/heartbeat/hb_standby"
	takePath    = "/usr/share/heartbeat/hb_takeover"
	generation  = "/var/lib/heartbeat/hb_generation"
)

// How long the effect of a command may take to begin to show, see [player.moved].
const (
	briefly = 2500 * time.Millisecond // a message, read on the other node's next tick, and its scripts
	atOnce  = 500 * time.Millisecond
)

func (p *player) step(st Step) error {
	switch st.Verb {
	case "wait", "settle":
		d := 60 * time.Second
		if len(st.Args) > 0 {
			d, _ = time.ParseDuration(st.Args[0]) // Parse has looked at it
		}
		if st.Verb == "wait" {
			time.Sleep(d)
			return nil
		}
		return p.settle(st, d)
	case "start":
		return p.start(st.Args)
	}
	h := p.hosts[st.Args[0]]
	if !h.Up() && st.Verb != "boot" && st.Verb != "crash" {
		if st.Verb == "stop" || st.Verb == "standby" || st.Verb == "takeover" || st.Verb == "run" {
			return nil // it rebooted itself: what an operator would find
		}
		return errDown
	}
	return p.onHost(h, st)
}

func (p *player) onHost(h *lab.Host, st Step) error {
	arg := func(i int) string {
		if i < len(st.Args) {
			return st.Args[i]
		}
		return ""
	}
	switch st.Verb {
	case "stop":
		return p.stop(h, arg(1) == "&")
	case "kill":
		p.runs[h.Name] = false
		delete(p.frozen, h.Name)
		p.moved(p.deadtime())
		return p.signal(h, "KILL")
	case "killmaster":
		p.runs[h.Name] = false
		p.moved(p.deadtime())
		_, err := h.Run("sh", "-c", "kill -9 $(cat /run/heartbeat.pid)")
		return err
	case "freeze":
		p.frozen[h.Name] = true
		p.moved(p.deadtime())
		return p.signal(h, "STOP")
	case "thaw":
		delete(p.frozen, h.Name)
		p.moved(p.deadtime()) // 3.0.6 lets two seconds pass before it restarts after a partition
		return p.signal(h, "CONT")
	case "crash":
		p.runs[h.Name] = false
		delete(p.frozen, h.Name)
		p.moved(p.deadtime())
		return h.PowerCut()
	case "boot":
		p.boots[h.Name]++
		if h.Up() {
			return fmt.Errorf("it has power")
		}
		if err := h.PowerCut(); err != nil { // one that rebooted itself is still to be cleared away
			return err
		}
		return h.Boot()
	case "cut", "mend":
		return p.cables(h, st)
	case "deafen":
		p.moved(p.deadtime())
		return h.Deafen(p.addresses(arg(1))...)
	case "hear":
		p.moved(p.deadtime())
		return h.Hear(p.addresses(arg(1))...)
	case "loss":
		return p.loss(h, arg(1))
	case "standby":
		p.moved(briefly)
		return p.order(h, standbyPath, arg(1))
	case "takeover":
		p.moved(briefly)
		return p.order(h, takePath, arg(1))
	}
	return p.onFiles(h, st, arg)
}

// onFiles runs the commands that change what a host has on its disk, and `run`.
func (p *player) onFiles(h *lab.Host, st Step, arg func(int) string) error {
	switch st.Verb {
	case "script":
		return p.misbehave(h, arg(1), arg(2))
	case "generation":
		return changeGeneration(h, arg(1))
	case "authkeys":
		text := strings.Join(st.Args[1:], " ")
		var lines []string
		for _, l := range strings.Split(text, ";") {
			lines = append(lines, strings.TrimSpace(l))
		}
		return h.WriteFile("/etc/ha.d/authkeys", strings.Join(lines, "\n")+"\n", 0o600)
	case "reload":
		p.moved(3 * time.Second)
		_, err := h.Run(daemonPath, "-r")
		return err
	case "config":
		return p.reconfigure(h, st.Args[1:])
	case "software":
		return p.exchange(h, arg(1))
	case "run":
		return p.run(h, strings.Join(st.Args[1:], " "))
	}
	return errors.New("unknown command")
}

// start starts the daemons of several nodes at the same time.
func (p *player) start(names []string) error {
	var wg sync.WaitGroup
	errs := make([]error, len(names))
	for i, name := range names {
		if !isNode(name) {
			return fmt.Errorf("no node %s", name)
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			errs[i] = p.hosts[name].StartDaemon()
		}()
		p.runs[name] = true
	}
	wg.Wait()
	p.moved(briefly)
	return errors.Join(errs...)
}

func (p *player) stop(h *lab.Host, background bool) error {
	p.runs[h.Name] = false
	if !background {
		err := h.StopDaemon()
		p.moved(p.deadtime()) // the other node says "stopped" at once, and its links are dead only then
		if !h.Up() {
			return nil // a stop that failed ended in a reboot
		}
		return err
	}
	done := make(chan error, 1)
	go func() { done <- h.StopDaemon() }()
	p.waits = append(p.waits, func() error {
		select {
		case <-done:
			return nil
		case <-time.After(time.Minute):
			return fmt.Errorf("heartbeat -k on %s did not return", h.Name)
		}
	})
	p.moved(briefly)
	return nil
}

// signal sends a signal to all processes of the daemon.
func (p *player) signal(h *lab.Host, name string) error {
	_, err := h.Run("pkill", "-"+name, "-x", "heartbeat|heartbeatd|heartbeat-beats")
	return err
}

func (p *player) cables(h *lab.Host, st Step) error {
	p.moved(p.deadtime())
	links := st.Args[1:]
	if len(links) == 0 {
		for i := range p.script.Links {
			links = append(links, strconv.Itoa(i))
		}
	}
	for _, word := range links {
		link, err := strconv.Atoi(word)
		if err == nil && st.Verb == "cut" {
			err = h.Unplug(link)
		} else if err == nil {
			err = h.Plug(link)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *player) addresses(name string) []netip.Addr {
	var all []netip.Addr
	for link := range p.script.Links {
		all = append(all, p.hosts[name].Address(link))
	}
	return all
}

func (p *player) loss(h *lab.Host, word string) error {
	percent, err := strconv.Atoi(word)
	if err != nil {
		return err
	}
	p.moved(p.deadtime())
	if percent == 0 {
		return h.LoseNothing()
	}
	return h.Lose(percent)
}

// order is an operator's command; what it prints and returns is compared.
func (p *player) order(h *lab.Host, command, which string) error {
	if which != "" {
		command += " " + which
	}
	return p.run(h, command)
}

func (p *player) run(h *lab.Host, command string) error {
	out, err := h.Run("sh", "-c", "timeout 20 "+command)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		return err
	}
	p.segment.Outputs = append(p.segment.Outputs, Output{Node: h.Name, Command: command, Text: out, Code: code})
	return nil
}

func (p *player) misbehave(h *lab.Host, word, how string) error {
	if how != "normal" {
		return h.WriteFile("/var/lib/"+word+"."+how, "", 0o644)
	}
	p.moved(atOnce)
	for _, f := range hows {
		if err := h.Remove("/var/lib/" + word + "." + f); err != nil {
			return err
		}
	}
	return nil
}

// changeGeneration writes hb_generation in 3.0.6's form: 15 columns and a newline.
func changeGeneration(h *lab.Host, word string) error {
	if _, err := h.Run(daemonPath, "-s"); err == nil {
		return errors.New("the daemon must be down")
	}
	text, err := h.ReadFile(generation)
	if err != nil {
		return err
	}
	was, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(word)
	if err != nil {
		return err
	}
	if word[0] == '+' || word[0] == '-' {
		n += was
	}
	// The copy in /run, which heartbeatd keeps, goes as with a boot.
	if err := h.Remove("/run/heartbeat/hb_generation"); err != nil {
		return err
	}
	return h.WriteFile(generation, fmt.Sprintf("%15d\n", n), 0o644)
}

func (p *player) reconfigure(h *lab.Host, words []string) error {
	text, err := h.ReadFile("/etc/ha.d/ha.cf") // with what an earlier `config` changed
	if err != nil {
		return err
	}
	lines := append(without(strings.Split(strings.TrimSpace(text), "\n"), words[0]), strings.Join(words, " "))
	return h.WriteFile("/etc/ha.d/ha.cf", strings.Join(lines, "\n")+"\n", 0o644)
}

func (p *player) exchange(h *lab.Host, word string) error {
	kind := Kind(word)
	if word == "other" {
		kind = C
		if p.kinds[h.Name] == C {
			kind = H
		}
	}
	if p.kinds[h.Name] == kind {
		return nil
	}
	p.kinds[h.Name] = kind
	return h.Replace(p.software[kind])
}
