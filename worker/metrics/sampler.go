// Package metrics measures instances, apps and hosts every few seconds and keeps what it measured.
package metrics

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"berth/core"
)

// Options are what a Sampler works with.
type Options struct {
	Store   core.Store
	Engines core.Engines
	Traffic core.Traffic
	Metrics core.MetricStore                        // nil keeps nothing but what was measured last
	Apps    func(context.Context) ([]string, error) // that are measured; nil for all
	Host    func() ([]core.MetricSample, error)     // measures this machine; nil for none
	Every   time.Duration                           // default core.MetricEvery
	Log     *slog.Logger                            // default slog.Default
}

// Sampler measures. Make it with New.
type Sampler struct {
	opts    Options
	rates   *rates
	engines *engines
	traffic *trafficRates
	latest  latest
	known   []core.Instance // the last that the store named
	fresh   bool            // it does so now
}

// New makes a Sampler; Run has it measure.
func New(o Options) *Sampler {
	if o.Every == 0 {
		o.Every = core.MetricEvery
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Sampler{opts: o, rates: newRates(), engines: newEngines(o.Engines), traffic: newTrafficRates(o.Traffic), fresh: true}
}

// Run measures at every tick until ctx ends. What cannot be measured or kept is left out; the next tick tries again.
func (s *Sampler) Run(ctx context.Context) error {
	ctx = core.WithActor(ctx, core.System())
	tick := time.NewTicker(s.opts.Every)
	defer tick.Stop()
	for failing := false; ; {
		err := s.Sample(ctx, time.Now())
		if err != nil && ctx.Err() == nil && !failing {
			s.opts.Log.Warn("measurements are lost", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Sample measures everything once. Errors: of the store of measurements.
func (s *Sampler) Sample(ctx context.Context, now time.Time) error {
	instances, fresh := s.instances(ctx)
	all := s.engines.measure(ctx, instances, s.opts.Every*4/5)
	var silent map[string]bool
	if fresh { // else it is not known which of them still run
		silent = s.rates.silent(instances, all)
	}
	var samples []core.MetricSample
	for _, m := range all {
		samples = append(samples, s.rates.of(m)...)
	}
	samples = append(samples, sums(samples, silent)...)
	s.rates.keep(instances)
	traffic := s.traffic.of(appsOf(instances), now)
	if !fresh {
		traffic = slices.DeleteFunc(traffic, isState)
	}
	samples = append(samples, traffic...)
	if s.opts.Host != nil {
		host, err := s.opts.Host()
		if err != nil {
			s.opts.Log.Debug("this machine cannot be measured", "error", err)
		}
		samples = append(samples, host...)
	}
	s.latest.set(now, samples)
	if s.opts.Metrics == nil {
		return nil
	}
	return s.opts.Metrics.Append(ctx, now, samples)
}

// readPatience is how long the store may take to name the instances.
const readPatience = time.Second

// instances returns those that there are, or while the store does not answer those that it named last: measuring goes on
// without it.
func (s *Sampler) instances(ctx context.Context) (known []core.Instance, fresh bool) {
	all, err := s.read(ctx)
	if err == nil {
		s.known = all
	} else if s.fresh {
		s.opts.Log.Warn("instances cannot be read; those known last are measured", "error", err)
	}
	s.fresh = err == nil
	return s.known, s.fresh
}

func (s *Sampler) read(ctx context.Context) ([]core.Instance, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	all, err := s.opts.Store.Instances().List(ctx, "")
	if err != nil || s.opts.Apps == nil {
		return all, err
	}
	ids, err := s.opts.Apps(ctx)
	return slices.DeleteFunc(all, func(i core.Instance) bool { return !slices.Contains(ids, i.AppID) }), err
}

// isState names what the store alone knows.
func isState(s core.MetricSample) bool {
	return s.Metric == core.MetricReady || s.Metric == core.MetricWanted
}

// appOf is an app that has instances.
type appOf struct {
	tenantID, id  string
	ready, wanted int
}

func appsOf(instances []core.Instance) map[string]*appOf {
	apps := map[string]*appOf{}
	for _, i := range instances {
		a := apps[i.AppID]
		if a == nil {
			a = &appOf{tenantID: i.TenantID, id: i.AppID}
			apps[i.AppID] = a
		}
		switch i.State {
		case core.InstanceReady:
			a.ready++
			a.wanted++
		case core.InstanceDraining, core.InstanceStopping:
		default:
			a.wanted++
		}
	}
	return apps
}
