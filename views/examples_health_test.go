package views_test

import (
	"time"

	"github.com/a-h/templ"

	"berth/core"
	"berth/views/app"
	"berth/views/diagnosis"
	"berth/views/layout"
	"berth/views/settings"
	"berth/views/ui"
)

func healthExamples() map[string]templ.Component {
	return map[string]templ.Component{
		"why":             why(orders, endless(), nil),
		"why-failing":     why(orders, failing(), answersOf("e09ab3d2f411", core.Text{}, core.T("health.status", "status", "503", "path", "/healthz", "expected", "200"))),
		"why-well":        why(shop, wellFacts(), answersOf("7c1f3a5b9d02", core.Text{}, core.Text{})),
		"why-full":        why(shop, full(), answersOf("7c1f3a5b9d02", core.Text{}, core.Text{})),
		"why-stopped":     why(intranet, stoppedFacts(), nil),
		"why-failed":      why(core.App{ID: "loyalty", TenantID: tenant.ID, Name: "Loyalty", Release: 1, State: core.AppFailed}, failedFacts(), nil),
		"why-busy":        why(core.App{ID: "orders", TenantID: tenant.ID, Name: "Orders", Release: 1, State: core.AppDeploying}, busy(), answersOf("e09ab3d2f411", core.T("health.refused"), core.T("health.refused"))),
		"settings-health": healthSettings(),
	}
}

func why(a core.App, f core.Facts, answers map[string][]core.HealthAnswer) templ.Component {
	f.App, f.Answers = a, answers
	return diagnosis.WhyPage(diagnosis.Page{Page: page(layout.SectionHome, "Why"), Head: head(a, app.TabWhy), Diagnosis: core.Diagnose(f),
		Instances: f.Instances, Answers: answers, CanLogs: true, CanMembers: true})
}

// answersOf are ten answers of an instance: the newest have one problem, the older ones another.
func answersOf(id string, older, newest core.Text) map[string][]core.HealthAnswer {
	var all []core.HealthAnswer
	for n := range 10 {
		a := core.HealthAnswer{At: now.Add(-time.Duration(4+5*n) * time.Second), Took: time.Duration(800+370*n) * time.Microsecond,
			Asked: core.Probe{Kind: core.ProbeHTTP, Path: "/healthz"}, Problem: newest}
		if n > 3 {
			a.Problem = older
		}
		if n == 9 {
			a.Asked, a.Alive = core.Probe{Kind: core.ProbeTCP}, true
		}
		all = append(all, a)
	}
	return map[string][]core.HealthAnswer{id: all}
}

func wellFacts() core.Facts {
	f := core.Facts{App: shop, Target: current, Serving: current, Secure: true, Now: now, Instances: instances()[:2],
		Domains: []core.DomainFacts{{Name: "tea-shop.berth.example", Leads: core.LeadsHere}},
		Gateway: core.GatewayFacts{Known: true, Address: "berth.example", Answers: true, Counted: true, Instances: 2},
		Hosts:   []core.Host{{ID: core.LocalHost, Name: "local", Status: core.HostUp}}}
	f.Target.Spec.Targets, f.Target.Spec.Replicas = []core.Target{{Label: "1.4.0", Weight: 100}}, 2
	return f
}

// alone has one instance, in trouble.
func alone() core.Facts {
	f := wellFacts()
	f.Domains[0].Name = "orders.berth.example"
	f.Instances, f.Gateway.Instances, f.Target.Spec.Replicas = instances()[2:3], 0, 1
	f.Serving = f.Target
	return f
}

// endless crashes again and again.
func endless() core.Facts {
	f := alone()
	i := &f.Instances[0]
	i.ExitCode, i.Crashes, i.Memory, i.RetryAt = 137, 4, 64*core.MiB, now.Add(4*time.Second)
	i.Exit = core.Exit{At: now.Add(-4 * time.Second), Why: core.T("reason.out_of_memory"), Lines: []string{
		"2026-11-29T09:41:07Z loading the catalogue", "2026-11-29T09:41:08Z 41,200 of 96,000 articles", "<script>alert(1)</script>"}}
	return f
}

// failing runs, and answers that it is not well.
func failing() core.Facts {
	f := alone()
	i := &f.Instances[0]
	i.State, i.OOM, i.Reason, i.StartedAt = core.InstanceUnhealthy, false, core.T("health.status", "status", "503", "path", "/healthz"), now.Add(-time.Hour)
	f.Target.Spec.Health.SetReady(core.Probe{Kind: core.ProbeHTTP, Path: "/healthz"})
	f.Target.Spec.Health.Policy = core.PolicyTell
	f.Serving = f.Target
	return f
}

// full may have no more instances, and wants another.
func full() core.Facts {
	f := wellFacts()
	f.Target.Spec.Replicas = 3
	f.Full = []core.Resource{core.ResourceMemory, core.ResourceInstances}
	f.NoRoom = core.T("error.no_host_memory", "memory", "512 MB", "hosts", "1")
	return f
}

func stoppedFacts() core.Facts {
	f := alone()
	f.Instances, f.Domains[0].Name = nil, "intranet.berth.example"
	return f
}

// failedFacts never came online.
func failedFacts() core.Facts {
	f := alone()
	f.Instances, f.Domains[0].Name, f.Serving = nil, "loyalty.berth.example", core.Release{}
	f.Target.Number, f.Target.Status = 1, core.ReleaseFailed
	f.Failed = core.Operation{ID: "0196f0c8", Error: core.T("reason.exit_code", "code", "1"), LogTail: []string{
		"reading /etc/loyalty.yaml", "fatal: the variable DATABASE_URL is not set"}}
	return f
}

// busy is being deployed, and slow to start.
func busy() core.Facts {
	f := alone()
	i := &f.Instances[0]
	i.State, i.OOM, i.Exit, i.Reason, i.StartedAt = core.InstanceStarting, false, core.Exit{}, core.Text{}, now.Add(-20*time.Second)
	f.Serving, f.Target.Status = core.Release{}, core.ReleasePending
	return f
}

// healthSettings has all fields of a health check filled in, and one that is wrong.
func healthSettings() templ.Component {
	f := ui.NewForm("plan", "custom", "memory", "768 MB", "cpu", "0.75", "port", "8080", "health.kind", "http", "health.path", "/healthz",
		"health.status", "200", "health.text", "ready", "health.interval", "2s", "health.timeout", "10s", "health.policy", "replace",
		"health.alive.kind", "grpc", "health.alive.service", "shop.v1.Cart")
	var wrong core.Faults
	wrong.Merge("health", core.HealthCheck{Timeout: core.Duration(10 * time.Second)}.Validate())
	f = f.Fail(wrong.Err())
	return settings.SettingsPage(settings.Page{Page: page(layout.SectionHome, "Settings"), Head: head(shop, app.TabSettings), Name: ui.NewForm("name", "Tea shop"),
		Current: current, Fields: custom(fields(f)), Delete: app.Delete{App: shop, Form: ui.NewForm()}})
}
