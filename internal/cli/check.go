package cli

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"text/tabwriter"

	"heartbeatd/internal/address"
	"heartbeatd/internal/apphb"
	"heartbeatd/internal/confhost"
	"heartbeatd/internal/config"
	"heartbeatd/internal/halog"
	"heartbeatd/internal/runner"
)

const checkHelp = `Usage: heartbeatd check [DIR] [FLAGS]

Validates ha.cf, authkeys and haresources in DIR (default /etc/ha.d) without
starting anything and without sending anything. Prints every problem with file
and line, which interface and source address each link and each address
resource gets on this machine, and where each resource script is: in
DIR/resource.d, /etc/ha.d/resource.d, /etc/init.d, or a unit of systemd.
It also warns of what the daemon accepts without a word and yet is hardly
meant, such as a service that is started at boot as well, and of what ha.cf
counts on and is not here: a user, ha_logd, apphbd.

Exit code: 0 the daemon would start, 2 wrong arguments, 4 a file may not be
read, 6 the configuration is refused or DIR is not there.
`

// checker is what check sees of the machine; each test makes its own.
type checker struct {
	host    config.Host
	routeTo func(netip.Addr) (confhost.Route, error)
	place   func(address.Spec) (iface string, bits int, broadcast netip.Addr, err error)
	locate  func(dir, word string) (runner.Command, error)
	places  scriptPlaces
	boot    interface {
		Enabled(service string) (link, command string, enabled bool)
	}

	cfg       *config.Config
	out       io.Writer
	warnings  int  // found here, besides those of the report
	otherNode bool // --node: its addresses are not to be seen from here
}

func thisChecker() *checker {
	places := scriptPlaces{etc: "/etc/ha.d", init: "/etc/init.d", agents: "/usr/lib/ocf/resource.d/heartbeat", drbdadm: "drbdadm",
		drbdConf: "/etc/drbd.conf", logd: halog.LogdPath, apphbd: apphb.Path}
	return &checker{
		host:    confhost.New(),
		routeTo: confhost.RouteTo,
		place:   address.Resolve,
		locate:  places.locate,
		places:  places,
		boot:    confhost.NewBoot(),
	}
}

func checkCommand(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	return thisChecker().run(args, stdout, stderr)
}

func (c *checker) run(args []string, stdout, stderr io.Writer) int {
	fs := newFlags("check")
	node := fs.String("node", "", "check as if this machine were the node `NAME`")
	if code, done := parseFlags(fs, checkHelp, args, stdout, stderr); done {
		return code
	}
	dir := "/etc/ha.d"
	if fs.NArg() > 0 {
		dir = fs.Arg(0)
	}
	if fs.NArg() > 1 || dir == "" {
		complain(stderr, fmt.Errorf("check: want one directory at most"), "see 'heartbeatd check --help'")
		return exitUsage
	}
	files, err := confhost.Read(dir)
	if err != nil {
		complain(stderr, err, "give the directory that holds ha.cf, authkeys and haresources, such as /etc/ha.d")
		return config.ExitConfig
	}
	if *node != "" {
		files.Nodeinfo = config.File{}
		c.host = namedHost{c.host, *node}
		c.otherNode = true
	}
	cfg, report := config.Load(files, c.host)
	c.cfg, c.out = cfg, stdout
	advice := c.advice(dir)
	for _, line := range append(report, advice...).Lines() {
		fmt.Fprintln(stdout, line)
	}
	c.warnings = advice.Count(config.Warning)
	c.showLinks()
	c.showPings()
	c.showGroups(dir)
	c.verdict(report)
	return report.ExitCode()
}

// namedHost is the machine under another node's name.
type namedHost struct {
	config.Host
	name string
}

func (h namedHost) Nodename() string { return h.name }

// table prints rows with their columns aligned, indented under a title.
func (c *checker) table(title string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintln(c.out, title)
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, "  "+strings.Join(row, "\t"))
	}
	w.Flush()
}

func (c *checker) showLinks() {
	var rows [][]string
	for _, m := range c.cfg.Media {
		rows = append(rows, []string{m.Device, m.Kind.String(), c.link(m), "(" + m.Where + ")"})
	}
	c.table("links:", rows)
}

