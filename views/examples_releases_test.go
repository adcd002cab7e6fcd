package views_test

import (
	"time"

	"github.com/a-h/templ"

	"berth/core"
	"berth/views/app"
	"berth/views/layout"
	"berth/views/version"
)

// revisions are releases of every kind: on trial, replaced, rolled back, failed, overtaken.
func revisions() []version.Revision {
	before := current.Spec
	before.Targets = []core.Target{{VersionID: "v2", Label: "1.4.0", Weight: 100}}
	smaller := before
	smaller.Memory, smaller.Env = 384*core.MiB, []core.EnvVar{{Name: "PAYMENT_URL", Value: "https://pay.example/v1"}, {Name: "PAYMENT_KEY", Value: "old", Secret: true}}
	ruled := before
	ruled.Rules = core.Rules{Deny: []string{"203.0.113.0/24"}, Maintenance: core.Maintenance{On: true}, Auth: []core.BasicUser{{Name: "preview", Hash: "x"}},
		ResponseHeaders: []core.HeaderRule{{Name: "X-Frame-Options", Value: "DENY"}}, Rate: core.RateLimit{Requests: 100, Per: core.Duration(time.Minute)}}
	made := func(n int, ago time.Duration, author string, status core.ReleaseStatus, why core.Text, from, to core.ReleaseSpec) version.Revision {
		at := now.Add(-ago)
		return version.Revision{Revision: core.Revision{Release: core.Release{AppID: shop.ID, Number: n, Author: author, Status: status, Reason: why,
			CreatedAt: at, OnlineAt: at.Add(4 * time.Second), Spec: to}, Changes: core.Diff(from, to)}}
	}
	list := []version.Revision{
		made(41, 11*time.Minute, "Operator", core.ReleaseLive, core.T("reason.version", "from", "1.4.0", "to", "1.4.0 90%, 1.5.0 10%"), before, current.Spec),
		made(40, 30*time.Hour, "Tomás", core.ReleaseSuperseded, core.T("reason.settings_changed", "settings", "memory, PAYMENT_KEY"), smaller, before),
		made(39, 200*time.Hour, "Tomás", core.ReleaseSuperseded, core.T("reason.rollback", "release", "37"), ruled, before),
		made(38, 201*time.Hour, "token ci", core.ReleaseFailed, core.T("reason.settings_changed", "settings", "rules"), before, ruled),
		made(37, 202*time.Hour, "token ci", core.ReleaseSuperseded, core.T("reason.same_again"), before, before),
	}
	list[0].Current, list[0].Served, list[0].Operation = true, 4182, deploy(core.OpSucceeded)
	list[1].Served, list[1].Failed = 3907, 2
	list[3].Operation = deploy(core.OpFailed)
	list[4].OnlineAt, list[4].Operation = time.Time{}, core.Operation{Status: core.OpFailed, Error: core.T("error.overtaken_deploy", "release", "38")}
	return list
}

// rescaled is a scaling in which everything differs from the example's.
func rescaled() core.Scaling {
	return core.Scaling{Min: 2, Max: 8, Idle: core.Duration(15 * time.Minute), Down: core.Duration(10 * time.Minute),
		Rules: []core.ScaleRule{{Metric: core.ScaleCPU, Steps: []core.ScaleStep{{Above: 70, Add: 1}, {Below: 30, Remove: 1}}},
			{Metric: core.ScaleLatency, Target: 250, Off: true}},
		Schedules: []core.ScaleSchedule{{Cron: "0 8 * * 1-5", For: core.Duration(2 * time.Hour), Zone: "Europe/Berlin", Min: 3}}}
}

func releaseExamples() map[string]templ.Component {
	list := revisions()
	one := func(i int) templ.Component {
		r := list[i]
		m := version.One{Page: page(layout.SectionHome, "Release"), Head: head(shop, app.TabVersions), Of: r, With: r.Number - 1,
			Others: []int{41, 40, 39, 38, 37}, Says: core.Diff(core.ReleaseSpec{}, r.Spec)}
		return version.ReleasePage(m)
	}
	first := version.One{Page: page(layout.SectionHome, "Release"), Head: head(shop, app.TabVersions), Of: list[4], Says: core.Diff(core.ReleaseSpec{}, list[4].Spec)}
	first.Of.Number, first.Of.Changes = 1, nil
	list[2].Spec.Scaling = rescaled()
	list[2].Changes = core.Diff(current.Spec, list[2].Spec)[1:]
	return map[string]templ.Component{
		"release":        one(0),
		"release-scaled": one(2),
		"release-failed": one(3),
		"release-first":  version.ReleasePage(first),
		"versions-none":  version.ListPage(version.Page{Page: page(layout.SectionHome, "Versions"), List: version.List{Head: head(core.App{ID: "loyalty", Name: "Loyalty", State: core.AppNew}, app.TabVersions)}}),
	}
}
