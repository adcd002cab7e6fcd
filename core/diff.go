package core

import (
	"slices"
	"strings"
)

// Difference is one thing that two releases say differently.
type Difference struct {
	What   string         `json:"what"`           // "memory", "env", "rules.deny"; the words are "diff." and this
	Name   string         `json:"name,omitempty"` // of what there are several: a variable, a version, a header
	Kind   DifferenceKind `json:"kind"`
	Before string         `json:"before,omitempty"` // as the API says it; "" when it was not there, or is secret
	After  string         `json:"after,omitempty"`  // "" when it is not there any more, or is secret
	Secret bool           `json:"secret,omitempty"` // neither value is said
}

// OfScaling reports whether it is a part of the scaling, all of which belongs together: a draft has it as a whole.
func (d Difference) OfScaling() bool { return strings.HasPrefix(d.What, "scaling") }

// DifferenceKind says how something differs.
type DifferenceKind string

// The kinds.
const (
	DiffAdded   DifferenceKind = "added"
	DiffRemoved DifferenceKind = "removed"
	DiffChanged DifferenceKind = "changed"
)

// Revision is a release with what it changed against the one before it, and how it was carried out.
type Revision struct {
	Release                // secrets masked
	Changes   []Difference // against the release with the number before; nil for the first
	Operation Operation    // the zero one when it is not kept any more
	Switch    SwitchCount  // what the gateways counted of the switch to it; the zero one when they did not
}

// Diff says what differs from one release to another, in the order of the settings. Of secrets it says that they
// changed, never to what; so it wants both with their secrets, which Service methods that return it read.
func Diff(before, after ReleaseSpec) []Difference {
	var d differ
	d.targets(before.Targets, after.Targets)
	d.text("replicas", count(before.Targets, before.Replicas), count(after.Targets, after.Replicas))
	d.text("memory", size(before.Memory), size(after.Memory))
	d.text("cpu", cores(before), cores(after))
	d.text("port", number(before.Port), number(after.Port))
	d.text("command", strings.Join(before.Command, " "), strings.Join(after.Command, " "))
	d.health(before, after)
	d.set("bindings", before.Bindings, after.Bindings)
	d.entries("env", variables(before.Env), variables(after.Env))
	d.rules(before.Rules, after.Rules)
	d.strategy(before.Strategy.Chosen(), after.Strategy.Chosen())
	d.scaling(before.Scaling, after.Scaling)
	return d.list
}

// Restarts reports whether any of the changes, which lead to after, has an instance made anew. Weights, the number of
// instances, how it is asked from outside and what concerns the gateway alone do not.
func Restarts(changes []Difference, after ReleaseSpec) bool {
	own := string(ProbeImage) // of which the engine is told
	timing := []string{"health.interval", "health.timeout", "health.failures"}
	return slices.ContainsFunc(changes, func(d Difference) bool {
		first, _, _ := strings.Cut(d.What, ".")
		if first == "health" {
			return d.Before == own || d.After == own || after.Health.AsksImage() && slices.Contains(timing, d.What)
		}
		return !slices.Contains([]string{"share", "replicas", "rules", "strategy", "scaling"}, first)
	})
}

type differ struct{ list []Difference }

func (d *differ) add(x Difference) {
	switch {
	case x.Kind != "":
	case x.Before == "":
		x.Kind = DiffAdded
	case x.After == "":
		x.Kind = DiffRemoved
	default:
		x.Kind = DiffChanged
	}
	d.list = append(d.list, x)
}

func (d *differ) text(what, before, after string) { d.named(what, "", before, after) }

func (d *differ) named(what, name, before, after string) {
	if before != after {
		d.add(Difference{What: what, Name: name, Before: before, After: after})
	}
}

func (d *differ) strategy(before, after Strategy) {
	d.text("strategy", orWord(string(before.Kind), "at_once"), orWord(string(after.Kind), "at_once"))
	d.text("strategy.surge", before.atMost(), after.atMost())
	d.text("strategy.unavailable", string(before.Unavailable), string(after.Unavailable))
	d.flag("strategy.auto", before.Auto, after.Auto)
	d.text("strategy.keep", duration(Duration(before.KeptFor())), duration(Duration(after.KeptFor())))
}

// set says what came to a list and what left it; the order does not matter.
func (d *differ) set(what string, before, after []string) {
	missing := func(in, from []string) string {
		var list []string
		for _, x := range from {
			if !slices.Contains(in, x) {
				list = append(list, x)
			}
		}
		return strings.Join(list, ", ")
	}
	if gone := missing(after, before); gone != "" {
		d.add(Difference{What: what, Kind: DiffRemoved, Before: gone})
	}
	if come := missing(before, after); come != "" {
		d.add(Difference{What: what, Kind: DiffAdded, After: come})
	}
}

