package alert

import (
	"context"
	"slices"
	"time"

	"berth/core"
)

// world is what rules are looked at with, read once a look.
type world struct {
	tenants   map[string]core.Tenant
	apps      map[string]core.App
	byTenant  map[string][]core.App
	instances map[string][]core.Instance // by app
	away      map[string]string          // names of the machines that do not answer, by id
	rules     []core.AlertRule           // of all tenants
	channels  map[string][]core.AlertChannel
	silences  map[string][]core.AlertSilence
	open      []core.Alert

	slow         bool                          // what changes slowly is looked at too
	certificates map[string][]core.Certificate // by tenant; when slow
}

// vainTries are after how many a certificate that could not be had is an alert.
const vainTries = 3

func (l *Loop) read(ctx context.Context, slow bool) (w *world, err error) {
	w = &world{tenants: map[string]core.Tenant{}, apps: map[string]core.App{}, byTenant: map[string][]core.App{},
		instances: map[string][]core.Instance{}, channels: map[string][]core.AlertChannel{}, silences: map[string][]core.AlertSilence{},
		away: map[string]string{}, slow: slow, certificates: map[string][]core.Certificate{}}
	for cursor := ""; ; {
		page, next, err := l.Store.Tenants().List(ctx, core.TenantFilter{Cursor: cursor, Limit: 100})
		if err != nil {
			return nil, err
		}
		for _, t := range page {
			w.tenants[t.ID] = t
		}
		if cursor = next; next == "" {
			break
		}
	}
	for cursor := ""; ; {
		page, next, err := l.Store.Apps().List(ctx, core.AppFilter{Cursor: cursor, Limit: 100})
		if err != nil {
			return nil, err
		}
		for _, a := range page {
			w.apps[a.ID] = a
			w.byTenant[a.TenantID] = append(w.byTenant[a.TenantID], a)
		}
		if cursor = next; next == "" {
			break
		}
	}
	instances, err := l.Store.Instances().List(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, i := range instances {
		w.instances[i.AppID] = append(w.instances[i.AppID], i)
	}
	hosts, err := l.Store.Hosts().List(ctx)
	if err != nil {
		return nil, err
	}
	for _, h := range hosts {
		if h.Status == core.HostDown {
			w.away[h.ID] = h.Name
		}
	}
	if slow {
		if err := l.readCertificates(ctx, w); err != nil {
			return nil, err
		}
	}
	return w, l.readAlerts(ctx, w)
}

func (l *Loop) readCertificates(ctx context.Context, w *world) error {
	presented, err := l.Store.Certificates().Presented(ctx)
	if err != nil {
		return err
	}
	failing, err := l.Store.Certificates().Failing(ctx, vainTries)
	for _, c := range append(presented, failing...) {
		w.certificates[c.TenantID] = append(w.certificates[c.TenantID], c)
	}
	return err
}

func (l *Loop) readAlerts(ctx context.Context, w *world) error {
	own, err := l.Store.Alerts().Rules(ctx, "")
	if err != nil {
		return err
	}
	byTenant := map[string][]core.AlertRule{}
	for _, r := range own {
		byTenant[r.TenantID] = append(byTenant[r.TenantID], r)
	}
	for id, t := range w.tenants {
		if !t.Deleting {
			w.rules = append(w.rules, core.MergeAlertRules(id, byTenant[id])...)
		}
	}
	channels, err := l.Store.Alerts().Channels(ctx, "")
	if err != nil {
		return err
	}
	for _, c := range channels {
		w.channels[c.TenantID] = append(w.channels[c.TenantID], c)
	}
	silences, err := l.Store.Alerts().Silences(ctx, "")
	if err != nil {
		return err
	}
	for _, s := range silences {
		w.silences[s.TenantID] = append(w.silences[s.TenantID], s)
	}
	w.open, err = l.Store.Alerts().Open(ctx)
	return err
}

func (w *world) silenced(a core.Alert, now time.Time) bool {
	return slices.ContainsFunc(w.silences[a.TenantID], func(s core.AlertSilence) bool { return s.Covers(a, now) })
}

// channelsOf returns the channels that a rule tells: those that it names and that there still are, or all. A tenant that
// has none tells its admins.
func (w *world) channelsOf(tenantID string, r core.AlertRule) (ids []string) {
	for _, c := range w.channels[tenantID] {
		if len(r.Channels) == 0 || slices.Contains(r.Channels, c.ID) {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		for _, c := range w.channels[tenantID] {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		ids = []string{core.AdminsChannel}
	}
	return ids
}

// of returns the apps that a rule looks at.
func (w *world) of(r core.AlertRule) []core.App {
	if r.AppID == "" {
		return w.byTenant[r.TenantID]
	}
	if a, ok := w.apps[r.AppID]; ok {
		return []core.App{a}
	}
	return nil
}
