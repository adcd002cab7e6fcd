package views_test

import (
	"time"

	"github.com/a-h/templ"

	"berth/core"
	"berth/views/app"
	"berth/views/layout"
	"berth/views/traffic"
	"berth/views/ui"
)

func requestCounts(n int64) core.RequestCounts {
	c := core.RequestCounts{Requests: n, Failed: n / 900, Unanswered: n / 700, Classes: [5]int64{2, n - n/30 - n/900, n / 60, n / 60, n / 900}, BytesIn: 120 * n, BytesOut: 9000 * n}
	for i, share := range []int64{0, 0, 1, 2, 5, 9, 14, 19, 17, 12, 8, 5, 3, 2, 1, 1, 1} {
		c.Latency[i] = n * share / 100
	}
	return c
}

func trafficView(r core.TrafficRange) core.TrafficView {
	v := core.TrafficView{Range: r, Recent: traffics().Recent, Active: 3}
	v.Sum = core.TrafficStep{Length: r.Length(), Total: requestCounts(41820),
		Versions:  map[string]core.RequestCounts{"1.4.0": requestCounts(37640), "1.5.0": requestCounts(4180)},
		Instances: map[string]core.RequestCounts{"172.17.0.1:25700": requestCounts(20910), "172.17.0.1:25701": requestCounts(20910)},
		Domains:   map[string]core.RequestCounts{"tea-shop.berth.example": requestCounts(30000), "www.northwind-tea.example": requestCounts(11820)},
		Paths:     []core.PathCount{{Path: "/", Requests: 20111}, {Path: "/products/darjeeling-first-flush", Requests: 4021}, {Path: "/\u202e<script>alert(1)</script>", Requests: 12}}}
	if r != core.RangeLive {
		length := core.TrafficSteps[r.Step()].Length
		for i := range 48 {
			v.Steps = append(v.Steps, core.TrafficStep{At: now.Add(time.Duration(i-48) * length), Length: length, Total: requestCounts(int64(800 + 300*(i%7) - 5*i))})
		}
		v.Gateways = []core.GatewayState{{ID: "harbour-2-711", Away: true}, {ID: "harbour-1-17"}}
	}
	return v
}

func accessLines() []core.AccessLine {
	line := func(status int, method, path, agent string, fault core.Fault, took time.Duration) core.AccessLine {
		l := core.AccessLine{Time: now, Domain: "tea-shop.berth.example", Source: "2001:db8::7", Method: method, Path: path, Protocol: "HTTP/1.1", Status: status, Out: 48213,
			Took: took, Instance: "172.17.0.1:25700", Version: "1.4.0", Agent: agent, Fault: fault}
		return l
	}
	return []core.AccessLine{
		line(200, "GET", "/", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36", "", 3200*time.Microsecond),
		line(404, "GET", "/wp-login.php", "curl/8.5.0", "", time.Millisecond),
		line(502, "POST", "/cart", "<img src=x onerror=alert(1)>\u202egnp.exe\x1b[2J", core.FaultBroken, 2*time.Second),
		line(0, "GET", "/slow", "curl/8.5.0", core.FaultLeft, 31*time.Second),
	}
}

func failedRequests() core.SwitchCount {
	return core.SwitchCount{Served: 5040, Failed: 2, Failures: []core.FailedRequest{
		{Time: now, Method: "POST", Path: "/cart", Status: 502, Fault: core.FaultBroken, Instance: "172.17.0.1:25700", Version: "1.4.0"},
		{Time: now, Method: "GET", Path: "/image.png", Status: 200, Fault: core.FaultCut, Instance: "172.17.0.1:25700", Version: "1.4.0"}}}
}

func trafficExamples() map[string]templ.Component {
	all := map[string]templ.Component{}
	shop := core.App{ID: "tea-shop", TenantID: "northwind", Name: "Tea shop", State: core.AppRunning, CreatedAt: now}
	for _, r := range core.TrafficRanges {
		all["traffic-"+string(r)] = traffic.TrafficPage(traffic.Page{Page: page(layout.SectionHome, "Traffic"), Head: head(shop, app.TabTraffic), View: trafficView(r)})
	}
	all["traffic-none"] = traffic.TrafficPage(traffic.Page{Page: page(layout.SectionHome, "Traffic"), Head: head(shop, app.TabTraffic), View: core.TrafficView{Range: core.RangeLive}})
	m := traffic.Requests{Page: page(layout.SectionHome, "Requests"), Head: head(shop, app.TabRequests), Form: ui.NewForm(), List: core.AccessPage{Lines: accessLines(), Until: now, Lost: 17}}
	all["requests"] = traffic.RequestsPage(m)
	m.List, m.Form = core.AccessPage{}, ui.NewForm("status", "abc").Fail(core.Invalid("status", "error.access_status"))
	all["requests-none"] = traffic.RequestsPage(m)
	all["failed-requests"] = traffic.Failed(failedRequests())
	return all
}
