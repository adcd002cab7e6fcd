// Package quota shows what tenants may use and use, what something would take before it is asked for, and the plans.
package quota

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/ui"
)

// Page is a tenant's quota.
type Page struct {
	Page   layout.Page
	View   core.QuotaView
	Over   string // the span of time: of Spans
	Charts []Chart
	Form   ui.Form // of a wish or a budget that was refused; the hidden "of" says of what
}

// Spans are those that use can be looked at over.
var Spans = []string{"24h", "7d", "90d"}

// Chart is what was used of a resource over time, a value a slot.
type Chart struct {
	Resource core.Resource
	Slots    []Slot
}

// Slot is an hour or a day, and the most that was used in it.
type Slot struct {
	At   time.Time
	Peak int64
}

// charted are the resources whose use changes.
var charted = []core.Resource{core.ResourceMemory, core.ResourceCPU, core.ResourceInstances, core.ResourceImages, core.ResourceVolumes}

// NewCharts sorts samples into slots that end now.
func NewCharts(samples []core.UsageSample, over string, now time.Time) []Chart {
	step, count := time.Hour, 24
	switch over {
	case "7d":
		count = 7 * 24
	case "90d":
		step, count = 24*time.Hour, 90
	}
	last := now.UTC().Truncate(step)
	first := last.Add(-time.Duration(count-1) * step)
	var charts []Chart
	for _, r := range charted {
		c := Chart{Resource: r, Slots: make([]Slot, count)}
		for i := range c.Slots {
			c.Slots[i].At = first.Add(time.Duration(i) * step)
		}
		for _, s := range samples {
			if i := int(s.Hour.Sub(first) / step); !s.Hour.Before(first) && i < count {
				c.Slots[i].Peak = max(c.Slots[i].Peak, s.Peaks[r])
			}
		}
		charts = append(charts, c)
	}
	return charts
}

// Since is the beginning of the slots of a span.
func Since(over string, now time.Time) time.Time {
	return NewCharts(nil, over, now)[0].Slots[0].At
}

func (c Chart) peaks() []int64 {
	peaks := make([]int64, len(c.Slots))
	for i, s := range c.Slots {
		peaks[i] = s.Peak
	}
	return peaks
}

func (c Chart) top() int64 { return ui.Largest(c.peaks()) }

// rows are the slots in which something was used, the latest first and not too many.
func (c Chart) rows() []Slot {
	var rows []Slot
	for _, s := range slices.Backward(c.Slots) {
		if s.Peak > 0 && len(rows) < 90 {
			rows = append(rows, s)
		}
	}
	return rows
}

func slotName(ctx context.Context, over string, t time.Time) string {
	if over == "90d" {
		return t.Format(time.DateOnly)
	}
	return t.In(i18n.From(ctx).Zone()).Format("2006-01-02 15:04")
}

// Amount words an amount of a resource.
func Amount(ctx context.Context, r core.Resource, n int64) string {
	l := i18n.From(ctx)
	switch r {
	case core.ResourceMemory, core.ResourceImages, core.ResourceVolumes:
		return l.Bytes(core.Bytes(n))
	case core.ResourceLogRate:
		return l.T("quota.a_second", "size", core.Bytes(n))
	case core.ResourceLogKept:
		return l.T("quota.days", "count", int((n+23)/24))
	case core.ResourceCPU:
		return core.MilliCPU(n).String()
	}
	return i18n.Number(n)
}

// Typed is an amount as it is typed into a form, exactly; ReadAmount reads it.
func Typed(r core.Resource, n int64) string {
	switch r {
	case core.ResourceMemory, core.ResourceImages, core.ResourceVolumes, core.ResourceLogRate:
		if b, err := core.ParseBytes(core.Bytes(n).Human()); err == nil && int64(b) == n {
			return core.Bytes(n).Human()
		}
		return core.Bytes(n).String()
	case core.ResourceLogKept:
		return strconv.FormatInt((n+23)/24, 10)
	case core.ResourceCPU:
		return core.MilliCPU(n).String()
	}
	return strconv.FormatInt(n, 10)
}

