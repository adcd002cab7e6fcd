package service

import (
	"context"
	"net/url"
	"time"

	"berth/core"
)

// leastCheck is how long a check that somebody asks for stands.
const leastCheck = 2 * time.Second

// CheckDomain looks at the DNS at once. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EUNAVAILABLE.
func (s *Service) CheckDomain(ctx context.Context, appID, name string) (core.DomainState, error) {
	_, d, err := s.domainFor(ctx, s.store, appID, name)
	if err != nil {
		return core.DomainState{}, err
	}
	if age := s.now().Sub(d.CheckedAt).Abs(); s.checker != nil && age >= leastCheck {
		if err := s.checker.Check(asSystem(ctx), d.AppID, d.Name); err != nil {
			return core.DomainState{}, err
		}
	}
	return s.Domain(ctx, appID, d.Name)
}

// Domain returns one domain of an app. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) Domain(ctx context.Context, appID, name string) (core.DomainState, error) {
	if _, err := inspectable(ctx, s.store, appID); err != nil {
		return core.DomainState{}, err
	}
	d, err := getDomain(ctx, s.store, appID, name)
	if err != nil {
		return core.DomainState{}, err
	}
	c, err := s.store.Certificates().Get(ctx, appID, d.Name)
	if err != nil && core.ErrorCode(err) != core.ENOTFOUND {
		return core.DomainState{}, err
	}
	return s.domainState(d, c, s.gatewayAddresses(ctx)), nil
}

// Domains returns the domains of an app by name. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) Domains(ctx context.Context, appID string) ([]core.DomainState, error) {
	if _, err := inspectable(ctx, s.store, appID); err != nil {
		return nil, err
	}
	domains, err := s.store.Domains().List(ctx, appID)
	if err != nil || len(domains) == 0 {
		return nil, err
	}
	certificates, err := s.store.Certificates().List(ctx, appID)
	if err != nil {
		return nil, err
	}
	of := map[string]core.Certificate{}
	for _, c := range certificates {
		of[c.Domain] = c
	}
	addresses := s.gatewayAddresses(ctx)
	states := make([]core.DomainState, len(domains))
	for i, d := range domains {
		states[i] = s.domainState(d, of[d.Name], addresses)
	}
	return states, nil
}

func (s *Service) domainState(d core.Domain, c core.Certificate, addresses []string) core.DomainState {
	state := core.DomainState{Domain: d, Certificate: c, Records: d.Records(s.baseDomain, addresses), HTTPS: s.https != nil, Automatic: s.acme}
	if !d.Wildcard() {
		state.URL = s.domainURL(d.Name, c)
	}
	return state
}

// domainURL is where a visitor opens a domain: by HTTPS where the gateways have a certificate for it.
func (s *Service) domainURL(name string, c core.Certificate) string {
	u := url.URL{Scheme: "http", Host: name}
	port, own := s.gateway.Port(), "80"
	if s.https != nil && c.Ready(s.now()) {
		u.Scheme, port, own = "https", s.https.Port(), "443"
	}
	if port != "" && port != own {
		u.Host += ":" + port
	}
	return u.String()
}

func (s *Service) gatewayAddresses(ctx context.Context) []string {
	if s.checker == nil {
		return nil
	}
	return s.checker.Addresses(ctx)
}
