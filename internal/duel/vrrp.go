package duel

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"heartbeatd/internal/lab"
)

// keepalivedConf makes both nodes backups that do not preempt, as auto_failback off does: whoever is up first is
// the master. Their priorities make keepalived as fast as it can be: what it waits beyond three intervals is
// (256 - priority)/256 of one.
const keepalivedConf = `global_defs {
    router_id %[1]s
    vrrp_version 3
    max_auto_priority 99
}
vrrp_instance service {
    state BACKUP
    nopreempt
    interface eth0
    virtual_router_id 51
    priority %[2]d
    advert_int %[3]g
    virtual_ipaddress {
        ` + serviceText + `/24 dev eth0
    }
}
`

// keepalivedPair makes two nodes with keepalived; none is started.
func (d *duel) keepalivedPair(every time.Duration) (*pair, error) {
	layer, err := lab.Keepalived(d.cache)
	if err != nil {
		return nil, err
	}
	priority := 255
	return newPair(nameKeepalived, nil, lab.HostOptions{Layers: []string{layer}}, 1, d.procs, func(h *lab.Host) error {
		priority--
		return h.WriteFile("/etc/keepalived/keepalived.conf", fmt.Sprintf(keepalivedConf, h.Name, priority, every.Seconds()), 0o644)
	})
}

// rival is a software that keeps an address up.
type rival struct {
	pair  *pair
	every time.Duration
	frame frameKind // by what a node says that it lives
	start func(node int) error
	rest  func() (owner int, err error) // waits until all is calm
}

// vrrp: keepalived and heartbeatd at the same interval, and with the same patience: three intervals.
func (d *duel) vrrp(b *book) error {
	for _, at := range []struct {
		row   rowKey
		every time.Duration
	}{{rowVRRP10, 10 * time.Millisecond}, {rowVRRP100, 100 * time.Millisecond}} {
		if err := d.vrrpAt(b, at.row, at.every); err != nil {
			return err
		}
	}
	return nil
}

func (d *duel) vrrpAt(b *book, row rowKey, every time.Duration) error {
	pairs, err := d.pairs(cluster{keepalive: every, deadtime: 3 * every, links: 1}, d.ours)
	if err != nil {
		return err
	}
	defer closeAll(pairs)
	ours := pairs[0]
	theirs, err := d.keepalivedPair(every)
	if err != nil {
		return err
	}
	defer theirs.close()
	rivals := []*rival{
		{pair: theirs, every: every, frame: advertFrame,
			start: func(node int) error { return theirs.nodes[node].Start("keepalived", "-n", "-P", "-l") },
			rest:  func() (int, error) { return theirs.master(every) }},
		{pair: ours, every: every, frame: beatFrame,
			start: func(node int) error { return ours.nodes[node].StartDaemon() },
			rest:  ours.settled},
	}
	for range d.times(d.repeat, 1) {
		for _, r := range rivals {
			if err := d.again(b, r.pair, func() error { return r.kill(b, row) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// kill kills everything that runs on the owner, and waits for the other node to answer.
func (r *rival) kill(b *book, row rowKey) error {
	p := r.pair
	for node, h := range p.nodes {
		if len(residents(h.PID())) == 1 { // the first time, and after a reset
			if err := r.start(node); err != nil {
				return err
			}
		}
	}
	owner, err := r.rest()
	if err != nil {
		return err
	}
	time.Sleep(calm)
	client, err := ping(p.client, serviceAddress)
	if err != nil {
		return err
	}
	defer client.close()
	time.Sleep(20 * time.Millisecond)
	first := p.nodes[owner].PID()
	doomed := residents(first)
	delete(doomed, first)
	p.mark()
	time.Sleep(3 * r.every) // some beats
	begin := time.Now().UnixNano()
	for pid := range doomed {
		syscall.Kill(pid, syscall.SIGKILL) //nolint:errcheck // it may have ended
	}
	peer := number(1 - owner)
	err = lab.Eventually(patience, "the other node to answer", func() bool { return p.wire.last(answerFrame, peer) > begin })
	if err != nil {
		return err
	}
	time.Sleep(afterwards)
	frames := p.wire.since(begin - int64(time.Second))
	answer, err := firstOf(frames, answerFrame, peer)
	if err != nil {
		return err
	}
	if answer < begin {
		return errors.New("the other node answered before the owner was killed")
	}
	b.add(row, p.name, answer-begin, map[string]float64{"from the last beat": milliseconds(answer - lastOf(frames, r.frame, number(owner)))})
	// The killed one has left everything where it was.
	if _, err := p.nodes[owner].Run("sh", "-c", "ip address del "+serviceText+"/24 dev eth0; echo stopped >/run/service"); err != nil {
		return err
	}
	return r.start(owner)
}

// master waits until one node alone advertises, and returns it.
func (p *pair) master(every time.Duration) (owner int, err error) {
	err = lab.Eventually(20*time.Second, "one master", func() bool {
		p.wire.forget()
		time.Sleep(10*every + 200*time.Millisecond)
		frames := p.wire.since(0)
		one, two := lastOf(frames, advertFrame, number(0)), lastOf(frames, advertFrame, number(1))
		if one > 0 {
			owner = 0
		} else {
			owner = 1
		}
		return (one > 0) != (two > 0)
	})
	return owner, err
}
