package duel

import (
	"math"
	"testing"
)

func TestQuantile(t *testing.T) {
	var hundred, many []float64
	for i := range 100 {
		hundred = append(hundred, float64(100-i))
	}
	for i := range 10000 {
		many = append(many, float64(i+1))
	}
	for _, c := range []struct {
		values []float64
		q      float64
		want   float64
	}{
		{hundred, 0.5, 50}, {hundred, 0.99, 99}, {hundred, 1, 100}, {hundred, 0, 1}, {hundred, 0.9999, 100},
		{many, 0.9999, 9999}, {many, 0.99, 9900},
		{[]float64{7}, 0.99, 7}, {[]float64{3, 1, 2}, 0.5, 2}, {[]float64{3, 1, 2}, 0.34, 2},
	} {
		if got := quantile(c.values, c.q); got != c.want {
			t.Errorf("quantile %v of %d values is %v, want %v", c.q, len(c.values), got, c.want)
		}
	}
	if !math.IsNaN(quantile(nil, 0.5)) || !math.IsNaN(median(nil)) {
		t.Error("nothing has a median")
	}
	if hundred[0] != 100 {
		t.Error("the values were put in another order")
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{[]float64{4, 1, 2, 3}, 2.5}, {[]float64{9, 1, 5}, 5}, {[]float64{2}, 2}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.values, got, c.want)
		}
	}
	if n := countWithin([]float64{1, 2, 3, 2}, 2); n != 3 {
		t.Errorf("%d within 2, want 3", n)
	}
}
