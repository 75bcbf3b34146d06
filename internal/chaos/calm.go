package chaos

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"heartbeatd/internal/control"
)

const (
	riseTime = 90 * time.Second // until both daemons run; one may be stopping, or rebooting
	// settleTime is how long the conductor waits; that it takes no longer than promised is for the judge to say.
	settleTime = 45 * time.Second
	holdTime   = time.Second // the calm lasts that much longer than what is promised for it
)

// calm mends everything, starts what is down, and waits until all is as it must be.
func (c *conductor) calm() error {
	calm := Calm{Begin: time.Now()}
	if err := c.mend(); err != nil {
		return err
	}
	c.keep = true
	ok, err := c.wait(riseTime, c.bothUp)
	if err == nil && ok && c.lied() {
		ok, err = c.restart()
	}
	if err != nil {
		return err
	}
	if !ok {
		calm.Why = fmt.Sprintf("the daemon of node1 is %s, that of node2 %s", c.nodes[Nodes[0]].daemon, c.nodes[Nodes[1]].daemon)
	} else if err := c.settle(&calm); err != nil {
		return err
	}
	calm.End = time.Now()
	c.r.Calms = append(c.r.Calms, calm)
	for _, name := range Nodes {
		c.nodes[name].sample()
	}
	return nil
}

func (c *conductor) bothUp() bool {
	return c.nodes[Nodes[0]].daemon == "up" && c.nodes[Nodes[1]].daemon == "up"
}

// lied says whether a status script has lied since the last calm: what was believed then is believed until the
// daemons ask anew.
func (c *conductor) lied() bool {
	since := c.r.Begin
	if n := len(c.r.Calms); n > 0 {
		since = c.r.Calms[n-1].End
	}
	for _, call := range c.r.Calls {
		if call.What == callLied && call.At.After(since) {
			return true
		}
	}
	return false
}

// restart stops both daemons and starts them again.
func (c *conductor) restart() (bool, error) {
	c.keep = false
	for _, name := range Nodes {
		c.nodes[name].stop()
	}
	if ok, err := c.wait(riseTime, func() bool { return c.nodes[Nodes[0]].rests() && c.nodes[Nodes[1]].rests() }); err != nil || !ok {
		return ok, err
	}
	c.keep = true
	return c.wait(riseTime, c.bothUp)
}

// mend undoes every fault.
func (c *conductor) mend() error {
	var errs []error
	if c.double != 0 {
		errs = append(errs, c.doubling(Step{Args: []string{"0"}}))
	}
	for _, name := range Nodes {
		n := c.nodes[name]
		try := func(step func(Step) (string, error), verb string, args ...string) {
			_, err := step(Step{Verb: verb, Node: name, Args: args})
			if err != nil && (n.off || n.host.Up()) {
				errs = append(errs, fmt.Errorf("%s %s: %w", verb, name, err))
			}
		}
		if n.stall != "" || len(n.stopped) > 0 {
			try(n.doResume, "resume")
		}
		if n.deafened {
			try(n.doDeafen, "hear")
		}
		if n.losing {
			try(n.doLoss, "loss", "0")
		}
		for link, how := range n.links {
			if verb := map[string]string{"cut": "plug", "removed": "add", "stripped": "dress"}[how]; verb != "" {
				try(n.doLink, verb, fmt.Sprint(link))
			}
		}
		if n.filled {
			try(n.doFill, "free")
		}
		for fault := range n.faults {
			try(n.doScript, "mend", strings.Split(fault, ".")...)
		}
		if c.r.Plan.Setup.Clocked && !n.off {
			try(n.doClock, "clock", "0s")
		}
	}
	return errors.Join(errs...)
}

// settle waits until both nodes say the same of every group and it is true, and looks on for a while.
func (c *conductor) settle(calm *Calm) error {
	begin, patience := time.Now(), settleTime
	for _, call := range c.r.Calls {
		if call.What == callStartFailed && time.Since(call.At) < 3*time.Minute {
			patience += retryFailed << 2
			break
		}
	}
	ok, err := c.wait(patience, func() bool { calm.Why = c.unsettled(); return calm.Why == "" })
	if err != nil || !ok {
		return err
	}
	settled := time.Now()
	hold := holdTime + max(0, c.r.Plan.Setup.Promise(together)-settled.Sub(begin))
	if _, err := c.wait(hold, func() bool { return false }); err != nil {
		return err
	}
	if calm.Why = c.unsettled(); calm.Why == "" {
		calm.Settled = settled
	}
	return nil
}

