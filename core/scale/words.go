package scale

import (
	"strconv"
	"time"

	"berth/core"
)

// words says what a rule measured, and why it asks for n instances instead of now.
func words(r core.ScaleRule, v float64, n, now int) core.Text {
	args := []string{"value", r.Metric.Amount(v), "window", short(r.Over())}
	kind, threshold := "calm", 0.0
	switch {
	case r.Target > 0:
		kind, threshold = "target", r.Target
	case n > now:
		kind, threshold = "above", passed(r, v)
	default:
		for _, s := range r.Steps {
			if s.Below > 0 && v < s.Below {
				kind, threshold = "below", s.Below
			}
		}
	}
	if kind != "calm" {
		args = append(args, "threshold", r.Metric.Amount(threshold))
	}
	return core.T("scale."+kind+"."+string(r.Metric), args...)
}

// passed returns the highest threshold that v is above.
func passed(r core.ScaleRule, v float64) float64 {
	most := 0.0
	for _, s := range r.Steps {
		if v > s.Above {
			most = max(most, s.Above)
		}
	}
	return most
}

// short words a duration as people do: "10 s", "5 min", "1 h".
func short(d time.Duration) string {
	for _, u := range []struct {
		name string
		time.Duration
	}{{"h", time.Hour}, {"min", time.Minute}} {
		if d >= u.Duration && d%u.Duration == 0 {
			return strconv.FormatInt(int64(d/u.Duration), 10) + " " + u.name
		}
	}
	return core.Duration(d).Seconds() + " s"
}
