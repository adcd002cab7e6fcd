package sentence

import (
	"berth/core"
	"berth/views/i18n"
)

// Rule says what a rule does, a line for each of its steps: "Processor above 70% over 10 s: 1 more".
func Rule(l *i18n.Localizer, r core.ScaleRule) (lines []string) {
	metric, window := l.T("scaling.metric."+string(r.Metric)), l.Duration(r.Over())
	say := func(kind string, threshold float64, count int) {
		lines = append(lines, l.T("scaling.rule_"+kind, "metric", metric, "window", window, "threshold", r.Metric.Amount(threshold), "count", count))
	}
	if r.Target > 0 {
		say("target", r.Target, 0)
	}
	for _, s := range r.Steps {
		switch {
		case s.Below > 0:
			say("remove", s.Below, s.Remove)
		case s.Run > 0:
			say("run", s.Above, s.Run)
		default:
			say("add", s.Above, s.Add)
		}
	}
	return lines
}
