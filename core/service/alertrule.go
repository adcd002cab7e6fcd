package service

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"berth/core"
)

// AlertRules returns the rules of a tenant, the default ones first. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) AlertRules(ctx context.Context, tenantID string) ([]core.AlertRule, error) {
	if err := s.authorize(ctx, core.ActInspect, tenantID); err != nil {
		return nil, err
	}
	own, err := s.store.Alerts().Rules(ctx, tenantID)
	return core.MergeAlertRules(tenantID, own), err
}

// AddAlertRule adds a rule. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at the fields, ECONFLICT when there
// are too many.
func (s *Service) AddAlertRule(ctx context.Context, in core.AlertRule) (core.AlertRule, error) {
	in.ID = core.NewID()
	note := about(in.TenantID, "alert.add")
	err := s.audited(ctx, note, func(tx core.Store) (err error) {
		_, err = s.putRule(ctx, tx, &in, note)
		return err
	})
	return in, s.alertsChanged(in.TenantID, err)
}

// ChangeAlertRule replaces a rule, which may be one of the default ones. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN,
// EINVALID at the fields.
func (s *Service) ChangeAlertRule(ctx context.Context, in core.AlertRule) (core.AlertRule, error) {
	note := about(in.TenantID, "alert.change")
	err := s.audited(ctx, note, func(tx core.Store) error {
		before, err := s.putRule(ctx, tx, &in, note)
		if err == nil {
			note.Before = s.ruleValues(before)
		}
		return err
	})
	return in, s.alertsChanged(in.TenantID, err)
}

// SwitchAlertRule turns a rule off or on. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID when it cannot be on
// beside the others.
func (s *Service) SwitchAlertRule(ctx context.Context, tenantID, id string, off bool) error {
	note := about(tenantID, "alert.change")
	err := s.audited(ctx, note, func(tx core.Store) error {
		rules, err := s.alertRulesFor(ctx, tx, tenantID)
		if err != nil {
			return err
		}
		at := ruleAt(rules, id)
		if at < 0 {
			return core.NotFound()
		}
		r := rules[at]
		note.Before = s.ruleValues(r)
		r.Off = off
		_, err = s.putRule(ctx, tx, &r, note)
		return err
	})
	return s.alertsChanged(tenantID, err)
}

// DeleteAlertRule removes a rule; a default one is as it was in the beginning. Errors: EUNAUTHORIZED, ENOTFOUND,
// EFORBIDDEN.
func (s *Service) DeleteAlertRule(ctx context.Context, tenantID, id string) error {
	note := about(tenantID, "alert.delete")
	err := s.audited(ctx, note, func(tx core.Store) error {
		rules, err := s.alertRulesFor(ctx, tx, tenantID)
		if err != nil {
			return err
		}
		if at := ruleAt(rules, id); at >= 0 {
			note.Before = s.ruleValues(rules[at])
		}
		return tx.Alerts().DeleteRule(ctx, tenantID, id)
	})
	return s.alertsChanged(tenantID, err)
}

// alertRulesFor returns the rules of a tenant for somebody who may change them.
func (s *Service) alertRulesFor(ctx context.Context, tx core.Store, tenantID string) ([]core.AlertRule, error) {
	if _, err := changeableTenant(ctx, tx, tenantID, core.ActAlert); err != nil {
		return nil, err
	}
	own, err := tx.Alerts().Rules(ctx, tenantID)
	return core.MergeAlertRules(tenantID, own), err
}

// putRule checks a rule beside the others and writes it. It returns what was in its place; ENOTFOUND for one that is to
// be changed and is not there.
func (s *Service) putRule(ctx context.Context, tx core.Store, r *core.AlertRule, note *core.AuditEntry) (before core.AlertRule, err error) {
	rules, err := s.alertRulesFor(ctx, tx, r.TenantID)
	if err != nil {
		return before, err
	}
	at := ruleAt(rules, r.ID)
	switch {
	case at >= 0:
		before = rules[at]
	case note.Action != "alert.add":
		return before, core.NotFound()
	case len(rules) >= core.MaxAlertRules:
		return before, core.Errorf(core.ECONFLICT, "error.alert_rules_many", "max", strconv.Itoa(core.MaxAlertRules))
	}
	*r = r.Normal()
	r.Author, r.CreatedAt = core.ActorFrom(ctx).Name, before.CreatedAt
	if r.CreatedAt.IsZero() {
		r.CreatedAt = s.now()
	}
	if err := s.checkRule(ctx, tx, *r, rules); err != nil {
		return before, err
	}
	note.After = s.ruleValues(*r)
	return before, tx.Alerts().PutRule(ctx, *r)
}

// checkRule reports every fault of a rule, by itself and beside the others.
func (s *Service) checkRule(ctx context.Context, tx core.Store, r core.AlertRule, rules []core.AlertRule) error {
	var f core.Faults
	f.Merge("", r.Validate())
	if err := checkAlertApp(ctx, tx, r.TenantID, r.AppID, &f); err != nil {
		return err
	}
	for _, o := range rules {
		switch {
		case o.ID == r.ID:
		case r.Contradicts(o):
			f.Add("threshold", "error.alert_contradicts", "value", core.MetricText(o.Metric, o.Threshold))
		case r.Repeats(o):
			f.Add("kind", "error.alert_twice")
		}
	}
	if err := s.checkRuleChannels(ctx, tx, r, &f); err != nil {
		return err
	}
	return f.Err()
}

// checkRuleChannels notes channels that are not there, and that nobody would be told.
func (s *Service) checkRuleChannels(ctx context.Context, tx core.Store, r core.AlertRule, f *core.Faults) error {
	channels, err := tx.Alerts().Channels(ctx, r.TenantID)
	if err != nil {
		return err
	}
	for _, id := range r.Channels {
		if channelAt(channels, id) < 0 {
			f.Add("channels", "error.alert_channel_unknown", "channel", shown(id))
		}
	}
	if len(channels) == 0 && len(r.Channels) == 0 && !r.Off && !s.MailEnabled() {
		f.Add("channels", "error.alert_nobody")
	}
	return nil
}

func (s *Service) ruleValues(r core.AlertRule) map[string]string {
	values := map[string]string{"rule": s.post.words("", r.Text()), "severity": string(r.Severity), "enabled": strconv.FormatBool(!r.Off)}
	if r.AppID != "" {
		values["app"] = r.AppID
	}
	if len(r.Channels) > 0 {
		values["channels"] = strings.Join(r.Channels, ", ")
	}
	return values
}

func ruleAt(rules []core.AlertRule, id string) int {
	return slices.IndexFunc(rules, func(r core.AlertRule) bool { return r.ID == id })
}

func channelAt(channels []core.AlertChannel, id string) int {
	return slices.IndexFunc(channels, func(c core.AlertChannel) bool { return c.ID == id })
}
