package daemon

import (
	"testing"

	"heartbeatd/internal/config"
)

func TestChanges(t *testing.T) {
	group := func(home string, words ...string) config.Group { return config.Group{Home: home, Resources: words} }
	web, mail := group("node1", "10.0.0.1", "web"), group("node2", "mail")
	for _, tt := range []struct {
		before, now string
		groups, is  []config.Group
		want        string
	}{
		{"keepalive 1\n", "# a comment\n\nkeepalive  1 # second\n", nil, nil, ""},
		{"keepalive 1\nnode a b\n", "node a b\nkeepalive 1\n", nil, nil, ""},
		{"keepalive 1\nudpport 694\n", "keepalive 2\nping 10.0.0.9\n", nil, nil, "ha.cf: keepalive, ping, udpport"},
		{"node a\nnode b\n", "node b\nnode a\n", nil, nil, "ha.cf: node"},
		{"Keepalive 1\n", "keepalive 1\n", nil, nil, ""},
		{"", "", []config.Group{web}, []config.Group{web, mail}, "haresources: mail added"},
		{"", "", []config.Group{mail, web}, []config.Group{group("node1", "10.0.0.1", "db", "web")}, "haresources: 10.0.0.1 changed, mail removed"},
		{"", "", []config.Group{web}, []config.Group{group("node2", "10.0.0.1", "web")}, "haresources: 10.0.0.1 is at home on node2 now"},
		{"a\n", "b\n", nil, []config.Group{mail}, "ha.cf: b, a; haresources: mail added"},
	} {
		if got := Changes([]byte(tt.before), []byte(tt.now), tt.groups, tt.is); got != tt.want {
			t.Errorf("%q, %v -> %q, %v: %q, want %q", tt.before, tt.groups, tt.now, tt.is, got, tt.want)
		}
	}
}
