package main

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"berth/core"
	"berth/handlers"
)

// machine looks at what the first operator should know of this machine: nothing runs without an engine, nothing
// answers without a gateway, and nothing can be uploaded without room.
func (p *parts) machine(ctx context.Context) []handlers.Finding {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	found := []handlers.Finding{p.engineFinding(ctx)}
	if p.cfg.Has("gateway") && p.cfg.GatewayHTTP != "" {
		found = append(found, p.gatewayFinding())
	}
	return append(found, diskFinding(p.cfg.Data))
}

func (p *parts) engineFinding(ctx context.Context) handlers.Finding {
	info, err := p.engines[core.LocalHost].Info(ctx)
	if err != nil {
		p.log.Warn("the engine does not answer", "error", err)
		return handlers.Finding{What: core.T("machine.no_engine"), Next: core.T("machine.no_engine_next")}
	}
	return handlers.Finding{Good: true, What: core.T("machine.engine", "engine", info.Version, "memory", info.Memory.Human())}
}

func (p *parts) gatewayFinding() handlers.Finding {
	if p.gateway.Ready() {
		return handlers.Finding{Good: true, What: core.T("machine.gateway", "address", "*."+p.cfg.BaseDomain)}
	}
	return handlers.Finding{What: core.T("machine.no_gateway", "address", p.cfg.GatewayHTTP),
		Next: core.T("machine.no_gateway_next", "address", p.cfg.GatewayHTTP)}
}

func diskFinding(dir string) handlers.Finding {
	free, err := freeSpace(dir)
	if err != nil || free < minFree {
		return handlers.Finding{What: core.T("machine.no_disk", "free", free.Human(), "path", dir), Next: core.T("machine.no_disk_next")}
	}
	return handlers.Finding{Good: true, What: core.T("machine.disk", "free", free.Human())}
}

// freeSpace returns the room for a folder, which need not exist yet.
func freeSpace(dir string) (core.Bytes, error) {
	for os.IsNotExist(statErr(dir)) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
	}
	var s syscall.Statfs_t
	err := syscall.Statfs(dir, &s)
	return core.Bytes(s.Bavail) * core.Bytes(s.Bsize), err
}
