package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"berth/e2e/testenv"
)

type canaryInfo struct {
	Version, Stable, Status, Reason string
	Share, Release                  int
	Counts                          *struct {
		Stable, Candidate struct{ Requests, Errors int64 }
	}
}

func (b *Berth) canary(app string) (c canaryInfo) {
	b.t.Helper()
	b.do("GET", "/api/v1/apps/"+app+"/canary", nil, &c)
	return c
}

// canaryIs waits until the trial of an app has come to a status and a share.
func (b *Berth) canaryIs(app, status string, share int) canaryInfo {
	b.t.Helper()
	b.eventually(90*time.Second, func() error {
		if c := b.canary(app); c.Status != status || c.Share != share {
			return fmt.Errorf("%+v, want %s at %d%%", c, status, share)
		}
		return nil
	})
	return b.canary(app)
}

// stepRuns waits until a step of an operation has begun.
func (b *Berth) stepRuns(op, step string) {
	b.t.Helper()
	b.eventually(time.Minute, func() error {
		var o operation
		b.do("GET", "/api/v1/operations/"+op, nil, &o)
		for _, s := range o.Steps {
			if s.Name == step && s.Status == "running" {
				return nil
			}
		}
		return fmt.Errorf("%+v", o)
	})
}

var rolling = map[string]any{"kind": "rolling", "surge": 1}

func TestRollingUnderLoad(t *testing.T) {
	t.Parallel()
	c := testenv.Docker(t)
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"replicas": 3})
	b.upload(app, "2.0", testenv.ImageOptions{Version: "2.0"})
	b.upload(app, "3.0", testenv.ImageOptions{Version: "3.0", Env: []string{"CRASH_AT_START=3"}})
	l := b.load(app, "GET", "/slow?ms=10")
	op := b.release(app, map[string]any{"version": "2.0", "strategy": rolling}).Operation
	most := 0
	b.eventually(90*time.Second, func() error {
		most = max(most, len(b.containers(c, app)))
		var o operation
		b.do("GET", "/api/v1/operations/"+op, nil, &o)
		if o.Status != "succeeded" {
			return fmt.Errorf("%+v", o)
		}
		return nil
	})
	b.answers(app, "version 2.0")
	if most > 4 {
		t.Errorf("%d containers at a time, want at most 3 and one more", most)
	}
	b.eventually(time.Minute, func() error { return b.ready(app, 3) })

	if failed := b.ended(b.release(app, map[string]any{"version": "3.0"}).Operation); failed.Status != "failed" {
		t.Errorf("what crashes came online: %+v", failed)
	}
	b.answers(app, "version 2.0")
	b.eventually(time.Minute, func() error { return b.ready(app, 3) })
	l.none(t)
}

func TestBlueGreenAndBack(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, nil)
	b.upload(app, "2.0", testenv.ImageOptions{Version: "2.0"})
	l := b.load(app, "GET", "/slow?ms=10")
	made := b.release(app, map[string]any{"version": "2.0", "strategy": map[string]any{"kind": "blue_green", "keep": "1h"}})
	b.stepRuns(made.Operation, "checked")
	b.answers("next."+app, "version 2.0")
	b.answers(app, "version 1.0")

	b.Kill() // it waits on after a restart
	l.stop()
	b.Start()
	l = b.load(app, "GET", "/slow?ms=10")
	b.answers("next."+app, "version 2.0")
	b.answers(app, "version 1.0")
	b.do("POST", fmt.Sprintf("/api/v1/apps/%s/releases/%d/switch", app, made.Number), nil, nil)
	b.succeeds(made.Operation)
	b.answers(app, "version 2.0")

	began := time.Now()
	var back accepted
	b.do("POST", fmt.Sprintf("/api/v1/apps/%s/releases/%d/back", app, made.Number), nil, &back)
	b.answers(app, "version 1.0")
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("going back took %s", took)
	} else {
		t.Logf("back after %s", took.Round(time.Millisecond))
	}
	b.succeeds(back.Operation)
	l.none(t)
}

func TestCanaryIsPromoted(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, nil)
	b.upload(app, "2.0", testenv.ImageOptions{Version: "2.0"})
	l := b.load(app, "GET", "/slow?ms=5")
	b.do("POST", "/api/v1/apps/"+app+"/canary", map[string]any{"version": "2.0",
		"steps": []map[string]any{{"share": 1, "for": "2s"}, {"share": 25, "for": "2s"}, {"share": 100}},
		"abort": map[string]any{"errors": 5, "min_requests": 5}}, nil)
	b.canaryIs(app, "running", 25)
	b.Kill() // in the middle of a step
	l.stop()
	b.Start()
	rest := b.load(app, "GET", "/slow?ms=5")
	b.canaryIs(app, "promoted", 100)
	b.answers(app, "version 2.0")
	rest.none(t)
}

func TestOnePercentIsOnePercent(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, nil)
	b.upload(app, "2.0", testenv.ImageOptions{Version: "2.0"})
	var made accepted
	b.do("POST", "/api/v1/apps/"+app+"/canary", map[string]any{"version": "2.0", "share": 1}, &made)
	b.succeeds(made.Operation)
	got := 0
	for range 1000 {
		if _, body, err := b.get(app, "/"); err != nil {
			t.Fatal(err)
		} else if strings.Contains(body, "version 2.0") {
			got++
		}
	}
	if got != 10 {
		t.Errorf("%d of 1000 requests, want 10", got)
	}
}

func TestCanaryIsAborted(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"env": map[string]string{"COLOR": "green"}})
	b.upload(app, "2.0", testenv.ImageOptions{Version: "2.0", Env: []string{"SLOW_STATUS=500"}})
	l := b.load(app, "GET", "/slow?ms=5")
	b.do("POST", "/api/v1/apps/"+app+"/canary", map[string]any{"version": "2.0", "share": 20,
		"abort": map[string]any{"errors": 1, "min_requests": 20}}, nil)
	b.eventually(90*time.Second, func() error {
		if c := b.canary(app); c.Status != "aborted" {
			return fmt.Errorf("%+v", c)
		}
		return nil
	})
	if c := b.canary(app); !strings.Contains(c.Reason, "2.0 answered 100% of ") || !strings.Contains(c.Reason, "the limit is 1%") {
		t.Errorf("reason %q", c.Reason)
	}
	b.eventually(time.Minute, func() error { return b.event(app, "canary_aborted", "") })
	b.eventually(time.Minute, func() error { return b.ready(app, 1) })
	l.stop()
	for _, failure := range l.failures {
		if !strings.HasPrefix(failure, "500") {
			t.Errorf("beside the candidate's own errors: %s", failure)
		}
	}
	if status, body, err := b.get(app, "/env?name=COLOR"); err != nil || status != 200 || body != "green" {
		t.Errorf("what ran before did not come back: %d %q %v", status, body, err)
	}
}

func TestKilledWhileRolling(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"replicas": 2})
	b.upload(app, "2.0", testenv.ImageOptions{Version: "2.0"})
	op := b.release(app, map[string]any{"version": "2.0", "strategy": rolling}).Operation
	b.killAt(op, "replaced")
	b.Start()
	b.succeeds(op)
	b.answers(app, "version 2.0")
	b.eventually(time.Minute, func() error { return b.ready(app, 2) })
}
