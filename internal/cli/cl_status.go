package cli

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"heartbeatd/internal/clientapi"
	"heartbeatd/internal/control"
)

// Exit codes of cl_status.
const (
	clOK      = 0
	clNo      = 1 // a negative answer, or no connection
	clUsage   = 11
	clTimeout = 12
	clFailed  = 13
)

// clTimeLimit is the alarm of 3.0.6; it ends the program without a word.
const clTimeLimit = 5 * time.Second

//go:embed cl_status_usage.txt
var clUsageText string

// clCall is one call of cl_status.
type clCall struct {
	machine
	name     string // the sub-command
	flags    string // letters of the options given
	param    string // argument of -p
	operands []string
	st       control.Status
	api      *clientapi.Client
	version  string // of the daemon
	deadline time.Time
	stdout   io.Writer
	stderr   io.Writer
}

type clSubcommand struct {
	spec string // getopt's
	code bool   // its wording of a wrong option has the word "code"
	need int    // operands it cannot do without
	few  string // what it says when they are missing
	run  func(*clCall) int
}

var clSubcommands = map[string]clSubcommand{
	"hbstatus":     {spec: "vm", run: (*clCall).hbstatus},
	"listnodes":    {spec: "pnvm", code: true, run: (*clCall).listnodes},
	"nodestatus":   {spec: "m", need: 1, few: "Not enough parameters.", run: (*clCall).nodestatus},
	"nodeweight":   {spec: "m", need: 1, few: "Not enough parameters.", run: (*clCall).nodeweight},
	"nodesite":     {spec: "m", need: 1, few: "Not enough parameters.", run: (*clCall).nodesite},
	"nodetype":     {spec: "m", need: 1, few: "No enough parameter.", run: (*clCall).nodetype},
	"listhblinks":  {spec: "vm", code: true, need: 1, few: "No enough parameter.", run: (*clCall).listhblinks},
	"hblinkstatus": {spec: "m", need: 2, few: "No enough parameter.", run: (*clCall).hblinkstatus},
	"clientstatus": {spec: "m", need: 2, few: "No enough parameter.", run: (*clCall).clientstatus},
	"rscstatus":    {spec: "m", run: (*clCall).rscstatus},
	"hbparameter":  {spec: "mp:", code: true, run: (*clCall).hbparameter},
	"test":         {spec: "m", run: (*clCall).test},
}

// clStatus is the command cl_status.
func clStatus(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	return thisMachine().clStatus(args, stdout, stderr)
}

func (m machine) clStatus(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 || len(args) == 1 && args[0] == "-h" {
		io.WriteString(stdout, clUsageText)
		return clOK
	}
	sub, ok := clSubcommands[args[0]]
	if !ok {
		m.log(stderr, "cl_status", "ERROR: %s: invalid sub-command.", args[0])
		return clUsage
	}
	c := &clCall{machine: m, name: args[0], stdout: stdout, stderr: stderr, deadline: time.Now().Add(clTimeLimit)}
	reason, err := c.signon()
	if err == nil {
		defer c.api.Close() //nolint:errcheck // the answer is there
	}
	if c.name == "hbstatus" {
		c.parse(sub, args[1:])
		return c.hbstatusAfter(reason, err)
	}
	if errors.Is(err, control.ErrNoAnswer) {
		return clTimeout
	}
	if err != nil {
		c.error("Cannot signon with heartbeat")
		c.error("REASON: %s", reason)
		return clNo
	}
	if !c.parse(sub, args[1:]) {
		return clUsage
	}
	if len(c.operands) < sub.need {
		fmt.Fprintln(stderr, sub.few)
		return clUsage
	}
	if err := c.look(); err != nil {
		return clTimeout
	}
	return sub.run(c)
}

func (c *clCall) error(format string, args ...any) {
	c.log(c.stderr, "cl_status", "ERROR: "+format, args...)
}

func (c *clCall) has(letter string) bool { return strings.Contains(c.flags, letter) }

// parse reads options and operands. hbstatus complains about a wrong option and goes on.
func (c *clCall) parse(sub clSubcommand, args []string) bool {
	options, operands := getopt(c.name, args, sub.spec)
	c.operands = operands
	for _, o := range options {
		switch {
		case o.letter != '?':
			c.flags += string(o.letter)
			if o.letter == 'p' {
				c.param = o.value
			}
			continue
		case c.name == "hbstatus":
			fmt.Fprintln(c.stderr, o.value)
			continue
		}
		fmt.Fprintln(c.stderr, o.value)
		word := ""
		if sub.code {
			word = " code"
		}
		c.error("Error: getopt returnedcharacter%s ?.", word)
		return false
	}
	return true
}

func (c *clCall) hbstatusAfter(reason string, err error) int {
	sentence, code := "Heartbeat is stopped on this machine.", clNo
	switch {
	case err == nil && c.has("v") && c.look() != nil:
		return clTimeout
	case err == nil:
		return c.hbstatus()
	case errors.Is(err, control.ErrNoAnswer):
		return clTimeout
	case reason != cannotInitiate:
		sentence, code = "Heartbeat is apparently running on this machine, but refuses my connection", clOK
	}
	fmt.Fprintln(c.stdout, sentence)
	if c.has("v") {
		fmt.Fprintf(c.stdout, "(%s)\n", reason)
	}
	return code
}
