package drbd

import (
	"strconv"
	"strings"
)

// mostDevices is how many are read. The kernel has room for more, and no status for a person has.
const mostDevices = 1000

// parseProc reads /proc/drbd. Devices without a configuration are left out.
func parseProc(text string) (version string, devices []Device) {
	var last *Device
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if v, ok := strings.CutPrefix(line, "version: "); ok && version == "" {
			version, _, _ = strings.Cut(v, " ")
			continue
		}
		minor, rest, ok := strings.Cut(line, ": ")
		if _, err := strconv.ParseUint(minor, 10, 20); !ok || err != nil {
			synced(last, line)
			continue
		}
		last = nil
		d := Device{Name: "drbd" + minor}
		if !d.fields(rest) || len(devices) == mostDevices {
			continue
		}
		devices = append(devices, d)
		last = &devices[len(devices)-1]
	}
	return version, devices
}

// fields reads the rest of a device's first line.
func (d *Device) fields(text string) bool {
	for _, word := range strings.Fields(text) {
		name, value, _ := strings.Cut(word, ":")
		switch name {
		case "cs":
			d.Connection = value
		case "ro", "st": // st: before 8.3
			d.Role, d.PeerRole, _ = strings.Cut(value, "/")
		case "ds", "ld": // ld: 0.7, which knows no disk states
			d.Disk, d.PeerDisk, _ = strings.Cut(value, "/")
		}
	}
	return d.Role != "" && d.Connection != "" && d.Connection != "Unconfigured"
}

// synced reads how far the synchronisation of a device is: `[=>....] sync'ed: 12.3% (...)`.
func synced(d *Device, line string) {
	_, rest, ok := strings.Cut(line, "sync'ed:")
	if d == nil || !ok {
		return
	}
	percent, _, ok := strings.Cut(strings.TrimSpace(rest), "%")
	if v, err := strconv.ParseFloat(percent, 64); ok && err == nil && v >= 0 && v <= 100 {
		d.Synced = v
	}
}
