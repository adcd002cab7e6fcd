package views_test

import (
	"math"
	"time"

	"github.com/a-h/templ"

	"berth/core"
	"berth/views/app"
	"berth/views/layout"
	"berth/views/scaling"
	"berth/views/ui"
)

// scalingExamples are the page of how many run: by hand, by rules with what they would have done, asleep, without room,
// and with something wrong in the form.
func scalingExamples() map[string]templ.Component {
	policy := core.Scaling{Min: 2, Max: 6, Idle: core.Duration(30 * time.Minute),
		Rules: []core.ScaleRule{{Metric: core.ScaleCPU, Steps: []core.ScaleStep{{Above: 70, Add: 1}, {Below: 30, Remove: 1}}},
			{Metric: core.ScaleRequests, Target: 25, Window: core.Duration(30 * time.Second)},
			{Metric: core.ScaleMetric(core.MetricNetIn), Steps: []core.ScaleStep{{Above: 5 << 20, Run: 4}}, Off: true}},
		Schedules: []core.ScaleSchedule{{Days: []core.Weekday{"mon", "tue", "wed", "thu", "fri"}, From: "08:00", To: "19:00", Zone: "Europe/Berlin", Min: 3},
			{Cron: "0 0 1 * *", For: core.Duration(2 * time.Hour), Replicas: 5}}}
	v := core.ScalingView{Scaling: policy, Release: 41, Runs: 41, Replicas: 3, Ready: 3, Schedule: 0, Memory: 512 * core.MiB, CPU: 500,
		Room: core.Room{Replicas: 6}}
	v.Status = core.ScaleStatus{Release: 41, Replicas: 3, Wanted: 3, Rule: policy.Rules[1].String(), At: now.Add(-9 * time.Second),
		Why:   core.T("scale.target.requests", "value", "23.4", "window", "30 s", "threshold", "25"),
		Acted: map[string]core.ScaleMove{policy.Rules[1].String(): {From: 2, To: 3, At: now.Add(-time.Hour)}}}
	form := func() ui.Form {
		return ui.NewForm("how", "auto", "replicas", "3", "min", "2", "max", "6", "cooldown_up", "5s", "cooldown_down", "5m0s", "idle", "30m0s")
	}
	full := scaling.Page{View: v, Form: form(), Rules: scaling.RulesOf(policy.Rules), Hours: scaling.HoursOf(policy.Schedules),
		Trial: scaling.Trial{Known: true, Wanted: 6, Replay: replay()}}
	hand := scaling.Page{View: core.ScalingView{Release: 41, Runs: 41, Replicas: 3, Ready: 3, Schedule: -1, Memory: 512 * core.MiB, CPU: 500},
		Form: ui.NewForm("how", "fixed", "replicas", "3", "min", "1", "max", "3", "cooldown_up", "5s", "cooldown_down", "5m0s")}
	start := hand
	start.Form = ui.NewForm("how", "auto", "min", "1", "max", "3", "cooldown_up", "5s", "cooldown_down", "5m0s")
	start.Trial = scaling.Trial{Known: true, Wanted: 3}
	asleep := full
	asleep.View.Asleep, asleep.View.Replicas, asleep.View.Ready, asleep.View.Schedule = true, 0, 0, -1
	asleep.View.Status.Rule, asleep.View.Status.Why = "", core.T("scale.idle", "idle", "30 min")
	short := full
	short.View.Status.Wanted, short.View.Status.Limit = 6, core.T("scale.quota_memory", "wanted", "6", "room", "4")
	hosts := full
	hosts.View.Status.Wanted, hosts.View.Status.Limit = 6, core.T("scale.hosts", "wanted", "6", "room", "3")
	hosts.View.Room = core.Room{Replicas: 3, Text: core.T("scale.hosts", "wanted", "6", "room", "3")}
	busy := full
	busy.View.Ready, busy.View.Status.Wanted, busy.View.Status.Limit = 1, 2, core.T("scale.busy")
	failed := full
	failed.View.Release = 42
	night := full
	night.View.Schedule, night.View.Status.Rule, night.View.Status.Why = 1, "", core.T("scale.schedule", "min", "5", "max", "5")
	night.View.Replicas, night.View.Status.Wanted, night.View.Status.Replicas = 5, 5, 5
	bad := full
	bad.Rules, bad.Hours = append([]scaling.Rule{}, bad.Rules...), append([]scaling.Hours{}, bad.Hours...)
	bad.Rules[1].Threshold, bad.Hours[1].Cron = "90", "0 0 31 2 *"
	bad.Form = form()
	bad.Form.Values["max"] = "1"
	bad.Trial = scaling.Trial{Faults: []core.Text{core.T("error.scaling_bounds")}}
	bad.Form.Errors = map[string]core.Text{"max": core.T("error.scaling_bounds"),
		"rules.1.threshold": core.T("error.scaling_contradiction", "below", "90", "above", "70"),
		"schedules.1.cron":  core.T("error.scaling_cron_never", "cron", "0 0 31 2 *")}
	all := map[string]templ.Component{}
	for name, m := range map[string]scaling.Page{"scaling": full, "scaling-by-hand": hand, "scaling-start": start, "scaling-asleep": asleep,
		"scaling-short": short, "scaling-hosts": hosts, "scaling-busy": busy, "scaling-after-failure": failed,
		"scaling-hours": night, "scaling-failed": bad, "scaling-none": {}, "scaling-storage": {View: core.ScalingView{Release: 1, Runs: 1, Storage: true}}} {
		m.Page, m.Head = page(layout.SectionHome, "Scaling"), head(shop, app.TabScaling)
		m.Trial.URL, m.Trial.Quota = "/apps/tea-shop/scaling/try", "/quota"
		all[name] = scaling.ScalingPage(m)
	}
	return all
}

// replay is a week with two peaks that the quota had too little room for.
func replay() core.ScaleReplay {
	from := now.Add(-7 * 24 * time.Hour)
	at := func(hours float64) time.Time { return from.Add(time.Duration(hours * float64(time.Hour))) }
	r := core.ScaleReplay{From: from, To: now, Measured: true, Acted: 6, Most: 4, StoppedByQuota: 2, Room: 4, Step: time.Minute,
		RoomText: core.T("scale.quota_memory", "wanted", "6", "room", "4"),
		Points: []core.ScalePoint{{At: from, Replicas: 2, Wanted: 2}, {At: at(34), Replicas: 3, Wanted: 3}, {At: at(40), Replicas: 2, Wanted: 2},
			{At: at(82), Replicas: 4, Wanted: 4}, {At: at(84), Replicas: 4, Wanted: 5}, {At: at(88), Replicas: 4, Wanted: 4}, {At: at(92), Replicas: 2, Wanted: 2},
			{At: at(150), Replicas: 4, Wanted: 6}, {At: at(156), Replicas: 2, Wanted: 2}}}
	for i := range 7 * 24 * 60 {
		hour := float64(i) / 60
		v := 30 + 25*math.Sin((hour-8)/24*2*math.Pi)
		for _, peak := range []float64{37, 86, 153} {
			v += 120 * math.Exp(-(hour-peak)*(hour-peak)/6)
		}
		if hour < 6 {
			v = -1
		}
		r.Load = append(r.Load, v)
	}
	return r
}
