package cli

import (
	"fmt"
	"io"
	"strings"

	"heartbeatd/internal/control"
)

// addDRBD asks this machine's kernel. The daemon is not asked: nothing that is stuck shall be near it.
func (m machine) addDRBD(st *control.Status) {
	devices, err := m.drbd.Devices()
	if err != nil {
		st.DRBDError = err.Error()
	}
	for _, d := range devices {
		st.DRBD = append(st.DRBD, control.DRBDStatus{
			Device: d.Name, Resource: d.Resource, Role: d.Role, Disk: d.Disk, Connection: d.Connection,
			Peer: d.Peer, PeerRole: d.PeerRole, PeerDisk: d.PeerDisk, Synced: d.Synced,
		})
	}
}

// writeDRBD tells of the devices. Without DRBD there is nothing to tell.
func writeDRBD(b *strings.Builder, st control.Status) {
	if st.DRBDError != "" {
		fmt.Fprintf(b, "\nDRBD: unknown: %s\n", st.DRBDError)
	}
	if len(st.DRBD) == 0 {
		return
	}
	b.WriteByte('\n')
	table(b, func(tw io.Writer) {
		fmt.Fprintln(tw, "DRBD\tRESOURCE\tROLE\tDISK\tCONNECTION\tPEER\tITS ROLE\tITS DISK")
		for _, d := range st.DRBD {
			connection := d.Connection
			if d.Synced > 0 {
				connection = fmt.Sprintf("%s %.1f%%", d.Connection, d.Synced)
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
				d.Device, orDash(d.Resource), d.Role, orDash(d.Disk), orDash(connection), orDash(d.Peer), orDash(d.PeerRole), orDash(d.PeerDisk))
		}
	})
}
