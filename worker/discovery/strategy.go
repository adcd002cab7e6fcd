package discovery

import (
	"context"
	"strconv"
	"time"

	"berth/core"
)

// handover is what a release on its way, or one that has just taken over, changes in what is published.
type handover struct {
	app     core.App
	serving core.Release
	target  core.Release // App.Release when that is not the one that serves; else zero
	before  core.Release // of a blue-green release that serves: the one whose instances are kept; else zero
	domain  string       // where a release that waits is reached
}

// handover reads what leads from one release to the next. It costs a query only while there is something.
func (d *Discovery) handover(ctx context.Context, a core.App, serving *core.Release) (h handover, err error) {
	if serving == nil || a.Stopped || a.Deleting {
		return h, nil
	}
	h = handover{app: a, serving: *serving, domain: "next." + d.Domain(a.ID)}
	releases := d.opts.Store.Releases()
	if a.Release != a.Serving {
		if h.target, err = releases.Get(ctx, a.ID, a.Release); core.ErrorCode(err) == core.ENOTFOUND {
			err = nil
		}
		return h, err
	}
	if keep := serving.Spec.Strategy.KeptFor(); keep > 0 && time.Since(serving.OnlineAt) < keep+time.Minute {
		h.before, err = releases.Before(ctx, a.ID, a.Serving)
	}
	return h, err
}

// handOver changes p by what leads from one release to the next.
func (d *Discovery) handOver(ctx context.Context, a core.App, serving *core.Release, p *publication, instances []core.Instance) error {
	h, err := d.handover(ctx, a, serving)
	if err == nil {
		h.adjust(p, instances)
	}
	return err
}

func (h handover) templates(r core.Release) map[string]bool {
	set := map[string]bool{}
	for _, t := range r.Spec.Targets {
		set[r.Spec.Template(t, h.app.Restart)] = true
	}
	return set
}

// adjust changes p, what would be published if there were no release on its way.
func (h handover) adjust(p *publication, instances []core.Instance) {
	strategy := h.target.Spec.Strategy.Kind
	switch {
	case h.serving.Number == 0:
	case h.before.Number > 0:
		h.hide(p, instances)
	case strategy == core.StrategyBlueGreen && h.target.Status == core.ReleasePending:
		h.setBeside(p, instances)
	case strategy == core.StrategyRolling && (h.target.Status == core.ReleasePending || h.target.Status == core.ReleaseFailed):
		h.follow(p, instances)
	}
}

// published reports whether an instance is among p, and where.
func published(p *publication, i core.Instance) (place, bool) {
	at := place{i.Label, i.ContainerID}
	_, ok := p.addresses[at]
	return at, ok
}

// hide takes out the instances that are kept to go back to: they get no requests, whatever happens to the others.
func (h handover) hide(p *publication, instances []core.Instance) {
	serves, kept := h.templates(h.serving), h.templates(h.before)
	for _, i := range instances {
		if at, ok := published(p, i); ok && kept[i.Template] && !serves[i.Template] {
			delete(p.addresses, at)
		}
	}
}

// setBeside lets the instances of a release that waits be reached at a domain of their own. Where they are of a version
// that serves, they are published as another one, so that no visitor comes to them.
func (h handover) setBeside(p *publication, instances []core.Instance) {
	serves, waits, serving := h.templates(h.serving), h.templates(h.target), weights(h.serving.Spec)
	labels := map[string]int{}
	for _, i := range instances {
		at, ok := published(p, i)
		if !ok || serves[i.Template] || !waits[i.Template] {
			continue
		}
		label := i.Label
		if serving[label] > 0 {
			label += "-release-" + strconv.Itoa(h.target.Number)
			a := p.addresses[at]
			delete(p.addresses, at)
			a.Version = label
			p.addAddress(a)
		}
		labels[label] = weights(h.target.Spec)[i.Label]
	}
	if len(labels) == 0 || h.app.IsService() {
		return
	}
	r := core.Route{Domain: h.domain, AppID: h.app.ID, State: core.RouteOnline, Weights: labels}
	for _, other := range p.routes {
		if other.Domain != h.domain && other.AppID == h.app.ID && other.Rules != nil {
			r.Rules = other.Rules // whom the app keeps out does not get in here either
		}
	}
	p.addRoute(r)
}

// follow divides the requests by how many instances of each release are ready, so that every instance gets as many.
func (h handover) follow(p *publication, instances []core.Instance) {
	serves, comes := h.templates(h.serving), h.templates(h.target)
	old, next := 0, 0
	for _, i := range instances {
		_, ok := published(p, i)
		switch {
		case !ok:
		case comes[i.Template] && !serves[i.Template]:
			next++
		default:
			old++
		}
	}
	if next == 0 {
		return
	}
	divided := map[string]int{}
	for label, weight := range weights(h.serving.Spec) {
		divided[label] += weight * old
	}
	for label, weight := range weights(h.target.Spec) {
		divided[label] += weight * next
	}
	for label, n := range divided {
		if divided[label] = (n + (old+next)/2) / (old + next); n > 0 && divided[label] == 0 {
			divided[label] = 1
		} else if n == 0 {
			delete(divided, label)
		}
	}
	for domain, r := range p.routes {
		if r.AppID == h.app.ID && len(r.Weights) > 0 {
			r.Weights = divided
			p.routes[domain] = r
		}
	}
}
