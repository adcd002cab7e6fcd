package scaling

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"berth/core"
	"berth/views/i18n"
	"berth/views/ui"
)

// Rule is a row of the form: a rule with a target, or one step of a rule with some. Steps of the same measurement over
// the same time are one rule.
type Rule struct {
	Metric    string
	Is        string // "near", "above" or "below"
	Threshold string
	Window    string
	Then      string // above: "add" or "run"
	Count     string
	On        bool
	spare     bool
}

// Hours is a row of the form: a schedule.
type Hours struct {
	Kind     string // "week" or "cron"
	Days     []string
	From, To string
	Cron     string
	For      string
	Zone     string
	Min, Max string
	On       bool
	spare    bool
}

// RuleField and HoursField name an input of a row.
func RuleField(row int, name string) string  { return "rules." + strconv.Itoa(row) + "." + name }
func HoursField(row int, name string) string { return "schedules." + strconv.Itoa(row) + "." + name }

// RulesOf makes the rows of rules.
func RulesOf(rules []core.ScaleRule) (rows []Rule) {
	for _, r := range rules {
		row := Rule{Metric: string(r.Metric), Window: r.Over().String(), On: !r.Off, Then: "add"}
		if r.Target > 0 {
			row.Is, row.Threshold = "near", r.Metric.Typed(r.Target)
			rows = append(rows, row)
		}
		for _, s := range r.Steps {
			step := row
			switch {
			case s.Below > 0:
				step.Is, step.Threshold, step.Count = "below", r.Metric.Typed(s.Below), strconv.Itoa(s.Remove)
			case s.Run > 0:
				step.Is, step.Threshold, step.Then, step.Count = "above", r.Metric.Typed(s.Above), "run", strconv.Itoa(s.Run)
			default:
				step.Is, step.Threshold, step.Count = "above", r.Metric.Typed(s.Above), strconv.Itoa(s.Add)
			}
			rows = append(rows, step)
		}
	}
	return rows
}

// HoursOf makes the rows of schedules.
func HoursOf(schedules []core.ScaleSchedule) (rows []Hours) {
	for _, x := range schedules {
		h := Hours{Kind: "week", From: x.From, To: x.To, Cron: x.Cron, Zone: x.Zone, Min: typed(x.Min), Max: typed(x.Max), On: !x.Off}
		if x.Cron != "" {
			h.Kind, h.For = "cron", tidy(x.For)
		}
		if x.Replicas > 0 {
			h.Min, h.Max = typed(x.Replicas), typed(x.Replicas)
		}
		if x.Zone == "" {
			h.Zone = "UTC"
		}
		for _, d := range x.Days {
			h.Days = append(h.Days, string(d))
		}
		rows = append(rows, h)
	}
	return rows
}

// unsaid is the row without its cron expression when what is wrong with that is said at its field.
func (h Hours) unsaid(f ui.Form, row int) Hours {
	for _, name := range []string{"cron", "zone"} {
		if _, bad := f.Errors[HoursField(row, name)]; bad {
			h.Cron = ""
		}
	}
	return h
}

// next says when a cron expression fires next.
func next(ctx context.Context, times []string) string {
	return i18n.T(ctx, "scaling.cron_next", "times", strings.Join(times, i18n.T(ctx, "scaling.cron_between")))
}

func typed(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// tidy is "2h" where time.Duration says "2h0m0s".
func tidy(d core.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if short, ok := strings.CutSuffix(text, zero); ok {
			text = short + zero[:1]
		}
	}
	return text
}

func newRule() Rule {
	return Rule{Is: "near", Window: "10s", Then: "add", Count: "1", On: true, spare: true}
}

// zoneOf is the time zone of the person; the machine's, which has no name, is none.
func zoneOf(ctx context.Context) string {
	if zone := i18n.From(ctx).Zone(); zone != time.Local {
		return zone.String()
	}
	return "UTC"
}

func newHours(zone string) Hours {
	return Hours{Kind: "week", Days: []string{"mon", "tue", "wed", "thu", "fri"}, Zone: zone, On: true, spare: true}
}

// rules and hours are the rows and, for a browser without scripts, one to fill in.
func (m Page) rules() []Rule { return append(slices.Clone(m.Rules), newRule()) }

func (m Page) hours(zone string) []Hours { return append(slices.Clone(m.Hours), newHours(zone)) }

// zones are offered; any other that has a name may be typed.
var zones = []string{"UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "America/Bogota", "America/Chicago", "America/Denver",
	"America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Sao_Paulo", "America/Toronto", "Asia/Bangkok", "Asia/Dubai",
	"Asia/Hong_Kong", "Asia/Jakarta", "Asia/Kolkata", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Taipei", "Asia/Tokyo",
	"Australia/Sydney", "Europe/Amsterdam", "Europe/Berlin", "Europe/Istanbul", "Europe/London", "Europe/Madrid", "Europe/Moscow",
	"Europe/Paris", "Europe/Rome", "Europe/Warsaw", "Pacific/Auckland"}

// invalid marks an input that has a fault, and says where that stands.
func invalid(f ui.Form, field string) templ.Attributes {
	if _, bad := f.Errors[field]; !bad {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true", "aria-describedby": "f-" + field + "-error"}
}

func dayName(ctx context.Context, d core.Weekday) string {
	day, _ := d.Day()
	return i18n.T(ctx, "weekday."+strconv.Itoa(int(day)))
}
