// Package drbd reads what the kernel says of its DRBD devices: /proc/drbd up to DRBD 8.4, `drbdsetup status` from 9 on.
package drbd

// Device is one device, and one of the nodes that it is replicated to.
type Device struct {
	Name       string  // of the device: drbd0
	Resource   string  // "" where nobody says
	Role       string  // here: Primary, Secondary, Unknown
	Disk       string  // here: UpToDate, Inconsistent, Outdated, ...
	Connection string  // Connected, WFConnection, SyncSource, ...
	Peer       string  // its name; "" where nobody says
	PeerRole   string  // "" where there is no other node
	PeerDisk   string  // the same
	Synced     float64 // percent, while it is synchronised; else 0
}
