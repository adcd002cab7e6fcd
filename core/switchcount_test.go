package core

import (
	"testing"
	"time"
)

// A switch counts over gateways that end and begin, and keeps the first requests that failed in it.
func TestSwitchCounts(t *testing.T) {
	begun := time.Unix(1000, 0)
	at := func(s int) time.Time { return begun.Add(time.Duration(s) * time.Second) }
	old := ProcessTraffic{Process: "old", Since: at(-100), Requests: 500, Failed: 3, Failures: []FailedRequest{{Time: at(-5), Path: "/before"}}}
	s := BeginSwitchCount("shop", 7, begun, []ProcessTraffic{old})
	if s.Count([]ProcessTraffic{old}) || s.Served != 0 {
		t.Errorf("nothing happened: %+v", s)
	}
	old.Requests, old.Failed = 600, 4
	old.Failures = append(old.Failures, FailedRequest{Time: at(1), Path: "/cart"})
	if !s.Count([]ProcessTraffic{old}) || s.Served != 100 || s.Failed != 1 || len(s.Failures) != 1 || s.Failures[0].Path != "/cart" {
		t.Errorf("%+v", s)
	}
	s.Count([]ProcessTraffic{old}) // the same again is not counted twice
	fresh := ProcessTraffic{Process: "fresh", Since: at(2), Requests: 40}
	known := ProcessTraffic{Process: "silent at first", Since: at(-50), Requests: 9000, Failed: 80}
	s.Count([]ProcessTraffic{fresh, known})
	if s.Served != 140 || s.Failed != 1 {
		t.Errorf("%d of %d", s.Failed, s.Served)
	}
	known.Requests++
	fresh.Requests = 5 // the app was forgotten there, and counted anew
	s.Count([]ProcessTraffic{fresh, known})
	if s.Served != 146 {
		t.Errorf("%d served, want 146", s.Served)
	}
	for i := range 2 * MaxFailedRequests {
		known.Failures = append(known.Failures, FailedRequest{Time: at(10 + i)})
	}
	s.Count([]ProcessTraffic{known})
	if len(s.Failures) != MaxFailedRequests {
		t.Errorf("%d failures are kept", len(s.Failures))
	}
}
