package service

import (
	"context"
	"slices"

	"berth/core"
)

// Catalog returns the services that can be picked, by title. Errors: EUNAUTHORIZED.
func (s *Service) Catalog(ctx context.Context) ([]core.CatalogEntry, error) {
	if _, err := signedIn(ctx); err != nil {
		return nil, err
	}
	return s.entries.Entries(), nil
}

// Connection returns how to reach a service, its credentials included. Errors: EUNAUTHORIZED, ENOTFOUND, also for an
// app that is no service, EFORBIDDEN.
func (s *Service) Connection(ctx context.Context, appID string) (_ core.Connection, err error) {
	note := core.AuditEntry{Action: "credentials.read", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	app, err := appFor(ctx, s.store, appID, core.ActCredentials)
	if err != nil {
		return core.Connection{}, err
	}
	if !app.IsService() {
		return core.Connection{}, core.NotFound()
	}
	entry, err := s.entries.Entry(app.Service.Entry)
	if err != nil {
		return core.Connection{}, core.Errorf(core.ECONFLICT, "error.catalog_entry_gone", "entry", app.Service.Entry)
	}
	credentials, err := s.store.Credentials().Get(ctx, app.ID)
	if err != nil {
		return core.Connection{}, err
	}
	rendered, err := entry.Render(entry.Values(app.ID, credentials.Values, 0))
	if err != nil {
		return core.Connection{}, err
	}
	note.TenantID = app.TenantID
	if err := s.note(ctx, s.store, &note); err != nil {
		return core.Connection{}, err // nobody reads them unseen
	}
	return core.Connection{Host: app.ID, Port: entry.Port, URI: rendered.URI, Values: credentials.Values,
		Env: rendered.BindingEnv}, nil
}

// UsedBy returns the apps whose current release has a binding to a service, by name. Errors: EUNAUTHORIZED, ENOTFOUND,
// EFORBIDDEN.
func (s *Service) UsedBy(ctx context.Context, appID string) ([]core.App, error) {
	service, err := inspectable(ctx, s.store, appID)
	if err != nil {
		return nil, err
	}
	var users []core.App
	filter := core.AppFilter{TenantID: service.TenantID, Kind: "app", Limit: 100}
	for {
		apps, next, err := s.store.Apps().List(ctx, filter)
		if err != nil {
			return nil, err
		}
		current := map[string]int{}
		for _, a := range apps {
			current[a.ID] = a.Release
		}
		releases, err := s.store.Releases().Pick(ctx, current)
		if err != nil {
			return nil, err
		}
		for _, a := range apps {
			if slices.Contains(releases[a.ID].Spec.Bindings, service.ID) {
				users = append(users, a)
			}
		}
		if next == "" {
			return users, nil
		}
		filter.Cursor = next
	}
}
