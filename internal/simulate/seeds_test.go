//go:build !race

package simulate

import "time"

const (
	defaultSeeds   = 6000
	defaultLongest = 50 * time.Second
)
