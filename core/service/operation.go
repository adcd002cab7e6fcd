package service

import (
	"context"
	"strconv"

	"berth/core"
)

// Operation returns an operation. Errors: EUNAUTHORIZED, ENOTFOUND.
func (s *Service) Operation(ctx context.Context, id string) (core.Operation, error) {
	actor, err := signedIn(ctx)
	if err != nil {
		return core.Operation{}, err
	}
	op, err := s.store.Operations().Get(ctx, id)
	if err != nil {
		return core.Operation{}, err
	}
	return op, actor.Authorize(core.ActView, op.TenantID)
}

// Operations returns the operations of an app, newest first, at most limit and never more than 100.
// Errors: EUNAUTHORIZED, ENOTFOUND.
func (s *Service) Operations(ctx context.Context, appID string, limit int) ([]core.Operation, error) {
	if _, err := s.App(ctx, appID); err != nil {
		return nil, err
	}
	return s.store.Operations().List(ctx, appID, atMost(limit, 100))
}

// Events returns events of an app, of a tenant with the alerts about itself, or of all tenants that the actor sees,
// newest first, at most 100.
// Errors: EUNAUTHORIZED, ENOTFOUND.
func (s *Service) Events(ctx context.Context, f core.EventFilter) ([]core.Event, error) {
	actor, err := signedIn(ctx)
	if err != nil {
		return nil, err
	}
	if f.TenantID != "" {
		if err := actor.Authorize(core.ActView, f.TenantID); err != nil {
			return nil, err
		}
	}
	if f.AppID != "" {
		if _, err := s.App(ctx, f.AppID); err != nil {
			return nil, err
		}
	}
	if f.Limit == 0 {
		f.Limit = 50
	}
	f.Limit = atMost(f.Limit, 100)
	events, err := s.store.Events().List(ctx, f)
	if err == nil && f.AppID == "" && f.TenantID != "" && actor.Can(core.ActInspect, f.TenantID) {
		events, err = s.withTeamAlerts(ctx, f, events)
	}
	for i := range events {
		events[i] = outside(actor, events[i])
	}
	return events, err
}

// operation returns a new operation on an app, by the actor.
func (s *Service) operation(ctx context.Context, app core.App, kind core.OperationKind, release int) core.Operation {
	now := s.now()
	return core.Operation{ID: core.NewID(), TenantID: app.TenantID, AppID: app.ID, Kind: kind, Release: release,
		Status: core.OpPending, Steps: core.StepsOf(kind, now), Author: core.ActorFrom(ctx).Name, CreatedAt: now}
}

// overtaken says which open operations a new intention makes void. The worker ends the others by itself.
var overtaken = map[core.OperationKind]map[core.OperationKind]bool{
	core.OpDeploy: {core.OpDeploy: true, core.OpStop: true},
	core.OpStart:  {core.OpStop: true},
	core.OpStop:   {core.OpStart: true, core.OpRestart: true, core.OpDeploy: true},
	core.OpDelete: {core.OpStart: true, core.OpRestart: true, core.OpDeploy: true, core.OpStop: true, core.OpFetch: true},
}

// overtake ends the open operations of an app that a new one makes void, saying by what.
func (s *Service) overtake(ctx context.Context, tx core.Store, by core.Operation) error {
	open, err := tx.Operations().Open(ctx, by.AppID)
	if err != nil {
		return err
	}
	why := core.T("error.overtaken_" + string(by.Kind))
	if by.Kind == core.OpDeploy {
		why = core.T("error.overtaken_deploy", "release", strconv.Itoa(by.Release))
	}
	for _, op := range open {
		if op.ID == by.ID || !overtaken[by.Kind][op.Kind] {
			continue
		}
		if err := tx.Operations().Update(ctx, s.failed(op, why)); err != nil {
			return err
		}
		if by.Kind == core.OpDeploy && op.Kind == core.OpDeploy {
			if err := supersede(ctx, tx, by.AppID, op.Release); err != nil {
				return err
			}
		}
	}
	return nil
}

// failed returns op as failed: its running step, or else its next one, did.
func (s *Service) failed(op core.Operation, why core.Text) core.Operation {
	now := s.now()
	for _, step := range op.Steps {
		if step.Status == core.StepRunning || step.Status == core.StepPending {
			op.SetStep(step.Name, core.StepFailed, why, now)
			break
		}
	}
	op.Status, op.Error, op.EndedAt = core.OpFailed, why, now
	return op
}

// supersede marks a release that was overtaken on its way.
func supersede(ctx context.Context, tx core.Store, appID string, number int) error {
	r, err := tx.Releases().Get(ctx, appID, number)
	if core.ErrorCode(err) == core.ENOTFOUND {
		return nil // a service whose image was still being fetched
	}
	if err != nil || r.Status != core.ReleasePending {
		return err
	}
	r.Status = core.ReleaseSuperseded
	return tx.Releases().UpdateStatus(ctx, r)
}

// outside returns e as those see it who may not look inside an app: without the names of its settings.
func outside(actor core.Actor, e core.Event) core.Event {
	if e.Cause.Key == "reason.settings_changed" && !actor.Can(core.ActInspect, e.TenantID) {
		e.Cause = core.Text{}
	}
	return e
}
