package views_test

import (
	"maps"
	"time"

	"github.com/a-h/templ"

	"berth/core"
	"berth/static"
	"berth/views/activity"
	"berth/views/app"
	"berth/views/connection"
	"berth/views/drain"
	"berth/views/errors"
	"berth/views/home"
	"berth/views/host"
	"berth/views/layout"
	"berth/views/logs"
	"berth/views/operation"
	"berth/views/release"
	"berth/views/session"
	"berth/views/settings"
	"berth/views/token"
	"berth/views/ui"
	"berth/views/version"
	"berth/views/wizard"
)

var (
	now      = time.Now()
	tenant   = core.Tenant{ID: "northwind-tea", Name: "Northwind Tea", CreatedAt: now.AddDate(0, -8, 0)}
	shop     = core.App{ID: "tea-shop", TenantID: tenant.ID, Name: "Tea shop", Release: 41, Serving: 41, State: core.AppRunning, CreatedAt: now.AddDate(0, -8, 0)}
	orders   = core.App{ID: "orders", TenantID: tenant.ID, Name: "Orders", Release: 7, Serving: 7, State: core.AppCrashing, Reason: core.T("reason.exit_code", "code", "1"), CreatedAt: now.AddDate(0, -2, 0)}
	letter   = core.App{ID: "newsletter", TenantID: tenant.ID, Name: "Newsletter", Release: 3, Serving: 2, State: core.AppSwitching}
	intranet = core.App{ID: "intranet", TenantID: tenant.ID, Name: "Intranet", Release: 9, Stopped: true, State: core.AppStopped}
	cache    = core.App{ID: "shop-cache", TenantID: tenant.ID, Name: "Shop cache", Release: 1, Serving: 1, State: core.AppRunning,
		Service: &core.ServiceSpec{Entry: "redis", Version: "7.4", Plan: "small"}, CreatedAt: now.AddDate(0, -1, 0)}
	detected = core.Detected{OS: "linux", Arch: "amd64", Port: 8080, Ports: []int{8080}, Root: true, HealthCheck: []string{"CMD", "true"}, Layers: 4}
	upload   = core.Upload{ID: "u1", TenantID: tenant.ID, FileName: "loyalty-1.0.tar", Size: 84 * core.MiB, State: core.UploadReady, ImageSize: 84 * core.MiB, Detected: detected}
	current  = core.Release{AppID: shop.ID, Number: 41, Author: "Operator", Status: core.ReleaseLive, Served: 4182, CreatedAt: now.Add(-11 * time.Minute),
		Spec: core.ReleaseSpec{Targets: []core.Target{{VersionID: "v2", Label: "1.4.0", Weight: 90}, {VersionID: "v3", Label: "1.5.0", Weight: 10}}, Replicas: 3,
			Memory: 512 * core.MiB, CPU: 500, Port: 8080, Env: []core.EnvVar{{Name: "PAYMENT_URL", Value: "https://pay.example/v2"}, {Name: "PAYMENT_KEY", Secret: true}},
			Bindings: []string{"shop-cache"}}}
)

func page(section layout.Section, title string) layout.Page {
	return layout.Page{Title: title, Section: section, Tenant: tenant, Tenants: []core.Tenant{tenant, {ID: "lab", Name: "Harbour Lab"}},
		User: core.User{Name: "Operator"}, Actor: core.Actor{Kind: core.ActorUser, Operator: true}, Path: "/", Asset: static.New().Path}
}

func gate() layout.Page { return layout.Page{Title: "Berth", Path: "/", Asset: static.New().Path} }

func head(a core.App, tab app.Tab) app.Head {
	h := app.Head{App: a, Tab: tab, Title: "Redis", CanInspect: true, CanDeploy: true, CanDelete: true, CanCredentials: true}
	if !a.IsService() {
		h.URL = "http://" + a.ID + ".localhost:8000"
	}
	return h
}

func traffics() core.TrafficCounts {
	t := core.TrafficCounts{Requests: 27666, Failed: 2, Instances: map[string]core.RequestCounts{"172.17.0.1:25700": {Requests: 9120}, "172.17.0.1:25701": {Requests: 9033}}}
	for i := range int64(60) {
		t.Recent = append(t.Recent, 26+i/4+(i*7)%9)
	}
	return t
}

