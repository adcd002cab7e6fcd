package web

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"berth/core"
	"berth/core/service"
	"berth/worker/metrics/tsdb"
)

// row is a row of the form of rules, hours one of busy and quiet hours, as a browser sends them.
func row(key, metric, is, threshold, then, count string) []string {
	return []string{"rule_key", key, "rule_on", key, "rule_metric", metric, "rule_window", "10s", "rule_is", is, "rule_threshold", threshold,
		"rule_then", then, "rule_count", count}
}

func hours(key, kind, from, to, cron, lasts, zone, low, high string) []string {
	return []string{"hours_key", key, "hours_on", key, "hours_kind", kind, "hours_from", from, "hours_to", to, "hours_cron", cron,
		"hours_for", lasts, "hours_zone", zone, "hours_min", low, "hours_max", high}
}

// between is the form with bounds and rows.
func between(low, high string, rows ...[]string) []string {
	return append([]string{"how", "auto", "min", low, "max", high, "cooldown_up", "5s", "cooldown_down", "5m0s", "idle", "", "then", "release"},
		slices.Concat(rows...)...)
}

// scalingHouse is a portal with an app that has a release, and the browser of its operator.
func scalingHouse(t *testing.T, change func(*service.Deps)) (p realPortal, client *http.Client, app string) {
	t.Helper()
	p = newRealPortalWith(t, change)
	client = p.setUp()
	tenant, _ := p.tenant("Coffee", core.ScopeRead)
	app = p.app(tenant, "Shop")
	p.must(202, http.MethodPost, "/apps/"+app+"/releases", object{"version": "1.0"}, nil)
	return p, client, app
}

// scalingOf is the scaling of an app as the API has it.
func (p realPortal) scalingOf(app string) (s core.Scaling) {
	p.t.Helper()
	var r struct {
		Scaling *core.Scaling `json:"scaling"`
	}
	var list struct{ Items []object }
	p.must(200, http.MethodGet, "/apps/"+app+"/releases", nil, &list)
	number := int(list.Items[0]["number"].(float64))
	p.must(200, http.MethodGet, "/apps/"+app+"/releases/"+strconv.Itoa(number), nil, &r)
	if r.Scaling != nil {
		s = *r.Scaling
	}
	return s
}

