package config

import (
	"fmt"
	"net/netip"
	"slices"
)

// PingNode is a node that is only asked whether it is there: a host, or a group of hosts of which one that
// answers is enough.
type PingNode struct {
	Name  string // lower case; also the name of its only link
	Kind  string // the directive: ping, ping6, ping_group
	Hosts []netip.Addr
	After int // so many of Config.Nodes stand before it in the file
	line  int
}

// pingNode adds a ping node. One that is named again is the same node. DIFFERS: 3.0.6 makes two of one name, and
// one of them is dead for ever; so is one with a capital letter in its name.
func (p *parser) pingNode(name string, hosts ...netip.Addr) *fault {
	if f := p.roomForNode(); f != nil {
		return f
	}
	if f := p.addMedium(); f != nil {
		return f
	}
	name = lowerASCII(name)
	i := slices.IndexFunc(p.cfg.PingNodes, func(n PingNode) bool { return n.Name == name })
	if i < 0 {
		p.cfg.PingNodes = append(p.cfg.PingNodes,
			PingNode{Name: name, Kind: p.name, Hosts: hosts, After: len(p.cfg.Nodes), line: p.line})
		return nil
	}
	p.doubles++
	p.warn("", "[%s] is named more than once", name)
	n := &p.cfg.PingNodes[i]
	for _, a := range hosts {
		if !slices.Contains(n.Hosts, a) {
			n.Hosts = append(n.Hosts, a)
		}
	}
	return nil
}

func applyPing(p *parser, v string) *fault {
	a, ok := p.resolve4(v)
	if !ok {
		return faultf("write an address, or put the name into /etc/hosts", "unknown host: %s", v)
	}
	return p.pingNode(v, a)
}

func applyPing6(p *parser, v string) *fault {
	a, err := netip.ParseAddr(v)
	if err != nil || !a.Is6() || a.Zone() != "" {
		return faultf("write an IPv6 address, names are not looked up", "Illegal ping6 [ping6 membership] in config file [%s]", v)
	}
	return p.pingNode(v, a)
}

// applyPingGroup skips a host nobody knows, as 3.0.6 does, even if none is left.
func applyPingGroup(p *parser, rest string) *fault {
	w := words(rest)
	if len(w) < 2 {
		return faultf("write ping_group NAME HOST HOST ...", "want a name and at least one host")
	}
	var hosts []netip.Addr
	for _, host := range w[1:] {
		a, ok := p.resolve4(host)
		if !ok {
			p.warn("write an address, or put the name into /etc/hosts", "unknown host: %s; it is left out", host)
			continue
		}
		hosts = append(hosts, a)
	}
	return p.pingNode(w[0], hosts...)
}

// crossPings leaves out ping nodes with the name of a cluster node. DIFFERS: 3.0.6 takes the answers of that
// machine's kernel for beats of its daemon, and never takes over from it.
func (p *parser) crossPings() {
	p.cfg.PingNodes = slices.DeleteFunc(p.cfg.PingNodes, func(n PingNode) bool {
		if !slices.Contains(p.cfg.Nodes, n.Name) {
			return false
		}
		p.line, p.name = n.line, n.Kind
		p.warn("name a machine that is no node of the cluster, such as the router",
			"[%s] is a node of the cluster; as such it is watched already, and not pinged", n.Name)
		return true
	})
	for i := range p.cfg.PingNodes {
		n := &p.cfg.PingNodes[i]
		n.After = min(n.After, len(p.cfg.Nodes))
	}
}

// advisePings looks for ping nodes that say nothing about how well a node is connected.
func (p *parser) advisePings() {
	whose := p.ownAddresses()
	for _, g := range p.cfg.Groups {
		for _, word := range g.Resources {
			if addr, ok := ServiceAddress(word); ok && whose[addr] == "" {
				whose[addr] = "the address of a service (" + g.Where + ")"
			}
		}
	}
	for _, n := range p.cfg.PingNodes {
		for _, addr := range n.Hosts {
			if at := whose[addr]; at != "" {
				p.advise(haCf, n.line, "ping a machine that stays where it is and is no node of the cluster, such as the router",
					"%s %s is %s: its answer does not tell which node is connected better", n.Kind, n.Name, at)
			}
		}
	}
}

// Where is the line that named it first.
func (n PingNode) Where() string { return fmt.Sprintf("%s:%d", haCf, n.line) }
