package core

import (
	"context"
	"slices"
	"time"
)

// Operation is a person's intention being carried out: named steps, progress, outcome, who asked.
type Operation struct {
	ID        string
	TenantID  string
	AppID     string // "" when it is about the whole tenant
	Name      string // of the tenant that it deletes, which is gone when it ends; "" for other kinds
	Kind      OperationKind
	Release   int // the release it brings online; 0 for other kinds
	Status    OperationStatus
	Steps     []Step
	Error     Text     // why it failed
	LogTail   []string // the last lines of the instance that failed
	Author    string
	CreatedAt time.Time
	EndedAt   time.Time
}

// OperationKind says what is being carried out.
type OperationKind string

const (
	OpDeploy  OperationKind = "deploy" // a release: also a rollback, a change of settings, a scaling
	OpFetch   OperationKind = "fetch"  // an image is copied from a registry elsewhere
	OpStop    OperationKind = "stop"
	OpStart   OperationKind = "start"
	OpRestart OperationKind = "restart"
	OpDelete  OperationKind = "delete"

	OpDeleteTenant OperationKind = "delete_tenant" // of no app
)

// OperationStatus is an operation's progress.
type OperationStatus string

const (
	OpPending   OperationStatus = "pending"
	OpRunning   OperationStatus = "running"
	OpSucceeded OperationStatus = "succeeded"
	OpFailed    OperationStatus = "failed"
)

// Done reports whether the operation has ended.
func (o Operation) Done() bool { return o.Status == OpSucceeded || o.Status == OpFailed }

// Step is a named part of an operation.
type Step struct {
	Name    string     `json:"name"`
	Status  StepStatus `json:"status"`
	Text    Text       `json:"text"` // the sentence under it: "On local, the machine with the most free memory"
	Started time.Time  `json:"started,omitzero"`
	Ended   time.Time  `json:"ended,omitzero"`
}

// StepStatus is a step's progress.
type StepStatus string

const (
	StepPending   StepStatus = "pending"
	StepRunning   StepStatus = "running"
	StepSucceeded StepStatus = "succeeded"
	StepFailed    StepStatus = "failed"
	StepSkipped   StepStatus = "skipped"
)

// The steps of a deploy, in order.
const (
	StepRecorded   = "recorded"
	StepPlaced     = "placed"
	StepFetched    = "fetched"
	StepCreated    = "created"
	StepStarted    = "started"
	StepAnswering  = "answering"
	StepReplaced   = "replaced" // of a rolling deploy: batch by batch
	StepChecked    = "checked"  // of a blue-green deploy: it waits for somebody to switch
	StepRegistered = "registered"
	StepOnline     = "online"
	StepDrained    = "drained" // of stop, restart and delete
	StepRemoved    = "removed" // of stop and delete
	StepApps       = "apps"    // of deleting a tenant: its apps and what they keep
	StepNetwork    = "network" // of deleting a tenant
	StepErased     = "erased"  // of deleting a tenant: everything that is recorded of it
)

// StepsOf returns the pending steps of a kind, recorded being done at now.
func StepsOf(kind OperationKind, now time.Time) []Step {
	names := map[OperationKind][]string{
		OpDeploy:  {StepRecorded, StepPlaced, StepFetched, StepCreated, StepStarted, StepAnswering, StepRegistered, StepOnline},
		OpFetch:   {StepRecorded, StepFetched},
		OpStart:   {StepRecorded, StepPlaced, StepFetched, StepCreated, StepStarted, StepAnswering, StepRegistered, StepOnline},
		OpRestart: {StepRecorded, StepPlaced, StepFetched, StepCreated, StepStarted, StepAnswering, StepRegistered, StepOnline},
		OpStop:    {StepRecorded, StepDrained, StepRemoved},
		OpDelete:  {StepRecorded, StepDrained, StepRemoved},

		OpDeleteTenant: {StepRecorded, StepApps, StepNetwork, StepErased},
	}[kind]
	steps := make([]Step, len(names))
	for i, n := range names {
		steps[i] = Step{Name: n, Status: StepPending}
	}
	steps[0].Status, steps[0].Started, steps[0].Ended = StepSucceeded, now, now
	return steps
}

// StepsBy returns the pending steps of a deploy by a strategy, recorded being done at now.
func StepsBy(s Strategy, now time.Time) []Step {
	steps := StepsOf(OpDeploy, now)
	at := slices.IndexFunc(steps, func(s Step) bool { return s.Name == StepRegistered })
	switch s.Kind {
	case StrategyRolling:
		return slices.Insert(steps, at, Step{Name: StepReplaced, Status: StepPending})
	case StrategyBlueGreen:
		return slices.Insert(steps, at, Step{Name: StepChecked, Status: StepPending})
	}
	return steps
}

// SetStep moves the named step on and reports whether that changed anything. A step that has begun ends those
// before it that are still open.
func (o *Operation) SetStep(name string, status StepStatus, text Text, now time.Time) bool {
	at := -1
	for i := range o.Steps {
		if o.Steps[i].Name == name {
			at = i
		}
	}
	if at < 0 {
		return false
	}
	changed := false
	for i := range o.Steps[:at] {
		changed = o.Steps[i].set(StepSucceeded, Text{}, now, false) || changed
	}
	return o.Steps[at].set(status, text, now, true) || changed
}

func (s *Step) set(status StepStatus, text Text, now time.Time, reopen bool) bool {
	ended := s.Status == StepSucceeded || s.Status == StepFailed || s.Status == StepSkipped
	if s.Status == status && (text.IsZero() || text.String() == s.Text.String()) || ended && !reopen {
		return false
	}
	if s.Started.IsZero() {
		s.Started = now
	}
	s.Status = status
	if !text.IsZero() {
		s.Text = text
	}
	if status != StepRunning && status != StepPending {
		s.Ended = now
	}
	return true
}

// OperationStore keeps operations. Every method is scoped by the actor.
type OperationStore interface {
	Create(ctx context.Context, o Operation) error
	// Get returns an operation. Errors: ENOTFOUND.
	Get(ctx context.Context, id string) (Operation, error)
	// Update overwrites status, steps, error, log tail and end. Workers alone call it. Errors: ENOTFOUND.
	Update(ctx context.Context, o Operation) error
	// Open returns the operations of an app that have not ended, oldest first.
	Open(ctx context.Context, appID string) ([]Operation, error)
	// OpenOf returns the operations of a tenant itself, of no app, that have not ended, oldest first.
	OpenOf(ctx context.Context, tenantID string) ([]Operation, error)
	// List returns the operations of an app, newest first, at most limit.
	List(ctx context.Context, appID string, limit int) ([]Operation, error)
	// OfReleases returns the deploys of the releases from one number to another of an app, by number.
	OfReleases(ctx context.Context, appID string, from, to int) (map[int]Operation, error)
	// Prune removes the oldest of what ended and is older than before, at most so many, and returns how many operations
	// that were. PruneApp removes those of an app that ended, beyond the newest keep. Housekeeping alone calls them.
	Prune(ctx context.Context, before time.Time, most int) (int, error)
	PruneApp(ctx context.Context, appID string, keep, most int) (int, error)
}
