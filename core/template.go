package core

import (
	"maps"
	"slices"
	"strings"
	"text/template"
)

// Rendered is a catalogue entry filled in for one service.
type Rendered struct {
	Env        []EnvVar // of the service itself, by name
	Command    []string // nil keeps the image's
	URI        string
	BindingEnv map[string]string // what an app that uses the service gets
}

// Values returns what the templates of an entry may name: the service's credentials, "host" (its name on the
// tenant's network), "port", and "cache_mb", three quarters of an instance's memory in MiB.
func (e CatalogEntry) Values(appID string, credentials map[string]string, memory Bytes) map[string]string {
	values := map[string]string{}
	maps.Copy(values, credentials)
	values["host"], values["port"] = appID, itoa(e.Port)
	values["cache_mb"] = itoa(int(memory * 3 / 4 / MiB))
	return values
}

// Render fills the entry's templates with values; see Values. A name that values does not have is an error, as is a
// malformed template: core/catalog refuses such entries. Errors: EINTERNAL.
func (e CatalogEntry) Render(values map[string]string) (Rendered, error) {
	r := renderer{values: values}
	out := Rendered{BindingEnv: make(map[string]string, len(e.BindingEnv))}
	for _, name := range slices.Sorted(maps.Keys(e.Env)) {
		out.Env = append(out.Env, EnvVar{Name: name, Value: r.fill("env."+name, e.Env[name])})
	}
	for _, c := range e.Command {
		out.Command = append(out.Command, r.fill("command", c))
	}
	out.URI = r.fill("uri", e.URI)
	for name, text := range e.BindingEnv {
		out.BindingEnv[name] = r.fill("binding_env."+name, text)
	}
	if r.err != nil {
		return Rendered{}, Wrap(r.err, EINTERNAL, "error.catalog_template", "entry", e.Name)
	}
	return out, nil
}

// Plan returns the plan of a name, the default for "". Errors: EINVALID at "plan".
func (e CatalogEntry) Plan(name string) (Plan, error) {
	for _, p := range e.Plans {
		if p.Name == name || name == "" {
			return p, nil
		}
	}
	return Plan{}, Invalid("plan", "error.plan_unknown", "plan", name)
}

// Version returns the version of a name, the default for "". Errors: EINVALID at "version".
func (e CatalogEntry) Version(name string) (CatalogVersion, error) {
	for _, v := range e.Versions {
		if v.Version == name || name == "" {
			return v, nil
		}
	}
	return CatalogVersion{}, Invalid("version", "error.catalog_version_unknown", "version", name, "title", e.Title)
}

// renderer fills templates and keeps the first error.
type renderer struct {
	values map[string]string
	err    error
}

func (r *renderer) fill(name, text string) string {
	t, err := template.New(name).Option("missingkey=error").Parse(text)
	var out strings.Builder
	if err == nil {
		err = t.Execute(&out, r.values)
	}
	if err != nil && r.err == nil {
		r.err = err
	}
	return out.String()
}
