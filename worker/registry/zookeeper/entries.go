package zookeeper

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"berth/core"
)

// entries are what is published and can be read.
type entries struct {
	refusals     *refusals
	addresses    map[string]map[string]core.Address // by app id and path
	routes       kept[core.Route]
	tcpRoutes    kept[core.TCPRoute]
	certificates kept[core.PublishedCertificate]
	challenges   kept[core.Challenge]
}

func newEntries(r *refusals) *entries {
	return &entries{refusals: r, addresses: map[string]map[string]core.Address{}, routes: keep(routes, r),
		tcpRoutes: keep(tcpRoutes, r), certificates: keep(certificates, r), challenges: keep(challenges, r)}
}

// update takes over what changed and returns it as the readers of a registry know it.
func (s *entries) update(changed []entry) core.RegistryChange {
	c := core.RegistryChange{Apps: map[string][]core.Address{}}
	for _, e := range changed {
		switch {
		case s.routes.covers(e):
			s.routes.update(e, &c.Routes, &c.RemovedRoutes, &c.Refused)
		case s.tcpRoutes.covers(e):
			s.tcpRoutes.update(e, &c.TCPRoutes, &c.RemovedTCPRoutes, &c.Refused)
		case s.certificates.covers(e):
			s.certificates.update(e, &c.Certificates, &c.RemovedCertificates, &c.Refused)
		case s.challenges.covers(e):
			s.challenges.update(e, &c.Challenges, &c.RemovedChallenges, &c.Refused)
		default:
			s.updateAddress(&c, e)
		}
	}
	for app := range c.Apps {
		c.Apps[app] = s.addressesOf(app)
	}
	return c
}

// updateAddress takes over one address and notes its app. An address that became malformed is in force no more.
func (s *entries) updateAddress(c *core.RegistryChange, e entry) {
	app, _, _ := strings.Cut(strings.TrimPrefix(e.path, addressRoot+"/"), "/")
	if !e.gone {
		a, err := parseAddress(e.path, e.data)
		if err = cmp.Or(e.err, err); err == nil {
			s.refusals.mended(e.path)
			if s.addresses[app] == nil {
				s.addresses[app] = map[string]core.Address{}
			}
			s.addresses[app][e.path] = a
			c.Apps[app] = nil
			return
		}
		c.Refused = append(c.Refused, s.refusals.refuse(e.path, err))
	}
	if _, ok := s.addresses[app][e.path]; ok {
		delete(s.addresses[app], e.path)
		c.Apps[app] = nil
	}
	if len(s.addresses[app]) == 0 {
		delete(s.addresses, app)
	}
}

// addressesOf returns the addresses of an app in a stable order.
func (s *entries) addressesOf(app string) []core.Address {
	return slices.SortedFunc(maps.Values(s.addresses[app]), func(a, b core.Address) int {
		return cmp.Or(strings.Compare(a.Version, b.Version), strings.Compare(a.ContainerID, b.ContainerID))
	})
}

func (s *entries) allAddresses() []core.Address {
	all := []core.Address{}
	for _, app := range slices.Sorted(maps.Keys(s.addresses)) {
		all = append(all, s.addressesOf(app)...)
	}
	return all
}