// link says from which address to which a medium sends here.
func (c *checker) link(m config.Medium) string {
	switch m.Kind {
	case config.Serial:
		return fmt.Sprintf("%d baud", m.Baud)
	case config.Ucast6, config.Mcast6:
		return c.link6(m)
	}
	iface, err := c.host.Interface(m.Device)
	if err != nil {
		return c.warn("nothing is sent: %v", err)
	}
	to := m.Peer
	if m.Kind == config.Bcast {
		to = iface.Broadcast
	}
	text := fmt.Sprintf("%s -> %s", iface.Addr, netip.AddrPortFrom(to, m.Port))
	switch m.Kind {
	case config.Mcast:
		return text + fmt.Sprintf(" ttl %d", m.TTL)
	case config.Ucast:
		return text + c.ucastRemark(m)
	}
	return text
}

// link6 says where a medium sends to over IPv6; from which of its addresses, the kernel chooses each time.
func (c *checker) link6(m config.Medium) string {
	if _, err := c.host.Interface(m.Device); err != nil && !errors.Is(err, config.ErrNoAddress) {
		return c.warn("nothing is sent: %v", err)
	}
	text := "-> " + netip.AddrPortFrom(m.Peer, m.Port).String()
	if m.Kind == config.Mcast6 {
		return text + fmt.Sprintf(" hops %d", m.TTL)
	}
	if m.Peer.IsLinkLocalUnicast() {
		m.Peer = m.Peer.WithZone(m.Device)
	}
	return text + c.ucastRemark(m)
}

// ucastRemark tells what a ucast line is often wrong about.
func (c *checker) ucastRemark(m config.Medium) string {
	route, err := c.routeTo(m.Peer)
	switch {
	case err != nil:
		return ", " + c.warn("%v", err)
	case route.Local:
		return ", this machine's own address; the line is for the other node"
	case route.Interface != m.Device:
		return ", " + c.warn("but the route to it goes over %s", route.Interface)
	}
	return ""
}

func (c *checker) warn(format string, args ...any) string {
	c.warnings++
	return "WARNING: " + fmt.Sprintf(format, args...)
}

func (c *checker) showGroups(dir string) {
	for _, g := range c.cfg.Groups {
		home := "node " + g.Home
		if g.Home == c.cfg.Self {
			home = "this node"
		}
		var rows [][]string
		for _, word := range g.Resources {
			rows = append(rows, []string{word, c.resource(dir, word)})
		}
		c.table(fmt.Sprintf("group %s, preferred on %s (%s):", g.Key(), home, g.Where), rows)
	}
}

// resource says which script a word runs, and for an address where it goes.
func (c *checker) resource(dir, word string) string {
	script := c.script(dir, word)
	if !address.IsAddressWord(word) {
		return script
	}
	_, spec, err := address.ParseWord(word)
	if err != nil {
		return script + "; " + c.warn("%v: the group will fail to start", err)
	}
	iface, bits, broadcast, err := c.place(spec)
	if err != nil {
		return script + "; " + c.warn("%v", err)
	}
	text := fmt.Sprintf("%s; %s on %s", script, netip.PrefixFrom(spec.Addr, bits), iface)
	if spec.Label != "" {
		text += " as " + spec.Label
	}
	if broadcast.IsValid() {
		text += " broadcast " + broadcast.String()
	}
	if at, err := c.host.Interface(iface); err == nil && spec.Addr.Is4() {
		text += ", beside " + at.Addr.String()
	}
	return text
}

// verdict is the last line.
func (c *checker) verdict(report config.Report) {
	warnings := report.Count(config.Warning) + c.warnings
	if report.Fatal() {
		fmt.Fprintf(c.out, "refused: %s, %s; the daemon would exit with status %d\n",
			count(report.Count(config.Error), "error"), count(warnings, "warning"), report.ExitCode())
		return
	}
	fmt.Fprintf(c.out, "accepted: node %s of %s, %s, %s, %s\n", c.cfg.Self, count(len(c.cfg.Nodes), "node"),
		count(len(c.cfg.Media), "link"), count(len(c.cfg.Groups), "group"), count(warnings, "warning"))
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
