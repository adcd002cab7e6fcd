package docker

import (
	"context"
	"sort"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/volume"

	"berth/core"
)

// EnsureVolume makes a named volume of an app. Errors: ECONFLICT when the name is another's.
func (e *Engine) EnsureVolume(ctx context.Context, name, tenantID, appID string) error {
	if !core.ValidEngineName(name) {
		return core.Invalid("volume", "error.engine_spec", "field", "volume")
	}
	labels := e.labels(core.LabelTenant, tenantID, core.LabelApp, appID)
	v, err := e.api.VolumeCreate(ctx, volume.CreateOptions{Name: name, Driver: "local", Labels: labels})
	if err != nil {
		return wrap(err)
	}
	for k := range labels { // one that exists already is returned as it is
		if v.Labels[k] != labels[k] {
			return core.Errorf(core.ECONFLICT, "error.engine_volume_taken", "name", name)
		}
	}
	return nil
}

// RemoveVolume removes it; removing what is absent is no error. Errors: ECONFLICT while a container uses it.
func (e *Engine) RemoveVolume(ctx context.Context, name string) error {
	return wrap(unlessGone(e.api.VolumeRemove(ctx, name, false)))
}

// Volumes returns the names of the volumes of an app.
func (e *Engine) Volumes(ctx context.Context, appID string) ([]string, error) {
	return e.volumesWith(ctx, core.LabelApp+"="+appID)
}

// TenantVolumes returns the names of the volumes of a tenant, also of apps that are gone.
func (e *Engine) TenantVolumes(ctx context.Context, tenantID string) ([]string, error) {
	return e.volumesWith(ctx, core.LabelTenant+"="+tenantID)
}

func (e *Engine) volumesWith(ctx context.Context, label string) ([]string, error) {
	found, err := e.api.VolumeList(ctx, volume.ListOptions{Filters: filters.NewArgs(
		filters.Arg("label", core.LabelInstallation+"="+e.opts.Installation),
		filters.Arg("label", label),
	)})
	if err != nil {
		return nil, wrap(err)
	}
	names := make([]string, len(found.Volumes))
	for i, v := range found.Volumes {
		names[i] = v.Name
	}
	sort.Strings(names)
	return names, nil
}
