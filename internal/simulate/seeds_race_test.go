//go:build race

package simulate

import "time"

// The race detector makes every life ten times as long, and a core has no goroutine to race.
const (
	defaultSeeds   = 400
	defaultLongest = 30 * time.Second
)
