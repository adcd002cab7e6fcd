package main

import (
	"context"
	"path/filepath"

	"berth/worker"
	"berth/worker/access"
	"berth/worker/traffic"
)

// joinAccess makes the access log of this process's gateway, and the secret that gateways ask readers for.
func (p *parts) joinAccess() error {
	key, err := p.cfg.Key()
	if err != nil {
		return err
	}
	if p.secret, err = derive(key, "gateway stats"); err != nil {
		return err
	}
	p.access = access.New(access.Options{Dir: filepath.Join(p.cfg.Data, "access"), Log: p.log.With("part", "access"),
		Known: func(appID string) bool { return p.gateway.Knows(appID) }})
	return nil
}

func (p *parts) joinTraffic() {
	if p.cfg.Has("gateway") {
		p.local = traffic.NewLocal(gatewayID(), p.gateway, p.access, p.tcp)
	}
	p.traffic = traffic.NewReader(traffic.Options{Registry: p.registry, Local: p.local, Secret: p.secret, Log: p.log.With("part", "traffic")})
}

// trafficLoops reads the counts of all gateways, and writes the history where the worker is.
func (p *parts) trafficLoops() []worker.Loop {
	var loops []worker.Loop
	if p.cfg.Has("gateway") {
		loops = append(loops, worker.Loop{Name: "access", Run: p.access.Run})
	}
	if !p.cfg.Has("worker") && !p.cfg.Has("portal") {
		return loops
	}
	loops = append(loops, worker.Loop{Name: "traffic", Run: p.traffic.Run})
	if p.cfg.Has("worker") {
		sampler := &traffic.Sampler{Reader: p.traffic, Store: p.store.Traffic(), Log: p.log.With("part", "traffic")}
		loops = append(loops, worker.Loop{Name: "history", Run: sampler.Run})
	}
	return loops
}

// statsLoops tells readers elsewhere what this process's gateway counted.
func (p *parts) statsLoops() []worker.Loop {
	if p.cfg.GatewayStats == "" {
		return nil
	}
	server := &traffic.Server{Local: p.local, Listen: p.cfg.GatewayStats, Secret: p.secret, Log: p.log.With("part", "traffic")}
	return []worker.Loop{{Name: "stats", Run: func(ctx context.Context) error {
		l, err := p.listeners.Listen(p.cfg.GatewayStats)
		if err != nil {
			return err
		}
		return server.Serve(ctx, l)
	}}}
}
