package core

import (
	"encoding/json"
	"slices"
	"strings"
)

// scaling says what differs in how the number of instances follows the load: bounds and times each for itself, rules and
// schedules as the API has them.
func (d *differ) scaling(before, after Scaling) {
	d.text("scaling.min", number(before.Min), number(after.Min))
	d.text("scaling.max", number(before.Max), number(after.Max))
	d.unlike("scaling.rules", scaleRules(before.Rules), scaleRules(after.Rules))
	hoursBefore, hoursAfter := scaleHours(before.Schedules), scaleHours(after.Schedules)
	d.unlike("scaling.schedules", hoursBefore, hoursAfter)
	d.order(hoursBefore, hoursAfter)
	if after.On() {
		d.text("scaling.cooldown_up", Duration(before.UpAfter()).String(), Duration(after.UpAfter()).String())
		d.text("scaling.cooldown_down", Duration(before.DownAfter()).String(), Duration(after.DownAfter()).String())
	}
	d.text("scaling.idle", orWord(duration(before.Idle), "never"), orWord(duration(after.Idle), "never"))
}

// unlike says which came, changed and left. Those that are on both sides are none of them, so that one in the place of
// another of its name is that one changed.
func (d *differ) unlike(what string, before, after []entry) {
	d.entries(what, numbered(without(before, after)), numbered(without(after, before)))
}

// order says that schedules were put in another order: of several at once the last one counts.
func (d *differ) order(before, after []entry) {
	b, a := without(before, without(before, after)), without(after, without(after, before))
	if !slices.Equal(b, a) {
		d.add(Difference{What: "scaling.order", Kind: DiffChanged, Before: values(b), After: values(a)})
	}
}

// without returns those of list that others has not, each as often as it is there more often.
func without(list, others []entry) (rest []entry) {
	others = slices.Clone(others)
	for _, e := range list {
		if i := slices.Index(others, e); i >= 0 {
			others = slices.Delete(others, i, i+1)
		} else {
			rest = append(rest, e)
		}
	}
	return rest
}

// numbered tells those of the same name apart: "cpu", "cpu 2".
func numbered(list []entry) []entry {
	seen := map[string]int{}
	for i, e := range list {
		if seen[e.name]++; seen[e.name] > 1 {
			list[i].name += " " + itoa(seen[e.name])
		}
	}
	return list
}

func scaleRules(rules []ScaleRule) []entry {
	list := make([]entry, len(rules))
	for i, r := range rules {
		if r.Over() == DefaultScaleWindow {
			r.Window = 0
		}
		list[i] = entry{name: string(r.Metric), value: asJSON(r)}
	}
	return list
}

// scaleHours are schedules, known by when they are in force.
func scaleHours(schedules []ScaleSchedule) []entry {
	list := make([]entry, len(schedules))
	for i, x := range schedules {
		if x.Zone == "UTC" {
			x.Zone = ""
		}
		list[i] = entry{name: x.when(), value: asJSON(x)}
	}
	return list
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil { // a number that is none, which Validate refuses
		return ""
	}
	return string(b)
}

// values are a list in JSON.
func values(list []entry) string {
	all := make([]string, len(list))
	for i, e := range list {
		all[i] = e.value
	}
	return "[" + strings.Join(all, ",") + "]"
}
