package zookeeper

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"berth/core"
)

// entries are the published addresses and routes that can be read.
type entries struct {
	refusals  *refusals
	addresses map[string]map[string]core.Address // by app id and path
	routes    map[string]core.Route              // by path
}

func newEntries(r *refusals) *entries {
	return &entries{refusals: r, addresses: map[string]map[string]core.Address{}, routes: map[string]core.Route{}}
}

// update takes over what changed and returns it as the readers of a registry know it.
func (s *entries) update(changed []entry) core.RegistryChange {
	c := core.RegistryChange{Apps: map[string][]core.Address{}}
	for _, e := range changed {
		if strings.HasPrefix(e.path, routeRoot+"/") {
			s.updateRoute(&c, e)
		} else {
			s.updateAddress(&c, e)
		}
	}
	for app := range c.Apps {
		c.Apps[app] = s.addressesOf(app)
	}
	return c
}

// updateRoute takes over one route. A route that became malformed is in force no more.
func (s *entries) updateRoute(c *core.RegistryChange, e entry) {
	if !e.gone {
		r, err := parseRoute(e.path, e.data)
		if err = cmp.Or(e.err, err); err == nil {
			s.refusals.mended(e.path)
			s.routes[e.path] = r
			c.Routes = append(c.Routes, r)
			return
		}
		c.Refused = append(c.Refused, s.refusals.refuse(e.path, err))
	}
	if old, ok := s.routes[e.path]; ok {
		delete(s.routes, e.path)
		c.RemovedRoutes = append(c.RemovedRoutes, old.Domain)
	}
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

func (s *entries) allRoutes() []core.Route {
	return slices.SortedFunc(maps.Values(s.routes), func(a, b core.Route) int {
		return strings.Compare(a.Domain, b.Domain)
	})
}