// What is saved by the form is what the API says, and what the form shows again.
func TestScalingForm(t *testing.T) {
	p, client, app := scalingHouse(t, func(*service.Deps) {})
	form := between("2", "6", row("0", "cpu", "above", "70", "add", "1"), row("1", "cpu", "below", "30", "add", "2"),
		row("2", "requests", "near", "25", "add", ""), row("3", "net_in", "above", "5 MB", "run", "4"), row("7", "", "near", "", "add", "1"),
		hours("0", "week", "22:00", "06:00", "", "", "Europe/Berlin", "3", ""), []string{"hours_day", "0:fri", "hours_day", "0:sat"},
		hours("1", "cron", "", "", "0 8 1 * *", "2h", "UTC", "5", "5"), hours("2", "week", "", "", "", "", "UTC", "", ""))
	form[slices.Index(form, "idle")+1] = "30m0s"
	want := core.Scaling{Min: 2, Max: 6, Idle: core.Duration(30 * time.Minute),
		Rules: []core.ScaleRule{{Metric: core.ScaleCPU, Steps: []core.ScaleStep{{Above: 70, Add: 1}, {Below: 30, Remove: 2}}},
			{Metric: core.ScaleRequests, Target: 25}, {Metric: "net_in", Steps: []core.ScaleStep{{Above: 5 << 20, Run: 4}}}},
		Schedules: []core.ScaleSchedule{{Days: []core.Weekday{"fri", "sat"}, From: "22:00", To: "06:00", Zone: "Europe/Berlin", Min: 3},
			{Cron: "0 8 1 * *", For: core.Duration(2 * time.Hour), Replicas: 5}}}
	got := p.post(client, "/apps/"+app+"/scaling", nil, form...)
	if got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/apps/"+app+"/scaling?accepted=") {
		t.Fatalf("%d %s %s", got.status, got.header.Get("Location"), faultsOf(got.body))
	}
	if s := p.scalingOf(app); !s.Same(want) {
		t.Errorf("%v, want %v", s, want)
	}
	shown := p.ask(client, http.MethodGet, "/apps/"+app+"/scaling", "").body
	for _, words := range []string{"Processor above 70% over 10 s: 1 more", "as many as keep it at 25", "Fri and Sat, 22:00 to 06:00 of the next day (Europe/Berlin): at least 3",
		"Day 1 of each month at 08:00, for 2 h each time (UTC): exactly 5", "Without a request for 30 min it falls asleep", `value="5 MB"`, `value="22:00"`} {
		if !strings.Contains(shown, words) {
			t.Errorf("the page lacks %q", words)
		}
	}
	// Staged, not released.
	form[slices.Index(form, "then")+1] = "stage"
	form[slices.Index(form, "max")+1] = "8"
	if got := p.post(client, "/apps/"+app+"/scaling", nil, form...); got.status != http.StatusSeeOther || got.header.Get("Location") != "/apps/"+app+"/draft" {
		t.Fatalf("%d %s", got.status, faultsOf(got.body))
	}
	changes := func(path string, language ...string) string {
		var r struct{ Changes []struct{ Text string } }
		a := p.api(operatorToken, http.MethodGet, "/apps/"+app+path, "", language...)
		if err := json.Unmarshal([]byte(a.body), &r); err != nil {
			t.Fatalf("%d %s", a.status, a.body)
		}
		var lines []string
		for _, c := range r.Changes {
			lines = append(lines, c.Text)
		}
		return strings.Join(lines, "\n")
	}
	if got := changes("/draft"); got != "Instances at most: 6 → 8" {
		t.Errorf("staged: %s", got)
	}
	said := []string{"Instances at least: 2", "Instances at most: 6", "Scaling rule added: Processor above 70% over 10 s: 1 more; Processor below 30% over 10 s: 2 fewer",
		"Scaling rule added: Requests per second and instance: as many as keep it at 25, over 10 s",
		"Scaling rule added: Received per second and instance above 5 MB over 10 s: at least 4",
		"Busy or quiet hours added: Fri and Sat, 22:00 to 06:00 of the next day (Europe/Berlin): at least 3",
		"Busy or quiet hours added: Day 1 of each month at 08:00, for 2 h each time (UTC): exactly 5", "Sleeps without a request for: never → 30 min"}
	if got := changes("/releases/2"); got != strings.Join(said, "\n") {
		t.Errorf("the release says\n%s", got)
	}
	if got := changes("/releases/2", "Accept-Language", "zh-CN"); !strings.Contains(got, "新增伸缩规则：处理器高于 70%（10 秒平均）：增加 1 个；") || !strings.Contains(got, "无请求多久后休眠：从不 → 30 分") {
		t.Errorf("the release says\n%s", got)
	}
	released := p.ask(client, http.MethodGet, "/apps/"+app+"/releases/2", "").body
	for _, words := range []string{"Instances at most", "Processor above 70% over 10 s: 1 more; Processor below 30% over 10 s: 2 fewer", "<del>never</del>", "Day 1 of each month at 08:00"} {
		if !strings.Contains(released, words) {
			t.Errorf("the page of the release lacks %q", words)
		}
	}
	if s := p.scalingOf(app); s.Max != 6 {
		t.Errorf("staged was released: %v", s)
	}
	// Back to a number.
	if got := p.post(client, "/apps/"+app+"/scaling", nil, "how", "fixed", "replicas", "3", "then", "release"); got.status != http.StatusSeeOther {
		t.Fatalf("%d %s", got.status, faultsOf(got.body))
	}
	var now object
	p.must(200, http.MethodGet, "/apps/"+app+"/scaling", nil, &now)
	if now["on"] != false || now["replicas"] != 3.0 {
		t.Errorf("%v", now)
	}
}

var faultLine = regexp.MustCompile(`(?s)<p class="error" id="f-([^"]+)-error">`)

