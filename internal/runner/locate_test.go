package runner

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"heartbeatd/internal/config"
)

func TestLocate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	both := s.script("both", "")
	s.file(s.init+"/both", "", 0o755)
	initd := s.file(s.init+"/initd", "", 0o755)
	s.file(s.etc+"/resource.d/dull", "", 0o644)
	dull := s.file(s.init+"/dull", "", 0o755)
	s.file(s.etc+"/resource.d/noexec", "", 0o644)
	os.Mkdir(s.etc+"/resource.d/dir", 0o755)
	os.Symlink(initd, s.etc+"/resource.d/link")
	os.Symlink("/nowhere", s.etc+"/resource.d/dangling")

	for word, want := range map[string]string{
		"both::x": both, "initd": initd, "dull": dull, "link": s.etc + "/resource.d/link",
	} {
		if c, err := s.Locate(word); err != nil || c.Path != want {
			t.Errorf("%s: %+v, %v; want %s", word, c, err, want)
		}
	}
	for word, why := range map[string]string{
		"none": "", "": "", "..": "not a regular file", "dir": "not a regular file",
		"noexec": "not executable", "dangling": "symlink to nothing", "10.0.0.1": "",
	} {
		_, err := s.Locate(word)
		var missing *LocateError
		name := config.ParseResource(word).Script
		if !errors.As(err, &missing) || err.Error() != "Cannot locate resource script "+name || !strings.Contains(missing.Why, why) || (why == "") != (missing.Why == "") {
			t.Errorf("%q: %v (%+v), want a hint with %q", word, err, missing, why)
		}
	}
	if r := s.run("noexec", "start"); r.RC != 127 || r.Err == nil || r.Path != "noexec" {
		t.Errorf("noexec: %+v", r)
	}
	want := "ResourceManager: ERROR: Cannot locate resource script noexec (" + s.etc + "/resource.d/noexec is not executable)"
	if got := s.logged(); len(got) != 1 || got[0] != want {
		t.Errorf("log %q, want %q", got, want)
	}
}

// Whoever has no runner finds the same.
func TestLocateWithoutRunner(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.script("own", "")
	s.file(s.init+"/initd", "", 0o755)
	s.file(s.init+"/dull", "", 0o644)
	for _, word := range []string{"own::a::b", "initd", "dull", "10.0.0.1", "no-such-service@"} {
		got, err := Locate(s.etc, s.init, word)
		want, wantErr := s.Locate(word)
		if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(err, wantErr) {
			t.Errorf("%s: %+v, %v; want %+v, %v", word, got, err, want, wantErr)
		}
	}
}

// systemd puts a site under a systemd of its own, with a service(8) that shows its arguments.
func (s *site) systemd(script string) string {
	dir := s.t.TempDir()
	os.Mkdir(dir+"/units", 0o755)
	service := s.file(dir+"/service", "#!/bin/sh\n"+script+"\n", 0o755)
	s.units = units{booted: dir, dirs: []string{dir + "/absent", dir + "/units"}, service: service, systemctl: []string{dir + "/systemctl"}}
	s.file(dir+"/units/web.service", "", 0o644)
	s.file(dir+"/units/getty@.service", "", 0o644)
	return dir
}

func TestServices(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	dir := s.systemd(`echo "$*"`)
	for word, want := range map[string]string{
		"web": "web start\n", "web.service": "web start\n", "getty@tty1": "getty@tty1 start\n", "web::ignored": "web start\n",
	} {
		if r := s.run(word, "start"); r.Output != want || r.Path != dir+"/service" {
			t.Errorf("%s: %+v, want %q", word, r, want)
		}
	}
	for word, unit := range map[string]string{"web.service": "web.service", "getty@tty1": "getty@.service"} {
		if c, err := s.Locate(word); err != nil || c.Unit != dir+"/units/"+unit {
			t.Errorf("%s: %+v, %v; want unit %s", word, c, err, unit)
		}
	}
	for _, word := range []string{"getty@", "unknown", "../units/web", "10.0.0.1"} {
		if c, err := s.Locate(word); err == nil {
			t.Errorf("%s: found %+v", word, c)
		}
	}
	own := s.script("web", "") // a site's own script goes first
	if c, _ := s.Locate("web"); c.Path != own || c.Service != "" {
		t.Errorf("own script: %+v", c)
	}
	os.Remove(own)

	os.Remove(dir + "/service")
	if _, err := s.Locate("web"); err == nil {
		t.Error("found without service and systemctl")
	}
	s.file(dir+"/systemctl", "#!/bin/sh\necho \"$*\"\n", 0o755)
	if r := s.run("web", "stop"); r.Output != "stop web.service\n" {
		t.Errorf("by systemctl: %+v", r)
	}
	s.units.booted = dir + "/absent" // another init: units mean nothing
	if c, err := s.Locate("web"); err == nil {
		t.Errorf("without systemd: %+v", c)
	}
}

// Only the exit status of a service's status counts: its text quotes the service's log.
func TestServiceStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		script, stdout string
		rc             int
		err            bool
	}{
		{`echo "Active: active (exited)"; echo "is not running"`, "running\n", 0, false},
		{`echo "Active: inactive (dead)"; echo "log: web is running OK"; exit 3`, "stopped\n", 3, false},
		{`echo "Failed to connect to bus"; exit 1`, "stopped\n", 1, true},
	}
	for _, tt := range tests {
		s := newSite(t)
		s.systemd(tt.script)
		r := s.run("web", "status")
		if r.Stdout != tt.stdout || r.RC != tt.rc || (r.Err != nil) != tt.err {
			t.Errorf("%s: %+v", tt.script, r)
		}
		if !strings.Contains(tt.script, strings.SplitN(r.Output, "\n", 2)[0]) {
			t.Errorf("output %q", r.Output)
		}
	}
}
