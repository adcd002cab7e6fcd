package handlers

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/scaling"
	"berth/views/ui"
)

// scalingRows is the form of a scaling: as it was typed, and what it says.
type scalingRows struct {
	form     ui.Form
	rules    []scaling.Rule
	hours    []scaling.Hours
	policy   core.Scaling      // zero for a fixed number
	replicas *int              // the fixed number
	rows     map[string]string // of each rule and step of policy, the row that says it: "rules.0.steps.1" -> "rules.2"
}

// release is what the form says of a release.
func (in scalingRows) release() core.NewRelease {
	return core.NewRelease{Scaling: &in.policy, Replicas: in.replicas}
}

// scalingInput reads the form. Errors: EINVALID with every fault that it can find without the app, at the rows.
func scalingInput(c echo.Context) (scalingRows, error) {
	in := scalingRows{form: ui.NewForm(), rows: map[string]string{}}
	for _, name := range append([]string{"how"}, scaling.Inputs...) {
		in.form.Values[name] = c.FormValue(name)
	}
	in.rules, in.hours = typedScaleRules(c), typedHours(c)
	var f core.Faults
	if c.FormValue("how") != "auto" {
		n := wholeNumber(&f, "replicas", c.FormValue("replicas"), 0)
		in.replicas = &n
		return in, f.Err()
	}
	p := &in.policy
	p.Min, p.Max = wholeNumber(&f, "min", c.FormValue("min"), 1), wholeNumber(&f, "max", c.FormValue("max"), 1)
	p.Up, p.Down, p.Idle = formDuration(c, &f, "cooldown_up"), formDuration(c, &f, "cooldown_down"), formDuration(c, &f, "idle")
	for _, d := range []struct {
		value  *core.Duration
		normal core.Duration
	}{{&p.Up, core.Duration(core.DefaultScaleUp)}, {&p.Down, core.Duration(core.DefaultScaleDown)}} {
		if *d.value == d.normal {
			*d.value = 0
		}
	}
	for i, r := range in.rules {
		in.addRule(&f, i, r)
	}
	for i, x := range in.hours {
		p.Schedules = append(p.Schedules, schedule(&f, i, x))
		in.rows["schedules."+strconv.Itoa(i)] = "schedules." + strconv.Itoa(i)
	}
	if len(f) == 0 && p.Max < p.Min {
		f.Add("max", "error.scaling_bounds")
	}
	if len(in.rules)+len(in.hours) == 0 && p.Idle == 0 {
		f.Add("rules", "error.scaling_no_rules")
	}
	return in, f.Err()
}

// addRule adds what a row says: a rule, or a step of the one before that looks at the same over the same time.
func (in *scalingRows) addRule(f *core.Faults, i int, row scaling.Rule) {
	r := core.ScaleRule{Metric: core.ScaleMetric(row.Metric), Off: !row.On}
	if !r.Metric.Valid() {
		f.Add(scaling.RuleField(i, "metric"), "error.scaling_choose_metric")
		return
	}
	window, err := readDuration(row.Window)
	f.Merge(scaling.RuleField(i, "window"), err)
	if r.Window = window; window == core.Duration(core.DefaultScaleWindow) {
		r.Window = 0
	}
	limit, err := r.Metric.Read(row.Threshold)
	f.Merge(scaling.RuleField(i, "threshold"), err)
	if err == nil && limit == 0 { // which would say nothing at all
		f.Merge(scaling.RuleField(i, "threshold"), r.Metric.CheckLimit(0))
	}
	at := "rules." + strconv.Itoa(i)
	if row.Is == "near" {
		r.Target = limit
		in.rows["rules."+strconv.Itoa(len(in.policy.Rules))] = at
		in.policy.Rules = append(in.policy.Rules, r)
		return
	}
	step := core.ScaleStep{Above: limit}
	n := wholeNumber(f, scaling.RuleField(i, "count"), row.Count, 1)
	switch {
	case row.Is == "below":
		step = core.ScaleStep{Below: limit, Remove: n}
	case row.Then == "run":
		step.Run = n
	default:
		step.Add = n
	}
	k := slices.IndexFunc(in.policy.Rules, func(o core.ScaleRule) bool {
		return len(o.Steps) > 0 && o.Metric == r.Metric && o.Window == r.Window && o.Off == r.Off
	})
	if k < 0 {
		k = len(in.policy.Rules)
		in.policy.Rules = append(in.policy.Rules, r)
		in.rows["rules."+strconv.Itoa(k)] = at
	}
	rule := &in.policy.Rules[k]
	in.rows["rules."+strconv.Itoa(k)+".steps."+strconv.Itoa(len(rule.Steps))] = at
	rule.Steps = append(rule.Steps, step)
}

