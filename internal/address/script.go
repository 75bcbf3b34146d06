package address

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Exit codes of the OCF agents that 3.0.6 runs behind its scripts.
const (
	ExitOK         = 0
	ExitGeneric    = 1
	ExitPermission = 4
	ExitConfigured = 6
	ExitNotRunning = 7
)

// exitLines is what the scripts of 3.0.6 print for a code, with the two blanks that stand around
// an instance name left empty.
var exitLines = map[int]string{
	ExitOK:         "INFO:  Success",
	ExitGeneric:    "ERROR:  Generic error",
	ExitPermission: "ERROR:  User had insufficient privilege",
	ExitConfigured: "ERROR:  Program is not configured",
	ExitNotRunning: "INFO:  Resource is stopped",
}

// Actions are in the order of the help text.
var Actions = []string{"start", "stop", "status", "monitor", "meta-data", "usage", "help"}

// Script is one call of a resource script. Standard output carries the one line by which
// ResourceManager of 3.0.6 judges a status; all explanation goes to standard error.
type Script struct {
	Name           string // IPaddr, IPaddr2 or IPv6addr
	Stdout, Stderr io.Writer
	// Announce is called after a start with the interface that has the address; it goes on in the background. An
	// [ErrNoNeighbours] is not worth a word.
	Announce func(spec Spec, index uint32) error

	// Unsure is set where a status could not be found out: it may be here.
	Unsure bool

	arg string
}

// IsScript says whether the name is that of one.
func IsScript(name string) bool { return name == IPaddr || name == IPaddr2 || name == IPv6addr }

// Run makes the call and returns its exit code.
func (s *Script) Run(args []string) int {
	if len(args) == 1 && slices.Contains([]string{"meta-data", "usage", "help"}, args[0]) {
		args = []string{"", args[0]}
	}
	if s.Name == IPv6addr && len(args) > 2 {
		// 3.0.6 parts a word at each "::", inside the address too.
		last := len(args) - 1
		args = []string{strings.Join(args[:last], "::"), args[last]}
	}
	if len(args) != 2 {
		s.usage()
		return ExitGeneric
	}
	s.arg = args[0]
	action := args[1]
	if !slices.Contains(Actions, action) {
		if action == "" {
			fmt.Fprintln(s.Stdout, "ERROR: No action specfied.") // 3.0.6 spells it so
		} else {
			fmt.Fprintf(s.Stdout, "ERROR: Unknown operation: %s\n", action)
		}
		s.usage()
		return ExitGeneric
	}
	switch action {
	case "start":
		return s.finish(s.start())
	case "stop":
		return s.finish(s.stop())
	case "status", "monitor":
		return s.status()
	case "meta-data":
		io.WriteString(s.Stdout, metaData(s.Name))
	default:
		s.usage()
	}
	return ExitOK
}

func (s *Script) usage() {
	word := "<ip-address>"
	if s.Name == IPaddr2 {
		word = "ip-address[/netmaskbits[/interface[:label][/broadcast]]]"
	}
	fmt.Fprintf(s.Stdout, "usage: %s %s (start|stop|status|usage|meta-data)\n", s.Name, word)
}

func (s *Script) start() error {
	spec, err := ParseScriptArg(s.Name, s.arg)
	if err != nil {
		return err
	}
	if spec.Ignored != "" {
		fmt.Fprintf(s.Stderr, "WARN: %s: the end [%s] has no meaning and is ignored\n", s.arg, spec.Ignored)
	}
	out, err := Start(spec)
	s.notes(out)
	if err != nil {
		return err
	}
	switch err := s.Announce(spec, out.Index); {
	case err == nil && spec.Addr.Is4():
		fmt.Fprintf(s.Stderr, "INFO: Sending gratuitous ARP for %s on %s\n", spec.Addr, out.Iface)
	case err == nil:
		fmt.Fprintf(s.Stderr, "INFO: Sending unsolicited neighbour advertisements for %s on %s\n", spec.Addr, out.Iface)
	case !errors.Is(err, ErrNoNeighbours):
		fmt.Fprintf(s.Stderr, "WARN: %v\n", err) // the address serves all the same
	}
	return nil
}

// stop must succeed for what cannot be here (LSB): a word that never could be started is part of
// the group that is released after its failure, and a failed stop means a reboot.
func (s *Script) stop() error {
	spec, ok := s.spec()
	if !ok {
		return nil
	}
	out, err := Stop(spec)
	s.notes(out)
	return err
}

func (s *Script) status() int {
	held, err := false, error(nil)
	if spec, ok := s.spec(); ok {
		var out Outcome
		held, out, err = Status(spec)
		s.notes(out)
	}
	switch {
	case err != nil:
		s.Unsure = !errors.Is(err, ErrDuplicate)
		return s.finish(err)
	case held:
		fmt.Fprintln(s.Stdout, "INFO:  Running OK")
		return ExitOK
	}
	fmt.Fprintln(s.Stdout, exitLines[ExitNotRunning])
	return ExitNotRunning
}

// spec reads as much of the word as stop and status need: the address. False: the word has none,
// so nothing by it can be here.
func (s *Script) spec() (Spec, bool) {
	spec, err := ParseScriptArg(s.Name, s.arg)
	if err == nil {
		return spec, true
	}
	fmt.Fprintf(s.Stderr, "WARN: %v\n", err)
	addr, err := BaseAddr(s.Name, s.arg)
	if err != nil || (addr.Is6() && addr.IsLinkLocalUnicast()) {
		return Spec{}, false // a link-local address says nothing without its interface
	}
	return Spec{Addr: addr}, true
}

func (s *Script) notes(out Outcome) {
	for _, line := range out.Notes {
		fmt.Fprintln(s.Stderr, line)
	}
}

// finish prints the reason of a failure, then the line that 3.0.6 has for the exit code.
func (s *Script) finish(err error) int {
	code := ExitCode(err)
	if err != nil {
		fmt.Fprintf(s.Stderr, "ERROR: %v\n", err)
		if hint := Hint(err); hint != "" {
			fmt.Fprintf(s.Stderr, "INFO: hint: %s\n", hint)
		}
	}
	fmt.Fprintln(s.Stdout, exitLines[code])
	return code
}

// ExitCode is the one for an error; [ExitOK] for nil.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, ErrWord), errors.Is(err, ErrNoInterface):
		return ExitConfigured
	case errors.Is(err, unix.EPERM):
		return ExitPermission
	}
	return ExitGeneric
}

// Hint tells what to do about an error, "" if there is nothing to tell.
func Hint(err error) string {
	switch {
	case errors.Is(err, ErrNoInterface):
		return "'ip link' lists the interfaces; mend the word in haresources on both nodes"
	case errors.Is(err, ErrNoRoute):
		return "write the word with prefix length and interface, such as 10.0.0.1/24/eth0"
	case errors.Is(err, ErrElsewhere):
		return "stop the resource, which removes the address there, then start it; or name that interface in haresources"
	case errors.Is(err, unix.EPERM):
		return "run it as root"
	case errors.Is(err, unix.EACCES):
		return "is IPv6 switched off (net.ipv6.conf.*.disable_ipv6)?"
	}
	return ""
}
