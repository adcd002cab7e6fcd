package service

import (
	"context"

	"berth/core"
)

// Hosts returns the hosts by name, with what is asked of each. Errors: EUNAUTHORIZED, EFORBIDDEN.
func (s *Service) Hosts(ctx context.Context) ([]core.HostSummary, error) {
	if err := s.authorize(ctx, core.ActOperate, ""); err != nil {
		return nil, err
	}
	hosts, err := s.store.Hosts().List(ctx)
	if err != nil {
		return nil, err
	}
	use, err := s.store.Hosts().Use(ctx)
	summaries := make([]core.HostSummary, len(hosts))
	for i, h := range hosts {
		summaries[i] = core.HostSummary{Host: h, Use: use[h.ID]}
	}
	return summaries, err
}

// CollectGarbage removes what no image refers to and returns how much disk that gave back. Errors: EUNAUTHORIZED,
// EFORBIDDEN.
func (s *Service) CollectGarbage(ctx context.Context) (freed core.Bytes, err error) {
	note := core.AuditEntry{Action: "host.collect_garbage"}
	defer s.attempted(ctx, &note, &err)
	if err := s.authorize(ctx, core.ActOperate, ""); err != nil {
		return 0, err
	}
	if freed, err = s.images.CollectGarbage(ctx); err != nil {
		return freed, err
	}
	note.After = map[string]string{"freed": freed.Human()}
	s.noted(ctx, &note)
	return freed, nil
}
