package service

import (
	"context"
	"slices"
	"sync"

	"berth/core"
)

// fetchJob is an image to be copied for an operation: of a version, or of a service's first release.
type fetchJob struct {
	op    core.Operation
	label string // of the version
	src   core.ImageSource
	held  bool // its operation is not in the store yet
}

// text is what the operation's step says, and what a job is made from again after a restart.
func (j fetchJob) text() core.Text {
	t := core.T("step.fetching", "image", j.src.Ref, "label", j.label)
	if j.src.User != "" || j.src.Password != "" {
		t.Args["login"] = "yes"
	}
	return t
}

// fetches is the queue of what is to be copied, and what is being copied.
type fetches struct {
	mu      sync.Mutex
	queue   []fetchJob
	running map[string]runningFetch // by operation
	ready   chan struct{}
}

type runningFetch struct {
	appID  string
	cancel context.CancelFunc
}

func newFetches() *fetches {
	return &fetches{running: map[string]runningFetch{}, ready: make(chan struct{}, 1)}
}

// add reserves a place; release lets the job begin. It is false when the queue is full.
func (f *fetches) add(j fetchJob) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queue) >= maxFetches {
		return false
	}
	j.held = true
	f.queue = append(f.queue, j)
	return true
}

func (f *fetches) release(operationID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.queue {
		if f.queue[i].op.ID == operationID {
			f.queue[i].held = false
		}
	}
	f.signal()
}

func (f *fetches) remove(operationID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = slices.DeleteFunc(f.queue, func(j fetchJob) bool { return j.op.ID == operationID })
}

// has reports whether an operation is waiting or being carried out here.
func (f *fetches) has(operationID string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, running := f.running[operationID]
	return running || slices.ContainsFunc(f.queue, func(j fetchJob) bool { return j.op.ID == operationID })
}

// cancel ends what is being copied for an app, and forgets what waits.
func (f *fetches) cancel(appID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = slices.DeleteFunc(f.queue, func(j fetchJob) bool { return j.op.AppID == appID && !j.held })
	for _, r := range f.running {
		if r.appID == appID {
			r.cancel()
		}
	}
}

// next waits for a job and begins it: the context it returns ends with ctx or when the job is cancelled. Call end
// afterwards. It is false when ctx has ended.
func (f *fetches) next(ctx context.Context) (context.Context, fetchJob, bool) {
	for ctx.Err() == nil {
		if jobCtx, job, ok := f.take(ctx); ok {
			return jobCtx, job, true
		}
		select {
		case <-ctx.Done():
		case <-f.ready:
		}
	}
	return ctx, fetchJob{}, false
}

func (f *fetches) take(ctx context.Context) (context.Context, fetchJob, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.queue, func(j fetchJob) bool { return !j.held })
	if i < 0 {
		return ctx, fetchJob{}, false
	}
	job := f.queue[i]
	f.queue = slices.Delete(f.queue, i, i+1)
	f.signal() // there may be another for another worker
	jobCtx, cancel := context.WithCancel(ctx)
	f.running[job.op.ID] = runningFetch{job.op.AppID, cancel}
	return jobCtx, job, true
}

func (f *fetches) end(operationID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r, ok := f.running[operationID]; ok {
		r.cancel()
		delete(f.running, operationID)
	}
}

func (f *fetches) signal() {
	select {
	case f.ready <- struct{}{}:
	default:
	}
}
