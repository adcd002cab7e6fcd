package service

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"berth/core"
)

// reasonOf words why there is a new release: from what it changes. Settings are named, never their values.
func reasonOf(old core.Release, spec core.ReleaseSpec) core.Text {
	if old.Number == 0 {
		return core.T("reason.first_release", "version", shares(spec.Targets))
	}
	from, to := shares(old.Spec.Targets), shares(spec.Targets)
	settings := strings.Join(changedSettings(old.Spec, spec), ", ")
	scaled := old.Spec.Replicas != spec.Replicas
	switch {
	case from != to && settings == "" && !scaled:
		return core.T("reason.version", "from", from, "to", to)
	case from != to:
		return core.T("reason.version_and_settings", "from", from, "to", to)
	case scaled && settings == "":
		return core.T("reason.scaled", "from", strconv.Itoa(old.Spec.Replicas), "to", strconv.Itoa(spec.Replicas))
	case scaled:
		return core.T("reason.settings_changed", "settings", "replicas, "+settings)
	case settings != "":
		return core.T("reason.settings_changed", "settings", settings)
	}
	return core.T("reason.same_again")
}

// shares names versions, and their shares of the requests when there are several: "1.0 90%, 1.1 10%".
func shares(targets []core.Target) string {
	if len(targets) == 1 {
		return targets[0].Label
	}
	parts := make([]string, len(targets))
	for i, t := range targets {
		parts[i] = fmt.Sprintf("%s %d%%", t.Label, t.Weight)
	}
	return strings.Join(parts, ", ")
}

// changedSettings returns the names of the settings that differ; of variables their own names.
func changedSettings(a, b core.ReleaseSpec) []string {
	var names []string
	for _, s := range []struct {
		name    string
		changed bool
	}{
		{"memory", a.Memory != b.Memory},
		{"cpu", a.CPU != b.CPU},
		{"port", a.Port != b.Port},
		{"command", !slices.Equal(a.Command, b.Command)},
		{"health", !reflect.DeepEqual(a.Health.WithDefaults(), b.Health.WithDefaults())},
		{"bindings", !slices.Equal(a.Bindings, b.Bindings)},
		{"rules", !reflect.DeepEqual(a.Rules, b.Rules)},
		{"strategy", a.Strategy.Chosen() != b.Strategy.Chosen()},
	} {
		if s.changed {
			names = append(names, s.name)
		}
	}
	return append(names, changedVars(a.Env, b.Env)...)
}

const maxNamed = 5

func changedVars(a, b []core.EnvVar) []string {
	vars := map[string][2]core.EnvVar{}
	for _, v := range a {
		vars[v.Name] = [2]core.EnvVar{v, {}}
	}
	for _, v := range b {
		vars[v.Name] = [2]core.EnvVar{vars[v.Name][0], v}
	}
	var names []string
	for name, pair := range vars {
		if pair[0] != pair[1] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) > maxNamed {
		names = append(names[:maxNamed], "…")
	}
	return names
}
