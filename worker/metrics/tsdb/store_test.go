package tsdb

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"testing"
	"time"

	"berth/core"
	"berth/worker/metrics/metricstest"
)

// clock is a time that a test sets.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func open1(t testing.TB, dir string, c *clock) *Store {
	t.Helper()
	s, err := Open(dir, slog.New(slog.DiscardHandler), c.now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// fill measures an app of two instances every five seconds: one uses a core, the other two.
func fill(t testing.TB, s *Store, c *clock, span time.Duration) {
	t.Helper()
	for end := c.t.Add(span); c.t.Before(end); c.t = c.t.Add(core.MetricEvery) {
		err := s.Append(context.Background(), c.t, []core.MetricSample{
			{MetricLabels: labelsOfInstance("one"), Metric: core.MetricCPU, Value: 1},
			{MetricLabels: labelsOfInstance("two"), Metric: core.MetricCPU, Value: 2},
			{MetricLabels: core.MetricLabels{TenantID: "t", AppID: "shop"}, Metric: core.MetricCPU, Value: 3},
			{MetricLabels: core.MetricLabels{TenantID: "t", AppID: "other"}, Metric: core.MetricCPU, Value: 100},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func labelsOfInstance(id string) core.MetricLabels {
	return core.MetricLabels{TenantID: "t", AppID: "shop", InstanceID: id, HostID: "local"}
}

func ask(t testing.TB, s *Store, q core.MetricQuery) []core.MetricSeries {
	t.Helper()
	q.Metrics, q.TenantID, q.AppID = []core.Metric{core.MetricCPU}, "t", "shop"
	all, err := s.Query(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAnAppAndItsInstances(t *testing.T) {
	c := &clock{begin}
	s := open1(t, t.TempDir(), c)
	defer s.Close()
	fill(t, s, c, 10*time.Minute)
	all := ask(t, s, core.MetricQuery{From: begin, To: c.t, Step: time.Minute})
	if len(all) != 1 || len(all[0].Points) != 10 {
		t.Fatalf("got %+v, want one series of ten minutes", all)
	}
	for _, p := range all[0].Points {
		if p.Mean != 3 || p.Max != 3 {
			t.Errorf("at %s: %v, want 3", p.At, p)
		}
	}
	each := ask(t, s, core.MetricQuery{From: begin, To: c.t, Step: time.Minute, PerInstance: true})
	if len(each) != 2 || each[0].InstanceID != "one" || each[1].Points[3].Mean != 2 {
		t.Errorf("by instance: %+v", each)
	}
}

// What is older than two days is there in coarse steps, peaks included, also after the store was opened again.
func TestOldMeasurementsAreCoarse(t *testing.T) {
	c, dir := &clock{begin}, t.TempDir()
	s := open1(t, dir, c)
	fill(t, s, c, 20*time.Minute)
	peak := []core.MetricSample{{MetricLabels: core.MetricLabels{TenantID: "t", AppID: "shop"}, Metric: core.MetricCPU, Value: 63}}
	if err := s.Append(context.Background(), c.t, peak); err != nil {
		t.Fatal(err)
	}
	c.t = c.t.Add(core.MetricEvery)
	fill(t, s, c, 10*time.Minute)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c.t = begin.Add(core.MetricFineKept + 24*time.Hour)
	s = open1(t, dir, c)
	defer s.Close()
	all := ask(t, s, core.MetricQuery{From: begin, To: begin.Add(time.Hour), Step: time.Second})
	if len(all) != 1 || len(all[0].Points) < 6 || !all[0].Points[1].At.Equal(begin.Add(core.MetricCoarse)) {
		t.Fatalf("got %+v, want steps of %s", all, core.MetricCoarse)
	}
	if p := all[0].Points[4]; p.Max != 63 || math.Abs(p.Mean-4) > 0.1 {
		t.Errorf("the step with the peak is %+v, want a maximum of 63 and a mean of 4", p)
	}
}

func TestWhatWasMissedIsRolledUpLater(t *testing.T) {
	c, dir := &clock{begin}, t.TempDir()
	s := open1(t, dir, c)
	fill(t, s, c, 4*time.Minute) // within the first step
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c.t = begin.Add(3 * time.Hour)
	s = open1(t, dir, c)
	defer s.Close()
	fill(t, s, c, core.MetricEvery)
	all := ask(t, s, core.MetricQuery{From: begin, To: begin.Add(time.Hour), Step: core.MetricCoarse})
	if len(all) != 1 || len(all[0].Points) != 1 || all[0].Points[0].Mean != 3 {
		t.Errorf("got %+v, want the one step before the stop", all)
	}
}

func TestWhatIsForgottenIsGone(t *testing.T) {
	c := &clock{begin}
	s := open1(t, t.TempDir(), c)
	defer s.Close()
	fill(t, s, c, 12*time.Minute)
	if err := s.Forget(context.Background(), "shop"); err != nil {
		t.Fatal(err)
	}
	for _, step := range []time.Duration{time.Minute, time.Hour} {
		if all := ask(t, s, core.MetricQuery{From: begin, To: c.t, Step: step}); len(all) > 0 {
			t.Errorf("in steps of %s there is %+v", step, all)
		}
	}
	other, err := s.Query(context.Background(), core.MetricQuery{Metrics: []core.Metric{core.MetricCPU}, TenantID: "t", AppID: "other", From: begin, To: c.t, Step: time.Minute})
	if err != nil || len(other) != 1 {
		t.Errorf("of the other app: %+v, %v", other, err)
	}
}

// What was an app of that name before, of another tenant, is nobody's to see.
func TestAnotherTenantsAppOfTheSameName(t *testing.T) {
	c := &clock{begin}
	s := open1(t, t.TempDir(), c)
	defer s.Close()
	fill(t, s, c, 12*time.Minute)
	all, err := s.Query(context.Background(), core.MetricQuery{Metrics: []core.Metric{core.MetricCPU}, TenantID: "thief", AppID: "shop", From: begin, To: c.t, Step: time.Minute})
	if err != nil || len(all) > 0 {
		t.Errorf("got %+v, %v, want nothing", all, err)
	}
}

// A clock that is set back by an hour loses that hour and nothing else.
func TestAClockThatIsSetBack(t *testing.T) {
	c := &clock{begin}
	s := open1(t, t.TempDir(), c)
	defer s.Close()
	fill(t, s, c, 10*time.Minute)
	c.t = c.t.Add(-time.Hour)
	fill(t, s, c, 10*time.Minute)
	c.t = begin.Add(10 * time.Minute)
	fill(t, s, c, 10*time.Minute)
	all := ask(t, s, core.MetricQuery{From: begin, To: c.t, Step: time.Minute})
	if len(all) != 1 || len(all[0].Points) != 20 {
		t.Errorf("got %+v, want twenty minutes", all)
	}
}

// BenchmarkMonth asks for thirty days of an app that had three instances at every time, of three hundred in all, as a
// chart does: of the app and of each.
func BenchmarkMonth(b *testing.B) {
	c := &clock{begin}
	s := open1(b, b.TempDir(), c)
	defer s.Close()
	a := s.coarse.Appender(context.Background())
	for at := begin; at.Before(begin.Add(core.MetricKept)); at = at.Add(core.MetricCoarse) {
		lived := int(at.Sub(begin) / (core.MetricKept / 100))
		for _, l := range []core.MetricLabels{{TenantID: "t", AppID: "shop"}, labelsOfInstance(fmt.Sprint("a", lived)),
			labelsOfInstance(fmt.Sprint("b", lived)), labelsOfInstance(fmt.Sprint("c", lived))} {
			for _, of := range []string{ofMean, ofMax} {
				if _, err := a.Append(0, labelsOf(core.MetricCPU, l, of), at.UnixMilli(), 1); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	if err := a.Commit(); err != nil {
		b.Fatal(err)
	}
	c.t = begin.Add(core.MetricKept)
	s.coarseTo.Store(c.t.UnixMilli())
	for name, each := range map[string]bool{"app": false, "instances": true} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if all := ask(b, s, core.MetricQuery{From: begin, To: c.t, Step: 2 * time.Hour, PerInstance: each}); len(all) == 0 {
					b.Fatal("there is nothing")
				}
			}
		})
	}
}

func TestSuite(t *testing.T) {
	metricstest.Run(t, func(t *testing.T) core.MetricStore {
		s := open1(t, t.TempDir(), &clock{metricstest.Begin.Add(time.Hour)})
		t.Cleanup(func() { s.Close() })
		return s
	})
}
