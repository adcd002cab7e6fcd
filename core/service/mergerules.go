package service

import (
	"context"
	"slices"

	"berth/core"
)

// rules puts what a person says of the gateway over what was said before. Passwords were hashed by then; a user whose
// password nobody said anew keeps the one before.
func (m *merger) rules(said *core.Rules) error {
	if said == nil {
		return m.livePaths()
	}
	before := m.spec.Rules.Auth
	m.spec.Rules = *said
	m.spec.Rules.Auth = slices.Clone(said.Auth)
	for i, u := range m.spec.Rules.Auth {
		at := slices.IndexFunc(before, func(b core.BasicUser) bool { return b.Name == u.Name })
		switch {
		case u.Hash != "":
		case at >= 0:
			m.spec.Rules.Auth[i].Hash = before[at].Hash
		default:
			m.faults.Add("rules.auth", "error.preview_password_missing", "name", u.Name)
		}
	}
	for _, p := range said.Paths {
		ok, err := reachable(m.ctx, m.tx, m.app, p.AppID)
		if err != nil {
			return err
		}
		if !ok {
			m.faults.Add("rules.paths", "error.path_app_unknown", "name", p.AppID, "path", p.Prefix)
		}
	}
	return nil
}

// reachable reports whether a path of an app may lead to another one: an app of the same tenant.
func reachable(ctx context.Context, tx core.Store, app core.App, id string) (bool, error) {
	other, err := appFor(ctx, tx, id, core.ActView)
	if core.ErrorCode(err) == core.ENOTFOUND {
		return false, nil
	}
	return err == nil && !other.IsService() && !other.Deleting && other.TenantID == app.TenantID && id != app.ID, err
}

// hashed returns in with the passwords of its rules hashed, and without them. Errors: EINVALID at "rules.auth".
func hashed(in core.NewRelease) (core.NewRelease, error) {
	if in.Rules == nil || len(in.Passwords) == 0 {
		return in, nil
	}
	rules := *in.Rules
	rules.Auth = slices.Clone(rules.Auth)
	for i, u := range rules.Auth {
		password, said := in.Passwords[u.Name]
		if !said || password == "" {
			continue
		}
		if len(password) > maxPreviewPassword {
			return in, core.Invalid("rules.auth", "error.preview_password_long", "name", u.Name)
		}
		rules.Auth[i].Hash = HashPreviewPassword(password)
	}
	in.Rules, in.Passwords = &rules, nil
	return in, nil
}

const maxPreviewPassword = 200

// strategy is what the person says, else what was said before. A trial's own strategy ends with it.
func (m *merger) strategy(in core.NewRelease) error {
	if m.spec.Strategy.Kind == core.StrategyCanary && (in.Version != "" || in.Weights != nil) {
		m.spec.Strategy = core.Strategy{}
		c, err := m.tx.Canaries().Latest(m.ctx, m.app.ID)
		if err == nil {
			var before core.Release
			before, err = m.tx.Releases().Get(m.ctx, m.app.ID, c.Before)
			m.spec.Strategy = before.Spec.Strategy
		}
		if err != nil && core.ErrorCode(err) != core.ENOTFOUND {
			return err
		}
	}
	if in.Strategy == nil {
		return nil
	}
	s := *in.Strategy
	switch {
	case s.Kind == core.StrategyCanary:
		m.faults.Add("strategy.kind", "error.strategy_canary")
	case s.Kind != core.StrategyAtOnce && m.spec.Volume != nil:
		m.faults.Add("strategy.kind", "error.strategy_storage")
	case s.Kind == core.StrategyRolling && s.Surge == "" && s.Unavailable == "":
		s.Surge = "1"
	}
	m.spec.Strategy = s
	return nil
}
