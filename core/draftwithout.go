package core

import (
	"reflect"
	"slices"
	"strings"
)

// Without returns spec with one thing that a difference names as now has it.
func Without(spec, now ReleaseSpec, what, name string) ReleaseSpec {
	switch what {
	case "env":
		spec.Env = envOver(only(spec.Env, name), only(now.Env, name), spec.Env)
	case "version", "share":
		spec.Targets = now.Targets
	default:
		if (Difference{What: what}).OfScaling() {
			what = "scaling"
		}
		revert(reflect.ValueOf(&spec).Elem(), reflect.ValueOf(now), strings.Split(what, "."))
	}
	return spec
}

func only(env []EnvVar, name string) []EnvVar {
	return slices.DeleteFunc(slices.Clone(env), func(v EnvVar) bool { return v.Name != name })
}

// revert walks down by the names that fields have in JSON, and does nothing when there is none of the name.
func revert(to, from reflect.Value, path []string) {
	for i := range to.NumField() {
		name, _, _ := strings.Cut(to.Type().Field(i).Tag.Get("json"), ",")
		switch {
		case name != path[0]:
		case len(path) > 1 && to.Field(i).Kind() == reflect.Struct:
			revert(to.Field(i), from.Field(i), path[1:])
		default:
			to.Field(i).Set(from.Field(i))
		}
	}
}
