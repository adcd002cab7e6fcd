package host

import (
	"context"
	"slices"

	"berth/core"
	"berth/views/i18n"
)

func ports(h core.Host) int64 { return int64(h.PortTo - h.PortFrom + 1) }

func labels(h core.Host) []string {
	out := make([]string, 0, len(h.Labels))
	for k, v := range h.Labels {
		if v != "" {
			k += "=" + v
		}
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func summary(ctx context.Context, hosts []core.HostSummary) string {
	instances, down := 0, 0
	for _, h := range hosts {
		instances += h.Use.Instances
		if h.Host.Status != core.HostUp {
			down++
		}
	}
	s := i18n.T(ctx, "host.summary", "hosts", i18n.T(ctx, "host.hosts", "count", len(hosts)),
		"instances", i18n.T(ctx, "host.instances", "count", instances))
	if down > 0 {
		s += i18n.Space(ctx) + i18n.T(ctx, "host.down", "count", down)
	}
	return s
}
