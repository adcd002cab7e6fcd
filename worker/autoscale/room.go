package autoscale

import (
	"context"

	"berth/core"
	"berth/core/scale"
)

// room returns how many instances there is room for, up to those wanted.
func (f *follower) room(ctx context.Context, s subject, wanted int) (scale.Room, error) {
	now := s.release.Spec.Replicas
	quota, err := core.MeasureQuotaRoom(ctx, f.Store, f.Catalog, s.app, now, wanted)
	if err != nil {
		return scale.Room{}, err
	}
	hosts, err := core.MeasureHostRoom(ctx, f.Store, s.release.Spec, max(now-s.missing, 0))
	return scale.Room{Quota: quota.Replicas, QuotaText: quota.Text, Hosts: hosts}, err
}
