package logs

import (
	"context"
	"time"

	"berth/core"
)

// drainTime is how long the log of an instance that is gone may go on.
const drainTime = 10 * time.Second

// follower follows the log of one instance, again after each restart of its container.
type follower struct {
	done   chan struct{} // closed while it is not at work
	cancel context.CancelFunc
	last   time.Time // of its last line; belongs to the goroutine at work while there is one

	seen      bool      // it has been at work, or what there was has been read otherwise
	container string    // that it was last at work on
	startedAt time.Time // of that container
	goneAt    time.Time // when its instance was first missed
}

// newFollower returns one that begins behind the line of a time; zero begins with the first.
func newFollower(last time.Time) *follower {
	done := make(chan struct{})
	close(done)
	return &follower{done: done, last: last, cancel: func() {}}
}

// begun notes that everything up to now has been read.
func (fl *follower) begun(i core.Instance) {
	fl.seen, fl.container, fl.startedAt = true, i.ContainerID, i.StartedAt
}

// due reports whether there may be something to read.
func (fl *follower) due(i core.Instance) bool {
	if i.ContainerID == "" || !fl.idle() {
		return false
	}
	return i.State.Running() || !fl.seen || fl.container != i.ContainerID || !fl.startedAt.Equal(i.StartedAt)
}

func (fl *follower) idle() bool {
	select {
	case <-fl.done:
		return true
	default:
		return false
	}
}

// start puts it to work until the log ends. What it fails at is read when it is next started.
func (fl *follower) start(ctx context.Context, s *Source, i core.Instance, f func(core.LogLine) error) {
	fl.begun(i)
	ctx, fl.cancel = context.WithCancel(ctx)
	fl.done = make(chan struct{})
	go func() {
		defer close(fl.done)
		defer fl.cancel()
		err := s.read(ctx, i, core.LogQuery{Since: fl.last, Follow: true}, func(l core.LogLine) error {
			if err := f(l); err != nil {
				return err
			}
			fl.last = l.Time
			return nil
		})
		if err != nil && ctx.Err() == nil {
			s.opts.Log.Debug("a log broke off; it is read on", "instance", i.ID, "error", err)
		}
	}()
}

// release is called when the instance is gone, and reports whether the follower has come to its end. A log that does
// not end with its container is left after a while.
func (fl *follower) release() bool {
	if fl.goneAt.IsZero() {
		fl.goneAt = time.Now()
	}
	if time.Since(fl.goneAt) > drainTime {
		fl.cancel()
	}
	return fl.idle()
}
