//go:build !race

package scenario

const defaultSeeds = 1200
