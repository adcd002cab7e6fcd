package service

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"

	"berth/core"
)

const (
	maxTargets  = 10
	maxBindings = 50
)

// merger puts what a person says over what the release before said, and collects every fault.
type merger struct {
	ctx    context.Context
	tx     core.Store
	app    core.App
	first  bool
	spec   core.ReleaseSpec
	faults core.Faults
}

// merge returns the spec of the new release. Errors: EINVALID, ETOOLARGE, those of the store.
func (m *merger) merge(in core.NewRelease) (core.ReleaseSpec, error) {
	if m.first {
		m.defaults()
	}
	before := m.spec.Targets
	if err := m.targets(in); err != nil {
		return m.spec, err
	}
	if err := m.port(in.Port, before); err != nil {
		return m.spec, err
	}
	set(&m.spec.Replicas, in.Replicas)
	set(&m.spec.Memory, in.Memory)
	set(&m.spec.CPU, in.CPU)
	set(&m.spec.Command, in.Command)
	set(&m.spec.Health, in.Health)
	m.scaling(in.Scaling)
	if in.Env != nil {
		m.spec.Env = mergeEnv(m.spec.Env, *in.Env)
	}
	if err := m.bindings(in.Bindings); err != nil {
		return m.spec, err
	}
	if err := m.rules(in.Rules); err != nil {
		return m.spec, err
	}
	if err := m.strategy(in); err != nil {
		return m.spec, err
	}
	if err := m.ownCheck(); err != nil {
		return m.spec, err
	}
	return m.spec, m.check()
}

func set[T any](to *T, v *T) {
	if v != nil {
		*to = *v
	}
}

// defaults are what the first release has unless it says otherwise.
func (m *merger) defaults() {
	m.spec.Replicas = 1
	for _, p := range core.AppPlans {
		if p.Name == cmp.Or(m.app.Plan, core.AppPlans[0].Name) {
			m.spec.Memory, m.spec.CPU = p.Memory, p.CPU
		}
	}
}

// targets finds the versions by their labels. Those of the release before may have been deleted since.
func (m *merger) targets(in core.NewRelease) error {
	weights, at := in.Weights, "weights."
	switch {
	case in.Version != "" && in.Weights != nil:
		m.faults.Add("version", "error.version_or_weights")
		return nil
	case in.Version != "":
		weights, at = map[string]int{in.Version: 100}, ""
	case in.Weights == nil:
		return m.keepTargets()
	case len(in.Weights) > maxTargets:
		m.faults.Add("weights", "error.weights_many", "max", strconv.Itoa(maxTargets))
		return nil
	}
	m.spec.Targets = nil
	for _, label := range slices.Sorted(maps.Keys(weights)) {
		field := "version"
		if at != "" {
			field = at + label
		}
		v, err := m.version(label)
		if core.ErrorCode(err) == core.ENOTFOUND {
			m.faults.Add(field, "error.version_unknown", "version", label)
			continue
		}
		if err != nil {
			return err
		}
		m.spec.Targets = append(m.spec.Targets, core.Target{VersionID: v.ID, Label: v.Label, Digest: v.Digest, Weight: weights[label]})
	}
	return nil
}

func (m *merger) version(label string) (core.Version, error) {
	if core.ValidateLabel("version", label) != nil {
		return core.Version{}, core.NotFound()
	}
	return m.tx.Versions().ByLabel(m.ctx, m.app.ID, label)
}

