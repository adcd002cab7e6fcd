package reconcile

import (
	"context"
	"syscall"
	"time"

	"berth/core"
)

// crashed stops an instance that runs and is not well, notes why it stopped, and when it is started again.
func (l *Loop) crashed(ctx context.Context, d Desired, a Action) error {
	i, _, err := l.putDown(ctx, d, a)
	if err != nil {
		return err
	}
	return l.noteCrash(ctx, d, i, a.Text, a.Stays)
}

// putDown has the program of an instance ended, if it still runs, and notes how that was.
func (l *Loop) putDown(ctx context.Context, d Desired, a Action) (core.Instance, core.Engine, error) {
	i := a.Instance
	engine, err := l.Engines.Engine(i.HostID)
	if err != nil {
		return i, nil, err
	}
	grace := sickGrace
	if a.Release.Spec.Volume != nil {
		grace = stopGrace
	}
	said := l.lastAnswer(i, a.Text)
	if err := engine.Stop(ctx, i.ContainerID, grace); err != nil {
		return i, engine, err
	}
	i.Exit = core.Exit{At: time.Now(), Why: a.Text, Said: said, Lines: l.lastLines(ctx, i)}
	if c, err := engine.Inspect(ctx, i.ContainerID); err == nil {
		i.ExitCode, i.OOM = c.ExitCode, c.OOM
	}
	return i, engine, nil
}

// lastAnswer returns what was wrong with the last answer of an instance, if it is stopped for that.
func (l *Loop) lastAnswer(i core.Instance, why core.Text) core.Text {
	switch why.Key {
	case "reason.never_answered":
		return l.Health.Result(i.ID).Problem
	case "reason.stopped_answering":
		return l.Health.Result(i.ID).AliveProblem
	}
	return core.Text{}
}

// tailPatience is how long a start may wait for the last lines before it.
const tailPatience = time.Second

func (l *Loop) lastLines(ctx context.Context, i core.Instance) []string {
	ctx, cancel := context.WithTimeout(ctx, tailPatience)
	defer cancel()
	lines, err := l.Logs.Tail(ctx, i.ID, core.MaxLastLines)
	if err != nil {
		l.Log.Warn("cannot read the last lines", "instance", i.ID, "error", err)
	}
	return core.LastLines(lines)
}

// countCrash notes one more failure of an instance, and when it may try again.
func countCrash(i core.Instance, now time.Time) core.Instance {
	i.Crashes = i.CrashesAt(now) + 1
	i.RetryAt = now.Add(backoff(i.Crashes))
	return i
}

func (l *Loop) noteCrash(ctx context.Context, d Desired, i core.Instance, why core.Text, stays bool) error {
	i = countCrash(i, time.Now())
	i.State, i.Reason = core.InstanceCrashed, why
	if stays {
		i.RetryAt = time.Time{}
	}
	if err := l.Store.Instances().Update(ctx, i); err != nil {
		return err
	}
	l.Health.Forget(i.ID)
	if stays {
		e := core.NewEvent(d.App, core.LevelBad, "halted", "instance", core.ShortID(i.ID))
		return l.tell(ctx, d.App, i, e, why)
	}
	return l.tell(ctx, d.App, i, stopEvent(d.App, i, why), why)
}

// replace makes another instance in the place of one: the old is gone before the new one is made, so that both never
// take more together than was granted. Where no other place is found, it is made anew where it was.
func (l *Loop) replace(ctx context.Context, d Desired, a Action) error {
	i, engine, err := l.putDown(ctx, d, a)
	if err != nil {
		return err
	}
	l.Health.Forget(i.ID)
	if err := engine.Remove(ctx, i.ContainerID); err != nil {
		return err
	}
	counted := countCrash(i, time.Now())
	var placed core.Instance
	err = l.Store.Transact(ctx, func(tx core.Store) (err error) {
		app, err := tx.Apps().Get(ctx, d.App.ID)
		if err != nil {
			return err
		}
		if err := tx.Instances().Delete(ctx, i.ID); err != nil || app.Revision != d.App.Revision {
			return err // what is to run is another matter by now
		}
		placed, err = l.placeIn(ctx, tx, d, a, core.Instance{Crashes: counted.Crashes, RetryAt: counted.RetryAt, Reason: a.Text,
			Exit: i.Exit, ExitCode: i.ExitCode, OOM: i.OOM})
		return err
	})
	if err != nil || placed.ID == "" {
		return err
	}
	e := core.NewEvent(d.App, core.LevelWarning, "replaced", "instance", core.ShortID(i.ID), "by", core.ShortID(placed.ID), "count", itoa(counted.Crashes))
	return l.tell(ctx, d.App, placed, e, a.Text)
}

// stopEvent words that an instance stopped, or had to be stopped.
func stopEvent(a core.App, i core.Instance, why core.Text) core.Event {
	id := core.ShortID(i.ID)
	switch {
	case askedToEnd(i, why):
		return core.NewEvent(a, core.LevelWarning, "ended", "instance", id)
	case why.Key == "reason.never_answered" || why.Key == "reason.stopped_answering":
		return core.NewEvent(a, core.LevelBad, "silent", "instance", id)
	}
	return core.NewEvent(a, core.LevelBad, "crashed", "instance", id, "count", itoa(i.Crashes))
}

// askedToEnd tells a program that was asked to end and did, by somebody or by an engine that is shut down, from one
// that failed. It is started again just the same, and less and less often when it keeps ending.
func askedToEnd(i core.Instance, why core.Text) bool {
	reported := why.Key == "reason.exit_code" || why.Key == "reason.signal"
	return reported && (i.ExitCode == 0 || i.ExitCode == 128+int(syscall.SIGTERM))
}
