package wire_test

import (
	"bytes"
	"strings"
	"testing"

	"heartbeatd/internal/wire"
	"heartbeatd/internal/wire/wiretest"
)

// skimmedAlike wants of Skim what Parse found out the long way.
func skimmedAlike(t *testing.T, data []byte) {
	t.Helper()
	want, err := wire.Parse(data)
	got, skimErr := wire.Skim(data)
	if (got == nil) == (skimErr == nil) || skimErr != nil && wire.Reason(skimErr) == "other" {
		t.Fatalf("frame %v with error %v", got, skimErr)
	}
	if err != nil {
		return
	}
	if skimErr != nil {
		t.Fatalf("Parse takes it, Skim does not: %v\n%q", skimErr, data)
	}
	if got.Format != want.Format || got.KeyNum != want.KeyNum || !bytes.Equal(got.Token, want.Token) || !bytes.Equal(got.Signature, want.Signature) ||
		got.Size != want.Size || !bytes.Equal(got.Signed, want.Signed) {
		t.Fatalf("skimmed %+v\nparsed  %+v\nof %q", got, want, data)
	}
}

func TestSkimAgreesWithParse(t *testing.T) {
	for _, v := range wiretest.Load(t) {
		for n := range len(v.Data) + 1 {
			skimmedAlike(t, v.Data[:n])
		}
		for i := range v.Data {
			for _, flip := range []byte{0x01, 0x20, 0x80} {
				b := bytes.Clone(v.Data)
				b[i] ^= flip
				skimmedAlike(t, b)
			}
		}
	}
}

// An end mark, or a whole signed message, inside a binary value ends nothing.
func TestSkimIsNotTakenInByAnEndMark(t *testing.T) {
	decoy := "###\n6:(0)t=x,%%%\n3:1 a,"
	m := wire.New("x").AddBin("b", []byte(decoy)).AddBin("c", []byte("%%%\n3:1 b,"))
	body := m.AppendNetstring(nil)
	data := wire.AppendSignature(bytes.Clone(body), "1 ffff")
	skimmedAlike(t, data)
	f, err := wire.Skim(data)
	if err != nil || string(f.Token) != "ffff" || !bytes.Equal(f.Signed, body) {
		t.Errorf("%+v %v", f, err)
	}
	skimmedAlike(t, []byte(">>>\nauth=1 a\nt=x\n(1)b=PDw8Cg==\nxauth=1 c\nauth=2 b"))
	skimmedAlike(t, []byte(">>>\nauth=1 a\nt=x\nauth=\n<<<\n"))
}

func TestSkimRefusesManyFieldsUnread(t *testing.T) {
	for _, data := range []string{
		"###\n" + strings.Repeat("0:,", wire.MaxFields+1) + "%%%\n3:1 a,",
		">>>\n" + strings.Repeat("\n", wire.MaxFields+1) + "auth=1 a\n",
	} {
		if _, err := wire.Skim([]byte(data)); wire.Reason(err) != string(wire.ErrTooManyFields) {
			t.Errorf("%v", err)
		}
	}
	data := []byte("###\n" + strings.Repeat("6:(0)a=b,", wire.MaxFields) + "%%%\n3:1 a,")
	if n := testing.AllocsPerRun(10, func() { wire.Skim(data) }); n > 4 {
		t.Errorf("%v allocations for a frame", n)
	}
}
