package config

import (
	"net/netip"
	"strings"
)

// Resource is one word of haresources, taken apart.
type Resource struct {
	Script string   // name of the script: IPaddr
	Args   []string // what it gets before start, stop or status
	Word   string   // as it stands in haresources
}

// ParseResource is the one place that takes words of haresources apart: "script::a::b" is script with the arguments a and b, and a word
// that begins like an IPv4 address is short for IPaddr::WORD. An empty argument is left out, as the
// shell of ResourceManager leaves it out. DIFFERS: "::" inside an IPv6 address parts nothing, so
// that IPv6addr::2001:db8::1/64 can be written as it is.
func ParseResource(word string) Resource {
	r := Resource{Word: word}
	full := word
	if isAddressWord(word) {
		full = "IPaddr::" + word
	}
	script, rest, _ := strings.Cut(full, "::")
	r.Script = script
	if (script == "IPv6addr" || script == "IPaddr2") && isIPv6(rest) {
		r.Args = []string{rest}
		return r
	}
	for _, arg := range strings.Split(rest, "::") {
		if arg != "" {
			r.Args = append(r.Args, arg)
		}
	}
	return r
}

// isAddressWord is the shell pattern [0-9]*.[0-9]*.[0-9]*.[0-9]* of ResourceManager.
func isAddressWord(word string) bool {
	digit := func(i int) bool { return i < len(word) && word[i] >= '0' && word[i] <= '9' }
	if !digit(0) {
		return false
	}
	dots := 0
	for i := range len(word) {
		if word[i] == '.' && digit(i+1) {
			dots++
		}
	}
	return dots >= 3
}

// isIPv6 says whether an argument begins with an IPv6 address.
func isIPv6(arg string) bool {
	head, _, _ := strings.Cut(arg, "/")
	addr, err := netip.ParseAddr(head)
	return err == nil && addr.Is6()
}
