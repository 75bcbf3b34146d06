package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/config"
	"heartbeatd/internal/halog"
)

// beside finds what ha.cf counts on beside this daemon and is not to be had on this machine.
func (c *checker) beside() config.Report {
	if c.otherNode {
		return nil
	}
	return slices.Concat(c.daemons(), c.programs(), c.clients())
}

// daemons are the two that write for this one and that watch it. A start says it, too, in 3.0.6's words.
func (c *checker) daemons() (out config.Report) {
	if l := c.cfg.Log; l.UseLogd {
		if why := unheard(c.places.logd); why != "" {
			lines := "its lines are lost until it does"
			if places := logPlaces(l); len(places) > 0 {
				lines = "lines go to " + strings.Join(places, " and ") + " until it does"
			}
			out = append(out, config.Problem{File: "ha.cf", Level: config.Warning,
				Text: fmt.Sprintf("use_logd: ha_logd does not run (%s): %s", why, lines),
				Hint: "have ha_logd (package cluster-glue, service logd) started at boot, or write `use_logd off` and `logfile /var/log/ha-log`"})
		}
	}
	if c.cfg.UseApphbd {
		if why := unheard(c.places.apphbd); why != "" {
			out = append(out, config.Problem{File: "ha.cf", Level: config.Warning,
				Text: fmt.Sprintf("use_apphbd: apphbd does not run (%s): until it does nobody notices that this daemon hangs", why),
				Hint: "have apphbd started at boot, or remove the line; the directive watchdog is there for the same"})
		}
	}
	return out
}

// logPlaces are where lines go without ha_logd.
func logPlaces(l config.Logging) (places []string) {
	for _, file := range []string{l.File, l.DebugFile} {
		if file != "" && !slices.Contains(places, file) {
			places = append(places, file)
		}
	}
	if halog.FacilityNumber(l.SyslogFacility()) >= 0 {
		places = append(places, "syslog")
	}
	return places
}

// unheard says why nobody listens at a socket, "" if somebody does or it cannot be known from here.
func unheard(socket string) string {
	if socket == "" {
		return ""
	}
	conn, err := net.DialTimeout("unix", socket, time.Second)
	switch {
	case err == nil:
		conn.Close()
	case errors.Is(err, fs.ErrNotExist):
		return "there is no socket " + socket
	case errors.Is(err, unix.ECONNREFUSED):
		return "nobody listens at " + socket
	}
	return ""
}

// programs are those of respawn and failfast that came with the package of the C daemon, or run as a user that it made.
// For any other that is missing ha.cf is refused.
func (c *checker) programs() (out config.Report) {
	for _, child := range c.cfg.Children {
		program, _, _ := strings.Cut(child.Command, " ")
		switch {
		case child.Helper != "":
			out = append(out, config.Problem{File: child.Where, Level: config.Info,
				Text: fmt.Sprintf("%s is not on this machine: the daemon does its work itself", program)})
		case !c.host.UserExists(child.User):
			out = append(out, config.Problem{File: child.Where, Level: config.Warning,
				Text: fmt.Sprintf("%s cannot be started: this machine has no user %s", program, child.User), Hint: accountsHint})
		}
	}
	return out
}

// accountsHint is what the package of the C daemon does.
const accountsHint = "`groupadd -r haclient; useradd -r -g haclient hacluster` makes user and group as the package of the C daemon does"

// clients finds names of apiauth that nobody can sign on by.
func (c *checker) clients() (out config.Report) {
	for _, a := range c.cfg.APIAuth {
		helper := slices.ContainsFunc(c.cfg.Children, func(child config.Child) bool { return child.Helper == a.Name })
		if a.BuiltIn || helper || c.admits(a) {
			continue
		}
		out = append(out, config.Problem{File: "ha.cf", Level: config.Warning,
			Text: fmt.Sprintf("apiauth: no client can sign on as %s: this machine has none of %s", a.Name, strings.Join(slices.Concat(a.Users, a.Groups), ", ")),
			Hint: accountsHint})
	}
	return out
}

// admits says whether the machine knows one of those whom an entry names.
func (c *checker) admits(a config.APIAuth) bool {
	known := func(exists func(string) bool) func(string) bool {
		return func(name string) bool { return strings.Trim(name, "0123456789") == "" || exists(name) }
	}
	return slices.ContainsFunc(a.Users, known(c.host.UserExists)) || slices.ContainsFunc(a.Groups, known(c.host.GroupExists))
}

// runsDopd says whether ha.cf names dopd, the daemon's own or a program.
func (c *checker) runsDopd() bool {
	return slices.ContainsFunc(c.cfg.Children, func(child config.Child) bool {
		program, _, _ := strings.Cut(child.Command, " ")
		return cmp.Or(child.Helper, path.Base(program)) == config.DOPD
	})
}
