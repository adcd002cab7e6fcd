package ui

import (
	"fmt"
	"strings"
)

// Share is part of whole in percent, from 0 to 100.
func Share(part, whole int64) int {
	if whole <= 0 {
		return 0
	}
	return int(min(100, max(0, part*100/whole)))
}

// barClass warns from 80%, alarms from 92%.
func barClass(percent int) string {
	switch {
	case percent >= 92:
		return "bar bar-bad"
	case percent >= 80:
		return "bar bar-warn"
	}
	return "bar"
}

// sparkPath draws counts as an area in a square of 100, from the ground up to the largest.
func sparkPath(counts []int64, top int64) string {
	if len(counts) < 2 || top <= 0 {
		return ""
	}
	var b strings.Builder
	last := len(counts) - 1
	height := func(n int64) float64 { return 99 - 90*float64(n)/float64(top) }
	fmt.Fprintf(&b, "M-9 %.1f", height(counts[0]))
	for i, n := range counts {
		fmt.Fprintf(&b, " %.1f %.1f", float64(i)*100/float64(last), height(n))
	}
	b.WriteString("H109V109H-9z")
	return b.String()
}

// Largest returns the largest count.
func Largest(counts []int64) int64 {
	var top int64
	for _, n := range counts {
		top = max(top, n)
	}
	return top
}

// smooth averages counts over windows of width, so that a small chart is calm.
func smooth(counts []int64, width int) []int64 {
	var out []int64
	for i := 0; i+width <= len(counts); i += width {
		var sum int64
		for _, n := range counts[i : i+width] {
			sum += n
		}
		out = append(out, sum)
	}
	return out
}

// Rate says how many requests a second there were over counts, a second each.
func Rate(counts []int64) string {
	var sum int64
	for _, n := range counts {
		sum += n
	}
	if len(counts) == 0 || sum == 0 {
		return "0"
	}
	rate := float64(sum) / float64(len(counts))
	if rate < 100 {
		return fmt.Sprintf("%.1f", rate)
	}
	return fmt.Sprintf("%.0f", rate)
}

// AreaPath draws counts as an area in a square of 100.
func AreaPath(counts []int64) string { return sparkPath(counts, Largest(counts)) }
