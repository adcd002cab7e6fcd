// Package tsdb keeps measurements in files of this machine, in Prometheus' time series database: as they were sampled
// for two days, and in steps of five minutes for thirty.
package tsdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	"berth/core"
)

var _ core.MetricStore = (*Store)(nil)

// Store is core.MetricStore. Make it with Open.
type Store struct {
	fine   *tsdb.DB
	coarse *tsdb.DB
	now    func() time.Time
	refs   map[core.MetricLabels]*series // of what is sampled now

	fault atomic.Pointer[error] // of the last append

	mu       sync.Mutex // held while something is appended
	appends  int64      // counts them
	coarseTo time.Time  // steps before it are rolled up
}

// series are the references of what one thing is measured by.
type series struct {
	refs map[core.Metric]storage.SeriesRef
	used int64 // the number of the append that used it last
}

// Open opens the store in dir, or makes it. now is nil for the clock.
func Open(dir string, log *slog.Logger, now func() time.Time) (*Store, error) {
	if now == nil {
		now = time.Now
	}
	fine, err := open(filepath.Join(dir, "fine"), log, core.MetricFineKept, 2*time.Hour)
	if err != nil {
		return nil, err
	}
	coarse, err := open(filepath.Join(dir, "coarse"), log, core.MetricKept, 24*time.Hour)
	if err != nil {
		return nil, errors.Join(err, fine.Close())
	}
	s := &Store{fine: fine, coarse: coarse, now: now, refs: map[core.MetricLabels]*series{}}
	if last := coarse.Head().MaxTime(); coarse.Head().NumSeries() > 0 {
		s.coarseTo = time.UnixMilli(last).Add(core.MetricCoarse)
	}
	return s, nil
}

func open(dir string, log *slog.Logger, kept, block time.Duration) (*tsdb.DB, error) {
	o := tsdb.DefaultOptions()
	o.RetentionDuration = kept.Milliseconds()
	o.MinBlockDuration = block.Milliseconds()
	o.MaxBlockDuration = max(block, kept/10).Milliseconds()
	o.StripeSize = 256                 // series are few; the default takes megabytes
	o.WALSegmentSize = 8 * 1024 * 1024 // the default is 128 MiB
	o.HeadChunksWriteBufferSize = 64 * 1024
	o.NoLockfile = true // the data directory belongs to one process
	db, err := tsdb.Open(dir, slog.New(faults{log.Handler()}), nil, o, nil)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return db, nil
}

// Close implements core.MetricStore.
func (s *Store) Close() error { return errors.Join(s.fine.Close(), s.coarse.Close()) }

// Fault implements core.MetricStore.
func (s *Store) Fault() error {
	if err := s.fault.Load(); err != nil {
		return *err
	}
	return nil
}

// Append implements core.MetricStore. Steps that are over are rolled up.
func (s *Store) Append(ctx context.Context, at time.Time, samples []core.MetricSample) error {
	err := s.keep(ctx, at, samples)
	s.fault.Store(&err)
	return err
}

func (s *Store) keep(ctx context.Context, at time.Time, samples []core.MetricSample) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.appends++
	a := s.fine.Appender(ctx)
	for _, m := range samples {
		if err := s.append(a, at, m); err != nil {
			return wrap(errors.Join(err, a.Rollback()))
		}
	}
	if err := a.Commit(); err != nil {
		return wrap(err)
	}
	s.forgetUnused()
	return s.rollUp(ctx, at)
}

func (s *Store) append(a storage.Appender, at time.Time, m core.MetricSample) error {
	known := s.refs[m.MetricLabels]
	if known == nil {
		known = &series{refs: map[core.Metric]storage.SeriesRef{}}
		s.refs[m.MetricLabels] = known
	}
	known.used = s.appends
	ref, ok := known.refs[m.Metric]
	var l labels.Labels
	if !ok {
		l = labelsOf(m.Metric, m.MetricLabels, "")
	}
	ref, err := a.Append(ref, l, at.UnixMilli(), m.Value)
	if errors.Is(err, storage.ErrNotFound) { // the head has dropped the series since
		ref, err = a.Append(0, labelsOf(m.Metric, m.MetricLabels, ""), at.UnixMilli(), m.Value)
	}
	switch {
	case errors.Is(err, storage.ErrOutOfOrderSample), errors.Is(err, storage.ErrDuplicateSampleForTimestamp),
		errors.Is(err, storage.ErrOutOfBounds), errors.Is(err, storage.ErrTooOldSample):
		return nil // the clock was set back: there is something for this time already
	case err != nil:
		return err
	}
	known.refs[m.Metric] = ref
	return nil
}

// forgetUnused drops what has not been sampled for a while.
func (s *Store) forgetUnused() {
	const patience = 60
	if s.appends%patience != 0 {
		return
	}
	for l, known := range s.refs {
		if s.appends-known.used > patience {
			delete(s.refs, l)
		}
	}
}

// Forget implements core.MetricStore.
func (s *Store) Forget(ctx context.Context, appID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.refs {
		if l.AppID == appID {
			delete(s.refs, l)
		}
	}
	m := labels.MustNewMatcher(labels.MatchEqual, labelApp, appID)
	for _, db := range []*tsdb.DB{s.fine, s.coarse} {
		if err := db.Delete(ctx, 0, s.now().Add(time.Hour).UnixMilli(), m); err != nil {
			return wrap(err)
		}
	}
	return nil
}

// The labels of series. An aggregate of a coarse step has labelAggregate too.
const (
	labelTenant    = "tenant"
	labelApp       = "app"
	labelInstance  = "instance"
	labelHost      = "host"
	labelAggregate = "of"
)

func labelsOf(m core.Metric, l core.MetricLabels, aggregate string) labels.Labels {
	b := labels.NewScratchBuilder(6)
	for _, x := range []struct{ name, value string }{{"__name__", string(m)}, {labelApp, l.AppID}, {labelHost, l.HostID},
		{labelInstance, l.InstanceID}, {labelAggregate, aggregate}, {labelTenant, l.TenantID}} {
		if x.value != "" {
			b.Add(x.name, x.value)
		}
	}
	return b.Labels() // the names above ascend
}

func wrap(err error) error {
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ENOSPC):
		return core.Wrap(err, core.EINSUFFICIENT, "error.metrics_full")
	}
	return core.Wrap(err, core.EUNAVAILABLE, "error.metrics_unavailable")
}
