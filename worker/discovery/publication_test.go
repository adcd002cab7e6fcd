package discovery

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"berth/core"
)

func TestWanted(t *testing.T) {
	release := &core.Release{AppID: "shop", Number: 3, Spec: core.ReleaseSpec{Port: 8080, Replicas: 2,
		Targets: []core.Target{{Label: "1.0", Weight: 90}, {Label: "1.1", Weight: 10}, {Label: "1.2", Weight: 0}}}}
	weights := map[string]int{"1.0": 90, "1.1": 10}
	instance := func(state core.InstanceState) []core.Instance {
		return []core.Instance{{Label: "1.0", ContainerID: "c1", Address: "172.17.0.1:25700", State: state}}
	}
	tests := map[string]struct {
		app       core.App
		release   *core.Release
		instances []core.Instance
		route     *core.Route // state and weights
		address   bool
	}{
		"nothing released":  {core.App{}, nil, nil, &core.Route{State: core.RouteStarting}, false},
		"first on its way":  {core.App{}, nil, instance(core.InstanceStarting), &core.Route{State: core.RouteStarting}, false},
		"first ready":       {core.App{}, nil, instance(core.InstanceReady), &core.Route{State: core.RouteStarting}, true},
		"serving":           {core.App{}, release, instance(core.InstanceReady), &core.Route{State: core.RouteOnline, Weights: weights}, true},
		"not well":          {core.App{}, release, instance(core.InstanceUnhealthy), &core.Route{State: core.RouteOnline, Weights: weights}, false},
		"drained":           {core.App{}, release, instance(core.InstanceDraining), &core.Route{State: core.RouteOnline, Weights: weights}, false},
		"crashed":           {core.App{}, release, instance(core.InstanceCrashed), &core.Route{State: core.RouteOnline, Weights: weights}, false},
		"stopped":           {core.App{Stopped: true}, release, nil, &core.Route{State: core.RouteStopped, Weights: weights}, false},
		"stopped when new":  {core.App{Stopped: true}, nil, nil, &core.Route{State: core.RouteStopped}, false},
		"service":           {core.App{Service: &core.ServiceSpec{}}, release, instance(core.InstanceReady), nil, true},
		"being deleted":     {core.App{Deleting: true}, release, instance(core.InstanceReady), nil, false},
		"without container": {core.App{}, nil, []core.Instance{{State: core.InstanceReady}}, &core.Route{State: core.RouteStarting}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.app.ID = "shop"
			p := wanted(tt.app, tt.release, tt.instances, "shop.localhost")
			routes := map[string]core.Route{}
			if tt.route != nil {
				tt.route.Domain, tt.route.AppID = "shop.localhost", "shop"
				routes["shop.localhost"] = *tt.route
			}
			if d := cmp.Diff(routes, p.routes); d != "" {
				t.Error(d)
			}
			if tt.address != (len(p.addresses) == 1) {
				t.Errorf("addresses %v", p.addresses)
			}
		})
	}
}

func TestConfigTellsNoSecrets(t *testing.T) {
	r := core.Release{AppID: "shop", Number: 3, Spec: core.ReleaseSpec{Port: 8080, Replicas: 2, Command: []string{"hunter2"},
		Targets: []core.Target{{Label: "1.0", Weight: 100}}, Env: []core.EnvVar{{Name: "PASSWORD", Value: "hunter2"}}}}
	want := `{"appId":"shop","release":3,"versions":{"1.0":100},"port":8080,"replicas":2,` +
		`"health":{"kind":"auto","interval":"5s","timeout":"2s","grace":"1m0s","failures":3,"successes":1,"policy":"restart"}}`
	if got := string(config(r)); got != want {
		t.Errorf("config %s, want %s", got, want)
	}
}
