package reconcile

import "berth/core"

// sustain has the release that serves grow with its load while another one is on its way, or waits for somebody.
func (p *planner) sustain() {
	live := p.d.Live
	if p.release.Status != core.ReleasePending || live.Number == 0 || live.Number == p.release.Number || !live.Spec.Scaling.On() {
		return
	}
	have := map[string]int{}
	for _, i := range append(p.wanted, p.old...) {
		have[i.Template]++
	}
	for n, count := range live.Spec.Instances() {
		t := live.Spec.Targets[n]
		template := live.Spec.Template(t, p.d.App.Restart)
		if p.makes(template) {
			continue // it is what the new one wants too
		}
		for range count - have[template] {
			p.plan.Actions = append(p.plan.Actions, Action{Kind: Place, Target: t, Release: live})
		}
	}
}

// makes reports whether the release on its way makes instances of a template.
func (p *planner) makes(template string) bool {
	for _, t := range p.release.Spec.Targets {
		if p.release.Spec.Template(t, p.d.App.Restart) == template {
			return true
		}
	}
	return false
}
