package autoscale

import (
	"context"

	"berth/core"
	"berth/core/scale"
)

// room returns how many instances there is room for, up to those wanted.
func (f *follower) room(ctx context.Context, s subject, wanted int) (scale.Room, error) {
	quota, err := core.MeasureRoom(ctx, f.Store, f.Catalog, s.app, s.release.Spec.Replicas, wanted)
	if err != nil {
		return scale.Room{}, err
	}
	hosts, err := f.hosts(ctx, s)
	return scale.Room{Quota: quota.Replicas, QuotaText: quota.Text, Hosts: hosts}, err
}

// hosts returns how many instances the hosts that take some have room for, those that are there included.
func (f *follower) hosts(ctx context.Context, s subject) (int, error) {
	all, err := f.Store.Hosts().List(ctx)
	if err != nil {
		return 0, err
	}
	use, err := f.Store.Hosts().Use(ctx)
	if err != nil {
		return 0, err
	}
	instances, err := f.Store.Instances().List(ctx, f.id)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, i := range instances {
		if i.Label == s.release.Spec.Targets[0].Label {
			n++
		}
	}
	n = max(n, s.release.Spec.Replicas)
	for _, h := range all {
		if h.Status == core.HostUp && !h.Cordoned {
			u := use[h.ID]
			ports := h.PortTo - h.PortFrom + 1 - u.Ports
			n += max(0, min(int((h.Memory-u.Memory)/max(s.release.Spec.Memory, 1)), ports))
		}
	}
	return min(n, core.MaxReplicas), nil
}
