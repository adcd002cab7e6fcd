package main

import (
	"path/filepath"
	"time"

	"berth/worker/metrics"
	"berth/worker/metrics/machine"
	"berth/worker/metrics/remote"
	"berth/worker/metrics/tsdb"
)

// joinMetrics opens the measurements. A server that keeps them answers every process; else they belong to the one that
// takes them.
func (p *parts) joinMetrics() error {
	log := p.log.With("part", "metrics")
	switch {
	case p.cfg.MetricsURL != "":
		p.measured = remote.New(remote.Options{URL: p.cfg.MetricsURL, User: p.cfg.MetricsUser, Password: p.cfg.MetricsPassword})
	case p.cfg.Has("worker"):
		store, err := tsdb.Open(filepath.Join(p.cfg.Data, "metrics"), log, time.Now)
		if err != nil {
			return err
		}
		p.measured = store
	}
	if p.cfg.Has("worker") {
		here := &machine.Machine{Dir: p.cfg.Data}
		p.sampler = metrics.New(metrics.Options{Store: p.store, Engines: p.engines, Traffic: p.traffic, Metrics: p.measured,
			Host: here.Measure, Log: log})
	}
	return nil
}
