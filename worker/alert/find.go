package alert

import (
	"context"
	"math"
	"strconv"
	"time"

	"berth/core"
)

// find looks at a rule for everything that it is about, and reports whether that could be told: what is not among the
// findings then is not there.
func (l *Loop) find(ctx context.Context, w *world, r core.AlertRule, now time.Time) (all map[key]finding, known bool) {
	switch r.Kind {
	case core.AlertQuota:
		all, err := l.findQuota(ctx, w, r)
		return all, err == nil
	case core.AlertCertificate:
		return findCertificates(w, r, now), true
	}
	all = map[key]finding{}
	for _, a := range w.of(r) {
		all[key{r.TenantID, r.ID, a.ID, ""}] = l.findApp(ctx, w, r, a, now)
	}
	return all, true
}

func (l *Loop) findApp(ctx context.Context, w *world, r core.AlertRule, a core.App, now time.Time) finding {
	instances := w.instances[a.ID]
	switch {
	case a.Stopped || a.Deleting || a.Release == 0:
		return finding{known: true}
	case r.Kind == core.AlertHealth:
		return health(a, instances, w.away, now)
	case r.Kind == core.AlertLogs:
		return l.findLines(ctx, r, a, now)
	}
	return l.findMetric(ctx, r, a, instances, now)
}

// manyCrashes is after how many crashes in a row healing counts as failed.
const manyCrashes = 3

// health finds whether healing has failed: an app of which an instance crashes again and again or is left as it is, or of
// which nothing answers and nothing is about to. While an instance is being started or replaced, healing is under way and nobody is
// told; nor while a release is on its way, whose operation tells how that ends. One that waits for its switch may do so for
// days, in which the one that serves is looked at. Of what is on a machine that is away nothing is known, so that an app of
// which all is there does not answer either. away are the names of those machines.
func health(a core.App, instances []core.Instance, away map[string]string, now time.Time) finding {
	f := finding{known: true}
	if a.State == core.AppDeploying || a.State == core.AppSwitching && !a.AwaitsSwitch() {
		return f
	}
	serving, why := toServe(a, instances), a.Reason
	answers, starting := false, false
	for _, i := range serving {
		switch i.State {
		case core.InstanceReady:
			answers = true
		case core.InstancePlaced, core.InstanceCreated, core.InstanceStarting:
			starting = true
		}
		if i.CrashesAt(now) >= manyCrashes || left(i) {
			f.holds, f.cause = true, i.Reason
			if f.cause.IsZero() { // it runs again, for now
				f.cause = i.Exit.Why
			}
		}
	}
	failed := a.State == core.AppFailed
	if a.AwaitsSwitch() && len(serving) > 0 { // the state tells of the one that waits
		failed, why = !answers, serving[0].Reason
	}
	if a.State == core.AppCrashing || failed && !starting {
		f.holds = true
	}
	if f.holds && f.cause.IsZero() {
		f.cause = why
	}
	if host, all := allAway(serving, away); all {
		f.holds, f.cause = true, core.T("diagnosis.host.away", "host", host)
	}
	return f
}

// allAway reports whether there are instances and all are on machines that are away, of which it names one.
func allAway(instances []core.Instance, away map[string]string) (host string, all bool) {
	for _, i := range instances {
		if host, all = away[i.HostID]; !all {
			return "", false
		}
	}
	return host, all
}

// toServe returns the instances by which is told how an app is.
func toServe(a core.App, instances []core.Instance) (serving []core.Instance) {
	for _, i := range instances {
		if i.State != core.InstanceDraining && i.State != core.InstanceStopping && a.Counts(i) {
			serving = append(serving, i)
		}
	}
	return serving
}

// left reports whether nothing is done with an instance by itself: what was stopped for good, and what runs and does not
// answer. One that is restarted for that does not stay so.
func left(i core.Instance) bool {
	return i.State == core.InstanceUnhealthy || i.State == core.InstanceCrashed && i.RetryAt.IsZero()
}

// findMetric finds whether the mean of a metric over the window of a rule breaks its bound.
func (l *Loop) findMetric(ctx context.Context, r core.AlertRule, a core.App, instances []core.Instance, now time.Time) finding {
	value, known := l.value(ctx, r, a, instances, now)
	return finding{known: known, holds: known && !math.IsNaN(value) && (value > r.Threshold && !r.Below || value < r.Threshold && r.Below),
		value: core.MetricText(r.Metric, value)}
}

