package storetest

import (
	"fmt"
	"time"

	"berth/core"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// newStep is the step of a minute after noon, each with other counts.
func newStep(appID string, minute int) core.TrafficStep {
	n := int64(minute + 1)
	c := core.RequestCounts{Requests: 10 * n, Failed: 1, Retried: 2, Unanswered: 3, Active: 4, Classes: [5]int64{1, 2, 3, 4, 5}, BytesIn: 1 << 40, BytesOut: 7,
		Latency: core.Latency{0: n, core.LatencyBuckets - 1: 1}}
	return core.TrafficStep{AppID: appID, At: noon.Add(time.Duration(minute) * time.Minute), Length: time.Minute, Total: c,
		Versions:  map[string]core.RequestCounts{"1.0": c},
		Domains:   map[string]core.RequestCounts{"shop.localhost": c, "xn--8ovp9k.example": {Requests: 1}},
		Instances: map[string]core.RequestCounts{"10.0.0.1:80": c},
		Paths:     []core.PathCount{{Path: "/<script>\uFFFD", Requests: n}, {Path: "/", Requests: 1}}}
}

func testTraffic(w *world) {
	other := w.newApp(w.other, "Other")
	var steps []core.TrafficStep
	for minute := range 30 {
		steps = append(steps, newStep(w.app.ID, minute))
	}
	w.ok(w.Traffic().Put(w.system, append(steps, newStep(other.ID, 3), newStep("gone", 3))))
	w.ok(w.Traffic().Put(w.system, nil))
	check(w, steps[10:20])(w.Traffic().List(w.alice, w.app.ID, time.Minute, noon.Add(10*time.Minute), noon.Add(20*time.Minute)))
	empty(w)(w.Traffic().List(w.alice, w.app.ID, time.Hour, noon, noon.Add(time.Hour)))

	again := newStep(w.app.ID, 3)
	again.Total.Requests = 999
	w.ok(w.Traffic().Put(w.system, []core.TrafficStep{again}))
	check(w, []core.TrafficStep{again})(w.Traffic().List(w.alice, w.app.ID, time.Minute, again.At, again.At.Add(time.Second)))

	sums, err := w.Traffic().Sum(w.system, time.Minute, noon.Add(3*time.Minute), noon.Add(5*time.Minute))
	w.ok(err)
	found := map[string]core.TrafficStep{}
	for _, s := range sums {
		found[s.AppID] = s
	}
	sum := found[w.app.ID]
	same(w, sum.Total.Requests, int64(999+50))
	same(w, sum.Total.Latency[0], int64(4+5))
	same(w, sum.Total.Active, int64(4))
	same(w, sum.Paths, []core.PathCount{{Path: "/<script>\uFFFD", Requests: 9}, {Path: "/", Requests: 2}})
	same(w, found[other.ID].Total.Requests, int64(40))

	w.ok(w.Traffic().Prune(w.system, time.Minute, noon.Add(20*time.Minute)))
	check(w, steps[20:])(w.Traffic().List(w.alice, w.app.ID, time.Minute, noon, noon.Add(time.Hour)))
	w.ok(w.Apps().Delete(w.system, w.app.ID))
	empty(w)(w.Traffic().List(w.system, w.app.ID, time.Minute, noon, noon.Add(time.Hour)))
}

func testSwitchCounts(w *world) {
	_, err := w.SwitchCounts().Get(w.alice, w.app.ID, 7)
	w.fails(err, core.ENOTFOUND)
	s := core.SwitchCount{AppID: w.app.ID, Release: 7, BegunAt: noon, Served: 5040, Failed: 2, Marks: map[string]core.SwitchMark{"p": {Requests: 9, Failed: 1, Failure: noon}}}
	for i := range 2 {
		s.Failures = append(s.Failures, core.FailedRequest{Time: noon, Domain: "shop.localhost", Method: "POST", Path: fmt.Sprintf("/%d\u202e", i), Status: 502,
			Fault: core.FaultBroken, Instance: "10.0.0.1:80", Version: "1.0"})
	}
	w.ok(w.SwitchCounts().Put(w.system, s))
	check(w, s)(w.SwitchCounts().Get(w.alice, w.app.ID, 7))
	s.EndedAt, s.Failed, s.Marks = noon.Add(time.Minute), 3, nil
	w.ok(w.SwitchCounts().Put(w.system, s))
	check(w, s)(w.SwitchCounts().Get(w.alice, w.app.ID, 7))
	w.ok(w.Apps().Delete(w.system, w.app.ID))
	_, err = w.SwitchCounts().Get(w.system, w.app.ID, 7)
	w.fails(err, core.ENOTFOUND)
}
