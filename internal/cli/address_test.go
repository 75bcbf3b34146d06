package cli

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"heartbeatd/internal/address"
	"time"

	"golang.org/x/sys/unix"
)

// envAddress makes this test binary the program that the resource scripts call.
const envAddress = "HEARTBEATD_TEST_ADDRESS"

func init() {
	if os.Getenv(envAddress) == "1" && len(os.Args) > 1 && os.Args[1] == "address" {
		os.Exit(addressCommand(os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
	}
}

func TestAddressArguments(t *testing.T) {
	const usage1 = "usage: IPaddr <ip-address> (start|stop|status|usage|meta-data)\n"
	const usage2 = "usage: IPaddr2 ip-address[/netmaskbits[/interface[:label][/broadcast]]] (start|stop|status|usage|meta-data)\n"
	const usage6 = "usage: IPv6addr <ip-address> (start|stop|status|usage|meta-data)\n"
	const badWord = `address word "10.0.0.1/99": invalid netmask specification [99]: want 1 to 32` + "\n"
	const noAddr = `address word "x": IP address [x] not valid: want an IPv4 address` + "\n"
	for _, tt := range []struct {
		args        string
		code        int
		out, errOut string
	}{
		{"", exitUsage, "", "heartbeatd: error: address: want SCRIPT WORD ACTION or announce WORD\nheartbeatd: hint: see 'heartbeatd address --help'\n"},
		{"announce", exitUsage, "", "heartbeatd: error: address: want SCRIPT WORD ACTION or announce WORD\nheartbeatd: hint: see 'heartbeatd address --help'\n"},
		{"Filesystem x start", exitUsage, "", "heartbeatd: error: address: no script \"Filesystem\": want IPaddr, IPaddr2 or IPv6addr\nheartbeatd: hint: see 'heartbeatd address --help'\n"},
		{"IPaddr", exitFailed, usage1, ""},
		{"IPaddr start", exitFailed, usage1, ""},
		{"IPaddr 10.0.0.1 eth0 start", exitFailed, usage1, ""},
		{"IPaddr 10.0.0.1 restart", exitFailed, "ERROR: Unknown operation: restart\n" + usage1, ""},
		{"IPaddr 10.0.0.1 usage", exitOK, usage1, ""},
		{"IPaddr2 help", exitOK, usage2, ""},
		{"IPv6addr usage", exitOK, usage6, ""},
		{"IPaddr 10.0.0.1/99 start", address.ExitConfigured, "ERROR:  Program is not configured\n", "ERROR: " + badWord},
		{"IPaddr 10.0.0.1/24/nix0 start", address.ExitConfigured, "ERROR:  Program is not configured\n",
			"ERROR: no such interface: invalid interface name [nix0]\nINFO: hint: 'ip link' lists the interfaces; mend the word in haresources on both nodes\n"},
		// A word that cannot be started cannot be here, and its stop must not fail.
		{"IPaddr x stop", address.ExitOK, "INFO:  Success\n", "WARN: " + noAddr},
		{"IPaddr x status", address.ExitNotRunning, "INFO:  Resource is stopped\n", "WARN: " + noAddr},
		{"IPv6addr fe80::1 stop", address.ExitOK, "INFO:  Success\n", "WARN: address word \"fe80::1\": a link-local address needs its interface, as in fe80::1/64/eth0\n"},
		{"announce httpd", address.ExitConfigured, "", "heartbeatd: error: address word \"httpd\": not an address word (want 10.0.0.1/24/eth0, IPaddr::..., IPaddr2::... or IPv6addr::...)\n"},
		{"announce IPaddr::192.0.2.99/24", address.ExitGeneric, "", "heartbeatd: error: address not on this machine: 192.0.2.99\nheartbeatd: hint: only the node that holds an address announces it; see 'heartbeatd status'\n"},
		{"IPaddr2 192.0.2.99/24 monitor", address.ExitNotRunning, "INFO:  Resource is stopped\n", ""},
	} {
		var out, errOut bytes.Buffer
		code := addressCommand(strings.Fields(tt.args), nil, &out, &errOut)
		if code != tt.code || out.String() != tt.out || errOut.String() != tt.errOut {
			t.Errorf("%q:\n got %d %q %q\nwant %d %q %q", tt.args, code, out.String(), errOut.String(), tt.code, tt.out, tt.errOut)
		}
	}
	var help, meta bytes.Buffer
	if code := addressCommand([]string{"--help"}, nil, &help, io.Discard); code != exitOK || help.String() != addressHelp {
		t.Errorf("--help: %d, %q", code, help.String())
	}
	code := addressCommand([]string{"IPaddr2", "meta-data"}, nil, &meta, io.Discard)
	if code != exitOK || !strings.Contains(meta.String(), `<resource-agent name="IPaddr2" version="1.0">`) {
		t.Errorf("meta-data: %d, %q", code, meta.String())
	}
	for _, action := range address.Actions {
		if action != "help" && !strings.Contains(addressHelp, "\n  "+action+" ") {
			t.Errorf("--help does not explain %s", action)
		}
	}
}

// scriptHost gives the test a network of its own with the interface e0, whose cable ends at e0p.
// The test must stay on its goroutine.
func scriptHost(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	err := unix.Unshare(unix.CLONE_NEWNET)
	if err == nil {
		err = cable()
	}
	if err == nil {
		return
	}
	refused := errors.Is(err, unix.EPERM) || errors.Is(err, unix.EOPNOTSUPP)
	if !refused || os.Getenv("HEARTBEATD_NEED_ROOT") == "1" {
		t.Fatalf("make a network: %v", err)
	}
	t.Skipf("this machine refuses a network namespace with a veth pair: %v", err)
}

// cable makes the veth pair and sets the far end up.
func cable() error {
	const vethInfoPeer = 1
	name := func(s string) []byte { return netlinkAttr(unix.IFLA_IFNAME, []byte(s+"\x00")) }
	info := make([]byte, unix.SizeofIfInfomsg)
	peer := netlinkAttr(vethInfoPeer, slices.Concat(info, name("e0p")))
	kind := slices.Concat(netlinkAttr(unix.IFLA_INFO_KIND, []byte("veth")), netlinkAttr(unix.IFLA_INFO_DATA, peer))
	err := netlink(unix.RTM_NEWLINK, slices.Concat(info, name("e0"), netlinkAttr(unix.IFLA_LINKINFO, kind)))
	if err != nil {
		return err
	}
	up := slices.Clone(info)
	binary.NativeEndian.PutUint32(up[8:], unix.IFF_UP)
	binary.NativeEndian.PutUint32(up[12:], unix.IFF_UP)
	return netlink(unix.RTM_NEWLINK, slices.Concat(up, name("e0p")))
}

func netlinkAttr(typ uint16, data []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(data)))
	b = append(binary.NativeEndian.AppendUint16(b, typ), data...)
	return append(b, make([]byte, -len(data)&3)...)
}

