package tsdb

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	"berth/core"
)

// Query implements core.MetricStore.
func (s *Store) Query(ctx context.Context, q core.MetricQuery) ([]core.MetricSeries, error) {
	if q.Step < core.MetricEvery {
		q.Step = core.MetricEvery
	}
	s.opened.RLock()
	defer s.opened.RUnlock()
	if s.fine == nil {
		return nil, wrap(errClosed)
	}
	var all []core.MetricSeries
	for _, m := range q.Metrics {
		series, err := s.one(ctx, m, q)
		if err != nil {
			return nil, wrap(err)
		}
		all = append(all, series...)
	}
	return all, nil
}

// one is Query for one of the metrics.
func (s *Store) one(ctx context.Context, m core.Metric, q core.MetricQuery) ([]core.MetricSeries, error) {
	q.Metrics = []core.Metric{m}
	byInstance := map[string]*buckets{}
	var err error
	if s.isCoarse(q) {
		coarseTo := time.UnixMilli(s.coarseTo.Load()) // before the coarse steps are read: none may be missed
		q.Step = max(q.Step, core.MetricCoarse)
		q.From = q.From.Truncate(q.Step)
		err = s.gather(ctx, s.coarse, q, ofMean, byInstance)
		if err == nil {
			err = s.gatherMax(ctx, q, byInstance)
		}
		if err == nil { // what is not rolled up yet
			rest := q
			rest.From = maxTime(q.From, coarseTo)
			err = s.gather(ctx, s.fine, rest, "", byInstance)
		}
	} else {
		q.From = q.From.Truncate(q.Step)
		err = s.gather(ctx, s.fine, q, "", byInstance)
	}
	return seriesOf(m, byInstance), err
}

// isCoarse reports whether the steps that are asked for reach back behind what is kept as it was sampled.
func (s *Store) isCoarse(q core.MetricQuery) bool {
	return q.Step >= core.MetricCoarse || q.From.Before(s.now().Add(-core.MetricFineKept))
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// gather adds the samples of a query to the buckets of their instances.
func (s *Store) gather(ctx context.Context, db *tsdb.DB, q core.MetricQuery, aggregate string, into map[string]*buckets) error {
	begin := q.From.Truncate(q.Step)
	return eachSeries(ctx, db, q, aggregate, func(id string, series storage.Series) error {
		b := into[id]
		if b == nil {
			b = newBuckets(begin, q.Step)
			into[id] = b
		}
		return b.addAll(series, weightOf(aggregate))
	})
}

// weightOf returns for how many measurements a sample stands: a coarse step for those that were taken in it.
func weightOf(aggregate string) int {
	if aggregate == ofMean {
		return int(core.MetricCoarse / core.MetricEvery)
	}
	return 1
}

// gatherMax raises the maxima of buckets to those of the coarse steps.
func (s *Store) gatherMax(ctx context.Context, q core.MetricQuery, into map[string]*buckets) error {
	return eachSeries(ctx, s.coarse, q, ofMax, func(id string, series storage.Series) error {
		most := newBuckets(q.From.Truncate(q.Step), q.Step)
		if err := most.addAll(series, 1); err != nil {
			return err
		}
		if b := into[id]; b != nil {
			b.raise(most)
		}
		return nil
	})
}

func (b *buckets) raise(most *buckets) {
	n := 0
	for i := range b.list {
		for n < len(most.list) && most.list[n].at < b.list[i].at {
			n++
		}
		if n < len(most.list) && most.list[n].at == b.list[i].at {
			b.list[i].max = max(b.list[i].max, most.list[n].max)
		}
	}
}

// eachSeries calls f for every series of a query.
func eachSeries(ctx context.Context, db *tsdb.DB, q core.MetricQuery, aggregate string, f func(id string, s storage.Series) error) error {
	if !q.From.Before(q.To) {
		return nil
	}
	querier, err := db.Querier(q.From.UnixMilli(), q.To.UnixMilli()-1)
	if err != nil {
		return err
	}
	defer querier.Close()
	set := querier.Select(ctx, false, nil, matchers(q, aggregate)...)
	for set.Next() {
		if err := f(set.At().Labels().Get(labelInstance), set.At()); err != nil {
			return err
		}
	}
	return set.Err()
}

func matchers(q core.MetricQuery, aggregate string) []*labels.Matcher {
	equal := func(name, value string) *labels.Matcher { return labels.MustNewMatcher(labels.MatchEqual, name, value) }
	all := []*labels.Matcher{equal("__name__", string(q.Metrics[0])), equal(labelTenant, q.TenantID), equal(labelApp, q.AppID),
		equal(labelAggregate, aggregate)}
	switch {
	case q.AppID == "":
		return append(all, equal(labelHost, q.HostID))
	case q.PerInstance:
		return append(all, labels.MustNewMatcher(labels.MatchNotEqual, labelInstance, ""))
	}
	return append(all, equal(labelInstance, ""))
}

// seriesOf makes the answer out of buckets by instance.
func seriesOf(m core.Metric, byInstance map[string]*buckets) []core.MetricSeries {
	var all []core.MetricSeries
	for _, id := range slices.Sorted(maps.Keys(byInstance)) {
		if points := byInstance[id].points(); len(points) > 0 {
			all = append(all, core.MetricSeries{Metric: m, InstanceID: id, Points: points})
		}
	}
	return all
}

func (b *buckets) points() []core.MetricPoint {
	points := make([]core.MetricPoint, len(b.list))
	for i, x := range b.list {
		points[i] = core.MetricPoint{At: time.UnixMilli(x.at).UTC(), Mean: x.sum / float64(x.n), Max: x.max}
	}
	return points
}
