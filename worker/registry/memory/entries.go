package memory

import (
	"context"

	"berth/core"
)

// families are the kinds of entries that lie under a name of their own.
type families struct {
	routes       family[core.Route]
	tcp          family[core.TCPRoute]
	certificates family[core.PublishedCertificate]
	challenges   family[core.Challenge]
}

func newFamilies(r *Registry) families {
	return families{
		routes: family[core.Route]{r, func(v core.Route) string { return v.Domain }, map[string][]byte{},
			func(w *watcher) map[string]bool { return w.routes }},
		tcp: family[core.TCPRoute]{r, core.TCPRoute.ID, map[string][]byte{},
			func(w *watcher) map[string]bool { return w.tcp }},
		certificates: family[core.PublishedCertificate]{r, func(v core.PublishedCertificate) string { return v.ID },
			map[string][]byte{}, func(w *watcher) map[string]bool { return w.certificates }},
		challenges: family[core.Challenge]{r, func(v core.Challenge) string { return v.Token }, map[string][]byte{},
			func(w *watcher) map[string]bool { return w.challenges }},
	}
}

// everything fills c with all entries; mu is held.
func (f *families) everything(c *core.RegistryChange) {
	c.Routes, c.TCPRoutes = f.routes.locked(), f.tcp.locked()
	c.Certificates, c.Challenges = f.certificates.locked(), f.challenges.locked()
}

// changes fills c with what w has noted; mu is held.
func (f *families) changes(w *watcher, c *core.RegistryChange) {
	c.Routes, c.RemovedRoutes = f.routes.taken(w)
	c.TCPRoutes, c.RemovedTCPRoutes = f.tcp.taken(w)
	c.Certificates, c.RemovedCertificates = f.certificates.taken(w)
	c.Challenges, c.RemovedChallenges = f.challenges.taken(w)
}

// PutRoute implements core.Registry.
func (r *Registry) PutRoute(_ context.Context, v core.Route) error { return r.families.routes.put(v) }

// DeleteRoute implements core.Registry.
func (r *Registry) DeleteRoute(_ context.Context, domain string) error {
	return r.families.routes.delete(domain)
}

// Routes implements core.Registry.
func (r *Registry) Routes(context.Context) ([]core.Route, error) { return r.families.routes.list() }

// PutTCPRoute implements core.Registry.
func (r *Registry) PutTCPRoute(_ context.Context, v core.TCPRoute) error {
	return r.families.tcp.put(v)
}

// DeleteTCPRoute implements core.Registry.
func (r *Registry) DeleteTCPRoute(_ context.Context, id string) error {
	return r.families.tcp.delete(id)
}

// TCPRoutes implements core.Registry.
func (r *Registry) TCPRoutes(context.Context) ([]core.TCPRoute, error) { return r.families.tcp.list() }

// PutCertificate implements core.Registry.
func (r *Registry) PutCertificate(_ context.Context, v core.PublishedCertificate) error {
	return r.families.certificates.put(v)
}

// DeleteCertificate implements core.Registry.
func (r *Registry) DeleteCertificate(_ context.Context, id string) error {
	return r.families.certificates.delete(id)
}

// Certificates implements core.Registry.
func (r *Registry) Certificates(context.Context) ([]core.PublishedCertificate, error) {
	return r.families.certificates.list()
}

// PutChallenge implements core.Registry.
func (r *Registry) PutChallenge(_ context.Context, v core.Challenge) error {
	return r.families.challenges.put(v)
}

// DeleteChallenge implements core.Registry.
func (r *Registry) DeleteChallenge(_ context.Context, token string) error {
	return r.families.challenges.delete(token)
}

// Challenges implements core.Registry.
func (r *Registry) Challenges(context.Context) ([]core.Challenge, error) {
	return r.families.challenges.list()
}
