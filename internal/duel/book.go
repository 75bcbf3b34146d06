package duel

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// rowKey names a row of the table.
type rowKey string

// sample is one measurement, in the unit of its row.
type sample struct {
	Row      rowKey             `json:"row"`
	Software string             `json:"software"`
	Value    float64            `json:"value"`
	More     map[string]float64 `json:"more,omitempty"`
}

// book has what a stage has measured.
type book struct {
	samples []sample
	out     io.Writer // told of each
	story   io.Writer // gets what happened in each move; nil for nobody
}

// add notes a time in nanoseconds; in the book it is milliseconds.
func (b *book) add(row rowKey, software string, ns int64, more map[string]float64) {
	b.put(row, software, milliseconds(ns), more)
}

// put notes a value and tells of it.
func (b *book) put(row rowKey, software string, value float64, more map[string]float64) {
	b.keep(row, software, value, more)
	text := fmt.Sprintf("  %-14s %-16s %10.3f", row, software, value)
	for _, k := range slices.Sorted(maps.Keys(more)) {
		text += fmt.Sprintf("  %s %.3f", k, more[k])
	}
	fmt.Fprintln(b.out, text)
}

// keep notes a value.
func (b *book) keep(row rowKey, software string, value float64, more map[string]float64) {
	b.samples = append(b.samples, sample{row, software, value, more})
}

// values are the samples of a row and a software in a run; more names one of the further values instead.
func (r *stageRun) values(row rowKey, software, more string) []float64 {
	var all []float64
	for _, s := range r.Samples {
		if s.Row != row || s.Software != software {
			continue
		}
		if v, ok := s.More[more]; more == "" {
			all = append(all, s.Value)
		} else if ok {
			all = append(all, v)
		}
	}
	return all
}
