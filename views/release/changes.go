package release

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"berth/core"
	"berth/views/i18n"
	"berth/views/sentence"
)

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

// Label names what differs: "Memory of an instance", "LOG_LEVEL", "Share of 1.5.0".
func Label(ctx context.Context, d core.Difference) string {
	if d.What == "env" {
		return d.Name
	}
	return i18n.T(ctx, "diff."+d.What, "name", d.Name)
}

// several are the differences of which there can be many under one label.
var several = map[string]bool{"env": true, "bindings": true, "rules.allow": true, "rules.deny": true, "rules.auth": true,
	"rules.maintenance.allow": true, "rules.request_headers": true, "rules.response_headers": true, "rules.paths": true,
	"rules.redirects": true, "scaling.rules": true, "scaling.schedules": true}

// outcome is what stands behind a value that came or went, or in the place of one that is secret.
func outcome(ctx context.Context, d core.Difference) string {
	switch {
	case d.Secret && d.Kind != core.DiffRemoved:
		return i18n.T(ctx, "diff.secret_"+string(d.Kind))
	case d.Kind == core.DiffChanged, d.Kind == core.DiffAdded && !several[d.What]:
		return ""
	case d.Kind == core.DiffRemoved && !several[d.What]:
		return i18n.T(ctx, "diff.none")
	}
	return i18n.T(ctx, "diff."+string(d.Kind))
}

// Sentence says a difference in one line: "Memory of an instance: 256 MB → 512 MB", "Scaling rule added: ...".
func Sentence(l *i18n.Localizer, d core.Difference) string {
	ctx := i18n.With(context.Background(), l)
	what, word := Label(ctx, d), outcome(ctx, d)
	switch {
	case d.Secret && d.Kind != core.DiffRemoved:
		return l.T("diff.says", "what", what, "value", word)
	case d.Secret:
		return l.T("diff.says_removed", "what", what)
	case d.Kind == core.DiffChanged || d.Kind == core.DiffRemoved && !several[d.What]:
		after := word
		if word == "" {
			after = Value(l, d.What, d.After)
		}
		return l.T("diff.says_changed", "what", what, "before", Value(l, d.What, d.Before), "after", after)
	case d.Kind == core.DiffRemoved:
		return l.T("diff.says", "what", l.T("diff.says_removed", "what", what), "value", Value(l, d.What, d.Before))
	case several[d.What]:
		what = l.T("diff.says_added", "what", what)
	}
	return l.T("diff.says", "what", what, "value", Value(l, d.What, d.After))
}

// value words one side of a difference.
func value(ctx context.Context, d core.Difference, v string) string {
	return Value(i18n.From(ctx), d.What, v)
}

// Value words what something is that differs, as core.Diff says it.
func Value(l *i18n.Localizer, what, v string) string {
	switch what {
	case "cpu":
		if c, err := core.ParseCPU(v); err == nil {
			return l.CPU(c)
		}
	case "strategy":
		return l.T("strategy." + v)
	case "health.kind":
		return l.T("health.kind." + v)
	case "health.policy":
		return l.T("health.policy." + v)
	case "rules.protocol", "rules.balance":
		return l.T("diff.value." + v)
	case "scaling.rules":
		return scaleRules(l, v)
	case "scaling.schedules":
		return scaleHours(l, "["+v+"]")
	case "scaling.order":
		return scaleHours(l, v)
	case "rules.paths":
		if app, stripped := strings.CutSuffix(v, " /"); stripped {
			return l.T("diff.value.stripped", "app", app)
		}
	case "rules.request_headers", "rules.response_headers":
		if v == "" {
			return l.T("diff.value.no_header")
		}
	case "health.interval", "health.timeout", "health.grace", "rules.rate.per", "rules.response_timeout", "rules.idle_timeout",
		"rules.eject.for", "rules.eject.return", "strategy.keep", "scaling.cooldown_up", "scaling.cooldown_down", "scaling.idle":
		if t, err := time.ParseDuration(v); err == nil {
			return l.Duration(t)
		}
	}
	return plainValue(l, v)
}

func scaleRules(l *i18n.Localizer, v string) string {
	var r core.ScaleRule
	if json.Unmarshal([]byte(v), &r) != nil {
		return v
	}
	return inUse(l, r.Off, strings.Join(sentence.Rule(l, r), l.T("diff.value.between")))
}

func scaleHours(l *i18n.Localizer, v string) string {
	var list []core.ScaleSchedule
	if json.Unmarshal([]byte(v), &list) != nil {
		return v
	}
	words := make([]string, len(list))
	for i, x := range list {
		words[i] = inUse(l, x.Off, sentence.Hours(l, x))
	}
	return strings.Join(words, l.T("diff.value.between"))
}

func inUse(l *i18n.Localizer, off bool, words string) string {
	if off {
		return l.T("diff.value.off_words", "words", words)
	}
	return words
}

func plainValue(l *i18n.Localizer, v string) string {
	const longest = 160
	switch r := []rune(v); {
	case v == "on" || v == "off" || v == "never":
		return l.T("diff.value." + v)
	case len(r) == 0:
		return l.T("diff.value.empty")
	case len(r) > longest:
		return string(r[:longest]) + "…"
	}
	return v
}

// hasBefore reports whether the side before is to be shown, hasAfter the other.
func hasBefore(d core.Difference) bool { return !d.Secret && d.Kind != core.DiffAdded }
func hasAfter(d core.Difference) bool  { return !d.Secret && d.Kind != core.DiffRemoved }

func envValueLabel(ctx context.Context, v core.EnvVar) string {
	if v.Name == "" {
		return i18n.T(ctx, "field.env_value")
	}
	return i18n.T(ctx, "field.env_value_of", "name", v.Name)
}

// proof says what failed during a switch, and how long that took when it is known.
func proof(ctx context.Context, r core.Revision) string {
	failed, served := i18n.Number(r.Failed), i18n.Number(r.Served)
	if r.Switch.EndedAt.IsZero() {
		return i18n.T(ctx, "releases.proof", "failed", failed, "served", served)
	}
	took := r.Switch.EndedAt.Sub(r.Switch.BegunAt).Round(100 * time.Millisecond)
	if took > time.Second {
		took = took.Round(time.Second)
	}
	return i18n.T(ctx, "releases.took", "failed", failed, "served", served, "took", took)
}
