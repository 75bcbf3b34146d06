package cli

import (
	"fmt"
	"strings"
	"testing"

	"heartbeatd/internal/config"
	"heartbeatd/internal/wire"
)

// TestDecodeSerial: a recording of a serial line that begins and ends in the middle of a message.
func TestDecodeSerial(t *testing.T) {
	table := []byte("auth 1\n1 sha1 of-the-line\n")
	keys, _ := config.ParseAuthkeys("authkeys", table)
	say := func(n int) string {
		f, err := wire.Parse(keys.Seal(wire.New("status").AddStr("src", "node1").AddStr("seq", fmt.Sprint(n)).AddStr("ts", "1"), true))
		if err != nil {
			t.Fatal(err)
		}
		return string(keys.AppendClassic(nil, f))
	}
	forged := strings.Replace(say(3), "seq=3", "seq=9", 1)
	stream := "src=node1\nauth=1 x\n<<<\n" + say(1) + say(2) + "\xff\xfe" + forged + ">>>\nt=sta"
	args := []string{"--json", "--authkeys", writeTemp(t, "authkeys", table), writeTemp(t, "line", []byte(stream))}
	code, out, errs := decode(t, args...)
	if code != exitFailed || !strings.Contains(errs, "3 messages, 2 stretches that are none") {
		t.Errorf("exit code %d, stderr %q", code, errs)
	}
	lines := decodeLines(t, out)
	if len(lines) != 3 {
		t.Fatalf("%d lines:\n%s", len(lines), out)
	}
	for i, want := range []struct {
		seq, reason string
	}{{"1", "ok"}, {"2", "ok"}, {"9", "bad-signature"}} {
		if l := lines[i]; l.Packet != i+1 || l.Format != "classic" || l.Fields["seq"] != want.seq || l.Reason != want.reason {
			t.Errorf("message %d: %+v", i+1, l)
		}
	}
}
