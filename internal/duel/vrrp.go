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

// vrrp: keepalived and heartbeatd at the same interval. VRRP always waits for three of them, and that is measured too;
// a deadtime may be less: with two and a half, one beat may be lost and the next be late.
func (d *duel) vrrp(b *book) error {
	err := d.vrrpAt(b, rowVRRP10, rowEqual10, 10*time.Millisecond)
	if err != nil {
		return err
	}
	return d.vrrpAt(b, rowVRRP100, rowEqual100, 100*time.Millisecond)
}

func (d *duel) vrrpAt(b *book, row, equal rowKey, every time.Duration) error {
	quick, err := d.pairs(cluster{keepalive: every, deadtime: 5 * every / 2, links: 1}, d.ours)
	if err != nil {
		return err
	}
	defer closeAll(quick)
	patient, err := d.pairs(cluster{keepalive: every, deadtime: 3 * every, links: 1}, d.ours)
	if err != nil {
		return err
	}
	defer closeAll(patient)
	theirs, err := d.keepalivedPair(every)
	if err != nil {
		return err
	}
	defer theirs.close()
	ours := func(p *pair) *rival {
		return &rival{pair: p, every: every, frame: beatFrame, rest: p.settled,
			start: func(node int) error { return p.nodes[node].StartDaemon() }}
	}
	keepalived := &rival{pair: theirs, every: every, frame: advertFrame,
		start: func(node int) error { return theirs.nodes[node].Start("keepalived", "-n", "-P", "-l") },
		rest:  func() (int, error) { return theirs.master(every) }}
	for range d.times(d.repeat, 1) {
		for _, turn := range []struct {
			r    *rival
			rows []rowKey
		}{{keepalived, []rowKey{row, equal}}, {ours(quick[0]), []rowKey{row}}, {ours(patient[0]), []rowKey{equal}}} {
			if err := d.again(b, turn.r.pair, func() error { return turn.r.kill(b, turn.rows...) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// kill kills everything that runs on the owner, and waits for the other node to answer.
func (r *rival) kill(b *book, rows ...rowKey) error {
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
	begin, err := r.betweenBeats(owner)
	if err != nil {
		return err
	}
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
	for _, row := range rows {
		b.add(row, p.name, answer-lastOf(frames, r.frame, number(owner)), map[string]float64{"from the kill": milliseconds(answer - begin)})
	}
	// The killed one has left everything where it was.
	if _, err := p.nodes[owner].Run("sh", "-c", "ip address del "+serviceText+"/24 dev eth0; echo stopped >/run/service"); err != nil {
		return err
	}
	return r.start(owner)
}

// betweenBeats waits until half an interval has passed since a beat of the owner: how long after its last beat a node
// dies would else be chance, and more than what is measured.
func (r *rival) betweenBeats(owner int) (now int64, err error) {
	time.Sleep(3 * r.every)
	begin, beat := time.Now().UnixNano(), int64(0)
	err = lab.Eventually(patience, "a beat", func() bool {
		beat = r.pair.wire.last(r.frame, number(owner))
		return beat > begin
	})
	if err != nil {
		return 0, err
	}
	half := int64(r.every / 2)
	for at := beat + half; ; at += 2 * half {
		if wait := at - time.Now().UnixNano(); wait > 0 {
			time.Sleep(time.Duration(wait))
			return time.Now().UnixNano(), nil
		}
	}
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