func netlink(typ uint16, body []byte) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	flags := uint16(unix.NLM_F_REQUEST | unix.NLM_F_ACK | unix.NLM_F_CREATE)
	req := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
	req = binary.NativeEndian.AppendUint16(req, typ)
	req = binary.NativeEndian.AppendUint16(req, flags)
	req = slices.Concat(req, make([]byte, 8), body)
	if err := unix.Sendto(fd, req, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 4096)
	if _, _, err := unix.Recvfrom(fd, answer, 0); err != nil {
		return err
	}
	if code := int32(binary.NativeEndian.Uint32(answer[unix.SizeofNlMsghdr:])); code != 0 {
		return unix.Errno(-code)
	}
	return nil
}

// callScript runs a shipped script as the daemon does, with pipes to its output.
func callScript(t *testing.T, name string, args ...string) (code int, out, errOut string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, filepath.Join("..", "..", "etc", "ha.d", "resource.d", name), args...)
	cmd.Env = append(os.Environ(), envAddress+"=1", "HEARTBEATD="+exe)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s %q: %v", name, args, err)
	}
	if ctx.Err() != nil {
		t.Fatalf("%s %q did not end: its background process holds the output open", name, args)
	}
	return cmd.ProcessState.ExitCode(), o.String(), e.String()
}

func TestAddressScripts(t *testing.T) {
	scriptHost(t)
	for _, tt := range []struct{ script, word, added, removed, announced string }{
		{"IPaddr", "10.1.0.9/24/e0", "inet address 10.1.0.9/24 with broadcast address 10.1.0.255 to device e0", "inet address 10.1.0.9/24 from device e0", "gratuitous ARP for 10.1.0.9"},
		{"IPaddr2", "10.1.0.9/32/e0:0", "inet address 10.1.0.9/32 to device e0", "inet address 10.1.0.9/32 from device e0", "gratuitous ARP for 10.1.0.9"},
		{"IPv6addr", "fd00::9/64/e0", "inet6 address fd00::9/64 to device e0", "inet6 address fd00::9/64 from device e0", "unsolicited neighbour advertisements for fd00::9"},
		{"IPv6addr", "fd00 9/64/e0", "inet6 address fd00::9/64 to device e0", "inet6 address fd00::9/64 from device e0", "unsolicited neighbour advertisements for fd00::9"},
	} {
		up := ""
		if tt.script == "IPaddr" {
			up = "INFO: Bringing device e0 up\n"
		}
		for _, step := range []struct {
			action      string
			code        int
			out, errOut string
		}{
			{"status", address.ExitNotRunning, "INFO:  Resource is stopped\n", ""},
			{"stop", address.ExitOK, "INFO:  Success\n", ""},
			{"start", address.ExitOK, "INFO:  Success\n", up + "INFO: Adding " + tt.added + "\nINFO: Sending " + tt.announced + " on e0\n"},
			{"status", address.ExitOK, "INFO:  Running OK\n", ""},
			{"monitor", address.ExitOK, "INFO:  Running OK\n", ""},
			{"stop", address.ExitOK, "INFO:  Success\n", "INFO: Removing " + tt.removed + "\n"},
			{"status", address.ExitNotRunning, "INFO:  Resource is stopped\n", ""},
		} {
			code, out, errOut := callScript(t, tt.script, append(strings.Fields(tt.word), step.action)...)
			if code != step.code || out != step.out || errOut != step.errOut {
				t.Errorf("%s %s %s:\n got %d %q %q\nwant %d %q %q", tt.script, tt.word, step.action, code, out, errOut, step.code, step.out, step.errOut)
			}
		}
	}
}

