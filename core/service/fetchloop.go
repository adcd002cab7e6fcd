package service

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"berth/core"
)

const (
	fetchers      = 2 // images copied at once
	progressEvery = 500 * time.Millisecond
)

// RunFetches copies images until ctx ends. First it takes up what a previous process left unfinished; where
// credentials were needed, which are kept nowhere, the operation fails and says so.
func (s *Service) RunFetches(ctx context.Context) error {
	if err := s.resumeFetches(asSystem(ctx)); err != nil {
		return err
	}
	var all sync.WaitGroup
	for range fetchers {
		all.Go(func() {
			for {
				jobCtx, job, ok := s.fetches.next(ctx)
				if !ok {
					return
				}
				s.carryOut(ctx, jobCtx, job)
			}
		})
	}
	all.Wait()
	return ctx.Err()
}

func (s *Service) resumeFetches(ctx context.Context) error {
	ids, err := s.store.Apps().IDs(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		open, err := s.store.Operations().Open(ctx, id)
		if err != nil {
			return err
		}
		for _, op := range open {
			if err := s.resumeFetch(ctx, op); err != nil && core.ErrorCode(err) != core.ENOTFOUND {
				return err
			}
		}
	}
	return nil
}

func (s *Service) resumeFetch(ctx context.Context, op core.Operation) error {
	if s.fetches.has(op.ID) {
		return nil
	}
	job := fetchJob{op: op}
	switch op.Kind {
	case core.OpFetch:
		args := stepText(op, core.StepFetched).Args
		if args["login"] != "" {
			return s.endFetch(ctx, op, core.T("error.fetch_interrupted"))
		}
		job.src.Ref, job.label = args["image"], args["label"]
	case core.OpDeploy:
		app, err := s.store.Apps().Get(ctx, op.AppID)
		if err != nil || !app.IsService() || app.Release > 0 {
			return err
		}
		if job, err = s.serviceJob(app, op); err != nil {
			return s.endFetch(ctx, op, core.ErrorMessage(err))
		}
	default:
		return nil
	}
	if s.fetches.add(job) {
		s.fetches.release(op.ID)
	}
	return nil
}

func stepText(op core.Operation, name string) core.Text {
	for _, step := range op.Steps {
		if step.Name == name {
			return step.Text
		}
	}
	return core.Text{}
}

// carryOut copies one image. What is interrupted by the end of the process stays open and is taken up at the next
// start.
func (s *Service) carryOut(ctx, jobCtx context.Context, job fetchJob) {
	defer s.fetches.end(job.op.ID)
	err := s.fetch(asAuthor(jobCtx, job.op.Author), job)
	if err == nil || ctx.Err() != nil {
		return
	}
	s.log.Warn("an image could not be fetched", "app", job.op.AppID, "image", job.src.Ref, "error", err)
	if err := s.endFetch(asAuthor(ctx, job.op.Author), job.op, core.ErrorMessage(err)); err != nil {
		s.log.Error("an operation cannot be ended", "operation", job.op.ID, "error", err)
	}
}

func (s *Service) fetch(ctx context.Context, job fetchJob) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	app, err := changeable(ctx, s.store, job.op.AppID)
	if err != nil {
		return err
	}
	if job.op.Kind == core.OpDeploy {
		return s.fetchService(ctx, app, job)
	}
	artifact, err := s.copyImage(ctx, app, job)
	if err != nil {
		return err
	}
	v := s.version(ctx, app, job.label, artifact, core.SourceImage, job.src.Ref)
	err = s.addVersion(ctx, app, v, app.ID, func(tx core.Store) error {
		return s.moveFetch(ctx, tx, job.op.ID, func(op *core.Operation) {
			op.SetStep(core.StepFetched, core.StepSucceeded, core.T("step.fetched", "image", v.Origin, "label", v.Label), s.now())
			op.Status, op.EndedAt = core.OpSucceeded, s.now()
		})
	})
	if err == nil {
		s.notify(app, "operation", job.op.ID)
	}
	return err
}

// copyImage copies the job's image into the app's repository and shows how far it is.
func (s *Service) copyImage(ctx context.Context, app core.App, job fetchJob) (core.Artifact, error) {
	show := func(text core.Text) {
		err := s.store.Transact(ctx, func(tx core.Store) error {
			return s.moveFetch(ctx, tx, job.op.ID, func(op *core.Operation) {
				op.Status = core.OpRunning
				op.SetStep(core.StepFetched, core.StepRunning, text, s.now())
			})
		})
		if err != nil && ctx.Err() == nil {
			s.log.Warn("progress is not shown", "operation", job.op.ID, "error", err)
		}
		s.notify(app, "operation", job.op.ID)
	}
	show(job.text())
	room := core.Bytes(core.MaxAmount)
	if !job.src.Trusted { // a catalogue's image is the operator's
		var err error
		if room, err = s.room(ctx, app.TenantID, app.ID, 0); err != nil {
			return core.Artifact{}, err
		}
	}
	copying, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var told time.Time
	artifact, err := s.images.Copy(copying, app.ID, job.src, func(done, total core.Bytes) {
		if total > room {
			_, full := s.room(ctx, app.TenantID, app.ID, int64(total))
			stop(full)
			return
		}
		if time.Since(told) < progressEvery {
			return
		}
		told = time.Now()
		text := job.text()
		text.Key = "step.fetching_progress"
		text.Args["done"], text.Args["total"] = done.Human(), total.Human()
		show(text)
	})
	if _, full := errors.AsType[*core.QuotaError](context.Cause(copying)); full {
		return artifact, context.Cause(copying)
	}
	return artifact, err
}

// moveFetch changes an operation that has not ended meanwhile.
func (s *Service) moveFetch(ctx context.Context, tx core.Store, id string, change func(*core.Operation)) error {
	op, err := tx.Operations().Get(ctx, id)
	if err != nil || op.Done() {
		return err
	}
	change(&op)
	return tx.Operations().Update(ctx, op)
}

// endFetch has an operation fail. A service that never came to run shows it, too.
func (s *Service) endFetch(ctx context.Context, op core.Operation, why core.Text) error {
	var app core.App
	err := s.store.Transact(ctx, func(tx core.Store) (err error) {
		if app, err = tx.Apps().Get(ctx, op.AppID); err != nil {
			return err
		}
		err = s.moveFetch(ctx, tx, op.ID, func(op *core.Operation) { *op = s.failed(*op, why) })
		if err != nil || app.Deleting {
			return err
		}
		if app.IsService() && app.Release == 0 {
			app.State, app.Reason = core.AppFailed, why
			if err := tx.Apps().UpdateStatus(ctx, app); err != nil {
				return err
			}
		}
		e := core.NewEvent(app, core.LevelBad, "fetch_failed")
		e.Cause = why
		if err := s.record(ctx, tx, e); err != nil {
			return err
		}
		return s.settle(ctx, tx, app.ID)
	})
	if core.ErrorCode(err) == core.ENOTFOUND {
		return nil // the app is gone, and the operation with it
	}
	if err == nil {
		s.notify(app, "operation", op.ID)
	}
	return err
}

// asAuthor is asSystem for what somebody asked for: their name stands at what comes of it.
func asAuthor(ctx context.Context, name string) context.Context {
	system := core.System()
	system.Name = name
	return core.WithActor(ctx, system)
}
