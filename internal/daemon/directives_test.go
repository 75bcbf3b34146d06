package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/auth"
	"heartbeatd/internal/confhost"
	"heartbeatd/internal/config"
	"heartbeatd/internal/core"
	"heartbeatd/internal/link/linktest"
	"heartbeatd/internal/wire"
)

// written is a node whose ha.cf says this besides what it must, and an end of the cable to listen at. Its name
// comes from nodeinfo.
func written(t *testing.T, hacf, nodeinfo string) (*machine, *linktest.End) {
	t.Helper()
	network := linktest.New(nil, 1, "eth0")
	m := newMachine(t, network, "node1", func(c *config.Config) {
		file := func(name, text string, mode os.FileMode) {
			if err := os.WriteFile(filepath.Join(c.Dir, name), []byte(text), mode); err != nil {
				t.Fatal(err)
			}
		}
		file("ha.cf", "node node1 node2\nbcast lo\nauto_failback off\nkeepalive 100ms\ndeadtime 5\nwarntime 4\ninitdead 10\nlogfile "+c.Log.File+"\n"+hacf, 0o644)
		file("authkeys", "auth 1\n1 sha1 secret\n", 0o600)
		file("haresources", "node1 web\n", 0o644)
		file("nodeinfo", nodeinfo, 0o644)
		files, err := confhost.Read(c.Dir)
		if err != nil {
			t.Fatal(err)
		}
		loaded, report := config.Load(files, confhost.New())
		if report.ExitCode() != 0 {
			t.Fatal(report)
		}
		*c = *loaded
	})
	return m, network.Join("listener", 4096)
}

// overhears waits for a datagram of the node that is what is wanted.
func (m *machine) overhears(end *linktest.End, what string, ok func(f *wire.Frame) bool) *wire.Frame {
	m.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case dg := <-end.Inbox():
			if f, err := wire.Parse(dg.Data); err == nil && ok(f) {
				return f
			}
		case <-deadline:
			m.Fatalf("%s was not heard\n%s", what, m.log())
		}
	}
}

func isStatus(f *wire.Frame) bool { return f.Msg.Str("t") == "status" }

