package registrytest

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"berth/core"
)

// View is what a gateway knows: the changes of a watch, applied.
type View struct {
	t       testing.TB
	mu      sync.Mutex
	routes  map[string]core.Route
	apps    map[string][]core.Address
	rest    published
	refused map[string]string // path -> reason
	resets  int
	changed chan struct{} // closed by the next change
}

// Watch follows r until the test ends, and returns once everything has come for the first time.
func Watch(t testing.TB, r core.Registry) *View {
	t.Helper()
	v := &View{t: t, changed: make(chan struct{}), refused: map[string]string{}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = r.Watch(ctx, v.apply) // ends with ctx only
	}()
	t.Cleanup(func() { cancel(); <-done })
	v.Wait("the first reading", func() bool { return v.Resets() > 0 })
	return v
}

// Wait returns when cond holds, and fails the test when it does not within a minute.
func (v *View) Wait(what string, cond func() bool) {
	v.t.Helper()
	v.WaitFor(time.Minute, what, cond)
}

// WaitFor returns when cond holds, and fails the test when it does not in time. cond is asked after each change.
func (v *View) WaitFor(d time.Duration, what string, cond func() bool) {
	v.t.Helper()
	timeout := time.After(d)
	for {
		v.mu.Lock()
		changed := v.changed
		v.mu.Unlock()
		if cond() {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			v.t.Fatalf("%s: not within %s\nroutes %v\napps %v\nrefused %v", what, d, v.Routes(), v.Apps(), v.Refused())
		}
	}
}

// WaitRoute waits until the domain leads where r says.
func (v *View) WaitRoute(r core.Route) {
	v.t.Helper()
	v.Wait("route "+r.Domain, func() bool { return v.Has(r) })
}

// WaitNoRoute waits until the domain is gone.
func (v *View) WaitNoRoute(domain string) {
	v.t.Helper()
	v.Wait("no route "+domain, func() bool { _, ok := v.Routes()[domain]; return !ok })
}

// WaitAddresses waits until exactly these are the addresses of the app.
func (v *View) WaitAddresses(appID string, want ...core.Address) {
	v.t.Helper()
	v.Wait("addresses of "+appID, func() bool { return slices.Equal(v.Apps()[appID], want) })
}

// Routes returns the routes by domain.
func (v *View) Routes() map[string]core.Route {
	v.mu.Lock()
	defer v.mu.Unlock()
	return maps.Clone(v.routes)
}

// Has reports whether a domain leads where r says.
func (v *View) Has(r core.Route) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return sameRoute(v.routes[r.Domain], r)
}

// Apps returns the addresses by app.
func (v *View) Apps() map[string][]core.Address {
	v.mu.Lock()
	defer v.mu.Unlock()
	return maps.Clone(v.apps)
}

// Refused returns the refused entries, path to reason.
func (v *View) Refused() map[string]string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return maps.Clone(v.refused)
}

// Resets counts how often everything came.
func (v *View) Resets() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.resets
}

func (v *View) apply(c core.RegistryChange) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if c.Reset {
		v.routes, v.apps = map[string]core.Route{}, map[string][]core.Address{}
		v.rest = published{}
		v.resets++
	}
	for _, r := range c.Routes {
		v.routes[r.Domain] = r
	}
	for _, domain := range c.RemovedRoutes {
		delete(v.routes, domain)
	}
	for app, all := range c.Apps {
		v.apps[app] = all
		if len(all) == 0 {
			delete(v.apps, app)
		}
	}
	v.rest.apply(c)
	for _, r := range c.Refused {
		v.refused[r.Path] = r.Reason
	}
	close(v.changed)
	v.changed = make(chan struct{})
}

func sameRoute(a, b core.Route) bool { return reflect.DeepEqual(a, b) }
