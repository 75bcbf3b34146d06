package cli

import "strings"

// showPings names who is only asked whether it is there. Nobody is asked for this.
func (c *checker) showPings() {
	var rows [][]string
	for _, n := range c.cfg.PingNodes {
		hosts := make([]string, 0, len(n.Hosts))
		for _, h := range n.Hosts {
			hosts = append(hosts, h.String())
		}
		if len(hosts) == 0 {
			hosts = append(hosts, c.warn("nobody is asked, so it never answers"))
		}
		rows = append(rows, []string{n.Name, n.Kind, strings.Join(hosts, " "), "(" + n.Where() + ")"})
	}
	c.table("ping nodes:", rows)
}