func event(kind string, level core.Level, ago time.Duration, author string, kv ...string) core.Event {
	return core.Event{ID: kind, AppID: shop.ID, Kind: kind, Level: level, Text: core.T("event."+kind, kv...), Author: author, CreatedAt: now.Add(-ago)}
}

func events() []core.Event {
	return []core.Event{
		event("online", core.LevelGood, 11*time.Minute, "", "release", "41", "versions", "1.5.0"),
		event("switched", core.LevelGood, 11*time.Minute, "", "failed", "0", "served", "4,182", "release", "41"),
		event("healed", core.LevelGood, 37*time.Minute, "", "instance", "b42f01"),
		event("crashed", core.LevelBad, 38*time.Minute, "", "instance", "b42f01", "count", "5"),
		event("release_failed", core.LevelBad, 50*time.Hour, "token ci", "release", "38"),
	}
}

// quotaShort is an alert about the team itself.
func quotaShort() core.Event {
	e := event("alert_fired", core.LevelWarning, 4*time.Minute, "")
	e.AppID, e.Text, e.Cause = "", core.T("event.quota_short", "resource", "memory", "value", "95%"), core.T("alert.rule_quota", "value", "90", "for", "10 min")
	return e
}

func instances() []core.Instance {
	placed := core.T("placement.most_memory", "host", "local", "free", "7.2 GB")
	return []core.Instance{
		{ID: "7c1f3a5b9d02", Label: "1.4.0", HostID: core.LocalHost, Address: "172.17.0.1:25700", State: core.InstanceReady, StartedAt: now.Add(-140 * time.Hour), Placement: placed},
		{ID: "b42f01c4aa10", Label: "1.4.0", HostID: core.LocalHost, Address: "172.17.0.1:25701", State: core.InstanceReady, StartedAt: now.Add(-37 * time.Minute), Placement: placed},
		{ID: "e09ab3d2f411", Label: "1.4.0", HostID: core.LocalHost, State: core.InstanceCrashed, Reason: core.T("reason.out_of_memory"), OOM: true, Placement: placed},
		{ID: "f3d00a17c2e9", Label: "1.5.0", HostID: core.LocalHost, State: core.InstanceStarting, StartedAt: now.Add(-20 * time.Second), Placement: placed},
	}
}

func summaries() []core.AppSummary {
	sum := func(a core.App, version string, ready, total int, e core.Event, t core.TrafficCounts) core.AppSummary {
		s := core.AppSummary{App: a, Version: version, Instances: core.InstanceCount{Ready: ready, Total: total}, Event: e, Traffic: t}
		if !a.IsService() {
			s.URL = "http://" + a.ID + ".localhost:8000"
		}
		return s
	}
	return []core.AppSummary{
		sum(shop, "1.4.0, 1.5.0", 4, 4, events()[0], traffics()),
		sum(orders, "2.3.1", 1, 2, events()[3], core.TrafficCounts{Recent: []int64{0, 1, 0, 0, 3, 0, 0, 1, 0, 0, 0, 2}}),
		sum(letter, "0.9.2", 1, 1, events()[4], traffics()),
		sum(intranet, "3.1.0", 0, 1, core.Event{}, core.TrafficCounts{}),
		sum(cache, "", 1, 1, events()[2], core.TrafficCounts{}),
	}
}

func drains() []core.LogDrain {
	return []core.LogDrain{
		{ID: "a", Name: "Archive", Kind: core.DrainElasticsearch, Shows: "https://search.northwind.example/…", CreatedAt: now.AddDate(0, -2, 0),
			DrainReport: core.DrainReport{Sent: 18_204_771, SentAt: now.Add(-4 * time.Second), Lost: 3, LostFor: core.T("drain.refused", "status", "400", "text", "Bad Request")}},
		{ID: "b", Name: "Security team", Kind: core.DrainSyslog, Shows: "tls://syslog.northwind.example:6514", CreatedAt: now.AddDate(0, 0, -9),
			DrainReport: core.DrainReport{Sent: 91_204, SentAt: now.Add(-21 * time.Minute), Fault: core.T("drain.away"), FaultAt: now.Add(-21 * time.Minute)}},
		{ID: "c", Name: "Try-out", Kind: core.DrainLoki, Shows: "https://loki.northwind.example/…", CreatedAt: now.Add(-time.Minute)},
	}
}