// TestDirectivesOnTheWire looks at the first status of a node, for each directive that shapes it.
func TestDirectivesOnTheWire(t *testing.T) {
	const far = 4102444800 // the year 2100
	generation := func(f *wire.Frame) string {
		var n uint64
		fmt.Sscanf(f.Msg.Str("hg"), "%x", &n)
		return fmt.Sprint("later than the file: ", n > far)
	}
	uuid := func(f *wire.Frame) string { return fmt.Sprintf("%x", f.Msg.Bin("srcuuid")) }
	const ofTheName = "90b8de7708c87a6cfef1993a43051dba" // 3.0.6's for node1
	for _, c := range []struct {
		hacf, nodeinfo string
		look           func(f *wire.Frame) string
		want           string
	}{
		{"", "node1\n", func(f *wire.Frame) string { return f.Msg.Str("ttl") }, "3"},
		{"hopfudge 7\n", "node1\n", func(f *wire.Frame) string { return f.Msg.Str("ttl") }, "9"},
		{"hopfudge 0\n", "node1\n", func(f *wire.Frame) string { return f.Msg.Str("ttl") }, "2"},
		{"", "node1\n", func(f *wire.Frame) string { return fmt.Sprint(len(f.Inner) > 0) }, "true"},
		{"msgfmt classic\n", "node1\n", func(f *wire.Frame) string { return fmt.Sprint(len(f.Inner) > 0) }, "true"},
		{"msgfmt netstring\n", "node1\n", func(f *wire.Frame) string { return fmt.Sprint(len(f.Inner) > 0) }, "false"},
		{"uuidfrom nodename\n", "node1\n", uuid, ofTheName},
		{"uuidfrom file\n", "node1\n", func(f *wire.Frame) string { return fmt.Sprint(uuid(f) == ofTheName) }, "false"},
		{"hbgenmethod file\n", "node1\n", generation, "later than the file: true"},
		{"hbgenmethod time\n", "node1\n", generation, "later than the file: false"},
		{"", "  NODE2 whatever follows\nnode1\n", func(f *wire.Frame) string { return f.Msg.Str("src") }, "node2"},
	} {
		t.Run(strings.TrimSpace(c.hacf+c.nodeinfo), func(t *testing.T) {
			t.Parallel()
			m, end := written(t, c.hacf, c.nodeinfo)
			lib := m.d.opt.Paths.LibDir
			if err := os.MkdirAll(lib, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(lib, "hb_generation"), fmt.Appendf(nil, "%15d\n", uint64(far)), 0o644); err != nil {
				t.Fatal(err)
			}
			m.start()
			if got := c.look(m.overhears(end, "a status", isStatus)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestCompressionOnTheWire: a long message of a program goes out as the directives say.
func TestCompressionOnTheWire(t *testing.T) {
	for _, c := range []struct{ hacf, want string }{
		{"", ""},
		{"compression bz2\ncompression_threshold 1\n", ""},
		{"traditional_compression on\n", "zlib"},
		{"traditional_compression on\ncompression bz2\ncompression_threshold 1\n", "bz2"},
		{"traditional_compression on\ncompression_threshold 4\n", ""},
	} {
		t.Run(c.hacf, func(t *testing.T) {
			t.Parallel()
			m, end := written(t, c.hacf, "node1\n")
			m.start()
			m.overhears(end, "a status", isStatus)
			long := strings.Repeat("a long message ", 200)
			m.d.ask(func() { m.d.step(core.ClientMessage{Msg: wire.New("site").AddStr("long", long)}) })
			f := m.overhears(end, "the message", func(f *wire.Frame) bool { return f.Msg.IsCompressed() || f.Msg.Str("t") == "site" })
			if got := f.Msg.Str("_compression_algorithm"); got != c.want {
				t.Errorf("compressed by %q, want %q", got, c.want)
			}
			if got, err := f.Msg.Decompress(); err != nil || got.Str("long") != long {
				t.Errorf("%v: %.100q", err, got.Str("long"))
			}
		})
	}
}

// TestProgramsCannotForge: a program's message that a C node would take for what is packed in it, here for the other
// node's goodbye, does not go out.
func TestProgramsCannotForge(t *testing.T) {
	t.Parallel()
	m, end := written(t, "", "node1\n")
	m.start()
	m.overhears(end, "a status", isStatus)
	var p wire.Packer
	forged := wire.New("site")
	forged.Fields = append(forged.Fields, p.Pack(wire.New("shutdone").AddStr("src", "node2").AppendNetstring(nil)).Fields...)
	m.d.ask(func() {
		m.d.step(core.ClientMessage{Msg: forged})
		m.d.step(core.ClientMessage{Msg: wire.New("site").AddStr("last", "yes")})
	})
	f := m.overhears(end, "a message", func(f *wire.Frame) bool { return f.Msg.Str("t") == "site" || f.Msg.Has("_compressed_payload") })
	if f.Msg.Str("last") != "yes" {
		t.Errorf("it was sent: %q", f.Append(nil))
	}
}

// TestBadPacketsAreLogged, or not.
func TestBadPacketsAreLogged(t *testing.T) {
	other, err := auth.NewKeys(1, map[int]auth.Key{1: {Method: auth.SHA1, Secret: []byte("another")}})
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]bool{"on": true, "off": false} {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			m, end := written(t, "log_badpack "+word+"\n", "node1\n")
			m.start()
			m.overhears(end, "a status", isStatus)
			end.Send(other.Seal(wire.New("status").AddStr("src", "node2"), true))
			m.until("it is counted", func() bool { return m.status().Dropped["bad-signature"] > 0 })
			m.stop() // all is written then
			if logged := strings.Contains(m.log(), "dropped: key number 1"); logged != want {
				t.Errorf("logged: %v\n%s", logged, m.log())
			}
		})
	}
}

func TestLogFormats(t *testing.T) {
	for word, want := range map[string]string{
		"true":  `(?m)^[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d \S+ heartbeat: \[\d+\]: info: Configuration validated`,
		"false": `(?m)^heartbeat\[\d+\]: \d{4}/\d\d/\d\d_\d\d:\d\d:\d\d info: Configuration validated`,
	} {
		m, end := written(t, "syslogmsgfmt "+word+"\n", "node1\n")
		m.start()
		m.overhears(end, "a status", isStatus)
		m.stop() // all is written then
		if !regexp.MustCompile(want).MatchString(m.log()) {
			t.Errorf("syslogmsgfmt %s:\n%s", word, m.log())
		}
	}
}

// TestDirectivesReachTheCore are those whose effect tests of the core show.
func TestDirectivesReachTheCore(t *testing.T) {
	m, _ := written(t, "max_rexmit_delay 700\ncluster mine\n", "node1\n")
	if got := m.d.coreConfig(identity{}).MaxRexmit; got != 700*time.Millisecond {
		t.Errorf("max_rexmit_delay: %v", got)
	}
	if got := m.d.parameters()["cluster"]; got != "mine" {
		t.Errorf("cluster: %q", got)
	}
}
