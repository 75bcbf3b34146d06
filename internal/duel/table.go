package duel

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// document is docs/performance.md.
func (h *history) document() string {
	var b strings.Builder
	b.WriteString(documentHead)
	for _, s := range stages {
		runs := h.of(s.name)
		if len(runs) == 0 {
			continue
		}
		b.WriteString("\n## " + stageTitles[s.name] + "\n\n" + stageNotes[s.name] + "\n")
		b.WriteString(table(s.name, runs))
		b.WriteString("\n" + conditions(runs) + "\n")
	}
	return b.String()
}

// conditions says when a stage was run, and what the machine was like.
func conditions(runs []*stageRun) string {
	var parts []string
	for _, r := range runs {
		text := fmt.Sprintf("%s in %v", r.When.Format("2006-01-02 15:04"), time.Duration(r.Took*float64(time.Second)).Round(time.Second))
		if r.Held > 0 {
			text += fmt.Sprintf(", the machine itself held up %d times for more than 50 ms, for %.0f ms at worst", r.Held, r.HeldBy)
		}
		if r.Spoiled > 0 {
			text += fmt.Sprintf(", %d plays not counted because they could not be played to the end", r.Spoiled)
		}
		parts = append(parts, text)
	}
	return "Runs: " + strings.Join(parts, "; ") + "."
}

// table has a line for each row and software: the newest run, and the verdict on the last three.
func table(stage string, runs []*stageRun) string {
	newest := runs[len(runs)-1]
	var b strings.Builder
	b.WriteString("| | software | median | p99 | p99.99 | max | of | with scripts | target | holds |\n|---|---|---:|---:|---:|---:|---:|---:|---|---|\n")
	for _, r := range rows {
		if r.stage != stage {
			continue
		}
		title := r.title
		if r.unit != "" {
			title += " (" + r.unit + ")"
		}
		for _, software := range []string{nameC, nameKeepalived, nameOurs} {
			values := newest.values(r.key, software, "")
			if len(values) == 0 {
				continue
			}
			target, holds := "", ""
			if software == nameOurs && r.target != "" {
				target, holds = r.target, verdicts(r, runs)
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", title, software, number3(median(values)), number3(quantile(values, 0.99)),
				rare(values), number3(quantile(values, 1)), count(len(values)), whole(newest, r, software), target, holds)
			title = ""
		}
	}
	return b.String()
}

// rare is p99.99, of which fewer than some thousand values say nothing.
func rare(values []float64) string {
	if len(values) < 2000 {
		return ""
	}
	return number3(quantile(values, 0.9999))
}

// whole is the median with the scripts' own time in it.
func whole(run *stageRun, r row, software string) string {
	if !r.net {
		return ""
	}
	return number3(median(run.values(r.key, software, "whole")))
}

// number3 writes a number with three digits that count.
func number3(v float64) string {
	switch {
	case math.IsNaN(v):
		return ""
	case v == math.Trunc(v) && math.Abs(v) < 1000:
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) >= 1000:
		return count(int(math.Round(v)))
	case math.Abs(v) >= 100:
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// count writes a whole number with commas.
func count(n int) string {
	digits := fmt.Sprint(n)
	sign := strings.HasPrefix(digits, "-")
	digits = strings.TrimPrefix(digits, "-")
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	if sign {
		return "-" + b.String()
	}
	return b.String()
}

// verdict says whether the target of a row was met in a run. known is false where nothing was measured.
func (r row) verdict(run *stageRun) (met, known bool) {
	values := run.values(r.key, nameOurs, "")
	if len(values) == 0 || r.target == "" {
		return false, false
	}
	if r.ahead {
		theirs := run.values(r.key, nameKeepalived, "")
		return median(values) < median(theirs), len(theirs) > 0
	}
	met = true
	for _, b := range r.bounds {
		met = met && statistic(values, b.quantile) <= b.most
	}
	return met, true
}

func statistic(values []float64, q float64) float64 {
	if q == 0.5 {
		return median(values)
	}
	return quantile(values, q)
}

// verdicts is the word for the newest run, how many of its values alone are within the target, and the word for
// the runs before.
func verdicts(r row, runs []*stageRun) string {
	newest := runs[len(runs)-1]
	text := word(r, newest)
	if len(r.bounds) == 1 && r.bounds[0].quantile == 0.5 {
		values := newest.values(r.key, nameOurs, "")
		text += fmt.Sprintf(", %d of %d", countWithin(values, r.bounds[0].most), len(values))
	}
	for i := len(runs) - 2; i >= 0; i-- {
		text += "; before: " + word(r, runs[i])
	}
	return text
}

func word(r row, run *stageRun) string {
	met, known := r.verdict(run)
	switch {
	case !known:
		return "not measured"
	case met:
		return "yes"
	}
	return "**no**"
}

// closing is the last line of a run: the newest run of every stage counts.
func (h *history) closing(took time.Duration) (text string, missed int) {
	held, samples := 0, 0
	for _, s := range stages {
		runs := h.of(s.name)
		if len(runs) == 0 {
			continue
		}
		newest := runs[len(runs)-1]
		samples += len(newest.Samples)
		for _, r := range rows {
			met, known := r.verdict(newest)
			if r.stage != s.name || !known {
				continue
			}
			if met {
				held++
				continue
			}
			missed++
			text += fmt.Sprintf("missed: %s: %s %s, median %s, max %s\n", r.title, r.target, r.unit,
				number3(median(newest.values(r.key, nameOurs, ""))), number3(quantile(newest.values(r.key, nameOurs, ""), 1)))
		}
	}
	text += fmt.Sprintf("duel: %d targets, %d held, %d missed; %s values; %v\n", held+missed, held, missed, count(samples), took.Round(time.Second))
	return text, missed
}
