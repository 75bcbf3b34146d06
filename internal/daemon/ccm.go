package daemon

import (
	"fmt"
	"path/filepath"
	"strings"

	"heartbeatd/internal/children"
)

// placeForCCM makes the directory in which ccm, the membership program of 3.0.6, puts its socket. 3.0.6's init script makes
// it; /run/heartbeat is ours, and ccm runs as the user that the line in ha.cf names.
func (d *daemon) placeForCCM(list []children.Program) {
	for _, p := range list {
		program, _, _ := strings.Cut(p.Command, " ")
		if filepath.Base(program) != "ccm" || p.Account.Unknown != nil {
			continue
		}
		if err := giveDir(filepath.Join(d.opt.Paths.RunDir, "ccm"), p.Account); err != nil {
			d.logLine("WARN", fmt.Sprintf("ccm cannot make its socket: %v", err))
		}
		return
	}
}
