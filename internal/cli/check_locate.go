package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"heartbeatd/internal/runner"
)

// scriptPlaces is where check looks for resource scripts. A directory that is checked may be a copy
// made elsewhere, without its resource.d: what the daemon will find is then in the installed one.
type scriptPlaces struct {
	etc  string // /etc/ha.d
	init string // /etc/init.d
	// agents has the OCF agents that scripts of 3.0.6 call; "" where nobody is to ask for them.
	agents string
	// drbdadm knows the resources of drbddisk; "" where nobody is to ask it.
	drbdadm string
	// drbdConf is the configuration of DRBD; logd and apphbd are the sockets of ha_logd and apphbd. "": nobody asks.
	drbdConf, logd, apphbd string
}

// locate finds what a word of haresources runs, for the configuration in dir.
func (p scriptPlaces) locate(dir, word string) (runner.Command, error) {
	if filepath.Clean(dir) == p.etc {
		return runner.Locate(p.etc, p.init, word)
	}
	staged, stagedErr := runner.Locate(dir, filepath.Join(p.etc, "resource.d"), word)
	if stagedErr == nil && staged.Service == "" {
		return staged, nil
	}
	cmd, err := runner.Locate(p.etc, p.init, word)
	var here *runner.LocateError
	if err != nil && errors.As(stagedErr, &here) && here.Why != "" {
		return cmd, stagedErr
	}
	return cmd, err
}

// searched names the places in their order.
func (p scriptPlaces) searched(dir string) string {
	places := []string{filepath.Join(p.etc, "resource.d"), p.init, "the units of systemd"}
	if filepath.Clean(dir) != p.etc {
		places = append([]string{filepath.Join(dir, "resource.d")}, places...)
	}
	return "searched: " + strings.Join(places, ", ")
}

// script says what the daemon will run for a word.
func (c *checker) script(dir, word string) string {
	cmd, err := c.locate(dir, word)
	var missing *runner.LocateError
	switch {
	case errors.As(err, &missing) && missing.Name == "":
		return c.warn("no script is named")
	case errors.As(err, &missing) && missing.Why != "":
		return c.warn("%v: %s", err, missing.Why)
	case err != nil:
		return c.warn("%v (%s)", err, c.places.searched(dir))
	case cmd.Service != "":
		return fmt.Sprintf("service %s, unit %s, by %s", cmd.Service, cmd.Unit, cmd.Path)
	}
	if agent := c.places.missingAgent(cmd.Path); agent != "" {
		return cmd.Path + "; " + c.warn("the OCF agent %s is missing, so it cannot start: install the package resource-agents", agent)
	}
	if why := c.places.drbdFault(word); why != "" {
		return cmd.Path + "; " + c.warn("%s", why)
	}
	return cmd.Path
}
