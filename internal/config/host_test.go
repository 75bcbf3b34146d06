package config

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// fakeHost is the machine of the corpus: eth0 10.77.0.1/24, eth1 10.77.1.1/24, no serial port, no
// watchdog, the programs and accounts of the C daemon's package.
type fakeHost struct {
	name     string
	services map[string]uint16
	accounts []string
	paths    map[string]PathInfo
}

func newHost(name string) *fakeHost {
	program := PathInfo{Exists: true, Executable: true}
	return &fakeHost{
		name:     name,
		services: map[string]uint16{"domain": 53},
		accounts: []string{"root", "hacluster", "haclient", "nobody"},
		paths: map[string]PathInfo{
			"/usr/libexec/heartbeat/ipfail": program,
			"/bin/true":                     program,
			"/usr/sbin/stonith":             program,
			"/usr/sbin/fence_ipmilan":       program,
			"/etc/passwd":                   {Exists: true},
			"/dev/ttyS0":                    {Exists: true, CharDevice: true},
		},
	}
}

func (h *fakeHost) Nodename() string { return h.name }

func (h *fakeHost) Interface(name string) (Interface, error) {
	switch name {
	case "eth0":
		return Interface{netip.MustParseAddr("10.77.0.1"), netip.MustParseAddr("10.77.0.255")}, nil
	case "eth1":
		return Interface{netip.MustParseAddr("10.77.1.1"), netip.MustParseAddr("10.77.1.255")}, nil
	case "lo":
		return Interface{netip.MustParseAddr("127.0.0.1"), netip.IPv4Unspecified()}, nil
	case "eth0:0", "eth2":
		return Interface{}, ErrNoAddress
	}
	return Interface{}, ErrNoInterface
}

func (h *fakeHost) Resolve(host string) ([]netip.Addr, error) {
	if host == "peer" {
		return []netip.Addr{netip.MustParseAddr("fd00::2"), netip.MustParseAddr("10.77.0.2")}, nil
	}
	if host == "nowhere" { // as /etc/hosts bars advertisers
		return []netip.Addr{netip.IPv4Unspecified()}, nil
	}
	return nil, errors.New("no such host")
}

func (h *fakeHost) UserExists(name string) bool  { return slices.Contains(h.accounts, name) }
func (h *fakeHost) GroupExists(name string) bool { return slices.Contains(h.accounts, name) }

func (h *fakeHost) ServicePort(service string) (uint16, bool) {
	port, ok := h.services[service]
	return port, ok
}

func (h *fakeHost) ServiceName(port uint16) (string, bool) {
	for name, p := range h.services {
		if p == port {
			return name, true
		}
	}
	return "", false
}

func (h *fakeHost) Path(path string) PathInfo { return h.paths[path] }

func file(text string, mode uint32) File {
	return File{State: Present, Data: []byte(text), Mode: mode}
}

// set is three good files but for the ha.cf given.
func set(haCf string) Files {
	return Files{
		Dir:         "/etc/ha.d",
		HaCf:        file(haCf, 0o644),
		Authkeys:    file("auth 1\n1 sha1 secret\n", 0o600),
		Haresources: file("", 0o644),
	}
}

// base makes any directive the only subject of a test: line 4 is the first free one.
const base = "node n1 n2\nlogfile /l\nauto_failback on\n"

// lines renders a report for comparison, hints left out.
func lines(r Report) string {
	var out []string
	for _, p := range r {
		out = append(out, p.Level.String()+" "+p.String())
	}
	return strings.Join(out, "\n")
}

func compare(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("report:\n%s\nwant:\n%s", got, want)
	}
}
