package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"heartbeatd/internal/outdater"
)

// drbdFault says why a word of drbddisk or drbdupper cannot start here, "" if there is nothing to say.
func (p scriptPlaces) drbdFault(word string) string {
	script, rest, _ := strings.Cut(word, "::")
	if p.drbdadm == "" || script != "drbddisk" && script != "drbdupper" {
		return ""
	}
	drbdadm := outdater.Drbdadm{Program: p.drbdadm, Limit: 5 * time.Second}
	if _, err := drbdadm.Installed(); err != nil {
		return "drbdadm is missing, so it cannot start: install the package drbd-utils"
	}
	known, err := drbdadm.Resources(context.Background(), script == "drbdupper")
	if err != nil {
		return err.Error()
	}
	resource, _, _ := strings.Cut(rest, "::")
	if resource = cmp.Or(resource, "all"); resource != "all" && !slices.Contains(known, resource) {
		return fmt.Sprintf("the configuration of DRBD has no resource %s, so it cannot start", resource)
	}
	return ""
}