// unsettled says what is not as it must be; "" if nothing.
func (c *conductor) unsettled() string {
	if !c.bothUp() {
		return "a daemon is down"
	}
	owners := map[string]string{} // word to who has it
	for _, s := range c.r.spans() {
		if !s.Stopped.IsZero() {
			continue
		}
		if owners[s.Word] += s.Node; s.Started.IsZero() || !s.Stop.IsZero() {
			owners[s.Word] += " moving"
		}
	}
	for _, g := range c.r.Plan.Setup.Groups {
		for _, w := range recorded(g) {
			if owner := owners[w]; owner != Nodes[0] && owner != Nodes[1] {
				return fmt.Sprintf("%s is on %q", w, owner)
			}
		}
	}
	for _, name := range Nodes {
		if why := c.nodes[name].believes(owners); why != "" {
			return why
		}
	}
	for _, name := range Nodes {
		if why := c.nodes[name].addresses(owners); why != "" {
			return why
		}
	}
	return ""
}

// addresses looks whether the service addresses are where the rest of their groups is.
func (n *node) addresses(owners map[string]string) string {
	if !n.c.r.Plan.Setup.HasAddress() {
		return ""
	}
	out, err := n.host.Run("ip", "-4", "-oneline", "address")
	if err != nil {
		return err.Error()
	}
	for _, g := range n.c.r.Plan.Setup.Groups {
		for _, w := range g[1:] {
			address, _, _ := strings.Cut(w, "/")
			if !isAddress(w) || len(recorded(g)) == 0 {
				continue
			}
			owner, has := owners[recorded(g)[0]], strings.Contains(out, " "+address+"/")
			if has != (owner == n.name) {
				return fmt.Sprintf("%s: has the address %s: %v, but its group runs on %s", n.name, address, has, owner)
			}
		}
	}
	return ""
}

// believes asks a daemon how things stand, and says what is not true.
func (n *node) believes(owners map[string]string) string {
	out, err := "", error(nil)
	for range 5 { // what a program prints is lost where the machine is held up at its end
		if out, err = n.host.Run("timeout", "5", "heartbeatd", "status", "--json"); err != nil {
			return err.Error()
		}
		if out != "" {
			break
		}
	}
	var s control.Status
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		return fmt.Sprintf("%s: status: %v", n.name, err)
	}
	if s.State != "active" || s.Holding == "transition" {
		return fmt.Sprintf("%s is %s and holds %s", n.name, s.State, s.Holding)
	}
	for _, o := range s.Nodes {
		if o.Status != "active" {
			return fmt.Sprintf("%s sees %s as %s", n.name, o.Name, o.Status)
		}
	}
	for i, g := range n.c.r.Plan.Setup.Groups {
		owner := s.Groups[i].Owner
		if owner != Nodes[0] && owner != Nodes[1] {
			return fmt.Sprintf("for %s %s is owned by %q", n.name, g[1], owner)
		}
		for _, w := range recorded(g) {
			if owners[w] != owner {
				return fmt.Sprintf("for %s %s is owned by %s, but it runs on %s", n.name, w, owner, owners[w])
			}
		}
	}
	return ""
}

var goroutine = regexp.MustCompile(`(?m)^goroutine \d+ `)

// lastWords takes what daemons in the foreground have printed, then makes them tell their goroutines.
func (c *conductor) lastWords() {
	if !c.r.Plan.Setup.Clocked {
		return
	}
	for _, name := range Nodes {
		n := c.nodes[name]
		c.r.Console[name] = n.console.String()
		if n.daemon != "up" {
			continue
		}
		n.host.Run("kill", "-QUIT", fmt.Sprint(n.pid)) //nolint:errcheck // then it tells nothing
		for deadline := time.Now().Add(2 * time.Second); n.alive(n.pid) && time.Now().Before(deadline); {
			time.Sleep(20 * time.Millisecond)
		}
		said := strings.TrimPrefix(n.console.String(), c.r.Console[name])
		for i := range c.r.Samples {
			if s := &c.r.Samples[i]; s.Node == name && s.Round == c.round {
				s.Goroutines = len(goroutine.FindAllString(said, -1))
			}
		}
	}
}
