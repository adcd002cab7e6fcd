package main

import (
	"time"

	"berth/worker/autoscale"
	"berth/worker/metrics"
)

// loadEvery is how often the instances of apps with a scaling are measured: often enough that a step in the load is seen
// within the window of a rule.
const loadEvery = 2 * time.Second

// joinScaling makes what measures for the autoscaler.
func (p *parts) joinScaling() {
	p.load = metrics.New(metrics.Options{Store: p.store, Engines: p.engines, Traffic: p.traffic, Apps: p.store.Scalings().On, Every: loadEvery,
		Log: p.log.With("part", "scaling")})
}

// autoscaler keeps the number of instances as the apps' scalings say.
func (p *parts) autoscaler() *autoscale.Loop {
	return &autoscale.Loop{Store: p.store, Traffic: p.traffic, Metrics: p.load, Catalog: p.loop.Catalog, Scaler: p.service,
		Notifier: p.loop.Notifier, Log: p.log.With("part", "scaling")}
}
