package ui

import (
	"fmt"
	"time"

	"berth/core"
)

// ErrorCount is how many requests ended in an error: an answer of 5xx, or one that broke off.
func ErrorCount(c core.RequestCounts) int64 { return max(c.Classes[4], c.Failed) }

// Errors is the share of requests that ended in an error.
func Errors(c core.RequestCounts) string { return Percent(ErrorCount(c), c.Requests) }

// Percent is a share, exact enough to see that it is not nothing.
func Percent(n, of int64) string {
	if of == 0 || n == 0 {
		return "0%"
	}
	share := 100 * float64(n) / float64(of)
	switch {
	case share < 0.01:
		return "< 0.01%"
	case share < 10:
		return fmt.Sprintf("%.2f%%", share)
	}
	return fmt.Sprintf("%.1f%%", share)
}

// Took is how long answers took, short; "–" when there were none.
func Took(d time.Duration) string {
	switch {
	case d <= 0:
		return "–"
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
