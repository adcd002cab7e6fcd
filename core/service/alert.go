package service

import (
	"context"
	"strconv"
	"time"

	"berth/core"
)

const (
	alertsKept  = 90 * 24 * time.Hour // after they were resolved
	maxSilences = 100                 // of a tenant, that are not over
)

// Alerts returns a page of the alerts of a tenant, or of an app, newest first, and the cursor of the next one. Errors:
// EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at "state", "cursor".
func (s *Service) Alerts(ctx context.Context, f core.AlertFilter) ([]core.Alert, string, error) {
	if f.AppID != "" {
		app, err := inspectable(ctx, s.store, f.AppID)
		if err == nil && f.TenantID != "" && app.TenantID != f.TenantID {
			err = core.NotFound()
		}
		if err != nil {
			return nil, "", err
		}
	}
	if f.TenantID != "" || f.AppID == "" {
		if err := s.authorize(ctx, core.ActInspect, f.TenantID); err != nil {
			return nil, "", err
		}
	}
	var faults core.Faults
	switch f.State {
	case "", core.AlertPending, core.AlertFiring, core.AlertResolved:
	default:
		faults.Add("state", "error.alert_state")
	}
	if f.Cursor != "" && !core.ValidID(f.Cursor) {
		faults.Add("cursor", "error.cursor_malformed")
	}
	if err := faults.Err(); err != nil {
		return nil, "", err
	}
	return s.store.Alerts().List(ctx, f)
}

// AlertSilences returns the silences of a tenant that are not over, newest first. Errors: EUNAUTHORIZED, ENOTFOUND,
// EFORBIDDEN.
func (s *Service) AlertSilences(ctx context.Context, tenantID string) ([]core.AlertSilence, error) {
	if err := s.authorize(ctx, core.ActInspect, tenantID); err != nil {
		return nil, err
	}
	return s.silences(ctx, s.store, tenantID)
}

func (s *Service) silences(ctx context.Context, store core.Store, tenantID string) (list []core.AlertSilence, err error) {
	all, err := store.Alerts().Silences(ctx, tenantID)
	for _, x := range all {
		if s.now().Before(x.Until) {
			list = append(list, x)
		}
	}
	return list, err
}

// SilenceAlerts keeps people from being told for a while. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at
// "app", "rule", "until", "reason", ECONFLICT when there are too many.
func (s *Service) SilenceAlerts(ctx context.Context, in core.AlertSilence) (core.AlertSilence, error) {
	x := core.AlertSilence{ID: core.NewID(), TenantID: in.TenantID, AppID: in.AppID, RuleID: in.RuleID, Until: in.Until, Reason: in.Reason,
		Author: core.ActorFrom(ctx).Name, CreatedAt: s.now()}
	note := about(in.TenantID, "silence.create")
	err := s.audited(ctx, note, func(tx core.Store) error {
		if _, err := changeableTenant(ctx, tx, x.TenantID, core.ActAlert); err != nil {
			return err
		}
		rules, err := tx.Alerts().Rules(ctx, x.TenantID)
		if err != nil {
			return err
		}
		rules = core.MergeAlertRules(x.TenantID, rules)
		var f core.Faults
		f.Merge("", x.Validate(s.now()))
		if err := checkAlertApp(ctx, tx, x.TenantID, x.AppID, &f); err != nil {
			return err
		}
		if x.RuleID != "" && ruleAt(rules, x.RuleID) < 0 {
			f.Add("rule", "error.alert_rule_unknown")
		}
		if err := f.Err(); err != nil {
			return err
		}
		if others, err := s.silences(ctx, tx, x.TenantID); err != nil {
			return err
		} else if len(others) >= maxSilences {
			return core.Errorf(core.ECONFLICT, "error.alert_silences_many", "max", strconv.Itoa(maxSilences))
		}
		note.After = s.silenceValues(x, rules)
		return tx.Alerts().CreateSilence(ctx, x)
	})
	return x, s.alertsChanged(x.TenantID, err)
}

func (s *Service) silenceValues(x core.AlertSilence, rules []core.AlertRule) map[string]string {
	values := map[string]string{"until": x.Until.UTC().Format(time.RFC3339)}
	if x.AppID != "" {
		values["app"] = x.AppID
	}
	if at := ruleAt(rules, x.RuleID); at >= 0 {
		values["rule"] = s.post.words("", rules[at].Text())
	}
	if x.Reason != "" {
		values["reason"] = x.Reason
	}
	return values
}

// EndSilence has people be told again. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) EndSilence(ctx context.Context, tenantID, id string) error {
	note := about(tenantID, "silence.end")
	err := s.audited(ctx, note, func(tx core.Store) error {
		if _, err := tenantFor(ctx, tx, tenantID, core.ActAlert); err != nil {
			return err
		}
		all, err := tx.Alerts().Silences(ctx, tenantID)
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.ID == id {
				note.Before = s.silenceValues(x, nil)
			}
		}
		return tx.Alerts().DeleteSilence(ctx, tenantID, id)
	})
	return s.alertsChanged(tenantID, err)
}

// checkAlertApp notes an app that is not the tenant's; "" stands for all.
func checkAlertApp(ctx context.Context, tx core.Store, tenantID, appID string, f *core.Faults) error {
	if appID == "" {
		return nil
	}
	app, err := appFor(ctx, tx, appID, core.ActView)
	switch {
	case core.ErrorCode(err) == core.ENOTFOUND || core.ErrorCode(err) == core.EFORBIDDEN, err == nil && app.TenantID != tenantID:
		f.Add("app", "error.alert_app_unknown", "app", shown(appID))
		return nil
	}
	return err
}

// alertsChanged tells the pages, and hands the error of a change on.
func (s *Service) alertsChanged(tenantID string, err error) error {
	if err == nil {
		s.notifier.Notify(core.Change{TenantID: tenantID, Kind: "tenant"})
	}
	return err
}

// pruneAlerts removes alerts that have been over for long, once a day.
func (s *Service) pruneAlerts(ctx context.Context, now time.Time) error {
	if !s.alertsPruned.due(now) {
		return nil
	}
	err := batches(ctx, func() (int, error) { return s.store.Alerts().Prune(ctx, now.Add(-alertsKept), historyBatch) })
	if err != nil {
		s.alertsPruned.last.Store(0) // to be done again
	}
	return err
}
