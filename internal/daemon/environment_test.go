package daemon

import (
	"slices"
	"testing"

	"heartbeatd/internal/config"
)

// TestScriptsSeeDebugLevel: -d adds to the debug directive, for scripts as for the log.
func TestScriptsSeeDebugLevel(t *testing.T) {
	d := newDaemon(Options{Config: &config.Config{Debug: 1, Parameters: map[string]string{"debug": "1"}}, Debug: 2})
	if env := d.environment(); !slices.Contains(env, "HA_debug=3") || slices.Contains(env, "HA_debug=1") {
		t.Errorf("want HA_debug=3 in %q", env)
	}
}
