package reconcile

import (
	"context"
	"sync"
	"time"

	"berth/core"
)

// hosts remembers which engines answer.
type hosts struct {
	mu   sync.Mutex
	away map[string]bool
	back map[string]time.Time
}

func newHosts() *hosts { return &hosts{away: map[string]bool{}, back: map[string]time.Time{}} }

// returned says which engines were away, and since when they answer again.
func (h *hosts) returned() map[string]time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	copied := make(map[string]time.Time, len(h.back))
	for id, at := range h.back {
		copied[id] = at
	}
	return copied
}

// note records whether an engine answers and reports whether it just came back.
func (h *hosts) note(hostID string, answers bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	cameBack := answers && h.away[hostID]
	if cameBack {
		h.back[hostID] = time.Now()
	}
	h.away[hostID] = !answers
	return cameBack
}

// refreshHost asks an engine about its host and records what it says. It reports whether the engine answered.
func (l *Loop) refreshHost(ctx context.Context, hostID string) bool {
	host, err := l.Store.Hosts().Get(ctx, hostID)
	if core.ErrorCode(err) == core.ENOTFOUND {
		host, err = core.Host{ID: hostID, Name: hostID, PortFrom: l.Ports[0], PortTo: l.Ports[1]}, nil
	}
	if err != nil {
		l.Log.Warn("cannot read a host", "host", hostID, "error", err)
		return false
	}
	info, infoErr := l.ask(ctx, hostID)
	if l.hosts.note(hostID, infoErr == nil) {
		l.Log.Info("an engine answers again", "host", hostID)
	}
	if infoErr != nil {
		host.Status, host.Reason = core.HostDown, core.ErrorMessage(infoErr)
	} else {
		host = describe(host, info, l.Ports)
	}
	if err := l.Store.Hosts().Put(ctx, host); err != nil && ctx.Err() == nil {
		l.Log.Warn("cannot record a host", "host", hostID, "error", err)
	}
	l.Notifier.Notify(core.Change{Kind: "host", ID: hostID})
	return infoErr == nil
}

func (l *Loop) ask(ctx context.Context, hostID string) (core.EngineInfo, error) {
	engine, err := l.Engines.Engine(hostID)
	if err != nil {
		return core.EngineInfo{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return engine.Info(ctx)
}

func describe(h core.Host, info core.EngineInfo, ports [2]int) core.Host {
	h.Status, h.Reason, h.SeenAt = core.HostUp, core.Text{}, time.Now()
	h.Address, h.Memory, h.CPU = info.Address, info.Memory, info.CPU
	h.Arch, h.OS, h.Engine = info.Arch, info.OS, info.Version
	h.PortFrom, h.PortTo = ports[0], ports[1]
	if info.Name != "" {
		h.Name = info.Name
	}
	return h
}

// followEvents looks at the apps that an engine's events name. When the engine goes, it waits for it and then looks
// at all apps.
func (l *Loop) followEvents(ctx context.Context, hostID string) {
	for ctx.Err() == nil {
		engine, err := l.Engines.Engine(hostID)
		if err == nil {
			err = engine.Events(ctx, func(e core.EngineEvent) { l.lookWhere(ctx, e) })
		}
		if ctx.Err() != nil {
			return
		}
		l.hosts.note(hostID, false)
		l.Log.Warn("an engine's events have ended", "host", hostID, "error", err)
		for !l.refreshHost(ctx, hostID) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(500 * time.Millisecond):
			}
		}
	}
}

// lookWhere follows an event. When the engine begins to tell, everything that happened before went untold.
func (l *Loop) lookWhere(ctx context.Context, e core.EngineEvent) {
	if e.Kind == "listening" {
		l.wakeAll(ctx)
		return
	}
	l.queue.Add(e.AppID)
}

func (l *Loop) wakeAll(ctx context.Context) {
	ids, err := l.Store.Apps().IDs(ctx)
	if err != nil {
		l.Log.Warn("cannot list apps", "error", err)
		return
	}
	for _, id := range ids {
		l.queue.Add(id)
	}
}
