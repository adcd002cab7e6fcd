package core

import (
	"context"
	"time"
)

// Canary is a trial: a new version gets a share of an app's requests, and is given all of them or none in the end.
// Every change of the share is a release of its own. An app has at most one that is open.
type Canary struct {
	ID        string
	TenantID  string
	AppID     string
	Stable    Target // what all requests went to before; its weight says nothing
	Candidate Target // what is tried; its weight says nothing
	Before    int    // the release before the trial, which an abort brings back
	Release   int    // the newest release of the trial
	Share     int    // percent of the requests that Release gives to the candidate
	Steps     []CanaryStep
	Limits    CanaryLimits
	Status    CanaryStatus
	Reason    Text   // why it ended, or is held
	Author    string // who started it
	CreatedAt time.Time
	EndedAt   time.Time
	Revision  int64 // counts writes of all of the above; Update compares it

	// Status, written by worker/canary.
	StepAt  time.Time    // since when Release is online; zero while it is on its way
	Base    CanaryCounts // what the gateways had counted then
	Last    CanaryCounts // what they had counted when they were last asked
	Carried CanaryCounts // of this step, from before a gateway began to count anew
}

// CanaryStep is a share that the candidate gets by itself, and for how long before the next.
type CanaryStep struct {
	Share int      `json:"share"` // percent, 1 to 100; 100 ends the trial
	For   Duration `json:"for"`
}

// CanaryLimits say when a trial is aborted by itself. Zero fields limit nothing.
type CanaryLimits struct {
	Errors      float64       `json:"errors,omitempty"`  // percent of the candidate's requests, in this step
	Compare     CanaryCompare `json:"compare,omitempty"` // what Errors is measured from
	Latency     Duration      `json:"latency,omitempty"` // within which 95 of 100 requests are answered
	MinRequests int           `json:"min_requests"`      // of the candidate in this step, before it is judged or gets more
}

// CanaryCompare says what the errors of a candidate are measured from.
type CanaryCompare string

// The comparisons.
const (
	CompareTotal  CanaryCompare = ""       // from 0
	CompareStable CanaryCompare = "stable" // from the stable version's errors in the same time
)

// CanaryCounts are the requests of both versions.
type CanaryCounts struct {
	Stable    RequestCounts `json:"stable"`
	Candidate RequestCounts `json:"candidate"`
}

// CanaryStatus is how far a trial has come.
type CanaryStatus string

// The states of a trial; the first two are open.
const (
	CanaryRunning  CanaryStatus = "running"
	CanaryHeld     CanaryStatus = "held"     // takes no step by itself
	CanaryPromoted CanaryStatus = "promoted" // the candidate got all requests
	CanaryAborted  CanaryStatus = "aborted"  // what ran before came back
	CanaryReplaced CanaryStatus = "replaced" // somebody released something else
)

// DefaultMinRequests is how many requests a candidate is judged by unless somebody says otherwise.
const DefaultMinRequests = 100

// The bounds of a trial's steps.
const (
	maxCanarySteps = 20
	minCanaryStep  = time.Second
	maxCanaryStep  = 7 * 24 * time.Hour
)

// Open reports whether the trial has not ended.
func (c Canary) Open() bool { return c.Status == CanaryRunning || c.Status == CanaryHeld }

// Next returns the step after the share that the candidate has; false when there is none.
func (c Canary) Next() (CanaryStep, bool) {
	for _, s := range c.Steps {
		if s.Share > c.Share {
			return s, true
		}
	}
	return CanaryStep{}, false
}

// Stay returns how long the candidate keeps the share that it has before the next step.
func (c Canary) Stay() time.Duration {
	stay := time.Duration(0)
	for _, s := range c.Steps {
		if s.Share <= c.Share {
			stay = time.Duration(s.For)
		}
	}
	return stay
}

// NextAt returns when the next step is due; zero when none is.
func (c Canary) NextAt() time.Time {
	if _, more := c.Next(); !more || c.StepAt.IsZero() || c.Status != CanaryRunning {
		return time.Time{}
	}
	return c.StepAt.Add(c.Stay())
}

