package cli

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/address"
)

const addressHelp = `Usage: heartbeatd address SCRIPT WORD ACTION
       heartbeatd address announce WORD

Handles one service address as the resource scripts IPaddr, IPaddr2 and IPv6addr
do; /etc/ha.d/resource.d/IPaddr and its likes call it.

SCRIPT is IPaddr or IPaddr2, with WORD ip[/bits-or-netmask[/iface[:label][/broadcast]]]
(a third part that starts with a digit is the broadcast address), or IPv6addr,
with WORD addr[/prefix[/iface]]. Parts not given are found by the routing table.

ACTION:
  start      add the address and announce it: at once, and again for 30 s in the
             background; having it already is a success; one on another interface
             than WORD says is not moved: that fails
  stop       remove it from this machine, wherever it is; not having it is a success
  status     say whether this machine has it; with a warning if on another interface
  monitor    the same as status
  meta-data  describe the script in the XML of OCF
  usage      print the usage line of the script

announce sends the gratuitous ARP or neighbour advertisements again for an address
this machine has; WORD is one of haresources, such as IPaddr2::10.0.0.1/24/eth0.

Exit code: 0 done, or the address is here; 7 it is not here; 1 failed;
4 not permitted; 6 the word or its interface is wrong.
`

// Exit codes of the OCF agents that 3.0.6 runs behind its scripts.
const (
	ocfOK         = 0
	ocfGeneric    = 1
	ocfPermission = 4
	ocfConfigured = 6
	ocfNotRunning = 7
)

// ocfLines is what the scripts of 3.0.6 print for a code, with the two blanks that stand around
// an instance name left empty.
var ocfLines = map[int]string{
	ocfOK:         "INFO:  Success",
	ocfGeneric:    "ERROR:  Generic error",
	ocfPermission: "ERROR:  User had insufficient privilege",
	ocfConfigured: "ERROR:  Program is not configured",
	ocfNotRunning: "INFO:  Resource is stopped",
}

// addressActions are in the order of the help text.
var addressActions = []string{"start", "stop", "status", "monitor", "meta-data", "usage", "help"}

// addressCommand is `heartbeatd address`.
func addressCommand(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := newFlags("address")
	fs.SetInterspersed(false) // what follows belongs to the script
	if code, done := parseFlags(fs, addressHelp, args, stdout, stderr); done {
		return code
	}
	args = fs.Args()
	switch {
	case len(args) == 2 && args[0] == "announce":
		return announceWord(args[1], stderr)
	case len(args) == 3 && args[0] == "announcer":
		return runAnnouncer(args[1], args[2], stderr)
	case len(args) > 0 && isAddressScript(args[0]):
		call := addressCall{script: args[0], stdout: stdout, stderr: stderr}
		return call.run(args[1:])
	}
	err := errors.New("address: want SCRIPT WORD ACTION or announce WORD")
	if len(args) > 0 && args[0] != "announce" && args[0] != "announcer" {
		err = fmt.Errorf("address: no script %q: want IPaddr, IPaddr2 or IPv6addr", args[0])
	}
	complain(stderr, err, "see 'heartbeatd address --help'")
	return exitUsage
}

func isAddressScript(name string) bool {
	return name == address.IPaddr || name == address.IPaddr2 || name == address.IPv6addr
}

// addressCall is one call of a resource script. Standard output carries the one line by which
// ResourceManager of 3.0.6 judges a status; all explanation goes to standard error.
type addressCall struct {
	script         string
	arg            string
	stdout, stderr io.Writer
}

func (c *addressCall) run(args []string) int {
	if len(args) == 1 && slices.Contains([]string{"meta-data", "usage", "help"}, args[0]) {
		args = []string{"", args[0]}
	}
	if c.script == address.IPv6addr && len(args) > 2 {
		// 3.0.6 parts a word at each "::", inside the address too.
		last := len(args) - 1
		args = []string{strings.Join(args[:last], "::"), args[last]}
	}
	if len(args) != 2 {
		c.usage()
		return exitFailed
	}
	c.arg = args[0]
	action := args[1]
	if !slices.Contains(addressActions, action) {
		if action == "" {
			fmt.Fprintln(c.stdout, "ERROR: No action specfied.") // 3.0.6 spells it so
		} else {
			fmt.Fprintf(c.stdout, "ERROR: Unknown operation: %s\n", action)
		}
		c.usage()
		return exitFailed
	}
	switch action {
	case "start":
		return c.finish(c.start())
	case "stop":
		return c.finish(c.stop())
	case "status", "monitor":
		return c.status()
	case "meta-data":
		io.WriteString(c.stdout, addressMetaData(c.script))
	default:
		c.usage()
	}
	return exitOK
}

func (c *addressCall) usage() {
	word := "<ip-address>"
	if c.script == address.IPaddr2 {
		word = "ip-address[/netmaskbits[/interface[:label][/broadcast]]]"
	}
	fmt.Fprintf(c.stdout, "usage: %s %s (start|stop|status|usage|meta-data)\n", c.script, word)
}

