package core

import "context"

// QuotaRoom is how many instances of an app its tenant's quota and its own budget have room for.
type QuotaRoom struct {
	Replicas int
	Text     Text // what there is too little of for more; zero when there is enough
}

// MeasureRoom returns how many of the instances wanted there is room for, beyond those in force now. Scoped by the
// actor. Errors: those of the store.
func MeasureRoom(ctx context.Context, store Store, catalog Catalog, app App, now, wanted int) (QuotaRoom, error) {
	use, err := MeasureApp(ctx, store, catalog, app)
	if err != nil {
		return QuotaRoom{}, err
	}
	tenant, err := store.Tenants().Get(ctx, app.TenantID)
	if err != nil {
		return QuotaRoom{}, err
	}
	limits, err := LimitsOf(ctx, store, tenant)
	if err != nil {
		return QuotaRoom{}, err
	}
	sum, err := store.Usage().Sum(ctx, app.TenantID)
	if err != nil {
		return QuotaRoom{}, err
	}
	held, err := store.Usage().Of(ctx, app.TenantID, app.ID)
	if err != nil {
		return QuotaRoom{}, err
	}
	var short Text
	for n := wanted; n > now; n-- {
		text, fits := use.fits(n, held, sum, limits)
		if fits {
			return QuotaRoom{n, short}, nil
		}
		short = text
	}
	return QuotaRoom{now, short}, nil
}

// fits reports whether n instances are within limits, given what is used, and what there is too little of otherwise.
func (u AppUse) fits(n int, held, sum, limits Amounts) (Text, bool) {
	u.App.Replicas, u.App.Asleep = n, false
	if u.Target.Spec.Scaling.On() {
		u.Target = u.App.Sized(u.Target)
	} else {
		u.Target.Spec.Replicas = n
	}
	u.Live = u.App.Sized(u.Live)
	more, steady := u.Amounts().Minus(held), u.Steady()
	for _, r := range Resources {
		if left, limited := sum.Left(limits, r); limited && more[r] > left {
			return T("scale.quota_" + string(r)), false
		}
		if most, bounded := u.App.Budget[r]; bounded && steady[r] > most && more[r] > 0 {
			return T("scale.budget"), false
		}
	}
	return Text{}, true
}
