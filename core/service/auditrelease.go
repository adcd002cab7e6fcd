package service

import (
	"strconv"
	"strings"
	"time"

	"berth/core"
)

// releaseValues is what the audit says of a release: what differs from the one before. A secret that changed is
// masked on both sides.
func releaseValues(old, spec core.ReleaseSpec) (before, after map[string]string) {
	before, after = map[string]string{}, map[string]string{}
	b, a := specValues(old), specValues(spec)
	for name, value := range a {
		if b[name] == value {
			continue
		}
		if b[name] != "" {
			before[name] = b[name]
		}
		if value != "" {
			after[name] = value
		}
	}
	envValues(old.Env, spec.Env, before, after)
	addRules(old.Rules, spec.Rules, before, after)
	return before, after
}

// specValues has every name, also those without a value, but the variables'.
func specValues(s core.ReleaseSpec) map[string]string {
	values := map[string]string{"version": "", "replicas": "", "memory": "", "cpu": "", "port": "", "health": "", "strategy": "",
		"command": strings.Join(s.Command, " "), "bindings": strings.Join(s.Bindings, ", ")}
	if len(s.Targets) == 0 {
		return values // before the first release
	}
	values["version"], values["replicas"] = shares(s.Targets), strconv.Itoa(s.Replicas)
	values["memory"], values["port"] = s.Memory.Human(), strconv.Itoa(s.Port)
	if s.CPU > 0 {
		values["cpu"] = s.CPU.String()
	}
	values["strategy"] = s.Strategy.Chosen().String()
	values["health"] = healthValue(s.Health.WithDefaults())
	return values
}

// envValues adds the variables that differ, as "env.NAME".
func envValues(old, env []core.EnvVar, before, after map[string]string) {
	was := make(map[string]core.EnvVar, len(old))
	for _, v := range old {
		was[v.Name] = v
	}
	for _, v := range env {
		o, known := was[v.Name]
		delete(was, v.Name)
		if known && o == v {
			continue
		}
		if known {
			before["env."+v.Name] = auditValue(o)
		}
		after["env."+v.Name] = auditValue(v)
	}
	for name, v := range was {
		before["env."+name] = auditValue(v)
	}
}

func auditValue(v core.EnvVar) string {
	if v.Secret {
		return core.Masked
	}
	return v.Value
}

func healthValue(h core.HealthCheck) string {
	parts := []string{h.Kind}
	if h.Path != "" {
		parts = append(parts, h.Path)
	}
	for _, d := range []core.Duration{h.Interval, h.Timeout, h.Grace} {
		parts = append(parts, time.Duration(d).String())
	}
	return strings.Join(append(parts, "×"+strconv.Itoa(h.Failures)), " ")
}
