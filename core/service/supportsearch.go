package service

import (
	"cmp"
	"context"
	"net"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"berth/core"
)

// minSupportSearch and maxSupportSearch bound what is searched for, in characters.
const (
	minSupportSearch = 2
	maxSupportSearch = 128
)

// FindForSupport finds tenants, apps and instances by any part of a name, an id, a container id, the name of a machine
// or an address, whatever belongs to whom; the closest first, at most core.MaxSupportHits. Errors: EUNAUTHORIZED,
// EFORBIDDEN, EINVALID at "q".
func (s *Service) FindForSupport(ctx context.Context, q string) ([]core.SupportHit, error) {
	actor, err := supporter(ctx)
	if err != nil {
		return nil, err
	}
	q = strings.TrimSpace(q)
	if n := utf8.RuneCountInString(q); n < minSupportSearch || n > maxSupportSearch || !utf8.ValidString(q) {
		return nil, core.Invalid("q", "error.support_search", "min", "2", "max", "128")
	}
	text, app := s.searched(q)
	hits, err := s.store.Support().Search(ctx, text, app, core.MaxSupportHits)
	if err != nil {
		return nil, err
	}
	text = strings.ToLower(text)
	slices.SortStableFunc(hits, func(a, b core.SupportHit) int {
		return cmp.Compare(closeness(a, text, app), closeness(b, text, app))
	})
	hits = hits[:min(len(hits), core.MaxSupportHits)]
	return hits, s.markSessions(ctx, actor, hits)
}

// searched returns what to look for: of an address its app, when the name lies under the base domain.
func (s *Service) searched(q string) (text, app string) {
	text = q
	if u, err := url.Parse(q); err == nil && u.Host != "" {
		text = u.Host
	} else if host, _, found := strings.Cut(q, "/"); found {
		text = host
	}
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	text = strings.TrimSuffix(text, ".")
	if app, under := strings.CutSuffix(strings.ToLower(text), "."+s.baseDomain); under && app != "" {
		return text, app[strings.LastIndexByte(app, '.')+1:]
	}
	return text, ""
}

// closeness is smaller the better a hit fits.
func closeness(h core.SupportHit, text, app string) int {
	best := 3
	for _, name := range []string{h.TenantID, h.TenantName, h.AppID, h.AppName, h.InstanceID, h.ContainerID} {
		if h.Kind != core.SupportTenant && (name == h.TenantID || name == h.TenantName) || name == "" ||
			h.Kind == core.SupportInstance && (name == h.AppID || name == h.AppName) {
			continue
		}
		switch name = strings.ToLower(name); {
		case name == text || app != "" && name == app:
			return 0
		case strings.HasPrefix(name, text):
			best = min(best, 1)
		case strings.Contains(name, text):
			best = min(best, 2)
		}
	}
	return best
}

// markSessions says of each hit whether the actor may see states and logs there.
func (s *Service) markSessions(ctx context.Context, actor core.Actor, hits []core.SupportHit) error {
	now := s.now()
	own, err := s.store.Support().List(ctx, core.SupportFilter{UserID: actor.UserID, Active: now})
	if err != nil {
		return err
	}
	sessions := make(map[string]core.SupportSession, len(own))
	for _, o := range own {
		sessions[o.TenantID] = o
	}
	for i, h := range hits {
		o := sessions[h.TenantID]
		hits[i].Open = actor.Can(core.ActLogs, h.TenantID)
		hits[i].Waiting = o.State == core.SupportWaiting
		if o.State == core.SupportOpen {
			hits[i].Ends = o.ExpiresAt
		}
	}
	return nil
}