func deploy(status core.OperationStatus) core.Operation {
	op := core.Operation{ID: "op1", AppID: shop.ID, Kind: core.OpDeploy, Release: 1, Status: status, Steps: core.StepsOf(core.OpDeploy, now.Add(-9*time.Second)), CreatedAt: now.Add(-9 * time.Second)}
	op.SetStep(core.StepPlaced, core.StepSucceeded, core.T("placement.most_memory", "host", "local", "free", "7.2 GB"), now.Add(-8*time.Second))
	op.SetStep(core.StepStarted, core.StepSucceeded, core.Text{}, now.Add(-6*time.Second))
	step := core.StepRunning
	switch status {
	case core.OpSucceeded:
		op.SetStep(core.StepOnline, core.StepSucceeded, core.Text{}, now)
		op.EndedAt = now
		return op
	case core.OpFailed:
		step, op.EndedAt = core.StepFailed, now
		op.Error = core.T("reason.never_answered", "seconds", "60", "asked", "12")
		op.LogTail = []string{"loyalty 1.0 starting", "\x1b[31mfatal:\x1b[0m cannot bind :3000: permission denied"}
	}
	op.SetStep(core.StepAnswering, step, core.T("reason.never_answered", "seconds", "60", "asked", "3"), now.Add(-5*time.Second))
	return op
}

func fields(f ui.Form) release.Fields {
	return release.Fields{Form: f, Plans: core.AppPlans, Databases: []release.Database{{ID: "shop-cache", Name: "Shop cache", Chosen: true}},
		Env: []release.EnvRow{{EnvVar: core.EnvVar{Name: "PAYMENT_URL", Value: "https://pay.example/v2"}}, {EnvVar: core.EnvVar{Name: "PAYMENT_KEY", Secret: true}, Kept: true}}}
}

