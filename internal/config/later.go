package config

import (
	"path"
	"slices"
	"strings"
)

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

// applyRespawn checks respawn and failfast.
func applyRespawn(p *parser, rest string) *fault {
	hint := "write " + p.name + " USER /full/path/of/program arguments"
	user, command := nextWord(rest)
	if len(user) >= 64 {
		return faultf(hint, "UID specified for client child is too long")
	}
	if !p.host.UserExists(user) {
		if !packageAccount(user) {
			return faultf(hint+"; USER is a name, not a number", "Invalid uid [%s] specified for client child", user)
		}
		p.warnAccount(user)
	}
	if !strings.HasPrefix(command, "/") {
		return faultf(hint, "Client child command [%s] is not full pathname", command)
	}
	program, _ := nextWord(command)
	child := Child{User: user, Command: strings.TrimRight(command, " \t\r"), Failfast: p.name == "failfast", Where: p.where()}
	if !p.host.Path(program).Executable {
		if !ownHelper(program) {
			return faultf("check the path; `ls -l "+program+"`", "Client child command [%s] is not executable", program)
		}
		if child.Helper = path.Base(program); child.Helper != IPFail {
			p.warn("install it, or remove the line", "[%s] is not on this machine: it is not started", program)
			return nil
		}
	}
	p.cfg.Children = append(p.cfg.Children, child)
	return nil
}

// IPFail is the helper that the daemon has built in.
const IPFail = "ipfail"

// Child is one program of respawn or failfast.
type Child struct {
	User     string
	Command  string // the full path and the arguments, as written
	Failfast bool
	Helper   string // not "": the program is not on this machine, and what is built in by this name does its work
	Where    string // "ha.cf:12"
}

// helperDirs are where releases and distributions put heartbeat's own programs.
var helperDirs = []string{
	"/usr/lib/heartbeat", "/usr/lib64/heartbeat", "/usr/libexec/heartbeat", "/usr/local/lib/heartbeat",
	"/usr/lib/x86_64-linux-gnu/heartbeat", "/usr/lib/i386-linux-gnu/heartbeat",
}

// ownHelper says whether a path of any distribution names ipfail or dopd. DIFFERS: 3.0.6 refuses
// all but its own directory.
func ownHelper(program string) bool {
	base := path.Base(program)
	return (base == "ipfail" || base == "dopd") && slices.Contains(helperDirs, path.Dir(program))
}

func applyWatchdog(p *parser, device string) *fault {
	if p.given["watchdog"] > 0 {
		return faultf("keep one watchdog line", "Watchdog device multiply specified.")
	}
	p.cfg.Watchdog = device
	return nil
}

// applyPacemaker refuses everything but off: this daemon manages haresources only.
func applyPacemaker(p *parser, v string) *fault {
	if p.given["pacemaker"] > 0 || p.bad["pacemaker"] || p.bad["crm"] {
		return faultf("keep one of them", "pacemaker/crm directive used multiple times!")
	}
	on, ok := parseBool(v)
	if ok && !on {
		return nil
	}
	if ok || slices.Contains([]string{"manual", "respawn", "minimal", "ccm-only", "valgrind"}, strings.ToLower(v)) {
		return faultf("remove the line to go on with haresources; for Pacemaker move the cluster to Corosync and pcs",
			"[%s] asks for Pacemaker, which is not part of this daemon", v)
	}
	return faultf("write off, or remove the line", "Invalid directive value %s", v)
}
