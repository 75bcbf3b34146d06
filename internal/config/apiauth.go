package config

import "strings"

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

const apiauthHint = "Syntax: apiauth client [uid=uidlist] [gid=gidlist]; lists are comma-separated, one or the other must be specified"

// applyAPIAuth checks who may use the client library.
func applyAPIAuth(p *parser, rest string) *fault {
	name, lists := nextWord(rest)
	if name == "" {
		return faultf(apiauthHint, "Invalid apiauth directive, no client name")
	}
	if len(name) >= 32 {
		return faultf(apiauthHint, "client name [%s] too long", rest)
	}
	var uid, gid bool
	entry := APIAuth{Name: name}
	for _, w := range words(lists) {
		kind, list, _ := strings.Cut(w, "=")
		switch {
		case kind == "uid" && uid, kind == "gid" && gid:
			return faultf(apiauthHint, "Duplicate %s list in apiauth", kind)
		case strings.HasPrefix(w, "uid="):
			uid = true
			if f := p.checkNames(list, "user id", "uid", p.host.UserExists); f != nil {
				return f
			}
			entry.Users = strings.Split(list, ",")
		case strings.HasPrefix(w, "gid="):
			gid = true
			if f := p.checkNames(list, "group", "gid", p.host.GroupExists); f != nil {
				return f
			}
			entry.Groups = strings.Split(list, ",")
		default:
			return faultf(apiauthHint, "Missing uid or gid in apiauth")
		}
	}
	if !uid && !gid {
		return faultf(apiauthHint, "Invalid apiauth directive [%s]", rest)
	}
	if p.clients[name] {
		return faultf("keep one line for "+name, "Duplicate apiauth directive for API client %s: [%s]", name, rest)
	}
	p.clients[name] = true
	p.cfg.APIAuth = append(p.cfg.APIAuth, entry)
	return nil
}

// checkNames checks one list of names or numbers.
func (p *parser) checkNames(list, what, short string, exists func(string) bool) *fault {
	for _, name := range strings.Split(list, ",") {
		switch {
		case name == "" || strings.Trim(name, "0123456789") == "":
		case exists(name):
		case packageAccount(name):
			p.warnAccount(name)
		default:
			return faultf("the name must be known on this machine; `getent passwd` and `getent group` list them",
				"Invalid %s name [%s], bad %s list [%s]", what, name, short, list)
		}
	}
	return nil
}

// packageAccount says whether the package of the C daemon makes this user or group. DIFFERS: where
// that package is not installed any more the old file still starts.
func packageAccount(name string) bool { return name == "hacluster" || name == "haclient" }

func (p *parser) warnAccount(name string) {
	p.warn("the package of the C daemon made it; the other nodes may still have it", "[%s] does not exist on this machine", name)
}
