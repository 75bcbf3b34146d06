// Package labcmd is what the commands of the tool lab have in common: help on stdout, errors with a way
// out on stderr, and the exit statuses 0, 1 and 2.
package labcmd

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/pflag"
)

// The exit statuses of every command.
const (
	OK     = 0
	Found  = 1 // what was looked for was found: a broken guarantee, a fault that no test notices
	Failed = 2 // wrong usage, or it could not be run
)

// Flags are the flags of one command.
type Flags struct {
	*pflag.FlagSet
	help string
}

// New makes the flags of a command: "demo" is that of lab demo. The help begins with "Usage:".
func New(command, help string) *Flags {
	f := &Flags{FlagSet: pflag.NewFlagSet(command, pflag.ContinueOnError), help: help}
	f.SortFlags = false
	f.SetOutput(io.Discard)
	f.FlagSet.Usage = func() {}
	return f
}

// Read parses args; no command of this package takes arguments that are not flags. done means that the
// command is over with that exit status: help was printed, or args are wrong.
func (f *Flags) Read(args []string, stdout, stderr io.Writer) (status int, done bool) {
	err := f.Parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		fmt.Fprintf(stdout, "%s\nFlags:\n%s", f.help, f.FlagUsages())
		return OK, true
	case err == nil && f.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if err != nil {
		return f.Wrong(stderr, err), true
	}
	return OK, false
}

// Given names the first of some flags that was given; "" if none was.
func (f *Flags) Given(names ...string) string {
	for _, n := range names {
		if f.Changed(n) {
			return "--" + n
		}
	}
	return ""
}

// Alone is an error if a flag was given together with one that then says nothing.
func (f *Flags) Alone(flag string, others ...string) error {
	if f.Changed(flag) {
		if o := f.Given(others...); o != "" {
			return fmt.Errorf("--%s and %s do not go together", flag, o)
		}
	}
	return nil
}

// Wrong says what is wrong with the usage.
func (f *Flags) Wrong(stderr io.Writer, err error) int {
	fmt.Fprintf(stderr, "lab: error: %v; see lab %s --help\n", err, f.Name())
	return Failed
}

// Fail says why the command could not be run.
func Fail(stderr io.Writer, err error) int {
	fmt.Fprintf(stderr, "lab: error: %v\n", err)
	return Failed
}
