package tsdb

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"berth/core"
)

// The aggregates of a coarse step.
const (
	ofMean = "mean"
	ofMax  = "max"
)

// rollUp writes the coarse steps that are over at now and were not written yet; mu is held. What the program missed
// while it was stopped is caught up with, as far back as fine samples are kept.
func (s *Store) rollUp(ctx context.Context, now time.Time) error {
	end := now.Truncate(core.MetricCoarse)
	begin := time.UnixMilli(s.coarseTo.Load())
	if begin.UnixMilli() == 0 {
		begin = time.UnixMilli(s.fine.Head().MinTime()).Truncate(core.MetricCoarse)
	}
	if oldest := end.Add(-core.MetricFineKept); begin.Before(oldest) {
		begin = oldest
	}
	if !begin.Before(end) {
		return nil
	}
	if err := s.rollUpBetween(ctx, begin, end); err != nil {
		return err
	}
	s.coarseTo.Store(end.UnixMilli())
	return nil
}

func (s *Store) rollUpBetween(ctx context.Context, begin, end time.Time) error {
	q, err := s.fine.Querier(begin.UnixMilli(), end.UnixMilli()-1)
	if err != nil {
		return wrap(err)
	}
	defer q.Close()
	a := s.coarse.Appender(ctx)
	set := q.Select(ctx, false, nil, labels.MustNewMatcher(labels.MatchRegexp, "__name__", ".+"))
	for set.Next() {
		if err := rollUpSeries(a, set.At(), begin); err != nil {
			return wrap(errors.Join(err, a.Rollback()))
		}
	}
	if err := set.Err(); err != nil {
		return wrap(errors.Join(err, a.Rollback()))
	}
	return wrap(a.Commit())
}

func rollUpSeries(a storage.Appender, s storage.Series, begin time.Time) error {
	mean := labels.NewBuilder(s.Labels()).Set(labelAggregate, ofMean).Labels()
	most := labels.NewBuilder(s.Labels()).Set(labelAggregate, ofMax).Labels()
	steps := newBuckets(begin, core.MetricCoarse)
	if err := steps.addAll(s, 1); err != nil {
		return err
	}
	for _, b := range steps.list {
		for _, x := range []struct {
			l labels.Labels
			v float64
		}{{mean, b.sum / float64(b.n)}, {most, b.max}} {
			_, err := a.Append(0, x.l, b.at, x.v)
			if err != nil && !errors.Is(err, storage.ErrOutOfOrderSample) && !errors.Is(err, storage.ErrOutOfBounds) &&
				!errors.Is(err, storage.ErrDuplicateSampleForTimestamp) {
				return err
			}
		}
	}
	return nil
}

// buckets gathers samples by steps.
type buckets struct {
	begin, step int64 // in milliseconds
	list        []bucket
}

type bucket struct {
	at       int64 // when the step begins, in milliseconds
	n        int
	sum, max float64
}

func newBuckets(begin time.Time, step time.Duration) *buckets {
	return &buckets{begin: begin.UnixMilli(), step: step.Milliseconds()}
}

// addAll adds samples, which come in the order of time. Each stands for so many measurements.
func (b *buckets) addAll(s storage.Series, weight int) error {
	it := s.Iterator(nil)
	for it.Next() == chunkenc.ValFloat {
		t, v := it.At()
		b.add(t, v, weight)
	}
	return it.Err()
}

func (b *buckets) add(t int64, v float64, weight int) {
	if t < b.begin || math.IsNaN(v) {
		return
	}
	at := b.begin + (t-b.begin)/b.step*b.step
	if n := len(b.list); n == 0 || b.list[n-1].at != at {
		b.list = append(b.list, bucket{at: at, max: v})
	}
	last := &b.list[len(b.list)-1]
	last.n += weight
	last.sum += v * float64(weight)
	last.max = max(last.max, v)
}
