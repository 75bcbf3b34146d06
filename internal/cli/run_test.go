package cli

import (
	"strings"
	"testing"

	"heartbeatd/internal/confhost"
	"heartbeatd/internal/config"
)

// TestMissingInterfaceIsWaitedFor: systemd may start the daemon before the network is there. A
// missing interface is named once and does not keep the daemon from starting.
func TestMissingInterfaceIsWaitedFor(t *testing.T) {
	files := config.Files{
		HaCf:        config.File{State: config.Present, Data: []byte("logfile /dev/null\nauto_failback off\nbcast hbnone0\nbcast lo\nnode alpha beta\n")},
		Authkeys:    config.File{State: config.Present, Mode: 0o600, Data: []byte("auth 1\n1 sha1 x\n")},
		Haresources: config.File{State: config.Present},
	}
	if _, report := config.Load(files, namedHost{confhost.New(), "alpha"}); !report.Fatal() {
		t.Error("the command heartbeat starts without the interface; 3.0.6 refuses")
	}
	host := &patientHost{Host: namedHost{confhost.New(), "alpha"}, named: map[string]bool{}}
	cfg, report := config.Load(files, host)
	if report.Fatal() || len(cfg.Media) != 2 {
		t.Errorf("refused: %v, media %v", report.Lines(), cfg.Media)
	}
	if len(host.missing) != 1 || host.missing[0].Level != config.Warning {
		t.Errorf("%v, want one warning about hbnone0", host.missing)
	}
}

// TestSerialLineIsNoInterface: who waits for interfaces is not told at each reload that a serial line is not there.
func TestSerialLineIsNoInterface(t *testing.T) {
	files := config.Files{
		HaCf:        config.File{State: config.Present, Data: []byte("logfile /dev/null\nauto_failback off\nserial /dev/null\nucast lo 127.0.0.1\nnode alpha beta\n")},
		Authkeys:    config.File{State: config.Present, Mode: 0o600, Data: []byte("auth 1\n1 sha1 x\n")},
		Haresources: config.File{State: config.Present, Data: []byte("alpha 192.0.2.1\n")},
	}
	cfg, report := loadAgain(files, namedHost{confhost.New(), "alpha"}, true)
	if report.Fatal() || len(cfg.Media) != 2 {
		t.Fatalf("refused: %v, media %v", report.Lines(), cfg.Media)
	}
	for _, line := range report.Lines() {
		if strings.Contains(line, "/dev/null is not ready") {
			t.Error(line)
		}
	}
}

// TestAllNodes: `heartbeat -v` lists ping nodes where ha.cf has them.
func TestAllNodes(t *testing.T) {
	cfg := &config.Config{Nodes: []string{"alpha", "beta"}, PingNodes: []config.PingNode{
		{Name: "first", After: 0}, {Name: "between", After: 1}, {Name: "also", After: 1}, {Name: "last", After: 2},
	}}
	if got, want := strings.Join(allNodes(cfg), " "), "first alpha between also beta last"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
