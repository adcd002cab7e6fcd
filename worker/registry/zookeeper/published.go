package zookeeper

import (
	"context"

	"berth/core"
)

// PutRoute implements core.Registry.
func (r *Registry) PutRoute(ctx context.Context, v core.Route) error {
	return routes.put(ctx, r.session, v)
}

// DeleteRoute implements core.Registry.
func (r *Registry) DeleteRoute(ctx context.Context, domain string) error {
	return routes.delete(ctx, r.session, domain)
}

// Routes implements core.Registry.
func (r *Registry) Routes(ctx context.Context) ([]core.Route, error) { return routes.list(ctx, r) }

// PutTCPRoute implements core.Registry.
func (r *Registry) PutTCPRoute(ctx context.Context, v core.TCPRoute) error {
	return tcpRoutes.put(ctx, r.session, v)
}

// DeleteTCPRoute implements core.Registry.
func (r *Registry) DeleteTCPRoute(ctx context.Context, id string) error {
	return tcpRoutes.delete(ctx, r.session, id)
}

// TCPRoutes implements core.Registry.
func (r *Registry) TCPRoutes(ctx context.Context) ([]core.TCPRoute, error) {
	return tcpRoutes.list(ctx, r)
}

// PutCertificate implements core.Registry.
func (r *Registry) PutCertificate(ctx context.Context, v core.PublishedCertificate) error {
	return certificates.put(ctx, r.session, v)
}

// DeleteCertificate implements core.Registry.
func (r *Registry) DeleteCertificate(ctx context.Context, id string) error {
	return certificates.delete(ctx, r.session, id)
}

// Certificates implements core.Registry.
func (r *Registry) Certificates(ctx context.Context) ([]core.PublishedCertificate, error) {
	return certificates.list(ctx, r)
}

// PutChallenge implements core.Registry.
func (r *Registry) PutChallenge(ctx context.Context, v core.Challenge) error {
	return challenges.put(ctx, r.session, v)
}

// DeleteChallenge implements core.Registry.
func (r *Registry) DeleteChallenge(ctx context.Context, token string) error {
	return challenges.delete(ctx, r.session, token)
}

// Challenges implements core.Registry.
func (r *Registry) Challenges(ctx context.Context) ([]core.Challenge, error) {
	return challenges.list(ctx, r)
}

// Gateways implements core.Registry. A gateway that was killed is among them until its session has ended.
func (r *Registry) Gateways(ctx context.Context) ([]core.GatewayNode, error) {
	return gateways.list(ctx, r)
}