// value returns the mean of a metric; NaN when there is nothing of which it would be a share.
func (l *Loop) value(ctx context.Context, r core.AlertRule, a core.App, instances []core.Instance, now time.Time) (float64, bool) {
	window := time.Duration(r.Window)
	switch r.Metric {
	case core.MetricErrorShare:
		requests, known := l.mean(ctx, a, core.MetricRequests, window, now)
		if !known || requests*window.Seconds() < fewRequests {
			return math.NaN(), known
		}
		errors, known := l.mean(ctx, a, core.MetricErrors, window, now)
		return 100 * errors / requests, known
	case core.MetricCPUShare:
		return l.share(ctx, a, core.MetricCPU, window, now, instances, func(i core.Instance) float64 { return float64(i.CPU) / 1000 })
	case core.MetricMemoryShare:
		return l.share(ctx, a, core.MetricMemory, window, now, instances, func(i core.Instance) float64 { return float64(i.Memory) })
	}
	return l.mean(ctx, a, r.Metric, window, now)
}

// fewRequests are too few to speak of a share of them.
const fewRequests = 10

func (l *Loop) share(ctx context.Context, a core.App, m core.Metric, window time.Duration, now time.Time, instances []core.Instance, limit func(core.Instance) float64) (float64, bool) {
	whole := 0.0
	for _, i := range instances {
		if i.State.Running() {
			whole += limit(i)
		}
	}
	if whole == 0 {
		return math.NaN(), true
	}
	value, known := l.mean(ctx, a, m, window, now)
	return 100 * value / whole, known
}

// mean returns the mean of what was measured of an app lately; false when nothing was.
func (l *Loop) mean(ctx context.Context, a core.App, m core.Metric, window time.Duration, now time.Time) (float64, bool) {
	if l.Metrics == nil {
		return 0, false
	}
	step := max(core.MetricEvery, (window / 20).Truncate(core.MetricEvery))
	from := now.Add(-window)
	if from.Before(a.CreatedAt) {
		from = a.CreatedAt
	}
	all, err := l.Metrics.Query(ctx, core.MetricQuery{Metrics: []core.Metric{m}, TenantID: a.TenantID, AppID: a.ID, From: from, To: now, Step: step})
	if err != nil || len(all) == 0 || len(all[0].Points) == 0 {
		return 0, false
	}
	sum := 0.0
	for _, p := range all[0].Points {
		sum += p.Mean
	}
	return sum / float64(len(all[0].Points)), true
}

func (l *Loop) findLines(ctx context.Context, r core.AlertRule, a core.App, now time.Time) finding {
	if l.Lines == nil {
		return finding{}
	}
	most := int(r.Threshold)
	lines, _, err := l.Lines.Search(ctx, core.LogSearch{TenantID: a.TenantID, AppID: a.ID, Words: []string{r.Query},
		From: now.Add(-time.Duration(r.Window)), To: now, Limit: min(most, core.MaxLogPage)})
	return finding{known: err == nil, holds: len(lines) >= most, value: strconv.Itoa(len(lines))}
}

// findCertificates finds those that end soon: within the days of the rule, and within the last quarter of their life, so
// that those that live for days are no alert from the start, and those that renew themselves are renewed before that.
// And those that could not be had at all.
func findCertificates(w *world, r core.AlertRule, now time.Time) map[key]finding {
	all := map[key]finding{}
	for _, c := range w.certificates[r.TenantID] {
		if r.AppID != "" && c.AppID != r.AppID {
			continue
		}
		f := finding{known: true, holds: c.Chain == "", cause: c.Error}
		if c.Chain != "" {
			left, quarter := c.NotAfter.Sub(now), c.NotAfter.Sub(c.NotBefore)/4
			f.holds = left < min(time.Duration(r.Threshold*float64(24*time.Hour)), quarter)
			f.value = c.NotAfter.UTC().Format(time.DateOnly)
		}
		all[key{r.TenantID, r.ID, c.AppID, c.Domain}] = f
	}
	return all
}

// findQuota finds of what a tenant uses nearly all that it may.
func (l *Loop) findQuota(ctx context.Context, w *world, r core.AlertRule) (map[key]finding, error) {
	limits, err := core.LimitsOf(ctx, l.Store, w.tenants[r.TenantID])
	if err != nil || len(limits) == 0 {
		return nil, err
	}
	used, err := l.Store.Usage().Sum(ctx, r.TenantID)
	all := map[key]finding{}
	for resource, limit := range limits {
		if resource.Counted() && limit > 0 {
			share := 100 * float64(used[resource]) / float64(limit)
			all[key{r.TenantID, r.ID, "", string(resource)}] = finding{known: true, holds: share > r.Threshold,
				value: strconv.FormatFloat(share, 'f', 0, 64) + "%"}
		}
	}
	return all, err
}
