package config

import (
	"path"
	"slices"
	"strings"
)

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
			return faultf(missingHint(program), "Client child command [%s] is not executable", program)
		}
		child.Helper = path.Base(program)
	}
	p.cfg.Children = append(p.cfg.Children, child)
	return nil
}

// The helpers that the daemon has built in.
const (
	IPFail = "ipfail"
	DOPD   = "dopd"
)

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

// missingHint says what to do about a program that cannot be run.
func missingHint(program string) string {
	if slices.Contains(helperDirs, path.Dir(program)) {
		return "it came with the C daemon and is no part of this one: remove the line if nothing needs " + path.Base(program) + ", else install it"
	}
	return "check the path; `ls -l " + program + "`"
}

// ownHelper says whether a path of any distribution names ipfail or dopd. DIFFERS: 3.0.6 refuses
// all but its own directory.
func ownHelper(program string) bool {
	base := path.Base(program)
	return (base == IPFail || base == DOPD) && slices.Contains(helperDirs, path.Dir(program))
}
