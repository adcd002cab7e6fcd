package reconcile

import (
	"context"
	"maps"
	"slices"

	"berth/core"
)

// recipe is what a container of a release is made from besides the release itself.
type recipe struct {
	env          []core.EnvVar
	command      []string
	user         string
	capabilities []string
}

// recipeOf joins a release with the credentials that it runs with: of the service itself, or of those it is bound to.
// What the release says wins over what a binding brings.
func (l *Loop) recipeOf(ctx context.Context, app core.App, spec core.ReleaseSpec) (recipe, error) {
	r := recipe{command: spec.Command}
	if app.IsService() {
		entry, err := l.Catalog.Entry(app.Service.Entry)
		if err != nil {
			return r, err
		}
		rendered, err := l.render(ctx, app, entry, spec.Memory)
		if err != nil {
			return r, err
		}
		r.env, r.user, r.capabilities = rendered.Env, entry.User, entry.Capabilities
		if len(r.command) == 0 {
			r.command = rendered.Command
		}
	} else {
		r.env = []core.EnvVar{{Name: "PORT", Value: itoa(spec.Port)}}
	}
	for _, id := range spec.Bindings {
		env, err := l.bindingEnv(ctx, app.TenantID, id)
		if err != nil {
			return r, err
		}
		r.env = append(r.env, env...)
	}
	r.env = append(r.env, spec.Env...)
	return r, nil
}

// bindingEnv returns what a service brings to an app of the tenant. Nothing, when the service was deleted since the
// release was made, even if somebody else has taken its name.
func (l *Loop) bindingEnv(ctx context.Context, tenantID, serviceID string) ([]core.EnvVar, error) {
	service, err := l.Store.Apps().Get(ctx, serviceID)
	if core.ErrorCode(err) == core.ENOTFOUND || err == nil && (!service.IsService() || service.TenantID != tenantID) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entry, err := l.Catalog.Entry(service.Service.Entry)
	if err != nil {
		return nil, err
	}
	rendered, err := l.render(ctx, service, entry, 0)
	env := make([]core.EnvVar, 0, len(rendered.BindingEnv))
	for _, name := range slices.Sorted(maps.Keys(rendered.BindingEnv)) {
		env = append(env, core.EnvVar{Name: name, Value: rendered.BindingEnv[name]})
	}
	return env, err
}

func (l *Loop) render(ctx context.Context, service core.App, entry core.CatalogEntry, memory core.Bytes) (core.Rendered, error) {
	c, err := l.Store.Credentials().Get(ctx, service.ID)
	if err != nil && core.ErrorCode(err) != core.ENOTFOUND {
		return core.Rendered{}, err
	}
	return entry.Render(entry.Values(service.ID, c.Values, memory))
}

// containerEnv returns "NAME=value" lines; of a name that stands there more than once the last wins.
func containerEnv(env []core.EnvVar) []string {
	last := map[string]int{}
	for n, v := range env {
		last[v.Name] = n
	}
	lines := make([]string, 0, len(last))
	for n, v := range env {
		if last[v.Name] == n {
			lines = append(lines, v.Name+"="+v.Value)
		}
	}
	return lines
}
