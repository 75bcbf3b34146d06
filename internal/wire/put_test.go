package wire

import (
	"bytes"
	"testing"
)

// TestPutIsAddWithoutMemory holds both ways of making a message against each other.
func TestPutIsAddWithoutMemory(t *testing.T) {
	want := New("status").AddBin("srcuuid", []byte{1, 2, 3}).AddStr("seq", "1f4").AddStr("ld", "0.01")
	var m Message
	fill := func(ld string) *Message {
		return m.Clear().PutStr("t", "status").PutBin("srcuuid", []byte{1, 2, 3}).PutHex("seq", 500).PutStr("ld", ld)
	}
	fill("a longer text than it has in the end")
	got := fill("0.01").AppendNetstring(nil)
	if !bytes.Equal(got, want.AppendNetstring(nil)) {
		t.Errorf("got %q", got)
	}
	if n := testing.AllocsPerRun(100, func() { fill("0.01") }); n != 0 {
		t.Errorf("%v allocations for a message that was as long before", n)
	}
	short := m.Clear().PutStr("t", "x")
	if len(short.Fields) != 1 || short.Str("t") != "x" {
		t.Errorf("cleared and made anew: %v", short.Fields)
	}
}
