package core

import "context"

// UncappedCPU is what an instance without a limit counts as.
const UncappedCPU = MilliCPU(1000)

// AppUse is all of an app that counts.
type AppUse struct {
	App       App
	Target    Release // App.Release; zero when nothing was released
	Live      Release // the newest that came online up to Target; zero when none did
	Instances []Instance
	Images    Bytes // of the versions that its people brought
	Domains   int   // of its own
	Plan      Plan  // of a service; zero for what a customer brought
}

// Amounts returns what the app takes: of instances the most that may run at one time, so that a switch, and a release
// that fails and leaves the one before it running, never take more than was granted.
func (u AppUse) Amounts() Amounts {
	a := Amounts{ResourceApps: 1, ResourceImages: int64(u.Images), ResourceDomains: int64(u.Domains)}
	if u.App.IsService() {
		a = Amounts{ResourceServices: 1, ResourceImages: int64(u.Images), ResourceVolumes: int64(u.Plan.Storage)}
	}
	return a.Plus(u.running()) // drops what is 0
}

// Steady returns what its instances take once a switch is over.
func (u AppUse) Steady() Amounts {
	switch {
	case u.App.Stopped || u.App.Deleting:
		return Amounts{}
	case u.awaitsImage():
		return instanceAmounts(1, u.Plan.Memory, u.Plan.CPU)
	case u.Target.Status == ReleaseFailed:
		return u.Live.Spec.Needs()
	}
	return u.Target.Spec.Needs()
}

// Needs returns what the instances of a release take.
func (s ReleaseSpec) Needs() Amounts {
	n := 0
	for _, count := range s.Instances() {
		n += count
	}
	return instanceAmounts(n, s.Memory, s.CPU)
}

// running sums up, over what instances are made from, the most there may be of each: what is wanted, what is kept to
// fall back on, or what is there. Where there is storage the old instance goes before the new one comes.
func (u AppUse) running() Amounts {
	if u.App.Stopped || u.App.Deleting || u.awaitsImage() {
		return u.Steady().Plus(u.held())
	}
	peak := map[string]Amounts{}
	for _, r := range u.expected() {
		raise(peak, u.byTemplate(r))
	}
	if u.Target.Spec.Volume != nil {
		most := u.held()
		for _, r := range u.expected() {
			most = most.most(r.Spec.Needs())
		}
		return most
	}
	if u.Target.Spec.Strategy.Kind == StrategyRolling {
		return u.rolling()
	}
	held := map[string]Amounts{}
	for _, i := range u.Instances {
		held[i.Template] = held[i.Template].Plus(instanceAmounts(1, i.Memory, i.CPU))
	}
	raise(peak, held)
	sum := Amounts{}
	for _, a := range peak {
		sum = sum.Plus(a)
	}
	return sum
}

// expected are the releases whose instances may be made: the one that is to run and, while that is on its way, the
// one that serves until then.
func (u AppUse) expected() []Release {
	switch u.Target.Status {
	case ReleaseFailed:
		return []Release{u.Live}
	case ReleasePending:
		return []Release{u.Target, u.Live}
	}
	return []Release{u.Target}
}

func (u AppUse) byTemplate(r Release) map[string]Amounts {
	needs := map[string]Amounts{}
	for n, count := range r.Spec.Instances() {
		template := r.Spec.Template(r.Spec.Targets[n], u.App.Restart)
		needs[template] = needs[template].Plus(instanceAmounts(count, r.Spec.Memory, r.Spec.CPU))
	}
	return needs
}

func (u AppUse) held() Amounts {
	sum := Amounts{}
	for _, i := range u.Instances {
		sum = sum.Plus(instanceAmounts(1, i.Memory, i.CPU))
	}
	return sum
}

// awaitsImage reports whether u is a service whose image is being fetched: its place is kept meanwhile.
func (u AppUse) awaitsImage() bool {
	return u.App.IsService() && u.App.Release == 0 && u.App.State != AppFailed
}

func instanceAmounts(n int, memory Bytes, cpu MilliCPU) Amounts {
	if cpu == 0 {
		cpu = UncappedCPU
	}
	return Amounts{ResourceMemory: int64(n) * int64(memory), ResourceCPU: int64(n) * int64(cpu), ResourceInstances: int64(n)}
}

func raise(peak, by map[string]Amounts) {
	for k, a := range by {
		peak[k] = peak[k].most(a)
	}
}

// most returns the larger of both, by resource.
func (a Amounts) most(b Amounts) Amounts {
	out := Amounts{}
	for _, x := range []Amounts{a, b} {
		for r, n := range x {
			out[r] = max(out[r], n)
		}
	}
	return out
}

// MeasureApp reads all of an app that counts. A catalogue's image is the operator's, so it counts for nobody. Scoped
// by the actor. Errors: those of the store.
func MeasureApp(ctx context.Context, store Store, catalog Catalog, app App) (u AppUse, err error) {
	u = AppUse{App: app, Plan: ServicePlan(catalog, app)}
	if app.Release > 0 {
		if u.Target, err = store.Releases().Get(ctx, app.ID, app.Release); err != nil {
			return u, err
		}
		if u.Live = u.Target; u.Target.Status != ReleaseLive {
			if u.Live, err = store.Releases().Live(ctx, app.ID, app.Release); err != nil {
				return u, err
			}
		}
		u.Target, u.Live = app.Sized(u.Target), app.Sized(u.Live)
	}
	if u.Instances, err = store.Instances().List(ctx, app.ID); err != nil {
		return u, err
	}
	if u.Images, err = store.Versions().Size(ctx, app.ID); err != nil {
		return u, err
	}
	u.Domains, err = store.Domains().Count(ctx, app.ID)
	return u, err
}

// ServicePlan returns the size of a service; zero for an app, and where the catalogue no longer has it.
func ServicePlan(catalog Catalog, app App) Plan {
	if !app.IsService() || catalog == nil {
		return Plan{}
	}
	entry, err := catalog.Entry(app.Service.Entry)
	if err != nil {
		return Plan{}
	}
	plan, err := entry.Plan(app.Service.Plan)
	if err != nil {
		return Plan{}
	}
	return plan
}

// LimitsOf returns what a tenant may use. Errors: those of the store.
func LimitsOf(ctx context.Context, store Store, tenant Tenant) (Amounts, error) {
	if tenant.Plan == "" || tenant.Plan == UnlimitedPlan {
		return tenant.Limits(QuotaPlan{}), nil
	}
	plan, err := store.Plans().Get(ctx, tenant.Plan)
	return tenant.Limits(plan), err
}
