package service

import (
	"context"
	"strconv"

	"berth/core"
)

// SwitchRelease has a blue-green release take the requests over, as soon as all its instances are well. Saying it twice
// changes nothing. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, ECONFLICT when it does not wait for that.
func (s *Service) SwitchRelease(ctx context.Context, appID string, number int) (op core.Operation, err error) {
	note := core.AuditEntry{Action: "app.switch", AppID: appID, Object: strconv.Itoa(number)}
	defer s.attempted(ctx, &note, &err)
	var app core.App
	err = s.store.Transact(ctx, func(tx core.Store) error {
		if app, err = changeable(ctx, tx, appID); err != nil {
			return err
		}
		r, err := tx.Releases().Get(ctx, app.ID, number)
		if err != nil {
			return err
		}
		if app.Release != number || app.Stopped || r.Status != core.ReleasePending || r.Spec.Strategy.Kind != core.StrategyBlueGreen {
			return core.Errorf(core.ECONFLICT, "error.switch_not_waiting", "release", strconv.Itoa(number))
		}
		if err := tx.Releases().AllowSwitch(ctx, s.switchOf(ctx, r)); err != nil {
			return err
		}
		note.TenantID = app.TenantID
		if err := s.note(ctx, tx, &note); err != nil {
			return err
		}
		if op, err = underWay(ctx, tx, app, core.OpDeploy); err != nil {
			return err
		}
		return s.record(ctx, tx, core.NewEvent(app, core.LevelInfo, "switch_requested", "release", strconv.Itoa(number)))
	})
	if err == nil {
		s.changed(app, "release", strconv.Itoa(number))
	}
	return op, err
}

func (s *Service) switchOf(ctx context.Context, r core.Release) core.Switch {
	return core.Switch{TenantID: r.TenantID, AppID: r.AppID, Release: r.Number, Author: core.ActorFrom(ctx).Name, CreatedAt: s.now()}
}

// SwitchBack releases what ran before a blue-green release, which takes no longer than the switch while the instances
// of that time are kept. It also gives up a release that waits to be switched. Errors: EUNAUTHORIZED, ENOTFOUND,
// EFORBIDDEN, ECONFLICT when it is not the newest, or there is nothing to go back to, EINVALID as Rollback.
func (s *Service) SwitchBack(ctx context.Context, appID string, number int) (_ core.Release, _ core.Operation, err error) {
	note := core.AuditEntry{Action: "app.switch_back", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	return s.releaseBy(ctx, appID, &note, releasing{switched: true,
		compose: func(tx core.Store, app core.App, current core.Release) (core.ReleaseSpec, core.Text, error) {
			if _, err := tx.Releases().Get(ctx, app.ID, number); err != nil {
				return core.ReleaseSpec{}, core.Text{}, err
			}
			if current.Number != number || current.Spec.Strategy.Kind != core.StrategyBlueGreen {
				return core.ReleaseSpec{}, core.Text{}, core.Errorf(core.ECONFLICT, "error.switch_back_none", "release", strconv.Itoa(number))
			}
			old, err := tx.Releases().Before(ctx, app.ID, number)
			if err == nil && old.Number == 0 {
				err = core.Errorf(core.ECONFLICT, "error.switch_back_none", "release", strconv.Itoa(number))
			}
			if err != nil {
				return core.ReleaseSpec{}, core.Text{}, err
			}
			return old.Spec, core.T("reason.switched_back", "release", strconv.Itoa(old.Number)), again(ctx, tx, app, old.Spec)
		}})
}
