package version

import (
	"context"
	"strconv"
	"time"

	"berth/core"
	"berth/views/i18n"
	"berth/views/ui"
)

// Trial is a trial as the page of versions shows it.
type Trial struct {
	core.CanaryView
	Memory map[string]core.Bytes // of an instance, by version; what is not known is left out
}

// Beside is a release that waits beside the one that serves, or one that can still be taken back at once.
type Beside struct {
	Release  int
	New, Old string    // versions
	Waiting  bool      // for somebody to switch; else it serves
	Ready    bool      // waiting, and well
	Until    time.Time // serving: how long the old instances are kept
}

// Shown reports whether there is a trial to be shown: an open one, or one that ended by itself not long ago.
func (t Trial) Shown(now time.Time) bool {
	return t.ID != "" && (t.Open() || t.Status == core.CanaryAborted && now.Sub(t.EndedAt) < 24*time.Hour)
}

func (t Trial) requests(c core.RequestCounts) string { return i18n.Number(c.Requests) }

func errorRate(c core.RequestCounts) string {
	return strconv.FormatFloat(c.ErrorRate(), 'f', 2, 64) + "%"
}

// within is the time in which 95 of 100 requests were answered.
func within(c core.RequestCounts) string { return ui.Took(c.Latency.Quantile(0.95)) }

func (t Trial) memory(ctx context.Context, label string) string {
	if m, known := t.Memory[label]; known {
		return i18n.From(ctx).Bytes(m)
	}
	return "–"
}

// judged reports whether the candidate had enough requests to be judged.
func (t Trial) judged() bool {
	return t.Counts.Candidate.Requests >= int64(max(t.Limits.MinRequests, 1))
}

// worse reports whether the candidate does clearly worse than the stable version, while no limit was passed.
func (t Trial) worse() bool {
	return t.judged() && t.Counts.Candidate.ErrorRate() > t.Counts.Stable.ErrorRate()+0.1
}

// limits says when the trial ends by itself; "" when it does not.
func (t Trial) limits(ctx context.Context) string {
	rate, latency := strconv.FormatFloat(t.Limits.Errors, 'f', -1, 64), strconv.FormatInt(time.Duration(t.Limits.Latency).Milliseconds(), 10)
	switch {
	case t.Limits.Errors > 0 && t.Limits.Latency > 0:
		return i18n.T(ctx, "trial.limits_both", "rate", rate, "latency", latency)
	case t.Limits.Errors > 0:
		return i18n.T(ctx, "trial.limits_errors", "rate", rate)
	case t.Limits.Latency > 0:
		return i18n.T(ctx, "trial.limits_latency", "latency", latency)
	}
	return i18n.T(ctx, "trial.limits_none")
}

// next says what follows by itself, and when; "" when nothing does.
func (t Trial) next(ctx context.Context) string {
	step, more := t.CanaryView.Next()
	at := t.NextAt()
	if !more || at.IsZero() {
		return ""
	}
	return i18n.T(ctx, "trial.next", "share", strconv.Itoa(step.Share), "time", at)
}
