// Package logs merges the lines that an app's instances write, wherever they run and however often they are replaced.
package logs

import (
	"context"
	"log/slog"
	"time"

	"berth/core"
)

// Options are what logs are read with.
type Options struct {
	Store    core.Store
	Engines  core.Engines
	Lines    core.LogStore // what instances that are gone wrote; nil for nothing
	Notifier core.Notifier // nil: new instances are found by looking alone
	Poll     time.Duration // how often new instances are looked for; default 1s
	Log      *slog.Logger  // default slog.Default
}

// Source is core.LogSource over engines. Make it with New.
type Source struct {
	opts  Options
	feeds feeds
}

var _ core.LogSource = (*Source)(nil)

// MaxTail is the most that a viewer begins with, in lines.
const MaxTail = 1000

// New makes a Source.
func New(o Options) *Source {
	if o.Poll == 0 {
		o.Poll = time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Source{opts: o, feeds: feeds{open: map[feedKey]*feed{}}}
}

// Stream implements core.LogSource. What a reader missed while it was away comes at the reader's pace; what is
// written from then on comes at the instances', and a reader that is slower is told how much it missed.
// Errors: EINVALID at "since" for a malformed cursor, EUNAVAILABLE, what f returns, ctx.Err().
func (s *Source) Stream(ctx context.Context, view core.LogView, f func(core.LogLine) error) error {
	at, err := decodeCursor(view.Cursor)
	if err != nil {
		return err
	}
	ctx = core.WithActor(ctx, core.System())
	if view.PastOnly {
		return s.stream(ctx, view, at, f, func() {})
	}
	fd := s.join(feedKey{view.AppID, view.InstanceID})
	defer s.leave(fd)
	if err := fd.await(ctx); err != nil {
		return err
	}
	if view.Cursor == "" {
		return fd.give(ctx, fd.tail(min(max(view.Tail, 0), MaxTail)), nil, f)
	}
	if place, ok := fd.behind(view.Cursor); ok {
		return fd.give(ctx, place, nil, f)
	}
	return s.catchUp(ctx, view, at, fd, f)
}

// catchUp gives what is behind a cursor that the feed does not reach, until the feed does. A log that cannot be read
// now is no reason for a gap: then the reader follows by itself.
func (s *Source) catchUp(ctx context.Context, view core.LogView, at positions, fd *feed, f func(core.LogLine) error) error {
	v := newViewer(s, view, at, f)
	for {
		place := fd.tail(0)
		instances, err := v.instances(ctx)
		if err != nil {
			return err
		}
		v.setPresent(instances)
		if err := v.resume(ctx, instances); err != nil {
			return err
		}
		if v.broken {
			view.Cursor = v.at.encode()
			return s.stream(ctx, view, v.at, f, func() {})
		}
		if fd.has(place) {
			return fd.give(ctx, place, v.at, f)
		}
	}
}

// stream reads for one reader alone. begun is called when the lines that were there have been given.
func (s *Source) stream(ctx context.Context, view core.LogView, at positions, f func(core.LogLine) error, begun func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	v := newViewer(s, view, at, f)
	changes := s.subscribe(ctx)
	instances, err := v.instances(ctx)
	if err != nil {
		return err
	}
	v.setPresent(instances)
	if view.Cursor == "" {
		err = v.begin(ctx, instances, min(max(view.Tail, 0), MaxTail))
	} else {
		err = v.resume(ctx, instances)
	}
	if err != nil || view.PastOnly {
		return err
	}
	begun()
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		v.follow(ctx, changes)
	}()
	err = v.deliverAll(ctx)
	cancel()
	<-followed
	return err
}

// Tail implements core.LogSource. Errors: ENOTFOUND for an unknown instance, EUNAVAILABLE. An instance whose container
// is gone has no lines.
func (s *Source) Tail(ctx context.Context, instanceID string, n int) ([]core.LogLine, error) {
	ctx = core.WithActor(ctx, core.System())
	i, err := s.opts.Store.Instances().Get(ctx, instanceID)
	if err != nil {
		return nil, err
	}
	lines := []core.LogLine{}
	err = s.read(ctx, i, core.LogQuery{Tail: min(max(n, 1), MaxTail)}, func(l core.LogLine) error {
		lines = append(lines, l)
		return nil
	})
	return lines, err
}

// read calls f for the lines of an instance. One without a container has none.
func (s *Source) read(ctx context.Context, i core.Instance, q core.LogQuery, f func(core.LogLine) error) error {
	if i.ContainerID == "" {
		return nil
	}
	engine, err := s.opts.Engines.Engine(i.HostID)
	if err != nil {
		return err
	}
	err = engine.Logs(ctx, i.ContainerID, q, func(l core.LogLine) error {
		l.Instance, l.Version, l.Level = i.ID, i.Label, levelOf(l.Line)
		return f(l)
	})
	if core.ErrorCode(err) == core.ENOTFOUND {
		return nil
	}
	return err
}

// subscribe returns the changes that may be about instances; nil, on which nothing ever comes, without a notifier.
func (s *Source) subscribe(ctx context.Context) <-chan core.Change {
	if s.opts.Notifier == nil {
		return nil
	}
	return s.opts.Notifier.Subscribe(ctx)
}
