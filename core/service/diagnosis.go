package service

import (
	"context"
	"slices"
	"time"

	"berth/core"
)

// Vantage looks at what lies around an app: the gateways, the DNS, the machines.
type Vantage interface {
	// Around answers in a few seconds whatever is away; what could not be looked at says so. domains are the app's,
	// the default one first; spec is what it runs.
	Around(ctx context.Context, app core.App, spec core.ReleaseSpec, domains []string) core.Around
}

// lookAround is how long a diagnosis looks at what is around an app.
const lookAround = 4 * time.Second

// Diagnosis says where the way from a visitor to an app is broken. It shows what a program wrote last to members of the
// tenant alone: others read logs where it is noted. Errors: EUNAUTHORIZED, ENOTFOUND.
func (s *Service) Diagnosis(ctx context.Context, appID string) (core.Diagnosis, error) {
	app, err := appFor(ctx, s.store, appID, core.ActView)
	if err != nil {
		return core.Diagnosis{}, err
	}
	f := core.Facts{App: app, Secure: s.https != nil, Now: s.now()}
	for _, gather := range []func(context.Context, *core.Facts) error{s.factsOfReleases, s.factsOfInstances, s.factsOfDomains,
		s.factsOfQuota, s.factsOfHosts} {
		if err := gather(ctx, &f); err != nil {
			return core.Diagnosis{}, err
		}
	}
	s.factsAround(ctx, &f)
	return core.Diagnose(f), nil
}

func (s *Service) factsOfReleases(ctx context.Context, f *core.Facts) (err error) {
	if f.App.Release > 0 {
		if f.Target, err = s.store.Releases().Get(ctx, f.App.ID, f.App.Release); err != nil {
			return err
		}
	}
	if f.Serving = f.Target; f.App.Serving == 0 {
		f.Serving = core.Release{}
	} else if f.App.Serving != f.App.Release {
		if f.Serving, err = s.store.Releases().Get(ctx, f.App.ID, f.App.Serving); err != nil {
			return err
		}
	}
	operations, err := s.store.Operations().List(ctx, f.App.ID, 1)
	if err == nil && len(operations) > 0 && operations[0].Status == core.OpFailed {
		f.Failed = operations[0]
		f.Failed.LogTail = s.readable(ctx, f.App, inert(f.Failed.LogTail))
	}
	return err
}

func inert(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = core.InertText(l)
	}
	return out
}

func (s *Service) factsOfInstances(ctx context.Context, f *core.Facts) (err error) {
	if f.Instances, err = s.store.Instances().List(ctx, f.App.ID); err != nil {
		return err
	}
	for i := range f.Instances {
		f.Instances[i].Exit.Lines = s.readable(ctx, f.App, f.Instances[i].Exit.Lines)
	}
	f.Answers = s.answers(ctx, f.App.ID)
	return nil
}

// answers are what the instances of an app answered last. Not to know is no reason to fail.
func (s *Service) answers(ctx context.Context, appID string) map[string][]core.HealthAnswer {
	if s.health == nil {
		return nil
	}
	answers, err := s.health.Answers(ctx, appID)
	if err != nil && ctx.Err() == nil {
		s.log.Warn("the last answers of instances cannot be read", "app", appID, "error", err)
	}
	return answers
}

// readable leaves the lines of a program out for whoever is no member: the support staff and operators read logs where
// that leaves an entry in the audit.
func (s *Service) readable(ctx context.Context, app core.App, lines []string) []string {
	actor := core.ActorFrom(ctx)
	if actor.Roles[app.TenantID].Valid() && actor.Can(core.ActLogs, app.TenantID) {
		return lines
	}
	return nil
}

func (s *Service) factsOfDomains(ctx context.Context, f *core.Facts) error {
	if f.App.IsService() {
		return nil
	}
	base := core.DomainFacts{Name: f.App.ID + "." + s.baseDomain}
	if s.https != nil {
		c, err := s.store.Certificates().Get(asSystem(ctx), "", "")
		if err == nil {
			base.Kind, base.Certificate = core.CertificateUploaded, c
		} else if core.ErrorCode(err) != core.ENOTFOUND {
			return err
		}
	}
	f.Domains = append(f.Domains, base)
	domains, err := s.store.Domains().List(ctx, f.App.ID)
	if err != nil || len(domains) == 0 {
		return err
	}
	certificates, err := s.store.Certificates().List(ctx, f.App.ID)
	for _, d := range domains {
		n := core.DomainFacts{Name: d.Name, Own: true, Leads: d.Leads, Verified: d.Verified, LostAt: d.LostAt, Problem: d.Problem,
			CheckedAt: d.CheckedAt, HTTPS: d.HTTPS, Kind: d.Certificate}
		if at := slices.IndexFunc(certificates, func(c core.Certificate) bool { return c.Domain == d.Name }); at >= 0 {
			n.Certificate = certificates[at]
		}
		f.Domains = append(f.Domains, n)
	}
	return err
}

// factsOfQuota says whether something is used up, and not by whom: that is for everybody who sees the app to know.
func (s *Service) factsOfQuota(ctx context.Context, f *core.Facts) error {
	ctx = asSystem(ctx)
	limits, err := tenantLimits(ctx, s.store, f.App.TenantID)
	if err != nil {
		return err
	}
	used, err := s.store.Usage().Sum(ctx, f.App.TenantID)
	if err != nil {
		return err
	}
	mine, err := s.store.Usage().Of(ctx, f.App.TenantID, f.App.ID)
	for _, r := range []core.Resource{core.ResourceMemory, core.ResourceCPU, core.ResourceInstances} {
		if left, limited := used.Left(limits, r); limited && left <= 0 {
			f.Full = append(f.Full, r)
		}
		if most, bounded := f.App.Budget[r]; bounded && mine[r] >= most {
			f.Budget = append(f.Budget, r)
		}
	}
	return err
}

// factsOfHosts are no secret of other tenants: a name, and whether it answers.
func (s *Service) factsOfHosts(ctx context.Context, f *core.Facts) (err error) {
	f.Hosts, err = s.store.Hosts().List(ctx)
	return err
}

func (s *Service) factsAround(ctx context.Context, f *core.Facts) {
	if s.vantage == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookAround)
	defer cancel()
	names := make([]string, len(f.Domains))
	for i, d := range f.Domains {
		if names[i] = d.Name; d.Own && !d.Verified { // nothing leads there, and that is what is said of it
			names[i] = ""
		}
	}
	around := s.vantage.Around(ctx, f.App, f.Target.Spec, slices.DeleteFunc(names, func(n string) bool { return n == "" }))
	f.Gateway, f.NoRoom, f.Disk = around.Gateway, around.NoRoom, around.Disk
	if len(f.Domains) > 0 {
		f.Domains[0].Leads = around.Leads
	}
	if reader, ok := s.traffic.(core.TrafficReader); ok {
		for _, g := range reader.Gateways() {
			if g.Away {
				f.Gateway.Away = append(f.Gateway.Away, g.ID)
			}
		}
	}
}

// Health returns by instance id what the instances of an app answered last, newest first. Errors: EUNAUTHORIZED,
// ENOTFOUND.
func (s *Service) Health(ctx context.Context, appID string) (map[string][]core.HealthAnswer, error) {
	if _, err := appFor(ctx, s.store, appID, core.ActView); err != nil {
		return nil, err
	}
	return s.answers(ctx, appID), nil
}
