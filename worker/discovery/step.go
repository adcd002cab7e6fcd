package discovery

import (
	"context"

	"berth/core"
)

// step is one write. do carries it out, doubt and note keep in mind that it has begun and that it is done.
type step interface {
	do(context.Context, core.Registry) error
	doubt(known *publication)
	note(known *publication)
}

type (
	register    struct{ core.Address }
	deregister  struct{ core.Address }
	putRoute    struct{ core.Route }
	deleteRoute struct{ domain string }
	putConfig   struct {
		appID string
		data  []byte
	}
	deleteConfig struct{ appID string }
)

func (s register) do(ctx context.Context, r core.Registry) error { return r.Register(ctx, s.Address) }
func (s register) doubt(p *publication)                          { p.addresses[placeOf(s.Address)] = core.Address{} }
func (s register) note(p *publication)                           { p.addresses[placeOf(s.Address)] = s.Address }

func (s deregister) do(ctx context.Context, r core.Registry) error {
	return r.Deregister(ctx, s.Address)
}
func (s deregister) doubt(p *publication) { p.addresses[placeOf(s.Address)] = core.Address{} }
func (s deregister) note(p *publication)  { delete(p.addresses, placeOf(s.Address)) }

func (s putRoute) do(ctx context.Context, r core.Registry) error { return r.PutRoute(ctx, s.Route) }
func (s putRoute) doubt(p *publication)                          { p.routes[s.Domain] = core.Route{} }
func (s putRoute) note(p *publication)                           { p.routes[s.Domain] = s.Route }

func (s deleteRoute) do(ctx context.Context, r core.Registry) error {
	return r.DeleteRoute(ctx, s.domain)
}
func (s deleteRoute) doubt(p *publication) { p.routes[s.domain] = core.Route{} }
func (s deleteRoute) note(p *publication)  { delete(p.routes, s.domain) }

func (s putConfig) do(ctx context.Context, r core.Registry) error {
	return r.PutConfig(ctx, s.appID, s.data)
}
func (s putConfig) doubt(p *publication) { p.config = []byte{} }
func (s putConfig) note(p *publication)  { p.config = s.data }

func (s deleteConfig) do(ctx context.Context, r core.Registry) error {
	return r.DeleteConfig(ctx, s.appID)
}
func (s deleteConfig) doubt(p *publication) { p.config = []byte{} }
func (s deleteConfig) note(p *publication)  { p.config = nil }
