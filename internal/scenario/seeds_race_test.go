//go:build race

package scenario

// The race detector makes every life ten times as long, and a core has no goroutine to race.
const defaultSeeds = 100
