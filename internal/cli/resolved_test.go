package cli

import (
	"errors"
	"net/netip"
	"testing"

	"heartbeatd/internal/config"
)

// resolver is a name server that may be gone.
type resolver struct {
	config.Host
	asked int
	gone  bool
}

func (r *resolver) Resolve(string) ([]netip.Addr, error) {
	r.asked++
	if r.gone {
		return nil, errors.New("no answer")
	}
	return []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("fe80::1%eth0")}, nil
}

// TestAnswersGoAlong: the image that goes on asks no name server for what the check has found out.
func TestAnswersGoAlong(t *testing.T) {
	server := &resolver{}
	first := resolvedBy(server, nil)
	want, err := first.Resolve("peer")
	if err != nil {
		t.Fatal(err)
	}
	server.gone, server.asked = true, 0
	second := resolvedBy(server, first.answers())
	got, err := second.Resolve("peer")
	if err != nil || len(got) != 2 || got[0] != want[0] || got[1] != want[1] || server.asked != 0 {
		t.Errorf("%v, %v, the server was asked %d times", got, err, server.asked)
	}
	if _, err := second.Resolve("another"); err == nil || server.asked != 1 {
		t.Errorf("a name that was not asked for: %v", err)
	}
	for _, text := range []string{"", "null", "{", `{"peer":[]}`, `{"peer":["x"]}`} {
		if _, err := resolvedBy(server, []byte(text)).Resolve("peer"); err == nil {
			t.Errorf("%q is an answer", text)
		}
	}
}
