package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"berth/core"
	"berth/core/service"
	"berth/worker/resolve"
	"berth/worker/schedule"
)

var _ service.Vantage = (*parts)(nil)

// answers is what instances answered last: as this process asked them, or as the worker wrote it down.
func (p *parts) answers() core.HealthSource {
	if p.cfg.Has("worker") {
		return p.monitor
	}
	return p.store.Answers()
}

// answersEvery is how old what a portal elsewhere reads may be.
const answersEvery = 3 * time.Second

func (p *parts) keepAnswers(ctx context.Context) error {
	return p.monitor.Keep(ctx, p.store.Answers(), answersEvery)
}

// lookAt bounds each of the things that Around looks at.
const lookAt = 2 * time.Second

// Around implements service.Vantage.
func (p *parts) Around(ctx context.Context, app core.App, spec core.ReleaseSpec, domains []string) (a core.Around) {
	ctx, cancel := context.WithTimeout(ctx, lookAt)
	defer cancel()
	var all sync.WaitGroup
	if len(domains) > 0 {
		all.Go(func() { a.Gateway = p.gatewayFacts(ctx, app.ID, domains) })
		all.Go(func() { a.Leads = p.leads(ctx, domains[0]) })
	}
	if !app.Stopped && app.Release > 0 {
		all.Go(func() { a.NoRoom = p.noRoom(ctx, spec) })
	}
	all.Go(func() {
		free, err := freeSpace(p.cfg.Data)
		a.Disk = core.DiskFacts{Known: err == nil, Free: free, Low: free < minFree/10}
	})
	all.Wait()
	return a
}

func (p *parts) gatewayFacts(ctx context.Context, appID string, domains []string) core.GatewayFacts {
	u, err := url.Parse(p.cfg.GatewayURL)
	if err != nil {
		return core.GatewayFacts{}
	}
	g := core.GatewayFacts{Known: true, Address: u.Host, Answers: p.dials(ctx, u)}
	if seen := p.seen(); !seen.IsZero() {
		g.Age = max(0, time.Since(seen))
	}
	if p.cfg.Has("gateway") {
		for _, d := range domains {
			if !p.gateway.Leads(d) {
				g.Missing = append(g.Missing, d)
			}
		}
		g.Counted, g.Instances = true, p.gateway.Instances(appID)
		return g
	}
	routes, err := p.registry.Routes(ctx)
	if err != nil { // nothing is known of the routes then, which the age says
		return g
	}
	published := map[string]bool{}
	for _, r := range routes {
		published[r.Domain] = true
	}
	for _, d := range domains {
		if !published[d] {
			g.Missing = append(g.Missing, d)
		}
	}
	return g
}

// dials reports whether the gateways take connections where browsers find them. The name of the base domain need not
// lead anywhere for this machine, so the gateway of this process is asked where it listens.
func (p *parts) dials(ctx context.Context, u *url.URL) bool {
	address := u.Host
	if p.cfg.Has("gateway") {
		if !p.gateway.Ready() {
			return false
		}
		address = p.gateway.Addr().String()
	} else if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), map[string]string{"https": "443"}[u.Scheme])
		if u.Scheme != "https" {
			address = net.JoinHostPort(u.Hostname(), "80")
		}
	}
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	return c.Close() == nil
}

// leads looks at where a name under the base domain leads.
func (p *parts) leads(ctx context.Context, name string) core.Lead {
	if p.cfg.BaseDomain == "localhost" || strings.HasSuffix(p.cfg.BaseDomain, ".localhost") {
		return core.LeadsHere // browsers know that by themselves, RFC 6761
	}
	found, err := resolve.New(p.cfg.DNSServers...).Addresses(ctx, name)
	switch {
	case err != nil:
		return core.LeadsUnknown
	case len(found) == 0:
		return core.LeadsNowhere
	}
	own := p.domains.Addresses(ctx)
	for _, a := range found {
		for _, o := range own {
			if parsed, err := netip.ParseAddr(o); err == nil && parsed.Unmap() == a.Unmap() {
				return core.LeadsHere
			}
		}
	}
	if len(own) == 0 {
		return core.LeadsHere // it leads somewhere, and there is nothing to compare that with
	}
	return core.LeadsElsewhere
}

// noRoom says why one more instance of a release finds no host; zero when it finds one.
func (p *parts) noRoom(ctx context.Context, spec core.ReleaseSpec) core.Text {
	ctx = core.WithActor(ctx, core.System())
	hosts, err := p.store.Hosts().List(ctx)
	use, useErr := p.store.Hosts().Use(ctx)
	if errors.Join(err, useErr) != nil {
		return core.Text{}
	}
	if _, err := schedule.Choose(hosts, use, schedule.Request{Memory: spec.Memory, CPU: spec.CPU}); err != nil {
		return core.ErrorMessage(err)
	}
	return core.Text{}
}
