package main

import (
	"path/filepath"
	"time"

	"berth/worker/metrics"
	"berth/worker/metrics/machine"
	"berth/worker/metrics/tsdb"
)

// joinMetrics opens the measurements. They belong to the process that takes them.
func (p *parts) joinMetrics() error {
	if !p.cfg.Has("worker") {
		return nil
	}
	log := p.log.With("part", "metrics")
	st, err := tsdb.Open(filepath.Join(p.cfg.Data, "metrics"), log, time.Now)
	if err != nil {
		return err
	}
	p.measured = st
	here := &machine.Machine{Dir: p.cfg.Data}
	p.sampler = metrics.New(metrics.Options{Store: p.store, Engines: p.engines, Traffic: p.traffic, Metrics: st, Host: here.Measure, Log: log})
	return nil
}
