package daemon

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestProgramTalksOn: what was installed as the next program and writes without end costs the daemon neither memory nor time.
func TestProgramTalksOn(t *testing.T) {
	for _, where := range []string{"", ">&2"} {
		path := filepath.Join(t.TempDir(), "heartbeatd")
		if err := os.WriteFile(path, []byte("#!/bin/sh\nexec yes heartbeatd can go on "+where+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		answer, err := askRipe(&Handover{Program: path})
		if err == nil || len(answer) > boundedSize || len(err.Error()) > 1000 {
			t.Errorf("%d bytes of answer, %v", len(answer), err)
		}
		if took := time.Since(begin); took >= ripeWithin {
			t.Errorf("it was listened to for %v", took)
		}
	}
}
