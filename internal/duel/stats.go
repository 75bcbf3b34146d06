package duel

import (
	"math"
	"slices"
)

// quantile is the smallest value that at least the share q of all values does not exceed; NaN of none.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	n := int(math.Ceil(q*float64(len(sorted))-1e-9)) - 1
	return sorted[min(max(n, 0), len(sorted)-1)]
}

// median of an even number of values is between the two in the middle.
func median(values []float64) float64 {
	n := len(values)
	if n == 0 || n%2 == 1 {
		return quantile(values, 0.5)
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// countWithin counts the values that are no more than most.
func countWithin(values []float64, most float64) (n int) {
	for _, v := range values {
		if v <= most {
			n++
		}
	}
	return n
}