func examples() map[string]templ.Component {
	loyalty := shop
	loyalty.Name, loyalty.ID, loyalty.Release = "Loyalty", "loyalty", 1
	overview := app.Overview{Head: head(shop, app.TabOverview), Instances: instances(), Traffic: traffics(), Release: current, Uses: []core.App{cache}, Events: events()}
	crashing := overview
	crashing.Head = head(orders, app.TabOverview)
	crashing.LastError = deploy(core.OpFailed)
	database := app.Overview{Head: head(cache, app.TabOverview), Instances: instances()[:1], Release: current, UsedBy: []core.App{shop}, Events: events()[:2], Open: []core.Operation{deploy(core.OpRunning)}}
	taken := ui.NewForm("name", "Tea shop", "id", "tea-shop", "plan", "medium", "port", "99999").Fail(&core.Error{Code: core.ECONFLICT, Fields: []core.FieldError{
		{Field: "id", Message: core.T("address.taken")}, {Field: "port", Message: core.T("error.number_range", "min", "1", "max", "65535")}}})
	free := ui.NewForm("name", "Loyalty", "id", "loyalty", "plan", "medium", "port", "8080")
	revisions := revisions()
	versions := []core.Version{
		{ID: "v3", Label: "1.5.0", Digest: "sha256:9c41e07b0000", Source: core.SourceUpload, Origin: "shop-1.5.0.tar.gz", Size: 86 * core.MiB, Author: "Operator", CreatedAt: now.Add(-time.Hour)},
		{ID: "v2", Label: "1.4.0", Digest: "sha256:51ad20f30000", Source: core.SourcePush, Size: 84 * core.MiB, Author: "token ci", CreatedAt: now.AddDate(0, 0, -9)},
		{ID: "v1", Label: "1.3.0", Digest: "sha256:c2f9917a0000", Source: core.SourceImage, Origin: "ghcr.io/northwind/shop:1.3.0", Size: 83 * core.MiB, Author: "Operator", CreatedAt: now.AddDate(0, -1, 0), Detected: detected},
	}
	push := version.Push{Registry: "localhost:8080", Image: "localhost:8080/tea-shop"}
	entries := []core.CatalogEntry{
		{Name: "mysql", Title: "MySQL", Summary: map[string]string{"en": "A relational database."}, Versions: []core.CatalogVersion{{Version: "8.4"}}, Plans: core.AppPlans[:3]},
		{Name: "redis", Title: "Redis", Summary: map[string]string{"en": "Keys and values, in memory."}, Versions: []core.CatalogVersion{{Version: "7.4"}, {Version: "7.2"}}, Plans: []core.Plan{{Name: "small", Memory: 256 * core.MiB, CPU: 250, Storage: core.GiB}}},
	}
	failedUpload := upload
	failedUpload.State, failedUpload.Error = core.UploadFailed, core.T("error.file_missing")
	busyUpload := upload
	busyUpload.State = core.UploadInspecting
	toast := page(layout.SectionHome, "Tea shop")
	toast.Toast = &layout.Toast{Text: "Restart accepted. One instance at a time, so nobody notices.", Href: "/operations/1", Link: "Follow"}
	all := map[string]templ.Component{
		"sign-in":         session.SignInPage(session.SignIn{Page: gate(), Form: ui.NewForm()}),
		"sign-in-wrong":   session.SignInPage(session.SignIn{Page: gate(), Form: ui.NewForm("email", "mei@northwind-tea.example").Fail(core.Errorf(core.EUNAUTHORIZED, "error.sign_in_first"))}),
		"setup":           session.SetupPage(session.Setup{Page: gate(), Secret: "s", Expires: now.Add(58 * time.Minute), Form: ui.NewForm("name", "Tomás Alves").Fail(core.Invalid("password", "error.password_short", "length", "9", "min", "12"))}),
		"setup-gone":      session.SetupGone(gate()),
		"home":            home.HomePage(home.Home{Page: page(layout.SectionHome, "Northwind Tea"), List: home.List{TenantID: tenant.ID, Apps: summaries(), CanNew: true, Titles: map[string]string{"redis": "Redis"}, Next: "x"}}),
		"home-empty":      home.HomePage(home.Home{Page: page(layout.SectionHome, "Northwind Tea"), List: home.List{TenantID: tenant.ID, CanNew: true}}),
		"home-none":       home.HomePage(home.Home{Page: page(layout.SectionHome, "Northwind Tea"), List: home.List{TenantID: tenant.ID, Search: "xyz", CanNew: true}}),
		"new":             wizard.QuestionPage(wizard.Question{Page: page(layout.SectionHome, "New")}),
		"new-file":        wizard.FilePage(wizard.File{Page: page(layout.SectionHome, "New")}),
		"new-inside":      wizard.InsidePage(wizard.Inside{Page: page(layout.SectionHome, "New"), Upload: upload}),
		"new-busy":        wizard.InsidePage(wizard.Inside{Page: page(layout.SectionHome, "New"), Upload: busyUpload}),
		"new-failed":      wizard.InsidePage(wizard.Inside{Page: page(layout.SectionHome, "New"), Upload: failedUpload}),
		"new-name":        wizard.NamePage(wizard.Name{Page: page(layout.SectionHome, "New"), Upload: upload, Fields: fields(free), Address: wizard.Address{Form: free, BaseDomain: "localhost", Free: true, URL: "http://loyalty.localhost:8000"}}),
		"new-name-taken":  wizard.NamePage(wizard.Name{Page: page(layout.SectionHome, "New"), Upload: upload, Fields: fields(taken), Address: wizard.Address{Form: taken, BaseDomain: "localhost", Others: []string{"tea-shop-2", "tea-shop-3"}}}),
		"new-image":       wizard.ImagePage(wizard.Image{Page: page(layout.SectionHome, "New"), Form: free, Address: wizard.Address{Form: ui.NewForm(), BaseDomain: "localhost"}}),
		"new-databases":   wizard.DatabasesPage(wizard.Databases{Page: page(layout.SectionHome, "New"), Entries: entries}),
		"new-database":    wizard.DatabasePage(wizard.Database{Page: page(layout.SectionHome, "New"), Entry: entries[1], Form: ui.NewForm("name", "Redis", "id", "redis", "plan", "small"), Address: wizard.Address{Form: ui.NewForm("id", "redis"), Internal: true, Free: true}}),
		"operation":       operation.OperationPage(operation.Operation{Page: page(layout.SectionHome, "Loyalty"), App: loyalty, Operation: deploy(core.OpRunning), URL: "http://loyalty.localhost:8000"}),
		"operation-done":  operation.OperationPage(operation.Operation{Page: page(layout.SectionHome, "Loyalty"), App: loyalty, Operation: deploy(core.OpSucceeded), URL: "http://loyalty.localhost:8000"}),
		"operation-bad":   operation.OperationPage(operation.Operation{Page: page(layout.SectionHome, "Loyalty"), App: loyalty, Operation: deploy(core.OpFailed), URL: "http://loyalty.localhost:8000", Serving: "1.4.0"}),
		"app":             app.OverviewPage(app.Page{Page: toast, Overview: overview, Delete: app.Delete{App: shop, Form: ui.NewForm()}}),
		"app-crashing":    app.OverviewPage(app.Page{Page: page(layout.SectionHome, "Orders"), Overview: crashing, Delete: app.Delete{App: orders, Form: ui.NewForm()}}),
		"app-new":         app.OverviewPage(app.Page{Page: page(layout.SectionHome, "Orders"), Overview: app.Overview{Head: head(core.App{ID: "loyalty", Name: "Loyalty", State: core.AppNew, CreatedAt: now}, app.TabOverview)}, Delete: app.Delete{App: orders, Form: ui.NewForm()}}),
		"database":        app.OverviewPage(app.Page{Page: page(layout.SectionHome, "Shop cache"), Overview: database, Delete: app.Delete{App: cache, Form: ui.NewForm()}}),
		"delete":          app.DeletePage(page(layout.SectionHome, "Delete"), app.Delete{App: cache, UsedBy: []core.App{shop}, Form: ui.NewForm("name", "shop")}),
		"versions":        version.ListPage(version.Page{Page: page(layout.SectionHome, "Versions"), List: version.List{Head: head(shop, app.TabVersions), Versions: versions, Shares: map[string]int{"v2": 90, "v3": 10}, Releases: revisions, Push: push, More: 39}}),
		"version-new":     version.NewPage(version.New{Page: page(layout.SectionHome, "Versions"), Head: head(shop, app.TabVersions), Form: ui.NewForm(), Push: push}),
		"version-upload":  version.UploadedPage(version.Uploaded{Page: page(layout.SectionHome, "Versions"), Head: head(shop, app.TabVersions), Upload: upload, Form: ui.NewForm()}),
		"deploy":          version.DeployPage(version.Deploy{Page: page(layout.SectionHome, "Deploy"), Head: head(shop, app.TabVersions), Version: versions[2], Current: current, Fields: fields(free)}),
		"deploy-first":    version.DeployPage(version.Deploy{Page: page(layout.SectionHome, "Deploy"), Head: head(shop, app.TabVersions), Version: versions[2], Fields: fields(free)}),
		"logs":            logs.LogsPage(logs.Page{Page: page(layout.SectionHome, "Logs"), Head: head(shop, app.TabLogs), Instances: instances()}),
		"settings":        settings.SettingsPage(settings.Page{Page: page(layout.SectionHome, "Settings"), Head: head(shop, app.TabSettings), Name: ui.NewForm("name", "Tea shop"), Current: current, Fields: custom(fields(ui.NewForm("plan", "custom", "memory", "768 MB", "cpu", "0.75", "port", "8080"))), Delete: app.Delete{App: shop, Form: ui.NewForm()}}),
		"activity":        activity.AppPage(activity.App{Page: page(layout.SectionHome, "Activity"), Head: head(shop, app.TabActivity), Events: events(), Operations: []core.Operation{deploy(core.OpSucceeded), deploy(core.OpFailed)}, Older: "/x"}),
		"tenant-activity": activity.TenantPage(activity.Tenant{Page: page(layout.SectionActivity, "Activity"), Events: append([]core.Event{quotaShort()}, events()...), Names: map[string]string{shop.ID: shop.Name}}),
		"connection":      connection.ConnectionPage(connection.Page{Page: page(layout.SectionHome, "Connection"), Head: head(cache, app.TabConnection), Host: "shop-cache", Port: 6379, UsedBy: []core.App{shop}}),
		"credentials": connection.ConnectionPage(connection.Page{Page: page(layout.SectionHome, "Connection"), Head: head(cache, app.TabConnection), Host: "shop-cache", Port: 6379, Revealed: true,
			Connection: core.Connection{URI: "redis://:0f7k2m9x4w8t@shop-cache:6379/0", Values: map[string]string{"password": "0f7k2m9x4w8t"}, Env: map[string]string{"REDIS_URL": "redis://:0f7k2m9x4w8t@shop-cache:6379/0"}}}),
		"tokens":            token.TokensPage(token.Page{Page: page(layout.SectionTokens, "Tokens"), Form: token.NewForm(), Registry: "localhost:8080", Secret: "berth_0123456789abcdefghjkmnpqrstvwxyz", Tokens: []core.Token{{ID: "t", Name: "ci", Scope: core.ScopeDeploy, CreatedAt: now.AddDate(0, 0, -3)}}}),
		"log-drains":        drain.DrainsPage(drain.Page{Page: page(layout.SectionLogDrains, "Log forwarding"), Form: drain.NewForm(), Drains: drains()}),
		"log-drains-change": drain.DrainsPage(drain.Page{Page: page(layout.SectionLogDrains, "Log forwarding"), Form: drain.FormOf(drains()[0]), Change: "a", Drains: drains()}),
		"own-tokens": token.TokensPage(token.Page{Page: page(layout.SectionProfile, "Your access tokens"), Own: true, Form: token.NewForm(), Now: now, Tokens: []core.Token{
			{ID: "t", Name: "Laptop", Scope: core.ScopeRead, Apps: []string{"shop", "blog"}, CreatedAt: now.AddDate(0, 0, -3), ExpiresAt: now.AddDate(0, 0, 87), LastUsedAt: now.Add(-time.Hour), LastPeer: "192.0.2.7"},
			{ID: "u", Name: "Old build server", Scope: core.ScopeAdmin, CreatedAt: now.AddDate(0, 0, -40), ExpiresAt: now.AddDate(0, 0, -10)}}}),
		"hosts": host.HostsPage(host.Page{Page: page(layout.SectionHosts, "Hosts"), Freed: "84 MB of disk was given back.", Hosts: []core.HostSummary{
			{Host: core.Host{ID: "local", Name: "local", Address: "172.17.0.1", Memory: 16 * core.GiB, CPU: 8000, Arch: "amd64", Engine: "Docker 20.10.24", PortFrom: 25700, PortTo: 29999, Status: core.HostUp}, Use: core.HostUse{Memory: 13 * core.GiB, CPU: 3300, Instances: 34, Ports: 34}},
			{Host: core.Host{ID: "two", Name: "harbour-2", Address: "10.20.0.12", Labels: map[string]string{"zone": "a"}, Memory: 32 * core.GiB, CPU: 8000, Arch: "amd64", PortFrom: 25700, PortTo: 29999, Status: core.HostDown, Reason: core.T("reason.engine_restarted")}}}}),
		"not-found": errors.ErrorPage(errors.Error{Page: page("", "Nothing is here"), Signed: true, Status: 404, Message: core.NotFound().Message}),
		"internal":  errors.ErrorPage(errors.Error{Page: gate(), Status: 500, Message: core.T("error.internal"), Request: "01jd8z"}),
	}
	for _, more := range []func() map[string]templ.Component{
		releaseExamples, draftExamples, trialExamples, trafficExamples, metricExamples, alertExamples, domainExamples, portExamples,
		healthExamples, scalingExamples,
	} {
		maps.Copy(all, more())
	}
	return all
}

func custom(f release.Fields) release.Fields {
	f.Custom = true
	return f
}

// overviewWith is what the stream of an overview sends when the app has come to a state.
func overviewWith(state core.AppState) templ.Component {
	a := shop
	a.State = state
	return app.OverviewFragment(app.Overview{Head: head(a, app.TabOverview), Instances: instances(), Traffic: traffics(), Release: current, Events: events()})
}
