package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"sort"
	"strings"
)

// rough is what is wrong with the way to a host. It belongs to the way, not to the host: a power
// cut does not mend it.
type rough struct {
	loss map[int]int         // link to the percentage of arriving datagrams it loses
	deaf map[netip.Addr]bool // addresses nothing arrives from
}

// Lose makes that percentage of the UDP datagrams for the host vanish before they arrive, at random
// and each on its own, on the links named, or on all if none is. What the host sends to itself, as
// its own broadcasts, is not lost. It needs nftables.
func (h *Host) Lose(percent int, links ...int) error {
	if percent < 0 || percent > 100 {
		return fmt.Errorf("lab: cannot lose %d %% of the datagrams for %s", percent, h.Name)
	}
	if len(links) == 0 {
		for link := range h.opts.Links {
			links = append(links, link)
		}
	}
	for _, link := range links {
		if link < 0 || link >= h.opts.Links {
			return fmt.Errorf("lab: %s has no link %d", h.Name, link)
		}
		if h.rough.loss == nil {
			h.rough.loss = map[int]int{}
		}
		h.rough.loss[link] = percent
	}
	return h.roughen()
}

// LoseNothing undoes [Host.Lose] on all links.
func (h *Host) LoseNothing() error {
	h.rough.loss = nil
	return h.roughen()
}

// Deafen makes everything that comes from an address vanish before it arrives at the host, while
// the way back stays open. A host has one address on each link: see [Host.Address]. It needs nftables.
func (h *Host) Deafen(from ...netip.Addr) error {
	if h.rough.deaf == nil {
		h.rough.deaf = map[netip.Addr]bool{}
	}
	for _, address := range from {
		h.rough.deaf[address] = true
	}
	return h.roughen()
}

// Hear undoes [Host.Deafen] for addresses; with none, for all.
func (h *Host) Hear(from ...netip.Addr) error {
	if len(from) == 0 {
		h.rough.deaf = nil
	}
	for _, address := range from {
		delete(h.rough.deaf, address)
	}
	return h.roughen()
}

// roughen gives the host's network what h.rough says; at the next boot if the host is down.
func (h *Host) roughen() error {
	if !h.Up() {
		return nil
	}
	return h.nft(h.pid, h.roughRules())
}

// roughRules is the whole table, as `nft -f` takes it: the old one goes and the new one comes at
// one moment. It stands before everything else a datagram passes, connection tracking included.
func (h *Host) roughRules() string {
	var b strings.Builder
	// Only a table that is there can be deleted.
	b.WriteString("add table inet lab\ndelete table inet lab\ntable inet lab {\n chain arriving {\n" +
		"  type filter hook prerouting priority -400; policy accept;\n")
	var deaf []string
	for address := range h.rough.deaf {
		family := "ip"
		if address.Is6() {
			family = "ip6"
		}
		deaf = append(deaf, fmt.Sprintf("  %s saddr %s drop\n", family, address))
	}
	sort.Strings(deaf)
	b.WriteString(strings.Join(deaf, ""))
	for link := range h.opts.Links {
		if percent := h.rough.loss[link]; percent > 0 {
			fmt.Fprintf(&b, "  iifname \"eth%d\" ip saddr != %s meta l4proto udp numgen random mod 100 <= %d counter drop\n", link, h.Address(link), percent-1)
		}
	}
	b.WriteString(" }\n}\n")
	return b.String()
}

// nft gives rules to the network namespace of a process.
func (h *Host) nft(pid int, rules string) error {
	cmd := exec.Command("nsenter", "-t", fmt.Sprint(pid), "-n", "--", "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.Join(fmt.Errorf("lab: the rough way to %s: %w: %s", h.Name, err, strings.TrimSpace(string(out))),
			errors.New("the package nftables is needed for this"))
	}
	return nil
}
