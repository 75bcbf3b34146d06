package cli

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"

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
	case len(args) > 0 && address.IsScript(args[0]):
		call := address.Script{Name: args[0], Stdout: stdout, Stderr: stderr, Announce: func(spec address.Spec, _ uint32) error { return announce(spec) }}
		return call.Run(args[1:])
	}
	err := errors.New("address: want SCRIPT WORD ACTION or announce WORD")
	if len(args) > 0 && args[0] != "announce" && args[0] != "announcer" {
		err = fmt.Errorf("address: no script %q: want IPaddr, IPaddr2 or IPv6addr", args[0])
	}
	complain(stderr, err, "see 'heartbeatd address --help'")
	return exitUsage
}

// announceWord is `heartbeatd address announce WORD`.
func announceWord(word string, stderr io.Writer) int {
	_, spec, err := address.ParseWord(word)
	if err == nil {
		err = announce(spec)
	}
	if err == nil || errors.Is(err, address.ErrNoNeighbours) {
		return exitOK
	}
	hint := address.Hint(err)
	if errors.Is(err, address.ErrNotHere) {
		hint = "only the node that holds an address announces it; see 'heartbeatd status'"
	}
	complain(stderr, err, hint)
	return address.ExitCode(err)
}

// announce sends the first round and leaves the others to a process of its own. It returns at
// once.
func announce(spec address.Spec) error {
	return address.Announce(spec, "/proc/self/exe", func(index uint32) []string {
		return []string{"heartbeatd", "address", "announcer", strconv.FormatUint(uint64(index), 10), spec.Addr.String()}
	})
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