// After an edit of haresources the address is on an interface the word does not name. The group
// counts as held then, or nobody would stop it.
func TestAddressElsewhere(t *testing.T) {
	scriptHost(t)
	if code, out, errOut := callScript(t, "IPaddr2", "10.1.0.9/24/e0", "start"); code != 0 {
		t.Fatal(code, out, errOut)
	}
	for _, step := range []struct {
		action      string
		code        int
		out, errOut string
	}{
		{"status", address.ExitOK, "INFO:  Running OK\n", "WARN: 10.1.0.9 is on device e0 and not on e0p as configured\n"},
		{"start", address.ExitGeneric, "ERROR:  Generic error\n", "ERROR: address on another interface: 10.1.0.9 is on e0 and not on e0p as configured\n" +
			"INFO: hint: stop the resource, which removes the address there, then start it; or name that interface in haresources\n"},
		{"stop", address.ExitOK, "INFO:  Success\n", "WARN: 10.1.0.9 is on device e0 and not on e0p as configured, removing it there\n" +
			"INFO: Removing inet address 10.1.0.9/24 from device e0\n"},
		{"status", address.ExitNotRunning, "INFO:  Resource is stopped\n", ""},
		{"start", address.ExitOK, "INFO:  Success\n", "INFO: Adding inet address 10.1.0.9/24 with broadcast address 10.1.0.255 to device e0p\n" +
			"INFO: Sending gratuitous ARP for 10.1.0.9 on e0p\n"},
		{"stop", address.ExitOK, "INFO:  Success\n", "INFO: Removing inet address 10.1.0.9/24 from device e0p\n"},
	} {
		code, out, errOut := callScript(t, "IPaddr2", "10.1.0.9/24/e0p", step.action)
		if code != step.code || out != step.out || errOut != step.errOut {
			t.Errorf("%s:\n got %d %q %q\nwant %d %q %q", step.action, code, out, errOut, step.code, step.out, step.errOut)
		}
	}
}

// start announces before it returns and goes on in the background; announce starts that anew.
func TestAddressScriptAnnounces(t *testing.T) {
	scriptHost(t)
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(binary.NativeEndian.Uint16([]byte{0x08, 0x06})))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if code, out, errOut := callScript(t, "IPaddr", "10.1.0.9/24/e0", "start"); code != 0 {
		t.Fatal(code, out, errOut)
	}
	// A round is a request and a reply, so the second two are from the background.
	if got := countARP(t, fd, 4, time.Minute); got < 4 {
		t.Errorf("after start %d ARP frames, want two rounds", got)
	}
	var errOut bytes.Buffer
	t.Setenv(envAddress, "1")
	// Five rounds in less than the two seconds after which the first burst would go on; on a busy machine, at
	// the third try.
	most := 0
	for n := 0; n < 3 && most < 10; n++ {
		if code := addressCommand([]string{"announce", "10.1.0.9/24/e0"}, nil, io.Discard, &errOut); code != exitOK {
			t.Fatal(code, errOut.String())
		}
		most = max(most, countARP(t, fd, 10, 1500*time.Millisecond))
	}
	if most < 10 {
		t.Errorf("after announce %d ARP frames, want a whole burst", most)
	}
	if code, out, errOut := callScript(t, "IPaddr", "10.1.0.9", "stop"); code != 0 {
		t.Fatal(code, out, errOut)
	}
}

func countARP(t *testing.T, fd, want int, patience time.Duration) (got int) {
	t.Helper()
	buf := make([]byte, 256)
	end := time.Now().Add(patience)
	for got < want {
		tv := unix.NsecToTimeval(max(int64(time.Until(end)), int64(time.Millisecond)))
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv); err != nil {
			t.Fatal(err)
		}
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if err != nil {
			return got
		}
		if n >= 42 && bytes.Equal(buf[28:32], []byte{10, 1, 0, 9}) {
			got++
		}
	}
	return got
}

// A missing binary is said in the words of 3.0.6.
func TestAddressScriptWithoutBinary(t *testing.T) {
	scripts, err := filepath.Glob("../../etc/ha.d/resource.d/IP[av]*")
	if err != nil || len(scripts) != 3 {
		t.Fatalf("scripts %q, %v", scripts, err)
	}
	for _, script := range scripts {
		cmd := exec.Command(script, "10.0.0.1", "status")
		cmd.Env = append(os.Environ(), "HEARTBEATD=/nowhere/heartbeatd")
		out, err := cmd.Output()
		if want := "ERROR: /nowhere/heartbeatd is not an executable file\n"; string(out) != want || cmd.ProcessState.ExitCode() != 1 {
			t.Errorf("%s: %q, %v", script, out, err)
		}
	}
}
