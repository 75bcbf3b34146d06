package address

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"heartbeatd/internal/config"
)

// ErrWord is in the chain of every error about the text of an address word: the configuration
// must be mended, the machine is not to blame.
var ErrWord = errors.New("bad address word")

// Names of the scripts that carry addresses, as haresources writes them.
const (
	IPaddr   = "IPaddr"
	IPaddr2  = "IPaddr2"
	IPv6addr = "IPv6addr"
)

// Limits of the kernel: an interface name and a label have 15 bytes, an alternative name 127.
const (
	maxLabel = 15
	maxIface = 127
)

// Spec is what an address word asks for. Zero fields were not given and are found by [Resolve].
type Spec struct {
	Addr        netip.Addr
	Bits        int        // prefix length, 1..32 or 1..128; 0 when not given
	Iface       string     // interface name without the label
	Label       string     // IPv4: whole label such as "eth0:web"
	Broadcast   netip.Addr // IPv4
	NoBroadcast bool       // the word has "-" as broadcast
	Ignored     string     // text behind the last part; 3.0.6 drops it in silence, we say so
}

// IsAddressWord tells whether a word of haresources is run by one of the scripts that carry
// addresses. It does not say that the rest of the word is right.
func IsAddressWord(word string) bool {
	return isScript(config.ParseResource(word).Script)
}

func isScript(name string) bool { return name == IPaddr || name == IPaddr2 || name == IPv6addr }

// ParseWord reads any address word: the name of the script that handles it, and what it asks for.
// The error wraps [ErrWord].
func ParseWord(word string) (script string, spec Spec, err error) {
	r := config.ParseResource(word)
	if !isScript(r.Script) {
		return "", Spec{}, wordError(word, "not an address word (want 10.0.0.1/24/eth0, IPaddr::..., IPaddr2::... or IPv6addr::...)")
	}
	spec, err = ParseScriptArg(r.Script, strings.Join(r.Args, "::"))
	if err == nil && len(r.Args) != 1 { // the script would refuse it
		return r.Script, Spec{}, wordError(word, "want one argument, got %d", len(r.Args))
	}
	return r.Script, spec, err
}

// ParseScriptArg reads the argument of the named script. IPaddr takes IPv4, IPv6addr takes IPv6,
// and IPaddr2 takes both, as the agent behind it does.
func ParseScriptArg(script, arg string) (Spec, error) {
	return ParseSpec(arg, wantsV6(script, arg))
}

// BaseAddr reads only the address at the head of an argument. Whoever has to release an address
// needs no more than this, so a mistake behind the first slash must not keep it from being found.
func BaseAddr(script, arg string) (netip.Addr, error) {
	base, _, _ := strings.Cut(arg, "/")
	return parseAddr(arg, base, wantsV6(script, arg))
}

// ParseSpec reads ip[/bits-or-netmask[/iface[:label][/broadcast]]], where a third part that
// starts with a digit is the broadcast address; with v6, addr[/prefix[/iface]]. An empty part
// counts as not given. The error wraps [ErrWord] and names the part.
func ParseSpec(arg string, v6 bool) (Spec, error) {
	parts := strings.Split(arg, "/")
	addr, err := parseAddr(arg, parts[0], v6)
	if err != nil {
		return Spec{}, err
	}
	spec := Spec{Addr: addr}
	if part(parts, 1) != "" {
		if spec.Bits, err = parseBits(arg, parts[1], addr); err != nil {
			return Spec{}, err
		}
	}
	used := 3
	if third := part(parts, 2); third != "" && !v6 && isDigit(third[0]) {
		err = spec.setBroadcast(arg, third)
	} else {
		if err = spec.setIface(arg, third); err == nil && !v6 {
			used = 4
			err = spec.setBroadcast(arg, part(parts, 3))
		}
	}
	if err != nil {
		return Spec{}, err
	}
	if addr.IsLinkLocalUnicast() && v6 && spec.Iface == "" {
		return Spec{}, wordError(arg, "a link-local address needs its interface, as in %s/64/eth0", addr)
	}
	if len(parts) > used {
		spec.Ignored = strings.Trim(strings.Join(parts[used:], "/"), "/")
	}
	return spec, nil
}

