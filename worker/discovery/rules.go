package discovery

import (
	"context"

	"berth/core"
)

// govern puts the app's rules into the routes of p: those of the release that serves, nil for none. Where none does
// yet, those of the first, whose instances may answer a moment before it is known to serve.
func (d *Discovery) govern(ctx context.Context, row core.App, serving *core.Release, p publication) (publication, error) {
	if serving == nil && row.Release > 0 && len(p.routes) > 0 {
		first, err := d.opts.Store.Releases().Get(ctx, row.ID, row.Release)
		if core.ErrorCode(err) == core.ENOTFOUND {
			return p, nil
		} else if err != nil {
			return p, err
		}
		serving = &first
	}
	if serving == nil || serving.Spec.Rules.IsZero() {
		return p, nil
	}
	rules := serving.Spec.Rules
	var err error
	if rules.Paths, err = d.leading(ctx, row, rules.Paths); err != nil {
		return p, err
	}
	for domain, r := range p.routes {
		r.Rules = nil
		if !rules.IsZero() {
			r.Rules = &rules
		}
		p.routes[domain] = r
	}
	return p, nil
}

// leading returns the rules that lead to apps of the same tenant. Once an app is deleted, its id may be another's.
func (d *Discovery) leading(ctx context.Context, row core.App, rules []core.PathRule) ([]core.PathRule, error) {
	var leading []core.PathRule
	for _, p := range rules {
		other, err := d.opts.Store.Apps().Get(ctx, p.AppID)
		if err != nil && core.ErrorCode(err) != core.ENOTFOUND {
			return nil, err
		}
		if err == nil && other.TenantID == row.TenantID && other.ID != row.ID && !other.IsService() && !other.Deleting {
			leading = append(leading, p)
		}
	}
	return leading, nil
}
