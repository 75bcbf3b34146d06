package config

import (
	"errors"
	"net/netip"
)

// What [Host.Interface] can say when it has no answer.
var (
	ErrNoInterface = errors.New("no such device")
	ErrNoAddress   = errors.New("no IPv4 address on it")
)

// Interface is a network interface as far as ha.cf cares.
type Interface struct {
	Addr      netip.Addr // its first IPv4 address
	Broadcast netip.Addr // where bcast sends to
}

// PathInfo is what is at a path.
type PathInfo struct {
	Exists     bool
	Executable bool // somebody may execute it, and it is no directory
	CharDevice bool
}

// Host answers for the machine. No method changes anything or sends a heartbeat.
type Host interface {
	// Nodename is uname -n.
	Nodename() string
	// Interface looks an interface up by name. The error wraps [ErrNoInterface], or
	// [ErrNoAddress] when the interface is there without an IPv4 address.
	Interface(name string) (Interface, error)
	// Resolve turns a host name or a number into addresses.
	Resolve(host string) ([]netip.Addr, error)
	// UserExists and GroupExists look a name up in passwd and group.
	UserExists(name string) bool
	GroupExists(name string) bool
	// ServicePort and ServiceName ask /etc/services for a udp entry.
	ServicePort(service string) (port uint16, ok bool)
	ServiceName(port uint16) (service string, ok bool)
	// Path looks at a file; a path that cannot be looked at does not exist.
	Path(path string) PathInfo
}

// FileState says whether a file could be read.
type FileState uint8

// The zero value is a file that is not there.
const (
	Missing FileState = iota
	Present
	Denied // EPERM or EACCES: exit status 4
	Failed
)

// File is one configuration file as it was found.
type File struct {
	State  FileState
	Path   string // for messages
	Data   []byte
	Mode   uint32 // permission bits, 0600
	Reason string // why, when Denied or Failed
}

// Files is one configuration directory as it was found.
type Files struct {
	Dir         string // "/etc/ha.d", for HA_DIR and for files without a Path
	HaCf        File
	Authkeys    File
	Haresources File
	Nodeinfo    File
}