func (m *merger) keepTargets() error {
	for _, t := range m.spec.Targets {
		_, err := m.tx.Versions().Get(m.ctx, t.VersionID)
		if core.ErrorCode(err) == core.ENOTFOUND {
			m.faults.Add("version", "error.version_gone", "version", t.Label)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// port is what the person says, else what was said before. Where nobody chose one, it is the version's own.
func (m *merger) port(said *int, before []core.Target) error {
	if said != nil {
		m.spec.Port = *said
		return nil
	}
	chosen, err := m.detected(before)
	if err != nil {
		return err
	}
	if m.spec.Port == 0 || m.spec.Port == chosen {
		found, err := m.detected(m.spec.Targets)
		if err != nil {
			return err
		}
		m.spec.Port = cmp.Or(found, m.spec.Port)
	}
	if m.spec.Port == 0 && len(m.faults) == 0 {
		m.faults.Add("port", "error.port_missing")
	}
	return nil
}

// detected returns the port that was found in the version with the largest weight, 0 when none was.
func (m *merger) detected(targets []core.Target) (int, error) {
	if len(targets) == 0 {
		return 0, nil
	}
	largest := slices.MaxFunc(targets, func(a, b core.Target) int { return cmp.Compare(a.Weight, b.Weight) })
	v, err := m.tx.Versions().Get(m.ctx, largest.VersionID)
	if core.ErrorCode(err) == core.ENOTFOUND {
		return 0, nil
	}
	return v.Detected.Port, err
}

// bindings must be services of the same tenant. Of those said before, what was deleted since is left out.
func (m *merger) bindings(said *[]string) error {
	ctx, ids := asSystem(m.ctx), m.spec.Bindings
	if said != nil {
		ctx, ids = m.ctx, *said
	}
	if len(ids) > maxBindings {
		m.faults.Add("bindings", "error.bindings_many", "max", strconv.Itoa(maxBindings))
		return nil
	}
	m.spec.Bindings = nil
	for _, id := range ids {
		ok, err := bindable(ctx, m.tx, m.app, id)
		switch {
		case err != nil:
			return err
		case ok && !slices.Contains(m.spec.Bindings, id):
			m.spec.Bindings = append(m.spec.Bindings, id)
		case !ok && said != nil:
			m.faults.Add("bindings", "error.binding_unknown", "name", id)
		}
	}
	return nil
}

// bindable reports whether an app may use a service. The tenant is looked at even where the actor sees several: once
// a service is deleted, its id may be another tenant's.
func bindable(ctx context.Context, tx core.Store, app core.App, id string) (bool, error) {
	service, err := appFor(ctx, tx, id, core.ActView)
	if core.ErrorCode(err) == core.ENOTFOUND {
		return false, nil
	}
	return err == nil && service.IsService() && !service.Deleting && service.TenantID == app.TenantID && id != app.ID, err
}

// ownCheck has the image's own check asked only where every version has one.
func (m *merger) ownCheck() error {
	if !m.spec.Health.AsksImage() {
		return nil
	}
	field := "health.kind"
	if m.spec.Health.Kind != core.ProbeImage {
		field = "health.alive.kind"
	}
	for _, t := range m.spec.Targets {
		v, err := m.tx.Versions().Get(m.ctx, t.VersionID)
		switch {
		case core.ErrorCode(err) == core.ENOTFOUND: // which is a fault of its own
		case err != nil:
			return err
		case len(v.Detected.HealthCheck) == 0:
			m.faults.Add(field, "error.health_no_check", "version", t.Label)
			return nil
		}
	}
	return nil
}

// check adds the faults of the whole to those found before; of one field the first counts.
func (m *merger) check() error {
	if m.spec.Volume != nil && m.spec.Replicas > 1 {
		m.faults.Add("replicas", "error.replicas_storage")
	}
	if m.spec.Volume != nil && m.spec.Scaling.On() {
		m.faults.Add("scaling", "error.scaling_storage")
	}
	if m.spec.Volume != nil && len(m.spec.Targets) > 1 {
		m.faults.Add("weights", "error.weights_storage")
	}
	err := m.spec.Validate()
	if core.ErrorCode(err) == core.ETOOLARGE {
		return err
	}
	noted := map[string]bool{"version": len(m.faults) > 0 && len(m.spec.Targets) == 0}
	for _, f := range m.faults {
		noted[f.Field] = true
	}
	if e, ok := errors.AsType[*core.Error](err); ok {
		for _, f := range e.Fields {
			if !noted[f.Field] {
				m.faults = append(m.faults, f)
			}
		}
	}
	return m.faults.Err()
}

// mergeEnv returns the new variables by name. A secret without a value keeps the one it had.
func mergeEnv(old, said []core.EnvVar) []core.EnvVar {
	kept := map[string]string{}
	for _, v := range old {
		if v.Secret {
			kept[v.Name] = v.Value
		}
	}
	env := slices.Clone(said)
	for i, v := range env {
		if v.Secret && v.Value == "" {
			env[i].Value = kept[v.Name]
		}
	}
	slices.SortStableFunc(env, func(a, b core.EnvVar) int { return cmp.Compare(a.Name, b.Name) })
	return env
}
