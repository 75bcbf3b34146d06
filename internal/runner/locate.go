package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"heartbeatd/internal/config"
)

// Command is what a word of haresources stands for.
type Command struct {
	Path    string   // absolute
	Args    []string // without the operation
	Service string   // name of the systemd service, if it is one
	Unit    string   // its file
}

// Line is the command as a message shows it.
func (c Command) Line(op string) string {
	return strings.Join(append(append([]string{c.Path}, c.Args...), op), " ")
}

// Running is the command as ResourceManager's line "Running ..." shows it. 3.0.6: two blanks
// before op where there are no arguments.
func (c Command) Running(op string) string {
	return c.Path + " " + strings.Join(c.Args, " ") + " " + op
}

// argv are the arguments for op.
func (c Command) argv(op string) []string {
	args := append([]string{}, c.Args...)
	if c.Service != "" && filepath.Base(c.Path) == "systemctl" {
		return []string{op, c.Service + ".service"}
	}
	return append(args, op)
}

// LocateError tells that a word has no script. Its text is that of 3.0.6.
type LocateError struct {
	Name string // of the script
	Why  string // what was found instead, for the operator; may be empty
}

func (e *LocateError) Error() string {
	return "Cannot locate resource script " + e.Name
}

// Locate finds the program for a word as a runner does whose scripts are in etcDir/resource.d and
// initDir: the first executable regular file with the word's name, else the systemd service of that
// name. It only looks. The error is a [*LocateError].
func Locate(etcDir, initDir, word string) (Command, error) {
	return locate([]string{filepath.Join(etcDir, "resource.d"), initDir}, systemUnits, word)
}

// Locate is [Locate] with the directories of the runner.
func (r *Runner) Locate(word string) (Command, error) {
	return locate([]string{filepath.Join(r.config.EtcDir, "resource.d"), r.config.InitDir}, r.units, word)
}

func locate(dirs []string, u units, word string) (Command, error) {
	res := config.ParseResource(word)
	name, args := res.Script, res.Args
	var why []string
	for _, dir := range dirs {
		path := filepath.Join(dir, name)
		st, err := os.Stat(path)
		switch {
		case name == "":
		case err != nil && !errors.Is(err, os.ErrNotExist):
			why = append(why, err.Error())
		case err != nil:
			if _, err := os.Lstat(path); err == nil {
				why = append(why, path+" is a symlink to nothing")
			}
		case !st.Mode().IsRegular():
			why = append(why, path+" is not a regular file")
		case st.Mode()&0o111 == 0:
			why = append(why, path+" is not executable")
		default:
			return Command{Path: path, Args: args}, nil
		}
	}
	if unit := u.find(name); unit != "" {
		return u.command(name, unit)
	}
	return Command{}, &LocateError{Name: name, Why: strings.Join(why, ", ")}
}

// units knows the services of systemd by their files. It asks systemd nothing: an answer could
// take long, and it would be needed for every start and stop.
type units struct {
	booted    string // exists where systemd is the init
	dirs      []string
	service   string
	systemctl []string
}

var systemUnits = units{
	booted: "/run/systemd/system", // sd_booted(3)
	dirs: []string{ // systemd.unit(5)
		"/etc/systemd/system.control", "/run/systemd/system.control",
		"/run/systemd/transient", "/run/systemd/generator.early",
		"/etc/systemd/system", "/run/systemd/system", "/run/systemd/generator",
		"/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
		"/run/systemd/generator.late",
	},
	service:   "/usr/sbin/service",
	systemctl: []string{"/usr/bin/systemctl", "/bin/systemctl"},
}

// find is the file of a service, "" if there is none or systemd is not the init.
func (u units) find(name string) string {
	name = strings.TrimSuffix(name, ".service")
	if name == "" || strings.Contains(name, "/") || strings.HasSuffix(name, "@") { // a bare template cannot run
		return ""
	}
	if st, err := os.Stat(u.booted); err != nil || !st.IsDir() {
		return ""
	}
	files := []string{name + ".service"}
	if template, _, ok := strings.Cut(name, "@"); ok {
		files = append(files, template+"@.service")
	}
	for _, dir := range u.dirs {
		for _, file := range files {
			path := filepath.Join(dir, file)
			if _, err := os.Lstat(path); err == nil {
				return path
			}
		}
	}
	return ""
}

// command runs a unit by service(8), which is what 3.0.6's users know and which also stops the
// sockets of a service; by systemctl where that is not installed. A unit takes no arguments.
func (u units) command(name, unit string) (Command, error) {
	name = strings.TrimSuffix(name, ".service")
	if isProgram(u.service) {
		return Command{Path: u.service, Args: []string{name}, Service: name, Unit: unit}, nil
	}
	for _, path := range u.systemctl {
		if isProgram(path) {
			return Command{Path: path, Args: []string{name}, Service: name, Unit: unit}, nil
		}
	}
	return Command{}, &LocateError{Name: name, Why: fmt.Sprintf("there is a unit of that name, but neither %s nor systemctl", u.service)}
}

func isProgram(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0
}
