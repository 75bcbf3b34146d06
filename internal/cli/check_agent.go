package cli

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// scriptHead is how much of a script is read: one of 3.0.6's is a tenth of it.
const scriptHead = 64 << 10

// agentType is the OCF agent that a script of resource.d names, as those of 3.0.6 do and a site's own may.
var agentType = regexp.MustCompile(`(?m)^(?:[^#\n]*[ \t;])?OCF_TYPE=["']?([A-Za-z0-9_-]+)`)

// missingAgent is the OCF agent that a script wants to call and that is not installed, "" if there is nothing
// to say. Without it every call of the script would fail.
func (p scriptPlaces) missingAgent(script string) string {
	file, err := os.Open(script)
	if err != nil || p.agents == "" {
		return ""
	}
	defer file.Close()
	if st, err := file.Stat(); err != nil || !st.Mode().IsRegular() {
		return ""
	}
	text, err := io.ReadAll(io.LimitReader(file, scriptHead))
	if err != nil || !strings.Contains(string(text), "ra_execocf") {
		return ""
	}
	m := agentType.FindSubmatch(text)
	if m == nil {
		return ""
	}
	agent := filepath.Join(p.agents, string(m[1]))
	if st, err := os.Stat(agent); err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
		return ""
	}
	return agent
}
