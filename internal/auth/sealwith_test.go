package auth

import (
	"testing"

	"heartbeatd/internal/wire"
)

// TestSealWithAnotherKey: what a C node refuses of our sending key it takes of its own.
func TestSealWithAnotherKey(t *testing.T) {
	table := map[int]Key{1: {MD5, []byte("old")}, 2: {SHA1, []byte("new")}}
	ours, err1 := NewKeys(2, table)
	theirs, err2 := NewKeys(1, table)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for n, taken := range map[int]bool{1: true, 2: false, 7: false, -1: false} {
		b := ours.SealWith(n, wire.New("status"), true)
		f, err := wire.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		if got := theirs.VerifyAs306(f) == nil; got != taken {
			t.Errorf("signed with key %d: a C node takes it: %v, want %v", n, got, taken)
		}
		if _, err := ours.Verify(f); err != nil {
			t.Errorf("signed with key %d: %v", n, err)
		}
	}
}
