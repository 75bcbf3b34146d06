package cli

import (
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/control"
)

func TestStatusTellsOfDifferentFiles(t *testing.T) {
	st := control.Status{Differs: true, Nodes: []control.NodeStatus{{Name: "node1", Self: true}, {Name: "node2"}, {Name: "gw", Type: "ping"}},
		Groups: []control.GroupStatus{{Key: "ip1", Waits: "node node2 has not the same haresources yet"}, {Key: "ip2", Leaving: true, Resources: []string{"fs", "web"}}, {Key: "ip3"}}}
	var b strings.Builder
	if err := writeStatus(&b, st, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nharesources differs from node2's\ngroup ip1 waits: node node2 has not the same haresources yet\ngroup ip2: haresources no longer has fs web here\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
	b.Reset()
	st.Differs, st.Groups = false, st.Groups[2:]
	if err := writeStatus(&b, st, time.Now()); err != nil || strings.Contains(b.String(), "haresources") {
		t.Errorf("%v\n%s", err, b.String())
	}
}
