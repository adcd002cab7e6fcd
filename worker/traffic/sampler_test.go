package traffic

import (
	"testing"
	"time"

	"berth/core"
)

// TestWhatWasCountedBeforeIsThePast lets the sampler begin a minute after gateways did. What one counts from then on is
// history, also where it is the first of all; what one had counted that is found later is not.
func TestWhatWasCountedBeforeIsThePast(t *testing.T) {
	began := time.Now()
	gateway := func(process string) *node {
		return &node{process: process, started: began.Add(-time.Minute), apps: map[string]core.AppTraffic{}}
	}
	idle, busy, late, young := gateway("idle"), gateway("busy"), gateway("late"), gateway("young")
	young.started = began
	counted := func(n *node, app string, requests int64) {
		n.apps[app] = core.AppTraffic{AppID: app, TrafficCounts: core.TrafficCounts{Total: core.RequestCounts{Requests: requests}}}
	}
	counted(busy, "busy", 5)
	counted(late, "late", 7)
	counted(young, "young", 2)
	s := &Sampler{Reader: &Reader{nodes: map[string]*node{"idle": idle, "busy": busy, "young": young}}}
	s.begin(began)
	s.Reader.nodes["late"] = late
	counted(idle, "idle", 3)
	counted(busy, "busy", 6)
	got := map[string]int64{}
	for _, step := range s.take(began.Add(time.Minute)) {
		got[step.AppID] = step.Total.Requests
	}
	if len(got) != 3 || got["idle"] != 3 || got["busy"] != 1 || got["young"] != 2 {
		t.Errorf("requests of the minute: %v, want 3 of idle, 1 of busy and 2 of young", got)
	}
}