// Validate reports every fault of what a person says of c. Errors: EINVALID at "share", "steps", "abort.errors",
// "abort.compare", "abort.latency", "abort.min_requests".
func (c Canary) Validate() error {
	var f Faults
	if c.Share < 1 || c.Share > 99 {
		f.Add("share", "error.number_range", "min", "1", "max", "99")
	}
	f.Merge("", validateSteps(c.Steps))
	f.Merge("abort", c.Limits.Validate())
	return f.Err()
}

func validateSteps(steps []CanaryStep) error {
	if len(steps) > maxCanarySteps {
		return Invalid("steps", "error.entries_many", "max", itoa(maxCanarySteps))
	}
	before := 0
	for _, s := range steps {
		switch {
		case s.Share <= before || s.Share > 100:
			return Invalid("steps", "error.canary_steps_order")
		case s.Share < 100 && (time.Duration(s.For) < minCanaryStep || time.Duration(s.For) > maxCanaryStep):
			return Invalid("steps", "error.duration_range", "min", minCanaryStep.String(), "max", maxCanaryStep.String())
		}
		before = s.Share
	}
	return nil
}

// Validate reports every fault of l. Errors: EINVALID at "errors", "compare", "latency", "min_requests".
func (l CanaryLimits) Validate() error {
	var f Faults
	if !(l.Errors >= 0 && l.Errors <= 100) { // also what is no number
		f.Add("errors", "error.number_range", "min", "0", "max", "100")
	}
	if l.Compare != CompareTotal && l.Compare != CompareStable {
		f.Add("compare", "error.canary_compare")
	}
	durationBetween(&f, "latency", l.Latency, time.Millisecond, time.Hour)
	if l.MinRequests < 0 || l.MinRequests > 1_000_000 {
		f.Add("min_requests", "error.number_range", "min", "0", "max", "1000000")
	}
	return f.Err()
}

// Since returns what happened in the step when the gateways have counted now.
func (c Canary) Since(now CanaryCounts) CanaryCounts {
	return CanaryCounts{
		Stable:    now.Stable.Minus(c.Base.Stable).Plus(c.Carried.Stable),
		Candidate: now.Candidate.Minus(c.Base.Candidate).Plus(c.Carried.Candidate),
	}
}

// NewCanary is what a person says to begin a trial. A share of 0 takes that of the first step, without steps 10.
// MinRequests nil takes DefaultMinRequests.
type NewCanary struct {
	Version     string // label of the candidate
	Share       int
	Steps       []CanaryStep
	Errors      float64
	Compare     CanaryCompare
	Latency     Duration
	MinRequests *int
}

// CanaryView is a trial as people follow it.
type CanaryView struct {
	Canary
	Counts CanaryCounts // since the present share is in force
}

// CanaryStore keeps trials. Every method is scoped by the actor.
type CanaryStore interface {
	// Create adds c. Errors: ECONFLICT when the app has an open one.
	Create(ctx context.Context, c Canary) error
	// Latest returns the newest trial of an app. Errors: ENOTFOUND.
	Latest(ctx context.Context, appID string) (Canary, error)
	// Open returns every trial that has not ended.
	Open(ctx context.Context) ([]Canary, error)
	// Update overwrites what core/service writes if c.Revision is still current, and raises it, and clears the status
	// when c.Release is a new one. Errors: ECONFLICT, ENOTFOUND.
	Update(ctx context.Context, c Canary) error
	// UpdateStatus writes StepAt, Base, Last and Carried while c.Release is still the newest of the trial. worker/canary
	// alone calls it. Errors: ENOTFOUND, also when it is not.
	UpdateStatus(ctx context.Context, c Canary) error
}

// Errors returns how many of the requests ended with an error: a status of 5xx, or broken off.
func (c RequestCounts) Errors() int64 { return max(c.Classes[4], c.Failed, 0) }

// Answered returns how many of the requests ended, with an answer or an error: those under way say nothing yet.
func (c RequestCounts) Answered() int64 {
	return max(c.Classes[1]+c.Classes[2]+c.Classes[3]+c.Classes[4], c.Errors())
}

// ErrorRate returns the share of errors in percent of those that ended; 0 when none did.
func (c RequestCounts) ErrorRate() float64 {
	if c.Answered() == 0 {
		return 0
	}
	return 100 * float64(c.Errors()) / float64(c.Answered())
}