func (s *Spec) setIface(arg, text string) error {
	name, label, labelled := strings.Cut(text, ":")
	if text == "" {
		return nil
	}
	if !validName(name, maxIface) || strings.Contains(label, ":") || (label != "" && !validName(label, maxIface)) {
		return wordError(arg, "invalid interface name [%s]", text)
	}
	if labelled && s.Addr.Is6() {
		return wordError(arg, "interface [%s]: a label exists for IPv4 only", text)
	}
	s.Iface = name
	if label == "" {
		return nil
	}
	if len(text) > maxLabel {
		return wordError(arg, "interface label [%s] exceeds maximum character limit of %d", text, maxLabel)
	}
	s.Label = text
	return nil
}

// setBroadcast also knows the "+" (compute it) and "-" (none) of the IPaddr2 agent.
func (s *Spec) setBroadcast(arg, text string) error {
	switch text {
	case "", "+":
		return nil
	case "-":
		s.NoBroadcast = true
		return nil
	}
	brd, err := netip.ParseAddr(text)
	if err != nil || !brd.Is4() {
		return wordError(arg, "invalid broadcast address [%s]", text)
	}
	s.Broadcast = brd
	return nil
}

func parseAddr(arg, text string, v6 bool) (netip.Addr, error) {
	addr, err := netip.ParseAddr(text)
	kind := "IPv4"
	if v6 {
		kind = "IPv6"
	}
	switch {
	case err != nil || addr.Is6() != v6 || addr.Zone() != "" || addr.Is4In6():
		return netip.Addr{}, wordError(arg, "IP address [%s] not valid: want an %s address", text, kind)
	case addr.IsUnspecified() || addr.IsMulticast() || (addr.Is4() && (addr.As4()[0] == 0 || addr.As4()[0] >= 240)):
		return netip.Addr{}, wordError(arg, "IP address [%s] not valid: a host cannot have it", text)
	}
	return addr, nil
}

// parseBits takes a prefix length or, for IPv4, a netmask as four numbers. 3.0.6: 0 is refused.
func parseBits(arg, text string, addr netip.Addr) (int, error) {
	if mask, err := netip.ParseAddr(text); err == nil && mask.Is4() && addr.Is4() {
		if bits := maskBits(mask.As4()); bits > 0 {
			return bits, nil
		}
		return 0, wordError(arg, "invalid netmask specification [%s]", text)
	}
	bits, err := strconv.Atoi(text)
	if err != nil || !isDigit(text[0]) || bits < 1 || bits > addr.BitLen() {
		return 0, wordError(arg, "invalid netmask specification [%s]: want 1 to %d", text, addr.BitLen())
	}
	return bits, nil
}

// maskBits is the length of a netmask, or -1 when its ones are not all on the left.
func maskBits(mask [4]byte) int {
	v := uint32(mask[0])<<24 | uint32(mask[1])<<16 | uint32(mask[2])<<8 | uint32(mask[3])
	bits := 0
	for v&(1<<31) != 0 {
		v <<= 1
		bits++
	}
	if v != 0 {
		return -1
	}
	return bits
}

func wantsV6(script, arg string) bool {
	base, _, _ := strings.Cut(arg, "/")
	return script == IPv6addr || (script == IPaddr2 && strings.Contains(base, ":"))
}

func part(parts []string, i int) string {
	if i < len(parts) {
		return parts[i]
	}
	return ""
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// validName refuses what no interface or label can be called, so that no text from a file gets
// into a log line or a path with surprises in it.
func validName(name string, limit int) bool {
	if name == "" || name == "." || name == ".." || len(name) > limit {
		return false
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c == 0x7f || c == ':' || c == '/' {
			return false
		}
	}
	return true
}

func wordError(arg, format string, a ...any) error {
	return &specError{arg: arg, reason: fmt.Sprintf(format, a...)}
}

type specError struct{ arg, reason string }

func (e *specError) Error() string { return fmt.Sprintf("address word %q: %s", e.arg, e.reason) }
func (e *specError) Unwrap() error { return ErrWord }
