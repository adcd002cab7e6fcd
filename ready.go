package main

import (
	"context"
	"time"

	"berth/core"
	"berth/web"
)

// ready asks each part of this process whether it answers. What is optional may be away: Berth goes on serving from
// what it knew last.
func (p *parts) ready(ctx context.Context) map[string]web.Part {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	state := map[string]web.Part{"database": {Err: p.store.Ping(ctx)}}
	_, err := p.engines[core.LocalHost].Info(ctx)
	state["engine"] = web.Part{Err: err, Optional: true}
	state["registry"] = p.registryPart()
	if p.measured != nil {
		state["metrics"] = web.Part{Err: p.measured.Fault(), Optional: true}
	}
	if p.cfg.Has("gateway") && p.cfg.GatewayHTTP != "" {
		state["gateway"] = web.Part{Err: p.gatewayFault()}
	}
	return state
}

func (p *parts) gatewayFault() error {
	if p.gateway.Ready() {
		return nil
	}
	return core.Errorf(core.EUNAVAILABLE, "error.gateway_unready")
}

// registryStale is how long the registry may be silent before it counts as away.
const registryStale = 30 * time.Second

func (p *parts) registryPart() web.Part {
	seen := p.seen()
	part := web.Part{Seen: seen, Optional: true}
	if time.Since(seen) > registryStale || p.snapshot.State().Loaded {
		part.Err = core.Errorf(core.EUNAVAILABLE, "error.registry_unavailable")
	}
	return part
}

// seen returns when the registry last confirmed what the gateway serves, be it before this process began.
func (p *parts) seen() time.Time {
	if s := p.snapshot.State(); s.Loaded {
		return s.Seen
	}
	return p.registry.Contact()
}
