package service

import (
	"context"

	"berth/core"
)

// StopApp has nothing of an app run any more; its storage and versions stay. Stopping what is being stopped returns
// the operation that does so. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, ECONFLICT when there is nothing to stop.
func (s *Service) StopApp(ctx context.Context, id string) (_ core.Operation, err error) {
	note := core.AuditEntry{Action: "app.stop", AppID: id}
	defer s.attempted(ctx, &note, &err)
	return s.intend(ctx, id, core.OpStop, &note, func(app *core.App) error {
		switch {
		case app.Release == 0:
			return core.Errorf(core.ECONFLICT, "error.app_not_released", "name", app.Name)
		case app.Stopped:
			return core.Errorf(core.ECONFLICT, "error.app_stopped", "name", app.Name)
		}
		app.Stopped = true
		return nil
	})
}

// StartApp runs the app's release again. A service whose image could not be fetched is tried again.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, ECONFLICT when it is not stopped.
func (s *Service) StartApp(ctx context.Context, id string) (_ core.Operation, err error) {
	note := core.AuditEntry{Action: "app.start", AppID: id}
	defer s.attempted(ctx, &note, &err)
	if app, err := changeable(ctx, s.store, id); err != nil {
		return core.Operation{}, err
	} else if app.IsService() && app.Release == 0 {
		return s.retryService(ctx, app, &note)
	}
	return s.intend(ctx, id, core.OpStart, &note, func(app *core.App) error {
		switch {
		case app.Release == 0:
			return core.Errorf(core.ECONFLICT, "error.app_not_released", "name", app.Name)
		case !app.Stopped:
			return core.Errorf(core.ECONFLICT, "error.app_not_stopped", "name", app.Name)
		}
		app.Stopped, app.Asleep = false, false
		return nil
	})
}

// RestartApp replaces every instance of an app. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, ECONFLICT when it is
// stopped.
func (s *Service) RestartApp(ctx context.Context, id string) (_ core.Operation, err error) {
	note := core.AuditEntry{Action: "app.restart", AppID: id}
	defer s.attempted(ctx, &note, &err)
	return s.intend(ctx, id, core.OpRestart, &note, func(app *core.App) error {
		switch {
		case app.Release == 0:
			return core.Errorf(core.ECONFLICT, "error.app_not_released", "name", app.Name)
		case app.Stopped:
			return core.Errorf(core.ECONFLICT, "error.app_stopped", "name", app.Name)
		}
		app.Restart++
		app.Asleep = false
		return nil
	})
}

// DeleteApp takes away an app and all that belongs to it, but its storage when keepData. typedName is its name or id,
// typed by the person. Deleting what is being deleted returns the operation that does so.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at "name".
func (s *Service) DeleteApp(ctx context.Context, id, typedName string, keepData bool) (_ core.Operation, err error) {
	note := core.AuditEntry{Action: "app.delete", AppID: id}
	defer s.attempted(ctx, &note, &err)
	app, err := appFor(ctx, s.store, id, core.ActDelete)
	if err != nil {
		return core.Operation{}, err
	}
	if typedName != app.ID && typedName != app.Name {
		return core.Operation{}, core.Invalid("name", "error.name_typed", "name", app.Name)
	}
	note.Before = appValues(app)
	if app.IsService() {
		note.After = map[string]string{"storage": "deleted"}
		if keepData {
			note.After["storage"] = "kept"
		}
	}
	op, err := s.intend(ctx, id, core.OpDelete, &note, func(app *core.App) error {
		if app.Deleting {
			return core.Errorf(core.ECONFLICT, "error.app_deleting", "name", app.Name)
		}
		app.Deleting, app.KeepData = true, keepData
		return nil
	})
	if err == nil {
		s.fetches.cancel(app.ID)
		s.garbage.add()
	}
	return op, err
}

// intend writes what a person wants of an app, and the operation that carries it out. When change refuses because
// the same is under way already, that operation is returned.
func (s *Service) intend(ctx context.Context, id string, kind core.OperationKind, note *core.AuditEntry, change func(*core.App) error) (core.Operation, error) {
	var app core.App
	var op core.Operation
	err := s.store.Transact(ctx, func(tx core.Store) (err error) {
		if app, err = appFor(ctx, tx, id, actionOf(kind)); err != nil {
			return err
		}
		if app.Deleting && kind != core.OpDelete {
			return core.Errorf(core.ECONFLICT, "error.app_deleting", "name", app.Name)
		}
		if refused := change(&app); refused != nil {
			op, err = underWay(ctx, tx, app, kind)
			return errOr(err, onlyIf(op.ID == "", refused))
		}
		op = s.operation(ctx, app, kind, 0)
		if err := s.overtake(ctx, tx, op); err != nil {
			return err
		}
		if err := tx.Apps().UpdateSpec(ctx, app); err != nil {
			return err
		}
		if err := tx.Operations().Create(ctx, op); err != nil {
			return err
		}
		note.TenantID = app.TenantID
		if err := s.note(ctx, tx, note); err != nil {
			return err
		}
		if err := s.record(ctx, tx, core.NewEvent(app, core.LevelInfo, string(kind)+"_requested")); err != nil {
			return err
		}
		if kind == core.OpStop || kind == core.OpDelete {
			return s.settle(ctx, tx, app.ID)
		}
		return s.charge(ctx, tx, app.ID)
	})
	if err != nil {
		return core.Operation{}, err
	}
	s.changed(app, "operation", op.ID)
	return op, nil
}

func actionOf(kind core.OperationKind) core.Action {
	if kind == core.OpDelete {
		return core.ActDelete
	}
	return core.ActDeploy
}

// underWay returns the open operation of a kind, the zero one when there is none.
func underWay(ctx context.Context, tx core.Store, app core.App, kind core.OperationKind) (core.Operation, error) {
	open, err := tx.Operations().Open(ctx, app.ID)
	for _, op := range open {
		if op.Kind == kind {
			return op, err
		}
	}
	return core.Operation{}, err
}

func onlyIf(cond bool, err error) error {
	if cond {
		return err
	}
	return nil
}