// faultsOf are the inputs of a page that show a fault.
func faultsOf(body string) string {
	var names []string
	for _, m := range faultLine.FindAllStringSubmatch(body, -1) {
		names = append(names, m[1])
	}
	return strings.Join(names, " ")
}

// What cannot be meant is said at its input, in the form and in the trial alike, and changes nothing.
func TestBadScalingForm(t *testing.T) {
	p, client, app := scalingHouse(t, func(*service.Deps) {})
	cpu := func(threshold string) []string { return row("0", "cpu", "near", threshold, "add", "1") }
	week := func(from, to, zone, low, high string) []string {
		return hours("0", "week", from, to, "", "", zone, low, high)
	}
	cron := func(expression, lasts string) []string {
		return hours("0", "cron", "", "", expression, lasts, "UTC", "2", "")
	}
	for name, c := range map[string]struct {
		form  []string
		field string
	}{
		"min above max":     {between("3", "2", cpu("70")), "max"},
		"min 0":             {between("0", "2", cpu("70")), "min"},
		"min negative":      {between("-1", "2", cpu("70")), "min"},
		"min NaN":           {between("NaN", "2", cpu("70")), "min"},
		"max 101":           {between("1", "101", cpu("70")), "max"},
		"max empty":         {between("1", "", cpu("70")), "max"},
		"no rule at all":    {between("1", "2"), "rules"},
		"threshold 0":       {between("1", "2", cpu("0")), "rules.0.threshold"},
		"threshold -5":      {between("1", "2", cpu("-5")), "rules.0.threshold"},
		"threshold NaN":     {between("1", "2", cpu("NaN")), "rules.0.threshold"},
		"threshold Inf":     {between("1", "2", cpu("Inf")), "rules.0.threshold"},
		"threshold 1e400":   {between("1", "2", cpu("1e400")), "rules.0.threshold"},
		"threshold 101%":    {between("1", "2", cpu("101")), "rules.0.threshold"},
		"threshold empty":   {between("1", "2", cpu("")), "rules.0.threshold"},
		"bytes -1":          {between("1", "2", row("0", "net_in", "near", "-1 MB", "", "")), "rules.0.threshold"},
		"no metric":         {between("1", "2", row("0", "", "near", "70", "", "")), "rules.0.metric"},
		"a host's metric":   {between("1", "2", row("0", "host_cpu", "near", "70", "", "")), "rules.0.metric"},
		"nothing added":     {between("1", "2", row("0", "cpu", "above", "70", "add", "0")), "rules.0.count"},
		"1.5 added":         {between("1", "2", row("0", "cpu", "above", "70", "add", "1.5")), "rules.0.count"},
		"more than max":     {between("1", "2", row("0", "cpu", "above", "70", "run", "3")), "rules.0.count"},
		"down above up":     {between("1", "2", row("0", "cpu", "above", "70", "add", "1"), row("1", "cpu", "below", "80", "", "1")), "rules.1.threshold"},
		"of another row":    {between("1", "2", row("0", "memory", "near", "70", "", ""), row("1", "cpu", "near", "50", "", ""), row("2", "cpu", "below", "60", "", "1")), "rules.2.threshold"},
		"a total as target": {between("1", "2", row("0", "total_requests", "near", "70", "", "")), "rules.0.threshold"},
		"window 1ms":        {between("1", "2", slices.Replace(cpu("70"), 7, 8, "1ms")), "rules.0.window"},
		"cron never":        {between("1", "2", cron("0 0 31 2 *", "1h")), "schedules.0.cron"},
		"cron panics":       {between("1", "2", cron("TZ=UTC", "1h")), "schedules.0.cron"},
		"cron with a zone":  {between("1", "2", cron("CRON_TZ=UTC 0 8 * * *", "1h")), "schedules.0.cron"},
		"cron empty":        {between("1", "2", cron("", "1h")), "schedules.0.cron"},
		"cron for nothing":  {between("1", "2", cron("0 8 * * *", "")), "schedules.0.for"},
		"cron for -1h":      {between("1", "2", cron("0 8 * * *", "-1h")), "schedules.0.for"},
		"no clock":          {between("1", "2", week("25:00", "26:00", "UTC", "2", "")), "schedules.0.from schedules.0.to"},
		"no zone":           {between("1", "2", week("08:00", "19:00", "Europe/Atlantis", "2", "")), "schedules.0.zone"},
		"the machine's":     {between("1", "2", week("08:00", "19:00", "Local", "2", "")), "schedules.0.zone"},
		"no number":         {between("1", "2", week("08:00", "19:00", "UTC", "", "")), "schedules.0.min"},
		"hours upside down": {between("1", "2", week("08:00", "19:00", "UTC", "3", "2")), "schedules.0.max"},
		"hours NaN":         {between("1", "2", week("08:00", "19:00", "UTC", "NaN", "2")), "schedules.0.min"},
		"a number of none":  {[]string{"how", "fixed", "replicas", "many", "then", "release"}, "replicas"},
		"101 of them":       {[]string{"how", "fixed", "replicas", "101", "then", "release"}, "replicas"},
	} {
		for _, path := range []string{"/scaling", "/scaling/try"} {
			got := p.post(client, "/apps/"+app+path, nil, c.form...)
			if got.status != http.StatusUnprocessableEntity || faultsOf(got.body) != c.field {
				t.Errorf("%s to %s: %d at %q, want %q", name, path, got.status, faultsOf(got.body), c.field)
			}
		}
		if part := p.post(client, "/apps/"+app+"/scaling/try", []string{"HX-Request", "true"}, c.form...); part.status != http.StatusOK {
			t.Errorf("%s: %d", name, part.status)
		}
	}
	var list struct{ Items []object }
	p.must(200, http.MethodGet, "/apps/"+app+"/releases", nil, &list)
	if len(list.Items) != 1 {
		t.Errorf("releases were made: %v", list.Items)
	}
}

