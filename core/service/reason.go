package service

import (
	"fmt"
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
	var settings, vars []string
	for _, d := range core.Diff(a, b) {
		setting, _, _ := strings.Cut(d.What, ".")
		switch {
		case setting == "version" || setting == "share" || setting == "replicas":
		case setting == "env":
			vars = append(vars, d.Name)
		case !slices.Contains(settings, setting):
			settings = append(settings, setting)
		}
	}
	slices.Sort(vars)
	if len(vars) > maxNamed {
		vars = append(vars[:maxNamed], "…")
	}
	return append(settings, vars...)
}

const maxNamed = 5