func schedule(f *core.Faults, i int, row scaling.Hours) core.ScaleSchedule {
	x := core.ScaleSchedule{Zone: row.Zone, Off: !row.On}
	if x.Zone == "UTC" {
		x.Zone = ""
	}
	if row.Kind == "cron" {
		x.Cron = row.Cron
		if x.Cron == "" {
			f.Add(scaling.HoursField(i, "cron"), "error.field_missing")
		}
		duration, err := readDuration(row.For)
		f.Merge(scaling.HoursField(i, "for"), err)
		x.For = duration
	} else {
		x.From, x.To = row.From, row.To
		if len(row.Days) < len(core.Weekdays) {
			for _, d := range row.Days {
				x.Days = append(x.Days, core.Weekday(d))
			}
		}
	}
	number := func(name, text string) int {
		if text == "" {
			return 0
		}
		return wholeNumber(f, scaling.HoursField(i, name), text, 1)
	}
	x.Min, x.Max = number("min", row.Min), number("max", row.Max)
	if x.Min == x.Max {
		x.Replicas, x.Min, x.Max = x.Min, 0, 0
	}
	return x
}

// atRows leads faults to the rows that they are in: "scaling.rules.0.steps.1.below" -> "rules.2.threshold".
func (in scalingRows) atRows(faults map[string]core.Text) map[string]core.Text {
	inputs := map[string]string{"target": "threshold", "above": "threshold", "below": "threshold", "add": "count", "run": "count",
		"remove": "count", "replicas": "min", "steps": "threshold"}
	at := map[string]core.Text{}
	for _, field := range slices.Sorted(maps.Keys(faults)) {
		text := faults[field]
		field, deep := strings.CutPrefix(field, "scaling.")
		if i := strings.LastIndexByte(field, '.'); deep && i > 0 {
			if row, ok := in.rows[field[:i]]; ok {
				name := field[i+1:]
				if input, other := inputs[name]; other {
					name = input
				}
				field = row + "." + name
			}
		}
		at[field] = text
	}
	return at
}

// wholeNumber reads a number of instances. What it is bounded by otherwise, the service says.
func wholeNumber(f *core.Faults, field, text string, least int) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < least || n > core.MaxReplicas {
		f.Add(field, "error.number_range", "min", strconv.Itoa(least), "max", strconv.Itoa(core.MaxReplicas))
		return 0
	}
	return n
}

// typedScaleRules are the rows in which anything was said.
func typedScaleRules(c echo.Context) (rows []scaling.Rule) {
	at := typedColumns(c, "rule_key", "rule_metric", "rule_window", "rule_is", "rule_threshold", "rule_then", "rule_count")
	for _, v := range at {
		r := scaling.Rule{Metric: v[1], Window: v[2], Is: v[3], Threshold: v[4], Then: v[5], Count: v[6],
			On: slices.Contains(c.Request().PostForm["rule_on"], v[0])}
		if r.Metric != "" || r.Threshold != "" {
			rows = append(rows, r)
		}
	}
	return rows
}

// typedHours are the rows in which anything was said.
func typedHours(c echo.Context) (rows []scaling.Hours) {
	form := c.Request().PostForm
	at := typedColumns(c, "hours_key", "hours_kind", "hours_from", "hours_to", "hours_cron", "hours_for", "hours_zone", "hours_min", "hours_max")
	for _, v := range at {
		h := scaling.Hours{Kind: v[1], From: v[2], To: v[3], Cron: v[4], For: v[5], Zone: v[6], Min: v[7], Max: v[8],
			On: slices.Contains(form["hours_on"], v[0])}
		for _, d := range core.Weekdays {
			if slices.Contains(form["hours_day"], v[0]+":"+string(d)) {
				h.Days = append(h.Days, string(d))
			}
		}
		if h.From+h.To+h.Cron+h.For+h.Min+h.Max != "" {
			rows = append(rows, h)
		}
	}
	return rows
}

// typedColumns are the rows of a form whose inputs come in the order of the rows, trimmed.
func typedColumns(c echo.Context, names ...string) (rows [][]string) {
	form := c.Request().PostForm
	n := len(form[names[0]])
	for _, name := range names {
		n = min(n, len(form[name]))
	}
	for i := range n {
		row := make([]string, len(names))
		for k, name := range names {
			row[k] = strings.TrimSpace(form[name][i])
		}
		rows = append(rows, row)
	}
	return rows
}
