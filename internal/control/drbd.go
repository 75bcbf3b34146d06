package control

// DRBDStatus is one DRBD device of this machine, and one of the nodes that it is replicated to.
type DRBDStatus struct {
	Device     string  `json:"device"`           // drbd0
	Resource   string  `json:"resource"`         // "" where the kernel does not say
	Role       string  `json:"role"`             // here: Primary, Secondary, Unknown
	Disk       string  `json:"disk"`             // here: UpToDate, Inconsistent, Outdated, ...
	Connection string  `json:"connection"`       // Connected, WFConnection, SyncSource, ...
	Peer       string  `json:"peer"`             // its name; "" before DRBD 9
	PeerRole   string  `json:"peer_role"`        // "" without a peer
	PeerDisk   string  `json:"peer_disk"`        // the same
	Synced     float64 `json:"synced,omitempty"` // percent, while it is synchronised
}
