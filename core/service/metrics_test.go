package service

import (
	"context"
	"testing"
	"time"

	"berth/core"
)

// pastStore is a core.MetricStore that remembers what it was asked.
type pastStore struct {
	core.MetricStore
	asked []core.MetricQuery
}

func (p *pastStore) Query(_ context.Context, q core.MetricQuery) ([]core.MetricSeries, error) {
	p.asked = append(p.asked, q)
	return nil, nil
}

func TestThePastIsAskedForWithinBounds(t *testing.T) {
	past := &pastStore{}
	s := &Service{metrics: past}
	now := time.Now()
	for name, q := range map[string]core.MetricQuery{
		"unknown":       {Metrics: []core.Metric{"rm -rf"}, AppID: "shop", From: now.Add(-time.Hour), To: now},
		"of a host":     {Metrics: []core.Metric{core.MetricHostCPU}, AppID: "shop", From: now.Add(-time.Hour), To: now},
		"of no host":    {Metrics: []core.Metric{core.MetricCPU}, HostID: "local", From: now.Add(-time.Hour), To: now},
		"backwards":     {Metrics: []core.Metric{core.MetricCPU}, AppID: "shop", From: now, To: now.Add(-time.Hour)},
		"a year":        {Metrics: []core.Metric{core.MetricCPU}, AppID: "shop", From: now.AddDate(-1, 0, 0), To: now},
		"too fine":      {Metrics: []core.Metric{core.MetricCPU}, AppID: "shop", From: now.Add(-time.Hour), To: now, Step: time.Millisecond},
		"below nothing": {Metrics: []core.Metric{core.MetricCPU}, AppID: "shop", From: now.Add(-time.Hour), To: now, Step: -time.Hour},
		"too many":      {Metrics: []core.Metric{core.MetricCPU}, AppID: "shop", From: now.AddDate(0, 0, -30), To: now, Step: 5 * time.Second},
	} {
		if _, err := s.past(context.Background(), q, time.Time{}); core.ErrorCode(err) != core.EINVALID {
			t.Errorf("%s: %v, want it refused", name, err)
		}
	}
	if len(past.asked) > 0 {
		t.Fatalf("the store was asked %+v", past.asked)
	}
	if _, err := s.past(context.Background(), core.MetricQuery{Metrics: []core.Metric{core.MetricCPU}, AppID: "shop", From: now.AddDate(0, 0, -30), To: now}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if q := past.asked[0]; q.Step != 2*time.Hour {
		t.Errorf("thirty days are asked for in steps of %s", q.Step)
	}
}

func TestAProcessWithoutMeasurementsSaysSo(t *testing.T) {
	s := &Service{}
	_, err := s.past(context.Background(), core.MetricQuery{Metrics: []core.Metric{core.MetricCPU}, AppID: "shop", From: time.Now().Add(-time.Hour), To: time.Now()}, time.Time{})
	if core.ErrorCode(err) != core.EUNAVAILABLE {
		t.Errorf("%v, want EUNAVAILABLE", err)
	}
}

func TestNothingIsKnownFromBeforeAnAppWasMade(t *testing.T) {
	past := &pastStore{}
	s := &Service{metrics: past}
	now := time.Now()
	q := core.MetricQuery{Metrics: []core.Metric{core.MetricCPU}, AppID: "shop", From: now.Add(-time.Hour), To: now}
	if _, err := s.past(context.Background(), q, now.Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	if from := past.asked[0].From; !from.Equal(now.Add(-time.Minute)) {
		t.Errorf("it was asked for from %s on", from)
	}
	if all, err := s.past(context.Background(), q, now.Add(time.Hour)); err != nil || len(all) > 0 || len(past.asked) > 1 {
		t.Errorf("before it was made: %+v, %v", all, err)
	}
}