// While a cron expression is typed it is said in words, with the next times in its time zone, or what is wrong with it.
func TestCronIsReadWhileTyped(t *testing.T) {
	p, client, app := scalingHouse(t, func(*service.Deps) {})
	clock := time.Now().In(time.FixedZone("CST", 8*60*60)).Format("15:04")
	minute, hour := clock[3:], clock[:2]
	for _, c := range []struct {
		cron, zone string
		want       []string
	}{
		{minute + " " + hour + " * * *", "Asia/Shanghai", []string{"Every day at " + clock, "Next: ", ", " + clock + " · "}},
		{"*/20 8-17 * * 1-5", "UTC", []string{"Mon to Fri, every 20 minutes from 08:00 to 17:59"}},
		{"0 0 31 2 *", "UTC", []string{"never comes"}},
		{"TZ=UTC 0 8 * * *", "UTC", []string{"The time zone has a field of its own"}},
		{"CRON_TZ=UTC", "UTC", []string{"The time zone has a field of its own"}},
		{"0 8 * *", "UTC", []string{"is no cron expression"}},
		{"0 8 * * *", "Europe/Atlantis", []string{"There is no time zone"}},
		{"<b>", "UTC", []string{"&lt;b&gt;"}},
	} {
		r := p.ask(client, http.MethodGet, "/apps/"+app+"/scaling/cron?"+url.Values{"hours_cron": {c.cron}, "hours_zone": {c.zone}}.Encode(), "")
		for _, want := range c.want {
			if r.status != http.StatusOK || !strings.Contains(r.body, want) || strings.Contains(r.body, "<html") {
				t.Errorf("%q: %d, no %q in %s", c.cron, r.status, want, r.body)
			}
		}
	}
}

