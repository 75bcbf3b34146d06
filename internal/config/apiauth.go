package config

// APIAuth says which users and groups may sign on with the client library by a name. Of two entries of a name the
// later one counts.
type APIAuth struct {
	Name    string   // of the client; anon: those without a name; default: names without an entry
	Users   []string // names or numbers; an empty one stands for nobody
	Groups  []string
	BuiltIn bool
}

// builtInAPIAuth is what 3.0.6 knows without a line in ha.cf.
func builtInAPIAuth() []APIAuth {
	return []APIAuth{
		{Name: "ipfail", Users: []string{"hacluster"}, BuiltIn: true},
		{Name: "ccm", Users: []string{"hacluster"}, BuiltIn: true},
		{Name: "ping", Groups: []string{"haclient"}, BuiltIn: true},
		{Name: "lha-snmpagent", Users: []string{"root"}, BuiltIn: true},
		{Name: "anon", Users: []string{"root"}, Groups: []string{"haclient"}, BuiltIn: true},
	}
}
