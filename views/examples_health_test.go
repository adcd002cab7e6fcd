package views_test

import (
	"time"

	"github.com/a-h/templ"

	"berth/core"
	"berth/views/app"
	"berth/views/diagnosis"
	"berth/views/layout"
)

func healthExamples() map[string]templ.Component {
	at := now.Add(-4 * time.Second)
	facts := core.Facts{App: orders, Target: current, Serving: current, Secure: true, Now: now, Instances: instances(),
		Domains: []core.DomainFacts{{Name: "orders.berth.example", Leads: core.LeadsHere}},
		Gateway: core.GatewayFacts{Known: true, Address: "berth.example", Answers: true}, Hosts: []core.Host{{ID: "local", Status: core.HostUp}}}
	facts.Instances = facts.Instances[2:3]
	facts.Instances[0].ExitCode, facts.Instances[0].Crashes, facts.Instances[0].Memory, facts.Instances[0].RetryAt = 137, 4, 64*core.MiB, now.Add(4*time.Second)
	facts.Instances[0].Exit = core.Exit{At: at, Why: core.T("reason.out_of_memory"), Lines: []string{"loading the catalogue", "<script>alert(1)</script>"}}
	answers := map[string][]core.HealthAnswer{facts.Instances[0].ID: {
		{At: at, Took: 3 * time.Millisecond, Asked: core.Probe{Kind: core.ProbeHTTP, Path: "/healthz"}, Problem: core.T("health.status", "status", "503", "path", "/healthz")},
		{At: at.Add(-5 * time.Second), Took: time.Millisecond, Asked: core.Probe{Kind: core.ProbeTCP}, Alive: true}}}
	why := func(a core.App, f core.Facts) templ.Component {
		return diagnosis.WhyPage(diagnosis.Page{Page: page(layout.SectionHome, "Why"), Head: head(a, app.TabWhy), Diagnosis: core.Diagnose(f),
			Instances: f.Instances, Answers: answers, CanLogs: true, CanMembers: true})
	}
	well := facts
	well.App, well.Instances, well.Gateway.Instances = shop, instances()[:2], 2
	well.Target.Spec.Targets, well.Target.Spec.Replicas = []core.Target{{Label: "1.4.0", Weight: 100}}, 2
	return map[string]templ.Component{"why": why(orders, facts), "why-well": why(shop, well)}
}