// A dry run reads what was measured from the embedded store, at both of its steps, says how often the quota would have
// stopped it, and changes nothing.
func TestDryRunOnWhatWasMeasured(t *testing.T) {
	noon := time.Now().Truncate(time.Hour)
	var measured *tsdb.Store
	p, client, app := scalingHouse(t, func(d *service.Deps) {
		s, err := tsdb.Open(t.TempDir(), slog.New(slog.DiscardHandler), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		measured, d.Metrics, d.Now = s, s, func() time.Time { return noon }
	})
	var info object
	p.must(200, http.MethodGet, "/apps/"+app, nil, &info)
	before := p.scalingOf(app)
	ctx := core.WithActor(context.Background(), core.System())
	if err := p.store.Hosts().Put(ctx, core.Host{ID: core.LocalHost, Name: "local", Status: core.HostUp, Memory: 8 * core.GiB, PortFrom: 25700, PortTo: 25799}); err != nil {
		t.Fatal(err)
	}
	shop, err := p.store.Apps().Get(ctx, app)
	if err != nil {
		t.Fatal(err)
	}
	labels := core.MetricLabels{TenantID: shop.TenantID, AppID: app}
	// A day with two peaks: 10 requests a second, 95 for an hour twenty and six hours ago.
	for at := noon.Add(-24 * time.Hour); at.Before(noon); at = at.Add(30 * time.Second) {
		rate := 10.0
		if ago := noon.Sub(at); ago <= 20*time.Hour && ago > 19*time.Hour || ago <= 6*time.Hour && ago > 5*time.Hour {
			rate = 95
		}
		err := measured.Append(context.Background(), at, []core.MetricSample{
			{MetricLabels: labels, Metric: core.MetricRequests, Value: rate},
			{MetricLabels: labels, Metric: core.MetricMemory, Value: 1 << 28},
			{MetricLabels: labels, Metric: core.MetricRestarts, Value: 0},
			{MetricLabels: labels, Metric: core.MetricReady, Value: 1}})
		if err != nil {
			t.Fatal(err)
		}
	}
	policy := object{"min": 1, "max": 6, "rules": []object{{"metric": "requests", "target": 25}}}
	var r struct {
		Text              string
		Measured          bool
		Acted, Most, Room int
		StoppedByQuota    int `json:"stopped_by_quota"`
		Points            []object
	}
	p.must(200, http.MethodPost, "/apps/"+app+"/scaling/dry-run", policy, &r)
	if !r.Measured || r.Acted != 4 || r.Most != 4 || r.StoppedByQuota != 0 || !strings.Contains(r.Text, "acted 4 times, with 4 at most") {
		t.Errorf("%+v", r)
	}
	r.Acted = -1
	p.must(200, http.MethodPost, "/apps/"+app+"/scaling/dry-run", object{"min": 1, "max": 6, "rules": []object{{"metric": "restarts", "target": 5}}}, &r)
	if r.Acted != 0 {
		t.Errorf("without a restart: %+v", r)
	}
	team := info["tenant"].(string)
	limited, err := p.store.Tenants().Get(ctx, team)
	if err != nil {
		t.Fatal(err)
	}
	limited.Quota = core.Amounts{core.ResourceInstances: 2}
	if err := p.store.Tenants().Update(ctx, limited); err != nil {
		t.Fatal(err)
	}
	p.must(200, http.MethodPost, "/apps/"+app+"/scaling/dry-run", policy, &r)
	if r.Most != 2 || r.Room != 2 || r.StoppedByQuota != 2 || !strings.Contains(r.Text, "stopped 2 times by your quota") {
		t.Errorf("with a quota of two: %+v", r)
	}
	if refused := p.api(operatorToken, http.MethodPut, "/apps/"+app+"/scaling", `{"min":3}`).problem(t, 409); fieldsOf(refused) != "min" {
		t.Errorf("more than the quota: %+v", refused)
	}
	part := p.post(client, "/apps/"+app+"/scaling/try", []string{"HX-Request", "true"}, between("1", "6", row("0", "requests", "near", "25", "", ""))...)
	if part.status != 200 || !strings.Contains(part.body, "stopped 2 times by your quota") || strings.Contains(part.body, "<html") {
		t.Errorf("%d %s", part.status, part.body)
	}
	if after := p.scalingOf(app); !after.Same(before) {
		t.Errorf("the dry run changed it to %v", after)
	}
}
