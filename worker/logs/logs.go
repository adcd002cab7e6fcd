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
	Notifier core.Notifier // nil: new instances are found by looking alone
	Poll     time.Duration // how often new instances are looked for; default 1s
	Log      *slog.Logger  // default slog.Default
}

// Source is core.LogSource over engines. Make it with New.
type Source struct{ opts Options }

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
	return &Source{opts: o}
}

// Stream implements core.LogSource. What a reader missed while it was away comes at the reader's pace; what is
// written from then on comes at the instances', and a reader that is slower is told how much it missed.
// Errors: EINVALID at "since" for a malformed cursor, EUNAVAILABLE, what f returns, ctx.Err().
func (s *Source) Stream(ctx context.Context, view core.LogView, f func(core.LogLine) error) error {
	at, err := decodeCursor(view.Cursor)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(core.WithActor(ctx, core.System()))
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
