package discovery

import (
	"context"

	"berth/core"
)

// withDomains adds the verified domains of the app: what the route of its default domain says, but for what each says
// of itself. Plain requests are sent to HTTPS only where that can answer.
func (p publication) withDomains(domain string, domains []core.Domain) publication {
	r, ok := p.routes[domain]
	if !ok {
		return p
	}
	for _, d := range domains {
		if d.Verified {
			r.Domain, r.HTTPS, r.Redirect = d.Name, d.HTTPS && d.Certified, d.Redirect
			p.addRoute(r)
		}
	}
	return p
}

// domains returns the verified domains of every app.
func (d *Discovery) domains(ctx context.Context) (map[string][]core.Domain, error) {
	all, err := d.opts.Store.Domains().Verified(ctx)
	byApp := map[string][]core.Domain{}
	for _, x := range all {
		byApp[x.AppID] = append(byApp[x.AppID], x)
	}
	return byApp, err
}
