package discovery

import (
	"encoding/json"
	"sync"

	"berth/core"
)

// publication is what of one app is, or is to be, in the registry. An entry with a zero value is in doubt: whether it
// is there is not known, so it is written again when it is wanted, and removed when it is not.
type publication struct {
	addresses map[place]core.Address
	routes    map[string]core.Route    // by domain
	tcp       map[string]core.TCPRoute // by id
	config    []byte                   // nil: none; empty: in doubt
}

// place is where in an app's part of the registry an address lies.
type place struct{ version, container string }

func newPublication() publication {
	return publication{addresses: map[place]core.Address{}, routes: map[string]core.Route{}, tcp: map[string]core.TCPRoute{}}
}

func (p *publication) addAddress(a core.Address) {
	p.addresses[place{a.Version, a.ContainerID}] = a
}

func (p *publication) addRoute(r core.Route) { p.routes[r.Domain] = r }

// app is what is known of one app.
type app struct {
	id string

	mu      sync.Mutex // held while it is published
	known   publication
	written int64 // the time of Discovery.clock of the last write
}

func newApp(id string) *app {
	known := newPublication()
	known.config = []byte{} // configurations cannot be listed
	return &app{id: id, known: known}
}

// wanted returns what is to be published of an app that exists. release is nil when none serves.
func wanted(a core.App, release *core.Release, instances []core.Instance, domain string) publication {
	p := newPublication()
	if a.Deleting {
		return p
	}
	for _, i := range instances {
		if i.State == core.InstanceReady && i.Address != "" && i.ContainerID != "" {
			p.addAddress(core.Address{AppID: a.ID, Version: i.Label, ContainerID: i.ContainerID, Address: i.Address})
		}
	}
	if !a.IsService() {
		p.addRoute(route(a, release, domain))
	}
	if release != nil {
		p.config = config(*release)
	}
	return p
}

func route(a core.App, release *core.Release, domain string) core.Route {
	r := core.Route{Domain: domain, AppID: a.ID, State: core.RouteOnline}
	switch {
	case a.Stopped:
		r.State = core.RouteStopped
	case release == nil:
		r.State = core.RouteStarting
	}
	if release != nil {
		r.Weights = weights(release.Spec)
		r.Wakes = release.Spec.Scaling.Idle > 0 && !a.Stopped
	}
	return r
}

func weights(s core.ReleaseSpec) map[string]int {
	w := map[string]int{}
	for _, t := range s.Targets {
		if t.Weight > 0 {
			w[t.Label] = t.Weight
		}
	}
	return w
}

// config is an app's published configuration. Never its environment: whoever reads the registry may read it.
func config(r core.Release) []byte {
	data, err := json.Marshal(struct {
		AppID    string           `json:"appId"`
		Release  int              `json:"release"`
		Versions map[string]int   `json:"versions"` // label -> percent
		Port     int              `json:"port"`
		Replicas int              `json:"replicas"`
		Health   core.HealthCheck `json:"health"`
	}{r.AppID, r.Number, weights(r.Spec), r.Spec.Port, r.Spec.Replicas, r.Spec.Health.WithDefaults()})
	if err != nil {
		panic(err) // these always marshal
	}
	return data
}
