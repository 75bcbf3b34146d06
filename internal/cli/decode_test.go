package cli

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"heartbeatd/internal/auth"
	"heartbeatd/internal/wire"
	"heartbeatd/internal/wire/wiretest"
)

// decode runs the command and returns what it printed.
func decode(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = decodeCommand(args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

func writeTemp(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// decoded is a line of --json as a stranger would read it.
type decoded struct {
	File, Reason, Format, Time, From, To, Method, Detail string
	Valid                                                bool
	Packet                                               int
	Key                                                  *int
	Accepts                                              *bool          `json:"heartbeatd_accepts"`
	Fields                                               map[string]any `json:"fields"`
	Content                                              map[string]any `json:"inner_message"`
}

func decodeLines(t *testing.T, text string) []decoded {
	t.Helper()
	var all []decoded
	for line := range strings.Lines(text) {
		var d decoded
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		all = append(all, d)
	}
	return all
}

// wantFields is the fields object as the description of a vector has it: first of a name wins, lists of
// a name are one.
func wantFields(fields []wiretest.Field) map[string]any {
	m := make(map[string]any)
	for _, f := range fields {
		old, seen := m[f.Name]
		switch {
		case seen && f.Type == wire.List:
			m[f.Name] = old.(string) + " " + strings.Join(f.List, " ")
		case seen:
		case f.Type == wire.List:
			m[f.Name] = strings.Join(f.List, " ")
		case f.Type == wire.Struct:
			var inner []wiretest.Field
			for _, g := range f.Msg.Fields {
				inner = append(inner, wiretest.Field{Field: g})
			}
			m[f.Name] = wantFields(inner)
		case f.Type == wire.String:
			m[f.Name] = string(f.Value)
		default:
			m[f.Name] = hex.EncodeToString(f.Value)
		}
	}
	return m
}

func TestDecodeVectors(t *testing.T) {
	dir := wiretest.Dir(t)
	byTable := make(map[string][]wiretest.Vector)
	for _, v := range wiretest.Load(t) {
		byTable[v.Authkeys] = append(byTable[v.Authkeys], v)
	}
	for table, vectors := range byTable {
		args := []string{"--json", "--authkeys", writeTemp(t, "authkeys", []byte(table))}
		want := exitOK
		for _, v := range vectors {
			args = append(args, filepath.Join(dir, v.File))
			if !v.Valid {
				want = exitFailed
			}
		}
		code, out, errs := decode(t, args...)
		if code != want || errs != "" {
			t.Errorf("exit code %d, want %d; %s", code, want, errs)
		}
		lines := decodeLines(t, out)
		if len(lines) != len(vectors) {
			t.Fatalf("%d lines for %d files", len(lines), len(vectors))
		}
		for i, v := range vectors {
			checkDecoded(t, v, filepath.Join(dir, v.File), lines[i])
		}
	}
}

func checkDecoded(t *testing.T, v wiretest.Vector, path string, d decoded) {
	t.Helper()
	if d.File != path || d.Valid != v.Valid || d.Format != v.Format || d.Reason == "" || d.Fields == nil {
		t.Errorf("%s: got %+v, want valid %v, format %s", v.File, d, v.Valid, v.Format)
	}
	if v.Valid != (d.Reason == "ok") {
		t.Errorf("%s: valid %v with reason %q", v.File, v.Valid, d.Reason)
	}
	if ours := v.Valid || strings.Contains(v.File, "netstring-md5-multikey-2-own"); d.Accepts != nil && *d.Accepts != ours {
		t.Errorf("%s: heartbeatd_accepts %v", v.File, *d.Accepts)
	}
	if v.Fields != nil {
		want := wantFields(v.Fields)
		if _, described := want["auth"]; !described {
			delete(d.Fields, "auth")
		}
		if !reflect.DeepEqual(d.Fields, want) {
			t.Errorf("%s: fields\n got %v\nwant %v", v.File, d.Fields, want)
		}
	}
	if v.Content != nil && !reflect.DeepEqual(d.Content, wantFields(v.Content)) {
		t.Errorf("%s: content %v", v.File, d.Content)
	}
}

func TestDecodeWithoutKeys(t *testing.T) {
	for _, v := range wiretest.Load(t) {
		code, out, _ := decode(t, "--json", filepath.Join(wiretest.Dir(t), v.File))
		d := decodeLines(t, out)[0]
		_, err := wire.Parse(v.Data)
		if d.Valid != (err == nil) || (code == exitOK) != (err == nil) || d.Accepts != nil {
			t.Errorf("%s: %+v, code %d, parses: %v", v.File, d, code, err)
		}
		if d.Valid && !strings.Contains(d.Reason, "signature not checked") {
			t.Errorf("%s: reason %q", v.File, d.Reason)
		}
	}
}

func TestDecodeText(t *testing.T) {
	dir := wiretest.Dir(t)
	for name, c := range map[string]struct{ vector, keys string }{
		"dual-status":    {"dual-sha1-status-active.bin", "auth 1\n1 sha1 SecretKey\n"},
		"nested-struct":  {"classic-sha1-nested-struct.bin", ""},
		"own-secret":     {"netstring-md5-multikey-2-own-secret.bin", "auth 1\n1 sha1 KeyOne\n2 md5 KeyTwo\n3 sha1 KeyThree\n4 crc\n"},
		"sending-secret": {"netstring-md5-multikey-2-sender-secret.bin", "auth 1\n1 sha1 KeyOne\n2 md5 KeyTwo\n"},
		"crc":            {"dual-crc-NS_ackmsg.bin", "auth 1\n1 crc\n"},
		"type-x":         {"bad-fatal-type-x.bin", "auth 1\n1 sha1 SecretKey\n"},
		"wrong-key":      {"bad-netstring-wrong-key.bin", "auth 1\n1 sha1 SecretKey\n"},
		"compressed-bz2": {"compressed-sha1-bz2.bin", "auth 1\n1 sha1 SecretKey\n"},
	} {
		args := []string{filepath.Join(dir, c.vector)}
		if c.keys != "" {
			args = append(args, "--authkeys", writeTemp(t, "authkeys", []byte(c.keys)))
		}
		_, out, errs := decode(t, args...)
		golden(t, filepath.Join("testdata", "decode", name+".golden"), strings.ReplaceAll(out, dir+"/", ""))
		if errs != "" {
			t.Errorf("%s: %s", name, errs)
		}
	}
}

// The signature that would have been right is as good as the secret.
func TestDecodeHidesExpected(t *testing.T) {
	dir := wiretest.Dir(t)
	for _, v := range wiretest.Load(t) {
		if v.File != "netstring-sha1-status-active.bin" {
			continue
		}
		_, token, _ := strings.Cut(*v.Outer, " ")
		broken := bytes.Replace(v.Data, []byte(token), []byte(strings.Repeat("0", len(token))), 1)
		keys := writeTemp(t, "authkeys", []byte(v.Authkeys))
		for _, args := range [][]string{{"--json"}, {}} {
			code, out, errs := decode(t, append(args, "--authkeys", keys, writeTemp(t, "x", broken))...)
			if code != exitFailed || strings.Contains(out+errs, token) || strings.Contains(out+errs, "SecretKey") {
				t.Errorf("code %d: %s%s", code, out, errs)
			}
		}
		return
	}
	t.Fatalf("no such vector in %s", dir)
}

// signedText is a datagram of these classic lines under key `1 crc`.
func signedText(t *testing.T, lines string) []byte {
	t.Helper()
	f, err := wire.Parse([]byte(">>>\n" + lines + "auth=1 0\n"))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := auth.NewKeys(1, map[int]auth.Key{1: {Method: auth.CRC}})
	if err != nil {
		t.Fatal(err)
	}
	return keys.Seal(f.Msg, true)
}

func TestDecodeIncomplete(t *testing.T) {
	keys := writeTemp(t, "authkeys", []byte("auth 1\n1 crc\n"))
	for lines, want := range map[string]string{
		"src=a\nts=1\nseq=1\n":            "missing-field",
		"t=x\nts=1\nseq=1\n":              "missing-field",
		"t=x\nsrc=a\nseq=1\n":             "missing-field",
		"t=x\nsrc=a\nts=1\n":              "missing-field",
		"t=NS_x\nsrc=a\nts=1\n":           "ok",
		"t=x\nsrc=a\nts=1\nseq=0xAf\n":    "ok",
		"t=x\nsrc=a\nts=1\nseq=g\n":       "bad-number",
		"t=x\nsrc=a\nts=\nseq=1\n":        "bad-number",
		"t=x\nsrc=a\nts=0\nseq=1\n":       "bad-number",
		"(1)t=eA==\nsrc=a\nts=1\nseq=1\n": "missing-field",
	} {
		path := writeTemp(t, "x", signedText(t, lines))
		_, out, _ := decode(t, "--json", "--authkeys", keys, path)
		d := decodeLines(t, out)[0]
		if ok := want == "ok"; d.Reason != want || d.Valid != ok || *d.Accepts != ok {
			t.Errorf("%q: %+v, want %s", lines, d, want)
		}
		_, out, _ = decode(t, "--json", path)
		if d := decodeLines(t, out)[0]; !d.Valid || strings.Contains(d.Detail, ";") == (want == "ok") {
			t.Errorf("%q without keys: %+v", lines, d)
		}
	}
}

func TestDecodeArguments(t *testing.T) {
	good := filepath.Join(wiretest.Dir(t), "dual-sha1-status-active.bin")
	secret := writeTemp(t, "authkeys", []byte("auth 1\n1 shah Hush-hush\n"))
	for _, c := range []struct {
		args   []string
		code   int
		stderr string
	}{
		{nil, exitUsage, "no file given"},
		{[]string{"--nonsense", good}, exitUsage, "unknown flag"},
		{[]string{"/nonexistent/x"}, exitUsage, "no such file"},
		{[]string{"--authkeys", "/nonexistent/x", good}, exitUsage, "reading authkeys"},
		{[]string{"--authkeys", "", good}, exitUsage, "reading authkeys"},
		{[]string{"--authkeys", secret, good}, exitUsage, "Invalid authtype"},
		{[]string{t.TempDir()}, exitUsage, "is a directory"},
		{[]string{"/nonexistent/x", good}, exitUsage, "no such file"},
		{[]string{good}, exitOK, ""},
	} {
		code, _, errs := decode(t, c.args...)
		if code != c.code || !strings.Contains(errs, c.stderr) || strings.Contains(errs, "Hush") {
			t.Errorf("%q: code %d, %q", c.args, code, errs)
		}
	}
	if code, out, _ := decode(t, "--help"); code != exitOK || !strings.Contains(out, "--authkeys") {
		t.Errorf("help: %d %s", code, out)
	}
	var out bytes.Buffer
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	if code := decodeCommand([]string{"-"}, bytes.NewReader(data), &out, &out); code != exitOK || !strings.Contains(out.String(), "t=status") {
		t.Errorf("standard input: %d %s", code, out.String())
	}
	big := writeTemp(t, "big", append([]byte("###\n"), make([]byte, 1<<20)...))
	if _, text, _ := decode(t, "--json", big); decodeLines(t, text)[0].Reason != "oversized" {
		t.Errorf("a megabyte: %s", text)
	}
}

// A terminal must not obey what a stranger sent.
func TestDecodeEscapes(t *testing.T) {
	_, out, _ := decode(t, writeTemp(t, "x", []byte(">>>\nt=\x1b[2J\nsrc=a\nts=1\nseq=1\n\x1bname=\xff\nauth=1 0\n")))
	if strings.ContainsAny(out, "\x1b\xff") || !strings.Contains(out, `t="\x1b[2J"`) {
		t.Errorf("%q", out)
	}
}

// captureOf is a little-endian pcap of raw IP packets.
func captureOf(packets ...[]byte) []byte {
	b := []byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0}
	for i, p := range packets {
		for _, v := range []int{1764000000 + i, 250000, len(p), len(p)} {
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		}
		b = append(b, p...)
	}
	return b
}

// udpPacket is an IPv4 packet; piece is the word with the fragment's offset and flag.
func udpPacket(port, piece uint16, payload []byte) []byte {
	b := []byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 255, 0x9c, 0x40, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)+len(payload)))
	binary.BigEndian.PutUint16(b[6:], piece)
	binary.BigEndian.PutUint16(b[22:], port)
	binary.BigEndian.PutUint16(b[24:], uint16(8+len(payload)))
	return append(b, payload...)
}

