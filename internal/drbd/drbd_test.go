package drbd

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"heartbeatd/internal/runner"
)

const proc84 = `version: 8.4.11 (api:1/proto:86-101)
srcversion: 96ED19D4C144624490A9AB1 

 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----
    ns:1048576 nr:0 dw:0 dr:1050664 al:0 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:0
 1: cs:SyncSource ro:Primary/Secondary ds:UpToDate/Inconsistent C r-----
    ns:118784 nr:0 dw:0 dr:119280 al:0 bm:0 lo:0 pe:2 ua:0 ap:0 ep:1 wo:f oos:929792
	[=>..................] sync'ed: 11.5% (929792/1048576)K
	finish: 0:00:54 speed: 16,968 (16,968) K/sec
 3: cs:Unconfigured
11: cs:WFConnection ro:Secondary/Unknown ds:Outdated/DUnknown C r-----
    ns:0 nr:0 dw:0 dr:0 al:0 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:0
`

const proc82 = `version: 8.0.16 (api:86/proto:86)
GIT-hash: d30881451c988619e243d6294a899139eed1183d
 0: cs:Connected st:Secondary/Primary ds:UpToDate/UpToDate C r---
    ns:0 nr:0 dw:0 dr:0 al:0 bm:0 lo:0 pe:0 ua:0 ap:0
	resync: used:0/61 hits:0 misses:0 starving:0 dirty:0 changed:0
`

const proc9 = "version: 9.1.16 (api:2/proto:110-121)\nGIT-hash: 9a2f0a1 build by root@node1\nTransports (api:18): tcp (9.1.16)\n"

const setup9 = `[
{
  "name": "r0", "node-id": 0, "role": "Primary", "suspended": false,
  "devices": [
    { "volume": 0, "minor": 1000, "disk-state": "UpToDate", "quorum": true },
    { "volume": 1, "minor": 1001, "disk-state": "UpToDate", "quorum": true } ],
  "connections": [
    { "peer-node-id": 1, "name": "node2", "connection-state": "Connected", "peer-role": "Secondary",
      "peer_devices": [
        { "volume": 0, "replication-state": "Established", "peer-disk-state": "UpToDate", "percent-in-sync": 100.00 },
        { "volume": 1, "replication-state": "SyncSource", "peer-disk-state": "Inconsistent", "percent-in-sync": 41.27 } ] },
    { "peer-node-id": 2, "name": "far", "connection-state": "Connecting", "peer-role": "Unknown",
      "peer_devices": [
        { "volume": 0, "replication-state": "Off", "peer-disk-state": "Outdated", "percent-in-sync": 99.10 } ] } ]
},
{ "name": "alone", "role": "Secondary", "devices": [ { "volume": 0, "minor": 7, "disk-state": "Diskless" } ], "connections": [ ] },
{ "name": "empty", "role": "Secondary", "devices": [ ], "connections": [ ] }
]
`

var (
	devices84 = []Device{
		{Name: "drbd0", Role: "Primary", Disk: "UpToDate", Connection: "Connected", PeerRole: "Secondary", PeerDisk: "UpToDate"},
		{Name: "drbd1", Role: "Primary", Disk: "UpToDate", Connection: "SyncSource", PeerRole: "Secondary", PeerDisk: "Inconsistent", Synced: 11.5},
		{Name: "drbd11", Role: "Secondary", Disk: "Outdated", Connection: "WFConnection", PeerRole: "Unknown", PeerDisk: "DUnknown"},
	}
	devices9 = []Device{
		{Name: "drbd1000", Resource: "r0", Role: "Primary", Disk: "UpToDate", Connection: "Connected", Peer: "node2", PeerRole: "Secondary", PeerDisk: "UpToDate"},
		{Name: "drbd1000", Resource: "r0", Role: "Primary", Disk: "UpToDate", Connection: "Connecting", Peer: "far", PeerRole: "Unknown", PeerDisk: "Outdated"},
		{Name: "drbd1001", Resource: "r0", Role: "Primary", Disk: "UpToDate", Connection: "SyncSource", Peer: "node2", PeerRole: "Secondary", PeerDisk: "Inconsistent", Synced: 41.27},
		{Name: "drbd1001", Resource: "r0", Role: "Primary", Disk: "UpToDate", Connection: "Connecting", Peer: "far", PeerRole: "Unknown", PeerDisk: "DUnknown"},
		{Name: "drbd7", Resource: "alone", Role: "Secondary", Disk: "Diskless", Connection: "StandAlone"},
	}
)

func TestProc(t *testing.T) {
	for _, c := range []struct {
		text, version string
		devices       []Device
	}{
		{proc84, "8.4.11", devices84},
		{proc82, "8.0.16", []Device{{Name: "drbd0", Role: "Secondary", Disk: "UpToDate", Connection: "Connected", PeerRole: "Primary", PeerDisk: "UpToDate"}}},
		{proc9, "9.1.16", nil},
		{"", "", nil},
		{" 0: cs:Connected\n-1: cs:Connected ro:Primary/Secondary\n 9999999: cs:A ro:B\n", "", nil},
		{"\tsync'ed: 50%\n 0: cs:A ro:Primary\n\tsync'ed: 250%\n", "", []Device{{Name: "drbd0", Role: "Primary", Connection: "A"}}},
	} {
		if version, devices := parseProc(c.text); version != c.version || !reflect.DeepEqual(devices, c.devices) {
			t.Errorf("%q:\n%s %+v, want\n%s %+v", c.text, version, devices, c.version, c.devices)
		}
	}
}

