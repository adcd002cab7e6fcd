package canary

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/core"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func trial(change func(*core.Canary)) core.Canary {
	c := core.Canary{ID: "t", AppID: "shop", Stable: core.Target{Label: "1.4.0"}, Candidate: core.Target{Label: "1.5.0"}, Share: 5,
		Status: core.CanaryRunning, StepAt: now.Add(-time.Minute), Limits: core.CanaryLimits{Errors: 1, MinRequests: 100},
		Steps: []core.CanaryStep{{Share: 5, For: core.Duration(time.Minute)}, {Share: 50, For: core.Duration(time.Hour)}, {Share: 100}}}
	if change != nil {
		change(&c)
	}
	return c
}

// requests are so many, of which some failed, answered within about took.
func requests(n, failed int64, took time.Duration) core.RequestCounts {
	c := core.RequestCounts{Requests: n, Classes: [5]int64{1: n - failed, 4: failed}}
	c.Latency[core.LatencyBucket(took)] = n
	return c
}

func TestDecide(t *testing.T) {
	fast := 10 * time.Millisecond
	for _, c := range []struct {
		name              string
		canary            core.Canary
		stable, candidate core.RequestCounts
		broken            core.Text
		want              verdict
	}{
		{name: "the next step is due", canary: trial(nil), candidate: requests(100, 1, fast), want: verdict{kind: step, share: 50}},
		{name: "not yet", canary: trial(func(c *core.Canary) { c.StepAt = now }), candidate: requests(100, 0, fast),
			want: verdict{kind: wait, until: now.Add(time.Minute)}},
		{name: "its share is not in force", canary: trial(func(c *core.Canary) { c.StepAt = time.Time{} }), want: verdict{kind: wait}},
		{name: "not enough requests to go on", canary: trial(nil), candidate: requests(99, 0, fast), want: verdict{kind: wait}},
		{name: "not enough requests to judge", canary: trial(nil), candidate: requests(99, 99, fast), want: verdict{kind: wait}},
		{name: "no minimum was wanted", canary: trial(func(c *core.Canary) { c.Limits.MinRequests = 0 }), want: verdict{kind: step, share: 50}},
		{name: "the last step gives it all", canary: trial(func(c *core.Canary) { c.Share, c.StepAt = 50, now.Add(-time.Hour) }),
			candidate: requests(100, 0, fast), want: verdict{kind: promote}},
		{name: "no step is left", canary: trial(func(c *core.Canary) { c.Share = 50; c.Steps = c.Steps[:2] }), candidate: requests(100, 0, fast),
			want: verdict{kind: hold}},
		{name: "no steps at all", canary: trial(func(c *core.Canary) { c.Steps = nil }), candidate: requests(100, 0, fast), want: verdict{kind: hold}},
		{name: "held", canary: trial(func(c *core.Canary) { c.Status = core.CanaryHeld }), candidate: requests(100, 0, fast), want: verdict{kind: hold}},
		{name: "held, and beyond its limit", canary: trial(func(c *core.Canary) { c.Status = core.CanaryHeld }), candidate: requests(100, 2, fast),
			want: verdict{kind: abort, reason: core.T("reason.canary_errors", "version", "1.5.0", "requests", "100", "rate", "2", "limit", "1")}},
		{name: "errors", canary: trial(nil), candidate: requests(812, 26, fast),
			want: verdict{kind: abort, reason: core.T("reason.canary_errors", "version", "1.5.0", "requests", "812", "rate", "3.2", "limit", "1")}},
		{name: "errors of both", canary: trial(func(c *core.Canary) { c.Limits.Compare = core.CompareStable }), stable: requests(1000, 25, fast),
			candidate: requests(100, 3, fast), want: verdict{kind: step, share: 50}},
		{name: "more errors than the stable one", canary: trial(func(c *core.Canary) { c.Limits.Compare = core.CompareStable }), stable: requests(1000, 10, fast),
			candidate: requests(100, 3, fast), want: verdict{kind: abort, reason: core.T("reason.canary_errors_stable", "version", "1.5.0",
				"requests", "100", "rate", "3", "limit", "1", "stable", "1.4.0", "stable_rate", "1")}},
		{name: "too slow", canary: trial(func(c *core.Canary) { c.Limits.Latency = core.Duration(50 * time.Millisecond) }),
			candidate: requests(100, 0, 200*time.Millisecond), want: verdict{kind: abort, reason: core.T("reason.canary_latency",
				"version", "1.5.0", "requests", "100", "latency", "217", "limit", "50")}},
		{name: "it does not run", canary: trial(nil), broken: core.T("reason.canary_crashing"), want: verdict{kind: abort, reason: core.T("reason.canary_crashing")}},
		{name: "it has ended", canary: trial(func(c *core.Canary) { c.Status = core.CanaryAborted }), broken: core.T("reason.canary_crashing"),
			want: verdict{kind: hold}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := decide(c.canary, core.CanaryCounts{Stable: c.stable, Candidate: c.candidate}, c.broken, now)
			if got.kind != c.want.kind || got.share != c.want.share || !got.until.Equal(c.want.until) || got.reason.String() != c.want.reason.String() {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// Whatever is counted and whenever it is looked at: shares only grow and never leave their bounds, nothing goes on
// without the requests that a person wanted, and what has ended stays so.
func TestTrialsKeepTheirBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := trial(func(c *core.Canary) {
			c.Limits.MinRequests = rapid.IntRange(0, 50).Draw(t, "minimum")
			c.Steps, c.Share = nil, 0
			for share := rapid.IntRange(1, 40).Draw(t, "first"); share <= 100; share += rapid.IntRange(1, 60).Draw(t, "more") {
				c.Steps = append(c.Steps, core.CanaryStep{Share: share, For: core.Duration(time.Minute)})
			}
			c.Share = c.Steps[0].Share
		})
		at := now
		for range rapid.IntRange(1, 40).Draw(t, "looks") {
			at = at.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
			n := rapid.Int64Range(0, 60).Draw(t, "requests")
			failed := rapid.SampledFrom([]int64{0, 0, 0, n}).Draw(t, "failed")
			v := decide(c, core.CanaryCounts{Candidate: requests(n, failed, time.Millisecond)}, core.Text{}, at)
			if (v.kind == step || v.kind == promote) && n < int64(c.Limits.MinRequests) {
				t.Fatalf("%v with %d of %d requests", v, n, c.Limits.MinRequests)
			}
			switch v.kind {
			case step:
				if v.share <= c.Share || v.share >= 100 {
					t.Fatalf("from %d%% to %d%%", c.Share, v.share)
				}
				c.Share, c.StepAt = v.share, at
			case promote, abort:
				c.Status = map[kind]core.CanaryStatus{promote: core.CanaryPromoted, abort: core.CanaryAborted}[v.kind]
			}
			if again := decide(c, core.CanaryCounts{}, core.T("reason.canary_crashing"), at); !c.Open() && again.kind != hold {
				t.Fatalf("ended, and then %v", again)
			}
		}
	})
}

// A gateway that begins to count anew takes nothing away and adds nothing twice.
func TestCountsSurviveARestart(t *testing.T) {
	c := trial(nil)
	c.Base = core.CanaryCounts{Candidate: requests(1000, 0, time.Millisecond)}
	c.Last = c.Base
	for _, look := range []struct{ counted, want int64 }{{1040, 40}, {5, 40}, {25, 60}, {10, 60}, {12, 62}} {
		c = rebased(c, core.CanaryCounts{Candidate: requests(look.counted, 0, time.Millisecond)})
		if got := c.Since(c.Last).Candidate.Requests; got != look.want {
			t.Fatalf("the gateway says %d: %d in this step, want %d", look.counted, got, look.want)
		}
	}
}
