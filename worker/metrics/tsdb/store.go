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
	dir   string
	log   *slog.Logger
	now   func() time.Time
	fault atomic.Pointer[error] // of the last append

	mu      sync.Mutex                    // held while something is appended; guards what follows
	refs    map[core.MetricLabels]*series // of what is sampled now
	appends int64                         // counts them
	torn    bool                          // an append broke off: what is written behind it would not be read again

	coarseTo atomic.Int64 // steps before it are rolled up, in milliseconds; 0 when none are

	opened sync.RWMutex // held while something is read; guards what follows
	fine   *tsdb.DB     // nil when it could not be opened again
	coarse *tsdb.DB
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
	s := &Store{dir: dir, log: log, now: now}
	return s, s.open()
}

// open opens the files; what an append left torn is cut off.
func (s *Store) open() (err error) {
	s.refs = map[core.MetricLabels]*series{}
	if s.fine, err = open(filepath.Join(s.dir, "fine"), s.log, core.MetricFineKept, 2*time.Hour); err != nil {
		return err
	}
	if s.coarse, err = open(filepath.Join(s.dir, "coarse"), s.log, core.MetricKept, 24*time.Hour); err != nil {
		return errors.Join(err, s.close())
	}
	if last := s.coarse.Head().MaxTime(); s.coarse.Head().NumSeries() > 0 {
		s.coarseTo.Store(last + core.MetricCoarse.Milliseconds())
	}
	return nil
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
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened.Lock()
	defer s.opened.Unlock()
	return s.close()
}

func (s *Store) close() (err error) {
	for _, db := range []**tsdb.DB{&s.fine, &s.coarse} {
		if *db != nil {
			err = errors.Join(err, (*db).Close())
			*db = nil
		}
	}
	return err
}

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
	if err := s.mend(); err != nil {
		return wrap(err)
	}
	s.appends++
	if err := s.write(ctx, at, samples); err != nil {
		s.torn = ctx.Err() == nil
		return wrap(err)
	}
	s.forgetUnused()
	return nil
}

func (s *Store) write(ctx context.Context, at time.Time, samples []core.MetricSample) error {
	a := s.fine.Appender(ctx)
	for _, m := range samples {
		if err := s.append(a, at, m); err != nil {
			return errors.Join(err, a.Rollback())
		}
	}
	if err := a.Commit(); err != nil {
		return err
	}
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
	if s.fine == nil {
		return wrap(errClosed)
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

// errClosed is that the files could not be opened again after a fault.
var errClosed = errors.New("the files of the measurements are closed")

func wrap(err error) error {
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ENOSPC):
		return core.Wrap(err, core.EINSUFFICIENT, "error.metrics_full")
	}
	return core.Wrap(err, core.EUNAVAILABLE, "error.metrics_unavailable")
}
