package lab

import (
	_ "embed"
	"errors"
	"io"
	"time"
)

//go:embed web.sh
var webScript string

const (
	demoAddress = "10.77.0.100"
	demoHACF    = `logfile /var/log/ha-log
keepalive 200ms
warntime 1
deadtime 2
initdead 10
udpport 694
bcast eth0
ucast eth1 10.77.1.1
ucast eth1 10.77.1.2
auto_failback off
node node1 node2
`
	demoHaresources = "node1 " + demoAddress + "/24/eth0 web\n"
	demoPatience    = 40 * time.Second // for any single thing to happen
	demoShow        = time.Second      // how long a new server is watched before the next step
)

// demo is the demonstration under way.
type demo struct {
	out    *stage
	lab    *Lab
	nodes  map[string]*Host
	client *Client
	moves  []move
}

// move is one change of the server that the demonstration made happen.
type move struct {
	what, from, to string
	begun, done    time.Time
}

// Demo runs the demonstration with the given daemon and writes it to out, in colour if asked.
// It returns nil only if everything happened as announced, and leaves nothing behind.
func Demo(s Software, out io.Writer, colour bool) (err error) {
	l, err := New(2)
	if err != nil {
		return err
	}
	d := &demo{out: newStage(out, colour), lab: l, nodes: map[string]*Host{}}
	defer func() {
		d.out.step("Cleaning up")
		d.out.stopLogs()
		if bad := l.Close(); bad != nil {
			err = errors.Join(err, bad)
			return
		}
		d.out.say("The three machines, their cables and their disks are gone.")
	}()
	for _, act := range []func() error{
		func() error { return d.build(s) },
		d.start, d.plannedStop, d.rejoin, d.powerCut, d.report,
	} {
		if err := act(); err != nil {
			return err
		}
	}
	return nil
}

// build makes the machines and configures the two nodes.
func (d *demo) build(s Software) error {
	d.out.step("Two nodes and a client, in private namespaces of this machine")
	for _, name := range []string{"node1", "node2"} {
		h, err := d.lab.Node(name, s, HostOptions{})
		if err != nil {
			return err
		}
		d.nodes[name] = h
		if err := h.WriteFile("/etc/ha.d/resource.d/web", webScript, 0o755); err != nil {
			return err
		}
		if err := h.Configure(Files{HACF: demoHACF, Haresources: demoHaresources}); err != nil {
			return err
		}
		d.out.follow(h)
		d.out.say("%s  eth0 %s  eth1 %s  %s installed", name, h.Address(0), h.Address(1), s.Name)
	}
	h, err := d.lab.Host("client", HostOptions{Links: 1})
	if err != nil {
		return err
	}
	d.nodes["client"] = h
	d.out.say("client eth0 %s", h.Address(0))
	d.out.say("Both nodes have the same /etc/ha.d:")
	d.out.quote("ha.cf", demoHACF)
	d.out.quote("haresources", demoHaresources)
	return nil
}

func (d *demo) start() error {
	d.out.step("Starting both nodes")
	d.out.say("A node that hears no peer waits for initdead (10 s) before it acts; these two will hear each other.")
	for _, name := range []string{"node1", "node2"} {
		if err := d.nodes[name].StartDaemon(); err != nil {
			return err
		}
	}
	client, err := d.nodes["client"].StartClient("http://"+demoAddress+"/", 10*time.Millisecond)
	if err != nil {
		return err
	}
	d.client = client
	d.out.say("The client fetches http://%s/ every 10 ms, each time over a new connection.", demoAddress)
	if _, err := d.served("node1", time.Time{}); err != nil {
		return err
	}
	d.out.say("node1, the preferred node, has the address and serves.")
	// A stop would otherwise wait for the nodes to finish their start.
	for _, name := range []string{"node1", "node2"} {
		log := d.nodes[name].TailFromStart("/var/log/ha-log")
		if _, err := log.Wait(demoPatience, "resource transition completed"); err != nil {
			return err
		}
	}
	return nil
}

// served waits until the client is answered by a node, in fetches that began after a time, and
// returns when the first such answer came. It then lets the node serve for a while.
func (d *demo) served(node string, after time.Time) (time.Time, error) {
	var first time.Time
	err := Eventually(demoPatience, "the client to be served by "+node, func() bool {
		first = d.client.FirstAnswer(node, after)
		return !first.IsZero()
	})
	if err != nil {
		return first, err
	}
	return first, d.answersUntil(time.Now().Add(demoShow))
}

// answersUntil waits until the client has got an answer after a time.
func (d *demo) answersUntil(when time.Time) error {
	return Eventually(demoPatience, "the client to be served on", func() bool { return d.client.LastAnswer().After(when) })
}

// moved makes a move happen and waits until the other node serves.
func (d *demo) moved(what, from, to string, act func() error) error {
	m := move{what: what, from: from, to: to, begun: time.Now()}
	if err := act(); err != nil {
		return err
	}
	first, err := d.served(to, m.begun)
	if err != nil {
		return err
	}
	m.done = time.Now()
	d.moves = append(d.moves, m)
	d.out.say("The client got its first answer from %s %.2f s after the %s began.", to, first.Sub(m.begun).Seconds(), what)
	return nil
}

func (d *demo) plannedStop() error {
	d.out.step("Maintenance: stopping node1, the primary, as the runbook says")
	d.out.say("On a real machine this is `service heartbeat stop`; a private host has no init, so it is what that calls: heartbeat -k")
	log := d.nodes["node2"].Tail("/var/log/ha-log")
	err := d.moved("planned stop", "node1", "node2", func() error {
		began := time.Now()
		if err := d.nodes["node1"].StopDaemon(); err != nil {
			return err
		}
		d.out.say("heartbeat -k has returned after %.1f s: node1 has released everything.", time.Since(began).Seconds())
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := log.Wait(demoPatience, "Received shutdown notice from 'node1'"); err != nil {
		return err
	}
	_, err = log.Wait(demoPatience, "mach_down takeover complete")
	return err
}

func (d *demo) rejoin() error {
	d.out.step("node1 comes back")
	d.out.say("With auto_failback off it must stay the secondary: node2 goes on serving.")
	logs := map[string]*Tail{}
	for _, name := range []string{"node1", "node2"} {
		logs[name] = d.nodes[name].Tail("/var/log/ha-log")
	}
	if err := d.nodes["node1"].StartDaemon(); err != nil {
		return err
	}
	for name, words := range map[string]string{"node2": "Status update for node node1: status active", "node1": "remote resource transition completed"} {
		if _, err := logs[name].Wait(demoPatience, words); err != nil {
			return err
		}
	}
	if _, err := d.served("node2", time.Now()); err != nil {
		return err
	}
	d.out.say("node1 is a member again, node2 serves.")
	return nil
}

func (d *demo) powerCut() error {
	d.out.step("Accident: node2, which serves now, loses its power")
	d.out.say("No goodbye is said. node1 must notice by silence alone, after deadtime (2 s).")
	log := d.nodes["node1"].Tail("/var/log/ha-log")
	if err := d.moved("power cut", "node2", "node1", d.nodes["node2"].PowerCut); err != nil {
		return err
	}
	_, err := log.Wait(demoPatience, "node node2: is dead")
	return err
}
