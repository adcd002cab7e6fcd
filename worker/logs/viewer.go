package logs

import (
	"context"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"berth/core"
)

// viewer is one reader of an app's log.
type viewer struct {
	source *Source
	appID  string
	only   string // id of the one instance that is read, "" for all
	f      func(core.LogLine) error
	at     positions                       // of what f was given; belongs to the goroutine that calls f
	queue  *queue                          // what is written while f is busy
	exists atomic.Pointer[map[string]bool] // ids of the app's instances

	broken    bool                 // a log could not be read to its end
	followers map[string]*follower // by instance id; belongs to follow
}

func newViewer(s *Source, view core.LogView, at positions, f func(core.LogLine) error) *viewer {
	return &viewer{source: s, appID: view.AppID, only: view.InstanceID, f: f, at: at, queue: newQueue(), followers: map[string]*follower{}}
}

// instances are those of the app that are read.
func (v *viewer) instances(ctx context.Context) ([]core.Instance, error) {
	all, err := v.source.opts.Store.Instances().List(ctx, v.appID)
	if v.only == "" {
		return all, err
	}
	return slices.DeleteFunc(all, func(i core.Instance) bool { return i.ID != v.only }), err
}

// deliverAll gives f what comes until ctx ends or f fails.
func (v *viewer) deliverAll(ctx context.Context) error {
	for ctx.Err() == nil {
		if l, ok := v.queue.pop(); ok {
			if err := v.deliver(l); err != nil {
				return err
			}
			continue
		}
		select {
		case <-ctx.Done():
		case <-v.queue.ready:
		}
	}
	return ctx.Err()
}

// deliver gives f one line, with the cursor that begins behind it.
func (v *viewer) deliver(l core.LogLine) error {
	v.at[l.Instance] = l.Time
	exists := *v.exists.Load()
	maps.DeleteFunc(v.at, func(id string, _ time.Time) bool { return !exists[id] })
	l.Cursor = v.at.encode()
	return v.f(l)
}

func (v *viewer) setPresent(instances []core.Instance) {
	exists := make(map[string]bool, len(instances))
	for _, i := range instances {
		exists[i.ID] = true
	}
	v.exists.Store(&exists)
}

// follow keeps a follower on every instance, present and coming, until ctx ends.
func (v *viewer) follow(ctx context.Context, changes <-chan core.Change) {
	tick := time.NewTicker(v.source.opts.Poll)
	defer tick.Stop()
	defer v.awaitFollowers()
	for {
		if instances, err := v.instances(ctx); err == nil {
			v.setPresent(instances)
			v.update(ctx, instances)
		} else if ctx.Err() == nil {
			v.source.opts.Log.Debug("new instances cannot be found; the known ones are followed", "error", err)
		}
		if !v.awaitChange(ctx, tick.C, changes) {
			return
		}
	}
}

// awaitChange returns when the instances are to be looked at again, false when ctx has ended.
func (v *viewer) awaitChange(ctx context.Context, tick <-chan time.Time, changes <-chan core.Change) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick:
			return true
		case c, open := <-changes:
			if !open {
				changes = nil
			} else if c.AppID == v.appID {
				return true
			}
		}
	}
}

// update starts followers where something may be to read, and lets go of those whose instance is gone.
func (v *viewer) update(ctx context.Context, instances []core.Instance) {
	exists := *v.exists.Load()
	for _, i := range instances {
		fl := v.followers[i.ID]
		if fl == nil {
			fl = newFollower(time.Time{})
			v.followers[i.ID] = fl
		}
		if fl.due(i) {
			fl.start(ctx, v.source, i, v.queue.push)
		}
	}
	for id, fl := range v.followers {
		if !exists[id] && fl.release() {
			delete(v.followers, id)
		}
	}
}

func (v *viewer) awaitFollowers() {
	for _, fl := range v.followers {
		<-fl.done
	}
}
