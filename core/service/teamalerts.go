package service

import (
	"context"
	"slices"
	"strings"
	"time"

	"berth/core"
)

// teamAlertsShown is how many alerts about a team itself its timeline looks back to.
const teamAlertsShown = 100

// withTeamAlerts adds to a page of a team's events that alerts about the team itself fired and were over: they are on
// the timeline of no app.
func (s *Service) withTeamAlerts(ctx context.Context, f core.EventFilter, events []core.Event) ([]core.Event, error) {
	alerts, _, err := s.store.Alerts().List(ctx, core.AlertFilter{TenantID: f.TenantID, OfTenant: true, Limit: teamAlertsShown})
	if err != nil {
		return nil, err
	}
	for _, a := range alerts {
		for _, e := range teamEvents(a) {
			if f.Before == "" || e.ID < f.Before {
				events = append(events, e)
			}
		}
	}
	slices.SortStableFunc(events, func(a, b core.Event) int { return strings.Compare(b.ID, a.ID) })
	return events[:min(len(events), f.Limit)], nil
}

// teamEvents are what happened to an alert about a team. Their ids sort among those of other events.
func teamEvents(a core.Alert) []core.Event {
	level := core.LevelWarning
	if a.Severity == core.AlertCritical {
		level = core.LevelBad
	}
	event := func(at time.Time, level core.Level, kind string, text core.Text) core.Event {
		return core.Event{ID: core.IDAt(at, a.ID), TenantID: a.TenantID, Kind: kind, Text: text, Cause: a.Rule, Level: level, CreatedAt: at}
	}
	all := []core.Event{event(a.FiredAt, level, "alert_fired", core.T("event.quota_short", "resource", a.Subject, "value", a.Value))}
	if a.State == core.AlertResolved {
		all = append(all, event(a.ResolvedAt, core.LevelGood, "alert_resolved", core.T("event.quota_enough", "resource", a.Subject)))
	}
	return all
}