func TestSetup(t *testing.T) {
	if devices, err := parseSetup([]byte(setup9)); err != nil || !reflect.DeepEqual(devices, devices9) {
		t.Errorf("%v:\n%+v, want\n%+v", err, devices, devices9)
	}
	for _, text := range []string{"", "{}", "[1]", setup9[:200], "No currently configured DRBD found.\n"} {
		if devices, err := parseSetup([]byte(text)); err == nil {
			t.Errorf("%q: %+v", text, devices)
		}
	}
}

// site writes files, and programs, and gives a source that reads them.
func site(t *testing.T, files map[string]string) Source {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		mode := os.FileMode(0o644)
		if strings.HasPrefix(text, "#!") {
			mode = 0o755
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	return Source{Proc: filepath.Join(dir, "proc"), Setup: filepath.Join(dir, "drbdsetup"), Names: filepath.Join(dir, "by-res"), Limit: time.Minute}
}

func TestDevices(t *testing.T) {
	s := site(t, map[string]string{"proc": proc84})
	os.MkdirAll(filepath.Join(s.Names, "web"), 0o755)
	for link, to := range map[string]string{"mail": "../../drbd0", "web/0": "../../../drbd1", "web/1": "../../../drbd11", "gone": "../../drbd3"} {
		if err := os.Symlink(to, filepath.Join(s.Names, link)); err != nil {
			t.Fatal(err)
		}
	}
	want := append([]Device{}, devices84...)
	want[0].Resource, want[1].Resource, want[2].Resource = "mail", "web", "web"
	if got, err := s.Devices(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("8.4: %v\n%+v, want\n%+v", err, got, want)
	}
	s = site(t, map[string]string{"proc": proc9, "drbdsetup": "#!/bin/sh\n[ \"$*, $PATH\" = 'status --json, " + runner.SearchPath + "' ] || exit 1\ncat <<'E'\n" + setup9 + "E\n"})
	if got, err := s.Devices(); err != nil || !reflect.DeepEqual(got, devices9) {
		t.Errorf("9: %v\n%+v, want\n%+v", err, got, devices9)
	}
	for _, none := range []Source{{}, site(t, nil), site(t, map[string]string{"proc": "version: 8.4.11 (api:1)\n"})} {
		if got, err := none.Devices(); got != nil || err != nil {
			t.Errorf("no device: %+v, %v", got, err)
		}
	}
	for want, s := range map[string]Source{
		"exit status 20": site(t, map[string]string{"proc": proc9, "drbdsetup": "#!/bin/sh\nexit 20\n"}),
		"no such file":   site(t, map[string]string{"proc": proc9}),
		"reading what":   site(t, map[string]string{"proc": proc9, "drbdsetup": "#!/bin/sh\necho no\n"}),
	} {
		if got, err := s.Devices(); got != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s: %+v, %v", want, got, err)
		}
	}
}

// TestStuck: neither a program nor a file that does not answer holds up who asks.
func TestStuck(t *testing.T) {
	s := site(t, map[string]string{"proc": proc9, "drbdsetup": "#!/bin/sh\ntrap '' TERM\nsleep 1000 & wait\nsleep 1000\n"})
	s.Limit = 100 * time.Millisecond
	if got, err := s.Devices(); got != nil || err == nil || err.Error() != "no answer from DRBD within 100ms" {
		t.Errorf("a program: %+v, %v", got, err)
	}
	s = site(t, map[string]string{"fifo": ""})
	os.Remove(s.Proc)
	if err := syscall.Mkfifo(s.Proc, 0o600); err != nil {
		t.Fatal(err)
	}
	s.Limit = 100 * time.Millisecond
	if got, err := s.Devices(); got != nil || err == nil || err.Error() != "no answer from DRBD within 100ms" {
		t.Errorf("a file: %+v, %v", got, err)
	}
	f, err := os.OpenFile(s.Proc, os.O_WRONLY, 0) // lets the reader go
	if err == nil {
		f.Close()
	}
}

func FuzzProc(f *testing.F) {
	for _, text := range []string{proc84, proc82, proc9} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, devices := parseProc(text)
		if len(devices) > mostDevices {
			t.Error("too many")
		}
		for _, d := range devices {
			if d.Role == "" || !strings.HasPrefix(d.Name, "drbd") || d.Synced < 0 || d.Synced > 100 {
				t.Errorf("%+v", d)
			}
		}
	})
}

func FuzzSetup(f *testing.F) {
	f.Add([]byte(setup9))
	f.Fuzz(func(t *testing.T, text []byte) {
		devices, err := parseSetup(text)
		if len(devices) > mostDevices || err != nil && devices != nil {
			t.Errorf("%d devices, %v", len(devices), err)
		}
	})
}
