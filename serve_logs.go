package main

import (
	"context"
	"path/filepath"
	"strconv"

	"berth/core"
	"berth/core/config"
	"berth/worker"
	"berth/worker/logs"
	"berth/worker/logs/drain"
	"berth/worker/logs/elastic"
	"berth/worker/logs/loki"
	"berth/worker/logs/victoria"
	"berth/worker/logs/victoria/process"
	"berth/worker/outbound"
)

// logsDir is where the embedded store keeps what apps write.
func logsDir(cfg config.Config) string { return filepath.Join(cfg.Data, "logs") }

// keepLogs is the embedded store: serve runs it as a process of its own.
func keepLogs(ctx context.Context, cfg config.Config) error {
	return process.Serve(ctx, logsDir(cfg), cfg.LogsKept())
}

// newLogStore returns the store that the settings name. Without one it is the worker's, on this machine.
func newLogStore(cfg config.Config) core.LogStore {
	if cfg.LogsURL == "" {
		return victoria.NewLocal(process.Socket(logsDir(cfg)))
	}
	switch cfg.LogsKind {
	case "loki":
		return loki.New(cfg.LogsURL, cfg.LogsKept())
	case "elasticsearch":
		return elastic.New(cfg.LogsURL, cfg.LogsKept())
	}
	return victoria.New(cfg.LogsURL)
}

// logLoops keep what the instances of this host write.
func (p *parts) logLoops() []worker.Loop {
	loops := []worker.Loop{{Name: "log drains", Run: p.drains.Run}, {Name: "log collector", Run: p.collector.Run}}
	if p.cfg.LogsURL == "" {
		loops = append(loops, worker.Loop{Name: "log store", Run: p.logKeeper().Run})
	}
	if s, ok := p.lines.(*elastic.Store); ok { // of itself it keeps everything
		loops = append(loops, worker.Loop{Name: "log retention", Run: s.Run})
	}
	return loops
}

func (p *parts) logKeeper() *process.Keeper {
	command := []string{config.LogStore, "--data", p.cfg.Data, "--logs-retention", strconv.Itoa(p.cfg.LogsRetention)}
	if p.cfg.Config != "" {
		command = append(command, "--config", p.cfg.Config)
	}
	return &process.Keeper{Dir: logsDir(p.cfg), Command: command, Log: p.log.With("part", "log store")}
}

func (p *parts) joinLogs(notifier core.Notifier) {
	p.lines = newLogStore(p.cfg)
	p.logs = logs.New(logs.Options{Store: p.store, Engines: p.engines, Lines: p.lines, Notifier: notifier, Log: p.log.With("part", "logs")})
	here := func(hostID string) bool {
		_, err := p.engines.Engine(hostID)
		return err == nil
	}
	p.drains = drain.New(drain.Options{Store: p.store, Lines: p.lines, Here: here, Dial: outbound.Guarded(p.cfg.NetworksOutbound()),
		Path: filepath.Join(logsDir(p.cfg), "drains"), Log: p.log.With("part", "log drains")})
	p.collector = logs.NewCollector(logs.CollectorOptions{Source: p.logs, Lines: p.lines, Tap: p.drains.Tap,
		Path: filepath.Join(logsDir(p.cfg), "positions"), Log: p.log.With("part", "log collector")})
}
