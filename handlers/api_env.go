package handlers

import (
	"encoding/json"
	"maps"
	"slices"

	"berth/core"
)

// envJSON reads an environment from an object, {"NAME": "value"} or {"NAME": {"value": "...", "secret": true}}, or
// from a list, [{"name": "NAME", "value": "...", "secret": true}], which is also how it is answered.
type envJSON []core.EnvVar

// UnmarshalJSON sorts the variables of an object by name, since it has no order.
func (e *envJSON) UnmarshalJSON(data []byte) error {
	var vars []core.EnvVar
	if unmarshalStrict(data, &vars) == nil {
		*e = vars
		return nil
	}
	object := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &object); err != nil {
		return core.Errorf(core.EINVALID, "error.env_type")
	}
	*e = make(envJSON, 0, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		v := core.EnvVar{Name: name}
		if json.Unmarshal(object[name], &v.Value) != nil {
			if err := unmarshalStrict(object[name], (*envValue)(&v)); err != nil || v.Name != name {
				return core.Invalid(name, "error.env_type")
			}
		}
		*e = append(*e, v)
	}
	return nil
}

// envValue reads the value of a variable whose name is known.
type envValue core.EnvVar

// newEnvJSON leaves out what is secret.
func newEnvJSON(env []core.EnvVar) envJSON {
	out := make(envJSON, len(env))
	for i, v := range env {
		if v.Secret {
			v.Value = ""
		}
		out[i] = v
	}
	return out
}