// ReadAmount reads what was typed: sizes with a unit, cores, days, or a number. Errors: EINVALID.
func ReadAmount(r core.Resource, text string) (int64, error) {
	text = strings.TrimSpace(text)
	switch r {
	case core.ResourceMemory, core.ResourceImages, core.ResourceVolumes, core.ResourceLogRate:
		b, err := core.ParseBytes(text)
		return int64(b), err
	case core.ResourceCPU:
		c, err := core.ParseCPU(text)
		return int64(c), err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > 1e12 {
		return 0, core.Errorf(core.EINVALID, "error.amount_range")
	}
	if r == core.ResourceLogKept {
		n *= 24
	}
	return n, nil
}

// asked returns the open wish for a resource.
func (m Page) asked(r core.Resource) (core.QuotaRequest, bool) {
	for _, q := range m.View.Requests {
		if q.Resource == r && q.Status == core.RequestOpen {
			return q, true
		}
	}
	return core.QuotaRequest{}, false
}

// decided are the wishes that are no longer open.
func (m Page) decided() []core.QuotaRequest {
	return slices.DeleteFunc(slices.Clone(m.View.Requests), func(q core.QuotaRequest) bool { return q.Status == core.RequestOpen })
}

// form is what was typed about something, when that was refused; else the first values.
func (m Page) form(of string, kv ...string) ui.Form {
	if m.Form.Values["of"] == of {
		return m.Form
	}
	return ui.NewForm(kv...)
}

func (m Page) failed(of string) bool { return m.Form.Values["of"] == of }

// meter is the use of a resource.
type meter struct {
	resource    core.Resource
	used, surge int64
	limit       int64
	limited     bool
	own         bool // the limit is the tenant's own, not the plan's
}

func (m Page) meters() []meter {
	var list []meter
	for _, r := range core.Resources {
		limit, limited := m.View.Limits[r]
		_, own := m.View.Tenant.Quota[r]
		list = append(list, meter{r, m.View.Used[r], m.View.Surge[r], limit, limited, own})
	}
	return list
}

func (m meter) percent() int {
	if m.limited && m.limit == 0 && m.used > 0 {
		return 100
	}
	return ui.Share(m.used, m.limit)
}

// steady is the part that stays when what switches has switched.
func (m meter) steady() int { return ui.Share(m.used-m.surge, m.limit) }

func (m meter) class() string {
	switch p := m.percent(); {
	case p >= 92:
		return "bar bar-split bar-bad"
	case p >= 80:
		return "bar bar-split bar-warn"
	}
	return "bar bar-split"
}

// suggestion is half as much again.
func (m meter) suggestion() string {
	n := m.limit + max(m.limit/2, 1)
	switch m.resource {
	case core.ResourceMemory, core.ResourceImages, core.ResourceVolumes:
		const step = int64(256 * core.MiB)
		n = (n + step - 1) / step * step
	case core.ResourceCPU:
		n = (n + 499) / 500 * 500
	}
	return Typed(m.resource, n)
}

// budgets are the resources that an app can have a budget of.
var budgets = []core.Resource{core.ResourceMemory, core.ResourceCPU, core.ResourceInstances}

func budgetForm(a core.App) []string {
	kv := []string{}
	for _, r := range budgets {
		if n, ok := a.Budget[r]; ok {
			kv = append(kv, string(r), Typed(r, n))
		}
	}
	return kv
}

func budgetText(ctx context.Context, a core.App) string {
	var parts []string
	for _, r := range budgets {
		if n, ok := a.Budget[r]; ok {
			parts = append(parts, i18n.T(ctx, "quota.budget_"+string(r), "amount", Amount(ctx, r, n)))
		}
	}
	return i18n.Join(ctx, parts...)
}
