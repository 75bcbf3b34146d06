package control

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// impostor answers every request with the same bytes, or with silence.
func impostor(t *testing.T, says string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "control")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			conn.Read(make([]byte, maxRequest))
			if says != "" {
				io.WriteString(conn, says)
				conn.Close()
			}
		}
	}()
	return path
}

func TestOddAnswersAreErrors(t *testing.T) {
	for _, tc := range []struct{ says, want string }{
		{"", "heartbeatd does not answer on PATH within 30ms"},
		{"garbage\n", "heartbeatd does not answer as it should on PATH: invalid character"},
		{"{\"ok\":true}\n", "heartbeatd does not answer as it should on PATH: no status in the answer"},
		{"{\"ok\":", "heartbeatd does not answer as it should on PATH: unexpected EOF"},
	} {
		path, wait := impostor(t, tc.says), ample
		if tc.says == "" {
			wait = 30 * time.Millisecond
		}
		_, err := Query(path, wait)
		if !errors.Is(err, ErrNoAnswer) {
			t.Errorf("%q: %v is not ErrNoAnswer", tc.says, err)
			continue
		}
		if got := strings.ReplaceAll(err.Error(), path, "PATH"); !strings.HasPrefix(got, tc.want) {
			t.Errorf("%q: got %q, want %q", tc.says, got, tc.want)
		}
	}
}

func TestNotRunning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "control")
	_, err := Query(path, ample)
	want := "heartbeatd is not running on this machine (nobody listens on " + path + ")"
	if !errors.Is(err, ErrNotRunning) || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
}

// Another user is kept out twice: by the mode of the socket, and, should somebody loosen that,
// by what the kernel says about the peer.
func TestAnotherUserIsRefused(t *testing.T) {
	if path := os.Getenv("CONTROL_TEST_PATH"); path != "" {
		_, err := Query(path, ample)
		os.Stdout.WriteString("verdict: " + err.Error() + "\n")
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root to become another user")
	}
	dir, err := os.MkdirTemp("/tmp", "control")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "control")
	s, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s, &fakeDaemon{})
	exe := filepath.Join(dir, "as-nobody")
	data, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(exe, data, 0o755); err != nil {
		t.Fatal(err)
	}
	os.Chmod(dir, 0o755)
	for mode, want := range map[os.FileMode]string{
		0o600: "only root may talk to heartbeatd (" + path + ": permission denied)",
		0o666: "only root may talk to heartbeatd",
	} {
		os.Chmod(path, mode)
		cmd := exec.Command(exe, "-test.run=^TestAnotherUserIsRefused$")
		cmd.Env = append(os.Environ(), "CONTROL_TEST_PATH="+path)
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) {
			t.Skipf("needs a second user id in this user namespace: %v", err)
		}
		if !strings.Contains(string(out), "verdict: "+want+"\n") {
			t.Errorf("mode %v: got %q (%v), want %q", mode, out, err, want)
		}
	}
}
