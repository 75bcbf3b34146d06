package confhost

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"heartbeatd/internal/config"
)

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "ha.cf"), "node a\n", 0o644)
	write(t, filepath.Join(dir, "authkeys"), "auth 1\n", 0o620)
	if err := os.Mkdir(filepath.Join(dir, "haresources"), 0o755); err != nil {
		t.Fatal(err)
	}
	files, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(string(files.HaCf.Data), files.HaCf.State, files.HaCf.Mode, files.Authkeys.Mode, files.Haresources, files.Nodeinfo.State, files.Authkeys.Path)
	if want := fmt.Sprint("node a\n", config.Present, 0o644, 0o620,
		config.File{State: config.Failed, Path: dir + "/haresources", Reason: "not a regular file"}, config.Missing, dir+"/authkeys"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestReadNoDirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if _, err := Read(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	write(t, path, "", 0o600)
	if _, err := Read(path); err == nil || !strings.HasSuffix(err.Error(), "x is not a directory") {
		t.Errorf("a file: %v", err)
	}
}

// TestUnread goes by the error, because root may read everything.
func TestUnread(t *testing.T) {
	denied := unread("/etc/ha.d/authkeys", &fs.PathError{Op: "open", Path: "/etc/ha.d/authkeys", Err: os.ErrPermission})
	if denied.State != config.Denied || denied.Reason != "permission denied" || denied.Path != "/etc/ha.d/authkeys" {
		t.Errorf("denied: %+v", denied)
	}
	if f := unread("/x", &fs.PathError{Op: "read", Path: "/x", Err: errors.New("input/output error")}); f.State != config.Failed || f.Reason != "input/output error" {
		t.Errorf("failed: %+v", f)
	}
}

func TestInterface(t *testing.T) {
	h := New()
	lo, err := h.Interface("lo")
	if err != nil || lo.Addr != netip.MustParseAddr("127.0.0.1") || lo.Broadcast != netip.MustParseAddr("127.255.255.255") {
		t.Errorf("lo: %+v, %v", lo, err)
	}
	for _, name := range []string{"nosuchif0", "aninterfacenamethatistoolong", ""} {
		if _, err := h.Interface(name); !errors.Is(err, config.ErrNoInterface) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := h.Interface("lo:77"); !errors.Is(err, config.ErrNoAddress) {
		t.Errorf("an alias that is not there: %v", err)
	}
}

func TestServices(t *testing.T) {
	path := filepath.Join(t.TempDir(), "services")
	write(t, path, "# c\ndomain 53/tcp\ndomain\t53/udp # x\nha-cluster 694/udp heartbeat\nbad x/udp\nshort\n", 0o644)
	m := machine{services: path}
	if port, ok := m.ServicePort("heartbeat"); !ok || port != 694 {
		t.Errorf("heartbeat: %d %v", port, ok)
	}
	if name, ok := m.ServiceName(694); !ok || name != "ha-cluster" {
		t.Errorf("694: %s %v", name, ok)
	}
	if _, ok := m.ServicePort("bad"); ok {
		t.Error("a port that is no number was taken")
	}
	if _, ok := (machine{services: path + "x"}).ServiceName(53); ok {
		t.Error("an answer without a file")
	}
}

func TestPathAndNames(t *testing.T) {
	h := New()
	if p := h.Path("/dev/null"); !p.Exists || !p.CharDevice || p.Executable {
		t.Errorf("/dev/null: %+v", p)
	}
	if p := h.Path("/bin/sh"); !p.Exists || !p.Executable {
		t.Errorf("/bin/sh: %+v", p)
	}
	if p := h.Path(t.TempDir()); !p.Exists || p.Executable {
		t.Errorf("a directory: %+v", p)
	}
	if !h.UserExists("root") || h.UserExists("0") || h.UserExists("no such user") || !h.GroupExists("root") || h.GroupExists("nosuchgroup0") {
		t.Error("passwd or group")
	}
	host, err := os.Hostname()
	if err != nil || h.Nodename() != host {
		t.Errorf("node name %q, want %q (%v)", h.Nodename(), host, err)
	}
	if addrs, err := h.Resolve("127.0.0.1"); err != nil || len(addrs) != 1 || addrs[0].Unmap() != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("resolve: %v, %v", addrs, err)
	}
}

func TestRouteTo(t *testing.T) {
	r, err := RouteTo(netip.MustParseAddr("127.0.0.1"))
	if err != nil || r != (Route{Interface: "lo", Local: true}) {
		t.Errorf("%+v, %v", r, err)
	}
}
