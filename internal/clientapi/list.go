package clientapi

import (
	"strconv"
	"strings"

	"heartbeatd/internal/wire"
)

const normal = "normal"

// node finds one by its name, in any case (3.0.6).
func (s State) node(name string) *Node {
	for i := range s.Nodes {
		if strings.EqualFold(s.Nodes[i].Name, name) && name != "" {
			return &s.Nodes[i]
		}
	}
	return nil
}

// answer answers a request about the cluster, a list with several messages.
func (s State) answer(kind string, m *wire.Message) []*wire.Message {
	one := func(r *wire.Message) []*wire.Message { return []*wire.Message{r} }
	switch kind {
	case "nodelist":
		return s.nodeList()
	case "numnodes":
		return one(reply(kind).AddStr("numnodes", strconv.Itoa(s.count(normal))).AddStr("result", ok))
	case "getrsc":
		return one(reply(kind).AddStr("rsc_hold", s.Holding).AddStr("result", ok))
	case "getuuid":
		return one(s.getUUID(m))
	case "getnodename":
		return one(s.getNodename(m))
	}
	n := s.node(m.Str("node"))
	if n == nil {
		return one(bad(kind, einval))
	}
	r := reply(kind)
	switch kind {
	case "nodestatus":
		r.AddStr("st", n.Status)
	case "nodeweight":
		r.AddStr("weight", strconv.Itoa(n.Weight))
	case "nodesite":
		r.AddStr("site", n.Site)
	case "nodetype":
		r.AddStr("nodetype", n.Type)
	case "iflist":
		return n.linkList()
	case "ifstatus":
		l := n.link(m.Str("ifname"))
		if l == nil {
			return one(bad(kind, einval))
		}
		r.AddStr("st", l.status())
	}
	return one(r.AddStr("result", ok))
}

func (s State) count(kind string) (n int) {
	for i := range s.Nodes {
		if s.Nodes[i].Type == kind {
			n++
		}
	}
	return n
}

func (s State) nodeList() []*wire.Message {
	var list []*wire.Message
	for _, n := range s.Nodes {
		list = append(list, reply("nodelist").AddStr("node", n.Name).AddStr("nodetype", n.Type).AddStr("st", n.Status))
	}
	return results(list, "nodelist")
}

func (n *Node) linkList() []*wire.Message {
	var list []*wire.Message
	for i := range n.Links {
		list = append(list, reply("iflist").AddStr("ifname", n.Links[i].Name).AddStr("st", n.Links[i].status()))
	}
	return results(list, "iflist")
}

// results says with each part of a list whether there is more.
func results(list []*wire.Message, kind string) []*wire.Message {
	if len(list) == 0 {
		return []*wire.Message{reply(kind).AddStr("result", ok)}
	}
	for i, m := range list {
		if i == len(list)-1 {
			m.AddStr("result", ok)
		} else {
			m.AddStr("result", okMore)
		}
	}
	return list
}

func (n *Node) link(name string) *Link {
	for i := range n.Links {
		if n.Links[i].Name == name {
			return &n.Links[i]
		}
	}
	return nil
}

func (l *Link) status() string {
	if l.Up {
		return "up"
	}
	return "dead"
}
