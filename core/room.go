package core

import "context"

// Room is how many instances of an app there is room for.
type Room struct {
	Replicas int
	Text     Text // what there is too little of for more; zero when there is enough
}

// MeasureQuotaRoom returns for how many of the instances wanted, beyond those in force now, the tenant's quota and the
// app's own budget have room. Scoped by the actor. Errors: those of the store.
func MeasureQuotaRoom(ctx context.Context, store Store, catalog Catalog, app App, now, wanted int) (Room, error) {
	use, err := MeasureApp(ctx, store, catalog, app)
	if err != nil {
		return Room{}, err
	}
	tenant, err := store.Tenants().Get(ctx, app.TenantID)
	if err != nil {
		return Room{}, err
	}
	limits, err := LimitsOf(ctx, store, tenant)
	if err != nil {
		return Room{}, err
	}
	sum, err := store.Usage().Sum(ctx, app.TenantID)
	if err != nil {
		return Room{}, err
	}
	held, err := store.Usage().Of(ctx, app.TenantID, app.ID)
	if err != nil {
		return Room{}, err
	}
	var short Text
	for n := wanted; n > now; n-- {
		text, fits := use.fits(n, held, sum, limits)
		if fits {
			return Room{n, short}, nil
		}
		short = text
	}
	return Room{now, short}, nil
}

// fits reports whether n instances are within limits, given what is used, and what there is too little of otherwise.
func (u AppUse) fits(n int, held, sum, limits Amounts) (Text, bool) {
	u.Target.Spec.Replicas = n
	if u.Live.Spec.Scaling.On() {
		u.Live.Spec.Replicas = n
	}
	more, steady := u.Amounts().Minus(held), u.Steady()
	for _, r := range Resources {
		if left, limited := sum.Left(limits, r); limited && more[r] > left {
			return T("scale.quota_"+string(r), "wanted", itoa(n), "room", itoa(n-1)), false
		}
		if most, bounded := u.App.Budget[r]; bounded && steady[r] > most && more[r] > 0 {
			return T("scale.budget", "wanted", itoa(n), "room", itoa(n-1)), false
		}
	}
	return Text{}, true
}

// MeasureHostRoom returns how many instances of an app the hosts that take some have room for, beyond those in force.
// Errors: those of the store.
func MeasureHostRoom(ctx context.Context, store Store, spec ReleaseSpec, now int) (int, error) {
	hosts, err := store.Hosts().List(ctx)
	if err != nil {
		return 0, err
	}
	use, err := store.Hosts().Use(ctx)
	if err != nil {
		return 0, err
	}
	n := now
	for _, h := range hosts {
		if h.Status == HostUp && !h.Cordoned {
			ports := h.PortTo - h.PortFrom + 1 - use[h.ID].Ports
			n += max(0, min(int((h.Memory-use[h.ID].Memory)/max(spec.Memory, 1)), ports))
		}
	}
	return min(n, MaxReplicas), nil
}
