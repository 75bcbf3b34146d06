package core

import "heartbeatd/internal/wire"

// notice tells of a message that 3.0.6 runs a script of /etc/ha.d/rc.d for. 3.0.6 does so for its own messages
// as for those of others: what it sends comes back to it.
func (c *Core) notice(m *wire.Message) {
	if c.cfg.Hooks {
		c.do(Hook{Msg: m})
	}
}

// noticeAsked tells of another node's request for a group. 3.0.6 calls rc.d/local_giveip if it runs here.
func (c *Core) noticeAsked(m *wire.Message) {
	if !c.cfg.Hooks {
		return
	}
	h := Hook{Msg: m}
	for _, g := range c.groups {
		h.Gives = h.Gives || g.key == m.Str("ipaddr") && g.ours()
	}
	c.do(h)
}

// noticeDead is the word by which 3.0.6 has its scripts take over from a node: it died, or released everything
// and said goodbye. It stays on the node, and has no more fields than these.
func (c *Core) noticeDead(n *node) {
	if c.cfg.Hooks {
		c.notice(wire.New("status").AddStr("st", "dead").AddStr("src", n.name).AddStr("seq", "1").AddStr("ts", hex(uint64(c.now.Wall))))
	}
}

// noticeLink is 3.0.6's ifstat, which stays on the node as well.
func (c *Core) noticeLink(n *node, l *linkState) {
	if !c.cfg.Hooks {
		return
	}
	st := "dead"
	if l.up {
		st = "up"
	}
	c.notice(wire.New("ifstat").AddStr("node", n.name).AddStr("ifname", l.name).AddStr("st", st))
}

// noticeStonith says how the fencing of a dead node ended. 3.0.6: unneeded if it held nothing, n_stnth
// without a device.
func (c *Core) noticeStonith(n *node, result string) {
	if c.cfg.Hooks {
		c.noticeOwn(wire.New("stonith").AddStr("node", n.name).AddStr("result", result))
	}
}

// noticeTaking is the word by which 3.0.6 has its scripts start a group of the node itself.
func (c *Core) noticeTaking(g *group) {
	if c.cfg.Hooks && !g.virtual && g.home == c.cfg.Self {
		m := wire.New("ip-request-resp").AddStr("dest", c.cfg.Self).AddStr("ipaddr", g.key)
		c.noticeOwn(m.AddStr("weown", "yes").AddStr("ok", "OK"))
	}
}

// noticeOwn completes a message as 3.0.6 would have sent it. It takes no number: it is not sent.
func (c *Core) noticeOwn(m *wire.Message) {
	c.putTail(m, c.seq, c.now.Wall, c.now.Load)
	c.notice(m)
}
