package service

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"berth/core"
)

// CreateApp makes an app, or a service of the catalogue, which is then deployed by the operation that comes with it.
// Errors: EUNAUTHORIZED, ENOTFOUND for the tenant, EFORBIDDEN, EINVALID at "name", "id", "service", "version",
// "plan"; ECONFLICT at "name", or at "id" when that was given, when the id is taken.
func (s *Service) CreateApp(ctx context.Context, in core.NewApp) (_ core.App, _ core.Operation, err error) {
	note := core.AuditEntry{Action: "app.create", TenantID: in.TenantID}
	defer s.attempted(ctx, &note, &err)
	if err := s.authorize(ctx, core.ActCreate, in.TenantID); err != nil {
		return core.App{}, core.Operation{}, err
	}
	app, faults := s.draft(in)
	if in.Service != "" {
		return s.createService(ctx, app, in, faults, &note)
	}
	if !knownPlan(in.Plan) {
		faults.Add("plan", "error.plan_unknown", "plan", in.Plan)
	}
	app.Plan = in.Plan
	if err := faults.Err(); err != nil {
		return core.App{}, core.Operation{}, err
	}
	err = s.store.Transact(ctx, func(tx core.Store) error {
		if err := s.insertApp(ctx, tx, app, in.ID != "", &note); err != nil {
			return err
		}
		return s.charge(ctx, tx, app.ID)
	})
	if err != nil {
		return core.App{}, core.Operation{}, err
	}
	s.notify(app, "app", "")
	return app, core.Operation{}, nil
}

// draft returns the app that in describes, and what is wrong with its names.
func (s *Service) draft(in core.NewApp) (core.App, core.Faults) {
	var f core.Faults
	f.Merge("", core.ValidateName("name", in.Name))
	app := core.App{ID: in.ID, TenantID: in.TenantID, Name: in.Name, State: core.AppNew, CreatedAt: s.now()}
	switch {
	case app.ID != "":
		f.Merge("", core.ValidateSlug("id", app.ID))
	case core.Slugify(in.Name) == "":
		app.ID = "app-" + core.NewInstanceID() // a name of another script
	default:
		app.ID = core.Slugify(in.Name)
		if len(f) == 0 {
			f.Merge("", core.ValidateSlug("name", app.ID))
		}
	}
	return app, f
}

func (s *Service) insertApp(ctx context.Context, tx core.Store, app core.App, ownID bool, note *core.AuditEntry) error {
	if tenant, err := tx.Tenants().Get(ctx, app.TenantID); err != nil {
		return err
	} else if err := alive(tenant); err != nil {
		return err
	}
	if err := tx.Apps().Create(ctx, app); err != nil {
		return atField(err, "id", ownID)
	}
	note.AppID, note.After = app.ID, appValues(app)
	if err := s.note(ctx, tx, note); err != nil {
		return err
	}
	return s.record(ctx, tx, core.NewEvent(app, core.LevelInfo, "app_created", "name", app.Name))
}

// appValues is what the audit says of a new app.
func appValues(app core.App) map[string]string {
	values := map[string]string{"name": app.Name}
	if app.Plan != "" {
		values["size"] = app.Plan
	}
	if app.Service != nil {
		values["service"], values["size"] = app.Service.Entry+" "+app.Service.Version, app.Service.Plan
	}
	return values
}

// atField moves a conflict to another field of the form.
func atField(err error, field string, move bool) error {
	e, ok := errors.AsType[*core.Error](err)
	if !ok || !move || e.Code != core.ECONFLICT {
		return err
	}
	moved := *e
	moved.Fields = []core.FieldError{{Field: field, Message: e.Message}}
	return &moved
}

func knownPlan(name string) bool {
	return name == "" || slices.ContainsFunc(core.AppPlans, func(p core.Plan) bool { return p.Name == name })
}

// App returns an app. Errors: EUNAUTHORIZED, ENOTFOUND.
func (s *Service) App(ctx context.Context, id string) (core.App, error) {
	return appFor(ctx, s.store, id, core.ActView)
}

// RenameApp changes what people read; the id stays. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at "name".
func (s *Service) RenameApp(ctx context.Context, id, name string) (err error) {
	note := core.AuditEntry{Action: "app.rename", AppID: id}
	defer s.attempted(ctx, &note, &err)
	var app core.App
	err = s.store.Transact(ctx, func(tx core.Store) (err error) {
		if app, err = changeable(ctx, tx, id); err != nil {
			return err
		}
		if err := core.ValidateName("name", name); err != nil || name == app.Name {
			return err
		}
		e := core.NewEvent(app, core.LevelInfo, "app_renamed", "from", app.Name, "to", name)
		note.TenantID = app.TenantID
		note.Before, note.After = map[string]string{"name": app.Name}, map[string]string{"name": name}
		app.Name = name
		if err := tx.Apps().UpdateSpec(ctx, app); err != nil {
			return err
		}
		if err := s.note(ctx, tx, &note); err != nil {
			return err
		}
		return s.record(ctx, tx, e)
	})
	if err == nil {
		s.notify(app, "app", "")
	}
	return err
}

// SuggestIDs returns up to three free ids near one that is taken or cannot be used. Errors: EUNAUTHORIZED.
func (s *Service) SuggestIDs(ctx context.Context, id string) ([]string, error) {
	if _, err := signedIn(ctx); err != nil {
		return nil, err
	}
	base := cmp.Or(core.Slugify(id), "my")
	if core.ValidateSlug("id", base) != nil {
		base = base[:min(len(base), 50)] + "-app"
	}
	candidates := []string{base}
	for n := 2; n <= 9; n++ {
		candidates = append(candidates, numbered(base, n))
	}
	candidates = append(candidates, "app-"+core.NewInstanceID())
	var free []string
	for _, c := range candidates {
		if core.ValidateSlug("id", c) != nil {
			continue
		}
		_, err := s.store.Apps().Get(asSystem(ctx), c)
		switch {
		case core.ErrorCode(err) == core.ENOTFOUND:
			free = append(free, c)
		case err != nil:
			return nil, err
		}
		if len(free) == 3 {
			break
		}
	}
	return free, nil
}

// URL returns where an app answers, through the gateway.
func (s *Service) URL(appID string) string {
	u := *s.gateway
	if s.baseSecure() {
		u = *s.https
	}
	port := u.Port()
	u.Host = appID + "." + s.baseDomain
	if port != "" {
		u.Host += ":" + port
	}
	return u.String()
}
