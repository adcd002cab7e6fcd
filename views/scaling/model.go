package scaling

import (
	"context"
	"strconv"
	"time"

	"berth/core"
	"berth/views/app"
	"berth/views/i18n"
	"berth/views/layout"
)

// Page says what is in force and why.
type Page struct {
	Page layout.Page
	Head app.Head
	View core.ScalingView
}

// now says how many run, and within which bounds.
func (m Page) now(ctx context.Context) string {
	v := m.View
	switch {
	case v.Storage:
		return i18n.T(ctx, "scaling.storage")
	case v.Asleep:
		return i18n.T(ctx, "scaling.asleep")
	case v.On():
		return i18n.T(ctx, "scaling.between", "count", v.Replicas, "min", strconv.Itoa(v.Min), "max", strconv.Itoa(v.Max))
	}
	return i18n.T(ctx, "scaling.by_hand", "count", v.Replicas)
}

// lines are the sentences of a rule.
func lines(ctx context.Context, r core.ScaleRule) (all []string) {
	name := i18n.T(ctx, "scaling.metric."+string(r.Metric))
	window := i18n.From(ctx).Duration(r.Over())
	if r.Target > 0 {
		return []string{i18n.T(ctx, "scaling.rule_target", "metric", name, "threshold", r.Metric.Amount(r.Target), "window", window)}
	}
	for _, s := range r.Steps {
		switch {
		case s.Below > 0:
			all = append(all, i18n.T(ctx, "scaling.rule_remove", "metric", name, "threshold", r.Metric.Amount(s.Below), "window", window, "count", s.Remove))
		case s.Run > 0:
			all = append(all, i18n.T(ctx, "scaling.rule_run", "metric", name, "threshold", r.Metric.Amount(s.Above), "window", window, "count", s.Run))
		default:
			all = append(all, i18n.T(ctx, "scaling.rule_add", "metric", name, "threshold", r.Metric.Amount(s.Above), "window", window, "count", s.Add))
		}
	}
	return all
}

func (m Page) acted(r core.ScaleRule) (core.ScaleMove, bool) {
	move, ok := m.View.Status.Acted[r.String()]
	return move, ok
}

func moment(ctx context.Context, at time.Time) string { return i18n.From(ctx).Time(at) }

func (m Page) idle() time.Duration { return time.Duration(m.View.Idle) }
