//go:build race

package explore

// raced: the race detector makes a search ten times as long, and a core has no goroutine to race.
const raced = true