func (c *addressCall) start() error {
	spec, err := address.ParseScriptArg(c.script, c.arg)
	if err != nil {
		return err
	}
	if spec.Ignored != "" {
		fmt.Fprintf(c.stderr, "WARN: %s: the end [%s] has no meaning and is ignored\n", c.arg, spec.Ignored)
	}
	out, err := address.Start(spec)
	c.notes(out)
	if err != nil {
		return err
	}
	if err := announce(spec); err != nil {
		fmt.Fprintf(c.stderr, "WARN: %v\n", err) // the address serves all the same
	}
	return nil
}

// stop must succeed for what cannot be here (LSB): a word that never could be started is part of
// the group that is released after its failure, and a failed stop means a reboot.
func (c *addressCall) stop() error {
	spec, ok := c.spec()
	if !ok {
		return nil
	}
	out, err := address.Stop(spec)
	c.notes(out)
	return err
}

func (c *addressCall) status() int {
	held, err := false, error(nil)
	if spec, ok := c.spec(); ok {
		var out address.Outcome
		held, out, err = address.Status(spec)
		c.notes(out)
	}
	switch {
	case err != nil:
		return c.finish(err)
	case held:
		fmt.Fprintln(c.stdout, "INFO:  Running OK")
		return ocfOK
	}
	fmt.Fprintln(c.stdout, ocfLines[ocfNotRunning])
	return ocfNotRunning
}

// spec reads as much of the word as stop and status need: the address. False: the word has none,
// so nothing by it can be here.
func (c *addressCall) spec() (address.Spec, bool) {
	spec, err := address.ParseScriptArg(c.script, c.arg)
	if err == nil {
		return spec, true
	}
	fmt.Fprintf(c.stderr, "WARN: %v\n", err)
	addr, err := address.BaseAddr(c.script, c.arg)
	if err != nil || (addr.Is6() && addr.IsLinkLocalUnicast()) {
		return address.Spec{}, false // a link-local address says nothing without its interface
	}
	return address.Spec{Addr: addr}, true
}

func (c *addressCall) notes(out address.Outcome) {
	for _, line := range out.Notes {
		fmt.Fprintln(c.stderr, line)
	}
}

// finish prints the reason of a failure, then the line that 3.0.6 has for the exit code.
func (c *addressCall) finish(err error) int {
	code := ocfCode(err)
	if err != nil {
		fmt.Fprintf(c.stderr, "ERROR: %v\n", err)
		if hint := addressHint(err); hint != "" {
			fmt.Fprintf(c.stderr, "INFO: hint: %s\n", hint)
		}
	}
	fmt.Fprintln(c.stdout, ocfLines[code])
	return code
}

func ocfCode(err error) int {
	switch {
	case err == nil:
		return ocfOK
	case errors.Is(err, address.ErrWord), errors.Is(err, address.ErrNoInterface):
		return ocfConfigured
	case errors.Is(err, unix.EPERM):
		return ocfPermission
	}
	return ocfGeneric
}

func addressHint(err error) string {
	switch {
	case errors.Is(err, address.ErrNoInterface):
		return "'ip link' lists the interfaces; mend the word in haresources on both nodes"
	case errors.Is(err, address.ErrNoRoute):
		return "write the word with prefix length and interface, such as 10.0.0.1/24/eth0"
	case errors.Is(err, address.ErrElsewhere):
		return "stop the resource, which removes the address there, then start it; or name that interface in haresources"
	case errors.Is(err, unix.EPERM):
		return "run it as root"
	case errors.Is(err, unix.EACCES):
		return "is IPv6 switched off (net.ipv6.conf.*.disable_ipv6)?"
	}
	return ""
}

// announceWord is `heartbeatd address announce WORD`.
func announceWord(word string, stderr io.Writer) int {
	_, spec, err := address.ParseWord(word)
	if err == nil {
		err = announce(spec)
	}
	if err == nil {
		return exitOK
	}
	hint := addressHint(err)
	if errors.Is(err, address.ErrNotHere) {
		hint = "only the node that holds an address announces it; see 'heartbeatd status'"
	}
	complain(stderr, err, hint)
	return ocfCode(err)
}

// announce sends the first round and leaves the others to a process of its own. It returns at
// once.
func announce(spec address.Spec) error {
	err := address.Announce(spec, "/proc/self/exe", func(index uint32) []string {
		return []string{"heartbeatd", "address", "announcer", strconv.FormatUint(uint64(index), 10), spec.Addr.String()}
	})
	if errors.Is(err, address.ErrNoNeighbours) {
		return nil
	}
	return err
}

// runAnnouncer is the process that announce starts; nobody sees its output.
func runAnnouncer(index, addr string, stderr io.Writer) int {
	i, err := strconv.ParseUint(index, 10, 32)
	if err == nil {
		// Its name in ps would be "exe", and a killall of heartbeatd should not mean it.
		_ = os.WriteFile("/proc/self/comm", []byte("hb_announce"), 0)
		var a netip.Addr
		if a, err = netip.ParseAddr(addr); err == nil {
			err = address.RunAnnouncer(uint32(i), a, address.Schedule)
		}
	}
	if err != nil {
		complain(stderr, fmt.Errorf("address announcer: %w", err), "")
		return exitFailed
	}
	return exitOK
}
