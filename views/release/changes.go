package release

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"berth/core"
	"berth/views/i18n"
)

// Change is one thing that differs between two releases, worded but for what it is.
type Change struct {
	What          core.Text
	Before, After string
}

// PlanText says what a plan gives: "512 MB, ½ core".
func PlanText(ctx context.Context, p core.Plan) string {
	l := i18n.From(ctx)
	if p.Storage > 0 {
		return l.T("plan.text_storage", "memory", p.Memory, "cpu", l.CPU(p.CPU), "storage", p.Storage)
	}
	return l.T("plan.text", "memory", p.Memory, "cpu", l.CPU(p.CPU))
}

// Versions names the versions of a release: "1.4.0", or "1.4.0 90%, 1.5.0 10%".
func Versions(s core.ReleaseSpec) string {
	if len(s.Targets) == 1 {
		return s.Targets[0].Label
	}
	parts := make([]string, len(s.Targets))
	for i, t := range s.Targets {
		parts[i] = t.Label + " " + strconv.Itoa(t.Weight) + "%"
	}
	return strings.Join(parts, ", ")
}

// Diff says what changed from one release to the next, in the order of the settings page.
func Diff(ctx context.Context, before, after core.ReleaseSpec) []Change {
	l := i18n.From(ctx)
	var list []Change
	add := func(key, b, a string) {
		if b != a {
			list = append(list, Change{core.T(key), b, a})
		}
	}
	add("change.version", Versions(before), Versions(after))
	add("change.replicas", strconv.Itoa(before.Replicas), strconv.Itoa(after.Replicas))
	add("change.memory", l.Bytes(before.Memory), l.Bytes(after.Memory))
	add("change.cpu", l.CPU(before.CPU), l.CPU(after.CPU))
	add("change.port", strconv.Itoa(before.Port), strconv.Itoa(after.Port))
	add("change.command", strings.Join(before.Command, " "), strings.Join(after.Command, " "))
	add("change.health", before.Health.Path, after.Health.Path)
	add("change.bindings", strings.Join(before.Bindings, ", "), strings.Join(after.Bindings, ", "))
	return append(list, envDiff(l, before.Env, after.Env)...)
}

// envDiff names the variables that changed. A secret's value is not known here, so only that it came or went.
func envDiff(l *i18n.Localizer, before, after []core.EnvVar) []Change {
	var list []Change
	for _, a := range after {
		i := slices.IndexFunc(before, func(b core.EnvVar) bool { return b.Name == a.Name })
		switch what := core.T("change.env", "name", a.Name); {
		case i < 0:
			list = append(list, Change{what, "", envText(l, a)})
		case before[i] != a:
			list = append(list, Change{what, envText(l, before[i]), envText(l, a)})
		}
	}
	for _, b := range before {
		if !slices.ContainsFunc(after, func(a core.EnvVar) bool { return a.Name == b.Name }) {
			list = append(list, Change{core.T("change.env", "name", b.Name), envText(l, b), ""})
		}
	}
	return list
}

func envText(l *i18n.Localizer, v core.EnvVar) string {
	const longest = 120
	switch r := []rune(v.Value); {
	case v.Secret:
		return l.T("change.secret")
	case len(r) == 0:
		return l.T("change.empty")
	case len(r) > longest:
		return string(r[:longest]) + "…"
	}
	return v.Value
}

func envValueLabel(ctx context.Context, v core.EnvVar) string {
	if v.Name == "" {
		return i18n.T(ctx, "field.env_value")
	}
	return i18n.T(ctx, "field.env_value_of", "name", v.Name)
}
