package config

import (
	"slices"
	"testing"
)

// TestAPIAuthIsKept: 3.0.6's own entries, and the lines of ha.cf after them.
func TestAPIAuthIsKept(t *testing.T) {
	cfg, _ := Load(set(base+"bcast eth0\napiauth foo uid=root,0 gid=haclient\napiauth ipfail uid=\n"), newHost("n1"))
	n := len(builtInAPIAuth())
	if len(cfg.APIAuth) != n+2 || !cfg.APIAuth[0].BuiltIn || cfg.APIAuth[0].Name != "ipfail" {
		t.Fatalf("%+v", cfg.APIAuth)
	}
	foo, ipfail := cfg.APIAuth[n], cfg.APIAuth[n+1]
	if foo.Name != "foo" || !slices.Equal(foo.Users, []string{"root", "0"}) || !slices.Equal(foo.Groups, []string{"haclient"}) || foo.BuiltIn {
		t.Errorf("%+v", foo)
	}
	if ipfail.Name != "ipfail" || !slices.Equal(ipfail.Users, []string{""}) || ipfail.Groups != nil {
		t.Errorf("%+v", ipfail)
	}
}
