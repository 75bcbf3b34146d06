package drbd

import (
	"encoding/json"
	"fmt"
)

// What `drbdsetup status --json` prints (DRBD 9).
type (
	setupResource struct {
		Name        string            `json:"name"`
		Role        string            `json:"role"`
		Devices     []setupDevice     `json:"devices"`
		Connections []setupConnection `json:"connections"`
	}
	setupDevice struct {
		Volume int    `json:"volume"`
		Minor  int    `json:"minor"`
		Disk   string `json:"disk-state"`
	}
	setupConnection struct {
		Name    string            `json:"name"`
		State   string            `json:"connection-state"`
		Role    string            `json:"peer-role"`
		Devices []setupPeerDevice `json:"peer_devices"`
	}
	setupPeerDevice struct {
		Volume      int     `json:"volume"`
		Replication string  `json:"replication-state"`
		Disk        string  `json:"peer-disk-state"`
		InSync      float64 `json:"percent-in-sync"`
	}
)

// parseSetup reads it: a row for each device and each node that it is replicated to.
func parseSetup(text []byte) (devices []Device, err error) {
	var resources []setupResource
	if err := json.Unmarshal(text, &resources); err != nil {
		return nil, fmt.Errorf("reading what drbdsetup says: %w", err)
	}
	for _, r := range resources {
		for _, v := range r.Devices {
			for _, row := range r.rows(v) {
				if len(devices) == mostDevices {
					return devices, nil
				}
				devices = append(devices, row)
			}
		}
	}
	return devices, nil
}

func (r setupResource) rows(v setupDevice) (rows []Device) {
	own := Device{Name: fmt.Sprintf("drbd%d", v.Minor), Resource: r.Name, Role: r.Role, Disk: v.Disk, Connection: "StandAlone"}
	for _, c := range r.Connections {
		row := own
		row.Peer, row.PeerRole, row.Connection, row.PeerDisk = c.Name, c.Role, c.State, "DUnknown"
		for _, p := range c.Devices {
			if p.Volume == v.Volume {
				row.PeerDisk = p.Disk
				row.replicates(p)
			}
		}
		rows = append(rows, row)
	}
	if rows == nil {
		rows = []Device{own}
	}
	return rows
}

// replicates tells what goes on on a connection, in the one word that DRBD 8 has for both.
func (d *Device) replicates(p setupPeerDevice) {
	switch p.Replication {
	case "", "Off", "Established":
		return
	}
	d.Connection = p.Replication
	if p.InSync > 0 && p.InSync <= 100 {
		d.Synced = p.InSync
	}
}
