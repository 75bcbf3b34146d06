// Package confhost lets package config see the real machine and its configuration directory.
package confhost

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"heartbeatd/internal/config"
	"heartbeatd/internal/link"
)

// resolveTimeout bounds one name lookup, so that a dead name server delays a start and does not
// stop it.
const resolveTimeout = 5 * time.Second

// New is the machine the program runs on.
func New() config.Host { return machine{services: "/etc/services"} }

type machine struct{ services string }

func (machine) Nodename() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Nodename[:])
}

// Interface asks the kernel as 3.0.6 does, so that an alias such as eth0:0 gets the same answer.
func (machine) Interface(name string) (config.Interface, error) {
	addr, err := firstAddr(name)
	if err != nil {
		return config.Interface{}, err
	}
	broadcast, err := link.Broadcast(name)
	if err != nil {
		return config.Interface{}, fmt.Errorf("ask for the broadcast address of %s: %w", name, err)
	}
	return config.Interface{Addr: addr, Broadcast: broadcast}, nil
}

func firstAddr(name string) (netip.Addr, error) {
	ifr, err := unix.NewIfreq(name)
	if err != nil { // longer than a name can be
		return netip.Addr{}, config.ErrNoInterface
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("open a socket: %w", err)
	}
	defer unix.Close(fd)
	switch err := unix.IoctlIfreq(fd, unix.SIOCGIFADDR, ifr); {
	case errors.Is(err, unix.ENODEV):
		return netip.Addr{}, config.ErrNoInterface
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return netip.Addr{}, config.ErrNoAddress
	case err != nil:
		return netip.Addr{}, fmt.Errorf("ask for the address of %s: %w", name, err)
	}
	raw, err := ifr.Inet4Addr()
	if err != nil {
		return netip.Addr{}, config.ErrNoAddress
	}
	addr, _ := netip.AddrFromSlice(raw)
	return addr, nil
}

func (machine) Resolve(host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", host, err)
	}
	return addrs, nil
}

func (machine) UserExists(name string) bool {
	_, err := user.Lookup(name)
	return err == nil
}

func (machine) GroupExists(name string) bool {
	_, err := user.LookupGroup(name)
	return err == nil
}

func (m machine) ServicePort(service string) (uint16, bool) {
	for _, s := range m.udpServices() {
		if s.name == service {
			return s.port, true
		}
	}
	return 0, false
}

func (m machine) ServiceName(port uint16) (string, bool) {
	for _, s := range m.udpServices() {
		if s.port == port {
			return s.names[0], true
		}
	}
	return "", false
}

type service struct {
	name  string
	names []string
	port  uint16
}

// udpServices reads /etc/services; a missing file is an empty one. An alias is an entry of its own.
func (m machine) udpServices() []service {
	f, err := os.Open(m.services)
	if err != nil {
		return nil
	}
	defer f.Close()
	var out []service
	for lines := bufio.NewScanner(f); lines.Scan(); {
		text, _, _ := strings.Cut(lines.Text(), "#")
		w := strings.Fields(text)
		if len(w) < 2 {
			continue
		}
		number, ok := strings.CutSuffix(w[1], "/udp")
		port, err := strconv.ParseUint(number, 10, 16)
		if !ok || err != nil {
			continue
		}
		names := append([]string{w[0]}, w[2:]...)
		for _, name := range names {
			out = append(out, service{name: name, names: names, port: uint16(port)})
		}
	}
	return out
}

func (machine) Path(path string) config.PathInfo {
	info, err := os.Stat(path)
	if err != nil {
		return config.PathInfo{}
	}
	mode := info.Mode()
	return config.PathInfo{
		Exists:     true,
		Executable: !mode.IsDir() && mode.Perm()&0o111 != 0,
		CharDevice: mode&fs.ModeCharDevice != 0,
	}
}
