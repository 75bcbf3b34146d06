package lab

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// Double makes the switch deliver that percentage of the UDP datagrams between hosts twice, at
// random and each on its own. The copy travels beside the original, so either may arrive first. 0
// undoes it. Cables that were put in since are as before: call it again after a boot. It needs nftables.
func (l *Lab) Double(percent int) error {
	if percent < 0 || percent > 100 {
		return fmt.Errorf("lab: cannot double %d %% of the datagrams", percent)
	}
	cmd := exec.Command("nsenter", "-t", fmt.Sprint(l.net.Process.Pid), "-n", "--", "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(l.doubleRules(percent))
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.Join(fmt.Errorf("lab: doubling in the switch: %w: %s", err, strings.TrimSpace(string(out))),
			errors.New("the package nftables is needed for this"))
	}
	return nil
}

// doubleRules has a chain for each cable: what comes in there also goes out to each other host of the
// same bridge.
func (l *Lab) doubleRules(percent int) string {
	var b strings.Builder
	b.WriteString("add table netdev lab\ndelete table netdev lab\n")
	if percent == 0 {
		return b.String()
	}
	b.WriteString("table netdev lab {\n")
	for _, from := range l.hosts {
		for link, in := range from.ports {
			if in == "" {
				continue
			}
			fmt.Fprintf(&b, " chain %s {\n  type filter hook ingress device %q priority 0; policy accept;\n", in, in)
			for _, to := range l.hosts {
				if to != from && link < len(to.ports) && to.ports[link] != "" {
					fmt.Fprintf(&b, "  meta l4proto udp numgen random mod 100 <= %d dup to %q\n", percent-1, to.ports[link])
				}
			}
			b.WriteString(" }\n")
		}
	}
	b.WriteString("}\n")
	return b.String()
}
