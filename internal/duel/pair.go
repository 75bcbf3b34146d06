package duel

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"heartbeatd/internal/lab"
)

const (
	serviceText = "10.77.0.100"
	patience    = 60 * time.Second // for any single thing to happen
)

var serviceAddress = [4]byte{10, 77, 0, 100}

// scriptNames are the resource scripts, as the kernel names their processes.
var scriptNames = []string{"IPaddr2", "IPaddr", "service"}

// pair is two nodes of one software and a client, on a switch of their own.
type pair struct {
	name   string // of the software, as the table has it
	lab    *lab.Lab
	nodes  [2]*lab.Host
	client *lab.Host
	wire   *wiretap
	calls  *calls
	procs  *processes
	rests  func() error // is done while a node that was restarted waits for its time; nil for nothing
}

// newPair makes one; no daemon is started. configure writes the files of a node.
func newPair(name string, s *lab.Software, opts lab.HostOptions, links int, procs *processes, configure func(*lab.Host) error) (p *pair, err error) {
	p = &pair{name: name, procs: procs}
	if p.lab, err = lab.New(links); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			p.close() //nolint:errcheck // the error that matters is known
			p = nil
		}
	}()
	if p.calls, err = hear(p.lab); err != nil {
		return p, err
	}
	for i, host := range []string{"node1", "node2"} {
		if s != nil {
			p.nodes[i], err = p.lab.Node(host, *s, opts)
		} else {
			p.nodes[i], err = p.lab.Host(host, opts)
		}
		if err != nil {
			return p, err
		}
		if err = configure(p.nodes[i]); err != nil {
			return p, err
		}
	}
	if p.client, err = p.lab.Host("client", lab.HostOptions{}); err != nil {
		return p, err
	}
	p.wire, err = tap(p.lab, serviceAddress)
	return p, err
}

func (p *pair) close() error {
	if p.wire != nil {
		p.wire.close()
	}
	if p.calls != nil {
		p.calls.close()
	}
	return p.lab.Close()
}

// number of a node: its addresses end in it.
func number(node int) byte { return byte(node + 1) }

// command runs a program on a node to its end and returns the process by which it was brought there: the
// program descends from it.
func (p *pair) command(node int, name string, args ...string) (through int, err error) {
	var out bytes.Buffer
	cmd := p.nodes[node].Command(name, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 200 * time.Millisecond // what it leaves behind has our pipe
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	if err := cmd.Wait(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return 0, fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(out.String()))
	}
	return cmd.Process.Pid, nil
}

// startDaemons starts the daemons of some nodes at once.
func (p *pair) startDaemons(nodes ...int) error {
	var wait sync.WaitGroup
	errs := make([]error, 2)
	for _, n := range nodes {
		wait.Go(func() { errs[n] = p.nodes[n].StartDaemon() })
	}
	wait.Wait()
	return errors.Join(errs...)
}

// settled waits until both nodes say that nothing moves, and returns which has the service.
func (p *pair) settled() (owner int, err error) {
	owner = -1
	said := [2]string{}
	err = lab.Eventually(patience, p.name+" to settle", func() bool {
		time.Sleep(100 * time.Millisecond) // to ask takes programs
		for i, h := range p.nodes {
			out, _ := h.Run("cl_status", "rscstatus")
			said[i] = strings.TrimSpace(out)
			switch said[i] {
			case "all", "local", "foreign", "none":
			default:
				return false
			}
		}
		owner = p.runs()
		return owner >= 0
	})
	if err != nil {
		err = fmt.Errorf("%w: the nodes say %q", err, said)
	}
	return owner, err
}

// runs is the node on which the service runs; -1 if it is none or both.
func (p *pair) runs() int {
	owner := -1
	for i, h := range p.nodes {
		if state, _ := h.ReadFile("/run/service"); strings.TrimSpace(state) == "running" {
			if owner >= 0 {
				return -1
			}
			owner = i
		}
	}
	return owner
}

// up starts both daemons and waits until the service runs.
func (p *pair) up() error {
	if err := p.startDaemons(0, 1); err != nil {
		return err
	}
	_, err := p.settled()
	return err
}

// down stops both daemons.
func (p *pair) down() error {
	var wait sync.WaitGroup
	errs := make([]error, 2)
	for n, h := range p.nodes {
		wait.Go(func() { errs[n] = h.StopDaemon() })
	}
	wait.Wait()
	return errors.Join(errs...)
}

// reset gets a pair back to two nodes that are down, whatever happened to them.
func (p *pair) reset() error {
	for _, h := range p.nodes {
		if err := errors.Join(h.PowerCut(), h.Boot()); err != nil {
			return err
		}
	}
	return nil
}

func closeAll(pairs []*pair) {
	for _, p := range pairs {
		p.close() //nolint:errcheck // what is left goes with the namespaces
	}
}

// mark is the begin of something to be measured: what was seen before is forgotten.
func (p *pair) mark() int64 {
	p.wire.forget()
	p.procs.forget()
	return time.Now().UnixNano()
}