// targets says "1.4.0 -> 1.5.0" where one version follows another, else the share of each.
func (d *differ) targets(before, after []Target) {
	label := func(list []Target) (string, bool) {
		switch len(list) {
		case 0:
			return "", true
		case 1:
			return list[0].Label, true
		}
		return "", false
	}
	b, oneBefore := label(before)
	a, oneAfter := label(after)
	if oneBefore && oneAfter {
		d.text("version", b, a)
		return
	}
	for _, t := range after {
		d.named("share", t.Label, share(before, t.Label), percent(t.Weight))
	}
	for _, t := range before {
		if !slices.ContainsFunc(after, func(o Target) bool { return o.Label == t.Label }) {
			d.named("share", t.Label, percent(t.Weight), percent(0))
		}
	}
}

func share(targets []Target, label string) string {
	for _, t := range targets {
		if t.Label == label {
			return percent(t.Weight)
		}
	}
	return percent(0)
}

func percent(n int) string { return itoa(n) + "%" }

// count is "" before the first release.
func count(targets []Target, n int) string {
	if len(targets) == 0 {
		return ""
	}
	return itoa(n)
}

func size(b Bytes) string {
	if b == 0 {
		return ""
	}
	return b.Human()
}

// cores is "0" for no limit and "" before the first release.
func cores(s ReleaseSpec) string {
	if len(s.Targets) == 0 {
		return ""
	}
	return s.CPU.String()
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return itoa(n)
}

func duration(v Duration) string {
	if v == 0 {
		return ""
	}
	return v.String()
}

func (d *differ) health(before, after ReleaseSpec) {
	b, a := before.Health.WithDefaults(), after.Health.WithDefaults()
	if len(before.Targets) == 0 { // only what is not as usual is worth a word
		b = HealthCheck{}.WithDefaults()
	}
	d.text("health.kind", saidKind(b), saidKind(a))
	d.text("health.path", b.Path, a.Path)
	d.text("health.status", b.Status, a.Status)
	d.text("health.text", b.Text, a.Text)
	d.text("health.service", b.Service, a.Service)
	d.text("health.interval", duration(b.Interval), duration(a.Interval))
	d.text("health.timeout", duration(b.Timeout), duration(a.Timeout))
	d.text("health.grace", duration(b.Grace), duration(a.Grace))
	d.text("health.failures", itoa(b.Failures), itoa(a.Failures))
	d.text("health.successes", itoa(b.Successes), itoa(a.Successes))
	d.text("health.policy", string(b.Policy), string(a.Policy))
	d.text("health.alive", alive(b), alive(a))
}

// saidKind is "" where a path, or that there is none, says it already.
func saidKind(h HealthCheck) string {
	if h.Kind == ProbeAuto || h.Kind == ProbeHTTP && h.Path != "" {
		return ""
	}
	return string(h.Kind)
}

func alive(h HealthCheck) string {
	if h.Alive == (Probe{}) {
		return ""
	}
	return h.Alive.String()
}

// entry is one of a list in which each is known by its name.
type entry struct {
	name, value string
	secret      bool
}

func named(list []entry, name string) (entry, bool) {
	i := slices.IndexFunc(list, func(e entry) bool { return e.name == name })
	if i < 0 {
		return entry{}, false
	}
	return list[i], true
}

// entries says which came, changed and left.
func (d *differ) entries(what string, before, after []entry) {
	for _, a := range after {
		if b, was := named(before, a.name); !was {
			d.hidden(Difference{What: what, Name: a.name, Kind: DiffAdded, After: a.value, Secret: a.secret})
		} else if a != b {
			d.hidden(Difference{What: what, Name: a.name, Kind: DiffChanged, Before: b.value, After: a.value, Secret: a.secret || b.secret})
		}
	}
	for _, b := range before {
		if _, is := named(after, b.name); !is {
			d.hidden(Difference{What: what, Name: b.name, Kind: DiffRemoved, Before: b.value, Secret: b.secret})
		}
	}
}

// hidden adds x without what is secret.
func (d *differ) hidden(x Difference) {
	if x.Secret {
		x.Before, x.After = "", ""
	}
	d.add(x)
}

func variables(env []EnvVar) []entry {
	list := make([]entry, len(env))
	for i, v := range env {
		list[i] = entry{v.Name, v.Value, v.Secret}
	}
	return list
}
