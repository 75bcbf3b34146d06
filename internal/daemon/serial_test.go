package daemon

import (
	"strings"
	"testing"

	"heartbeatd/internal/auth"
	"heartbeatd/internal/config"
	"heartbeatd/internal/wire"
)

// What a C node gets by a serial line it can read and believe, with either msgfmt, before and after a change of keys.
func TestSerialText(t *testing.T) {
	table := func(secret string) *auth.Keys {
		keys, err := auth.NewKeys(1, map[int]auth.Key{1: {Method: auth.SHA1, Secret: []byte(secret)}})
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	before, after := table("before"), table("after")
	d := &daemon{opt: Options{Config: &config.Config{Keys: before}}}
	m := wire.New("status").AddStr("src", "node1").AddBin("srcuuid", []byte{1, 0, 2})
	check := func(keys *auth.Keys, inner bool) {
		t.Helper()
		text := d.serialText([]byte("\n"), keys.Seal(m, inner))
		if !strings.HasPrefix(string(text), "\n>>>\nt=status\nsrc=node1\n(1)srcuuid=AQAC\nauth=1 ") || !strings.HasSuffix(string(text), "\n<<<\n") {
			t.Errorf("text: %q", text)
		}
		f, err := wire.Parse(text[1:])
		if err == nil {
			err = keys.VerifyAs306(f)
		}
		if err != nil {
			t.Errorf("a C node does not take it: %v", err)
		}
	}
	check(before, true)
	check(before, false)
	d.lineKeys.Store(after)
	check(after, true)
	check(after, false)
	if text := d.serialText(nil, []byte("no datagram")); len(text) != 0 {
		t.Errorf("text: %q", text)
	}
}

// TestClientsShareTheSlowestLine: what programs may say depends on the slowest serial line.
func TestClientsShareTheSlowestLine(t *testing.T) {
	bytes := func(media ...config.Medium) int {
		return (&daemon{opt: Options{Config: &config.Config{Media: media, Parameters: map[string]string{}}}}).clientConfig().LineBytes
	}
	fast, slow := config.Medium{Kind: config.Serial, Baud: 115200}, config.Medium{Kind: config.Serial, Baud: 9600}
	if none, both := bytes(config.Medium{Kind: config.Bcast}), bytes(fast, slow, fast); none != 0 || both != 960 {
		t.Errorf("%d without a line, %d with two", none, both)
	}
}
