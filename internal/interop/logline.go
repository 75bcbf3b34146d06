package interop

import (
	"regexp"
	"strings"
)

// token is what a number can be part of; an exit code keeps its number.
var token = regexp.MustCompile(`(?:code )?[\w./]+`)

// normal is a line as the comparison sees it, "heartbeat WARN: N lost packet(s) for [node2] [N:N]":
// without what is different in each run (process ids, generations, sequence numbers, milliseconds)
// and without the doubled slashes and blanks of 3.0.6, which depend on which of its scripts calls.
func (l LogLine) normal() string {
	text := token.ReplaceAllStringFunc(l.Text, func(t string) string {
		digits := strings.TrimSuffix(t, ".")
		switch {
		case strings.HasPrefix(t, "0x"):
			return "N"
		case strings.Trim(digits, "0123456789") == "" && digits != "":
			return "N" + t[len(digits):]
		}
		for strings.Contains(t, "//") {
			t = strings.ReplaceAll(t, "//", "/")
		}
		return t
	})
	head := strings.TrimSuffix(l.Entity, "(default)")
	if level := l.level(); level != "" {
		head += " " + level
	}
	return head + ": " + strings.Join(strings.Fields(text), " ")
}

// level is the level in one spelling: 3.0.6's resource agents write INFO and WARNING.
func (l LogLine) level() string {
	switch l.Level {
	case "INFO":
		return "info"
	case "WARNING":
		return "WARN"
	}
	return l.Level
}

var troubleWords = regexp.MustCompile(`(?i)\b(missing|failed|failure|lost|ignored|cannot|unable|refused|attempted)\b`)

// complains tells whether a line would worry an operator.
func (l LogLine) complains() bool {
	switch l.level() {
	case "WARN", "ERROR", "CRIT", "ALERT", "EMERG":
		return true
	}
	return troubleWords.MatchString(l.Text)
}

// cause is a pair of lines of which the first leads to the second. Patterns are matched against
// normal lines; what they have in parentheses must be the same in both.
type cause struct {
	before, after *regexp.Regexp
	unless        rule // explains that heartbeatd has another order
}

func because(before, after string) cause {
	return cause{before: regexp.MustCompile(before), after: regexp.MustCompile(after)}
}

// but allows heartbeatd another order.
func (c cause) but(unless rule) cause {
	c.unless = unless
	return c
}

// causes is what an operator relies on when he reads a log from top to bottom.
var causes = []cause{
	because(`Local status now set to: 'up'`, `Comm_now_up`),
	because(`Comm_now_up`, `Local status now set to: 'active'`),
	because(`Heartbeat restart on node (\w+)`, `Status update for node (\w+): status (?:up|active)`),
	because(`Status update for node (\w+): status up`, `Status update for node (\w+): status active`),
	because(`node (\w+): is dead`, `Resources being acquired from (\w+)\.`),
	because(`node (\w+): is dead`, `Cluster node (\w+) returning after partition`),
	because(`Received shutdown notice from '(\w+)'`, `Resources being acquired from (\w+)\.`),
	because(`Resources being acquired from (\w+)\.`, `mach_down takeover complete for node (\w+)\.`),
	because(`Resources being acquired from `, `Acquiring resource group: `).but(linesInOrder),
	because(`Taking over resource group `, `mach_down takeover complete\.`),
	because(`Acquiring resource group: \w+ (\w+)`, `Running /etc/ha.d/resource.d/(\w+) (?:.* )?start`),
	because(`Releasing resource group: \w+ (\w+)$`, `Running /etc/ha.d/resource.d/(\w+) (?:.* )?stop`),
	because(`(\w+) wants to go standby \[(\w+)\]`, `standby: acquire \[\w+\] resources from (\w+)`),
	because(` wants to go standby \[(\w+)\]`, `standby: \w+ can take our (\w+) resources`),
	because(`standby: \w+ can take our (\w+) resources`, `give up (\w+) HA resources`),
	because(`give up (\w+) HA resources`, ` (\w+) HA resource release completed`),
	because(` (\w+) HA resource release completed`, `Local standby process completed \[(\w+)\]`),
	because(`Local standby process completed \[(\w+)\]`, `Other node completed standby takeover of (\w+) resources`),
	because(`standby: acquire \[(\w+)\] resources`, `Standby resource acquisition done \[(\w+)\]`),
	because(` acquire (\w+) HA resources`, ` (\w+) HA resource acquisition completed`),
	because(`Heartbeat shutdown in progress`, `Giving up all HA resources`),
	because(`Giving up all HA resources`, `Releasing resource group: `),
	because(`Releasing resource group: `, `All HA resources relinquished`),
	because(`All HA resources relinquished`, `Heartbeat shutdown complete`),
	because(`ERROR: Return code \d+ from `, `CRIT: Giving up resources due to failure of `),
	because(`ERROR: Return code \d+ from `, `Retrying failed stop operation`),
}