func TestDecodeCapture(t *testing.T) {
	status, err := os.ReadFile(filepath.Join(wiretest.Dir(t), "dual-sha1-status-active.bin"))
	if err != nil {
		t.Fatal(err)
	}
	tcp := udpPacket(694, 0, status)
	tcp[9] = 6
	path := writeTemp(t, "x.pcap", captureOf(
		udpPacket(694, 0, status), udpPacket(53, 0, []byte("a question")), tcp,
		udpPacket(5000, 0, status), udpPacket(694, 0, []byte("noise")), udpPacket(694, 0x2000, status)))
	keys := writeTemp(t, "authkeys", []byte("auth 1\n1 sha1 SecretKey\n"))
	code, out, errs := decode(t, "--json", "--authkeys", keys, path)
	if code != exitFailed || !strings.HasSuffix(errs, ": 4 heartbeat datagrams, 2 other packets not shown\n") {
		t.Errorf("code %d, %q", code, errs)
	}
	lines := decodeLines(t, out)
	if len(lines) != 4 {
		t.Fatalf("%d lines: %s", len(lines), out)
	}
	d := lines[0]
	if d.Packet != 1 || d.Time != "2025-11-24T16:00:00.25Z" || d.From != "10.0.0.1:40000" || d.To != "10.0.0.255:694" ||
		!d.Valid || d.Fields["t"] != "status" || d.Key == nil || *d.Key != 1 || d.Method != "sha1" {
		t.Errorf("first: %+v", d)
	}
	for i, want := range []struct {
		packet int
		reason string
	}{{1, "ok"}, {4, "ok"}, {5, "no-start"}, {6, "ip-fragment"}} {
		if lines[i].Packet != want.packet || lines[i].Reason != want.reason {
			t.Errorf("line %d: %+v, want %+v", i, lines[i], want)
		}
	}
	if code, out, _ := decode(t, "--json", writeTemp(t, "y", captureOf(udpPacket(53, 0, nil)))); code != exitOK || out != "" {
		t.Errorf("nothing of ours: %d %q", code, out)
	}
	cut := captureOf(udpPacket(694, 0, status))
	if code, _, errs := decode(t, writeTemp(t, "z", cut[:len(cut)-1])); code != exitUsage || !strings.Contains(errs, "unexpected EOF") {
		t.Errorf("a cut capture: %d %q", code, errs)
	}
}
