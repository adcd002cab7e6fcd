package core

import (
	"context"
	"time"
)

// HealthCheck says how an instance is asked, from outside, whether it is well, and what is done when it is not. An
// instance that is not well gets no requests; Policy says what happens to it besides.
type HealthCheck struct {
	Kind    ProbeKind `json:"kind,omitempty"`    // of the question; see Probe for the four that follow
	Path    string    `json:"path,omitempty"`    //
	Status  string    `json:"status,omitempty"`  //
	Text    string    `json:"text,omitempty"`    //
	Service string    `json:"service,omitempty"` //

	Interval  Duration `json:"interval,omitempty"`  // between questions; default 5s
	Timeout   Duration `json:"timeout,omitempty"`   // of one answer, at most 5s; default 2s
	Grace     Duration `json:"grace,omitempty"`     // for the first good answer after the start; default 60s
	Failures  int      `json:"failures,omitempty"`  // bad answers in a row until an instance counts as not well; default 3
	Successes int      `json:"successes,omitempty"` // good answers in a row until it counts as well; default 1

	Policy HealthPolicy `json:"policy,omitempty"` // what is done with an instance that is not well; "" is restart
	Alive  Probe        `json:"alive,omitzero"`   // a question of its own that Policy follows; none: the one above
}

// HealthPolicy says what is done with an instance that is not well.
type HealthPolicy string

// The policies. An instance that ended by itself is started again under all of them but stop.
const (
	PolicyRestart HealthPolicy = "restart" // it is stopped and started again, less often each time
	PolicyReplace HealthPolicy = "replace" // it is removed, and another made where there is the most room
	PolicyStop    HealthPolicy = "stop"    // it is stopped, and stays so until somebody restarts the app
	PolicyTell    HealthPolicy = "tell"    // it is left alone; the timeline says so
)

// HealthPolicies are all of them, the default first.
var HealthPolicies = []HealthPolicy{PolicyRestart, PolicyReplace, PolicyStop, PolicyTell}

// Duration is a time.Duration that is a string in JSON ("5s").
type Duration time.Duration

// MaxHealthBody is how much of an answer is read. More is cut off.
const MaxHealthBody = 64 * KiB

// Ready returns the question that decides whether an instance gets requests.
func (h HealthCheck) Ready() Probe {
	return Probe{Kind: h.Kind, Path: h.Path, Status: h.Status, Text: h.Text, Service: h.Service}.withDefaults()
}

// SetReady puts another question in the place of the one that decides whether an instance gets requests.
func (h *HealthCheck) SetReady(p Probe) {
	h.Kind, h.Path, h.Status, h.Text, h.Service = p.Kind, p.Path, p.Status, p.Text, p.Service
}

// WithDefaults fills what is not set.
func (h HealthCheck) WithDefaults() HealthCheck {
	h.SetReady(h.Ready())
	if h.Alive != (Probe{}) {
		h.Alive = h.Alive.withDefaults()
	}
	setDuration(&h.Interval, 5*time.Second)
	setDuration(&h.Timeout, 2*time.Second)
	setDuration(&h.Grace, 60*time.Second)
	if h.Failures == 0 {
		h.Failures = 3
	}
	if h.Successes == 0 {
		h.Successes = 1
	}
	if h.Policy == "" {
		h.Policy = PolicyRestart
	}
	return h
}

func setDuration(d *Duration, v time.Duration) {
	if *d == 0 {
		*d = Duration(v)
	}
}

// Validate reports every fault of h. Errors: EINVALID at the fields as JSON names them, those of Alive behind "alive.".
func (h HealthCheck) Validate() error {
	var f Faults
	h = h.WithDefaults()
	f.Merge("", h.Ready().Validate())
	if h.Alive != (Probe{}) {
		if h.Alive.Kind == ProbeAuto {
			f.Add("alive.kind", "error.health_kind")
		}
		f.Merge("alive", h.Alive.Validate())
	}
	between := func(field string, d Duration, min, max time.Duration) {
		if time.Duration(d) < min || time.Duration(d) > max {
			f.Add(field, "error.duration_range", "min", min.String(), "max", max.String())
		}
	}
	between("interval", h.Interval, time.Second, time.Hour)
	between("timeout", h.Timeout, 100*time.Millisecond, 5*time.Second)
	between("grace", h.Grace, time.Second, time.Hour)
	if h.Failures < 1 || h.Failures > 100 {
		f.Add("failures", "error.number_range", "min", "1", "max", "100")
	}
	if h.Successes < 1 || h.Successes > 100 {
		f.Add("successes", "error.number_range", "min", "1", "max", "100")
	}
	switch h.Policy {
	case PolicyRestart, PolicyReplace, PolicyStop, PolicyTell:
	default:
		f.Add("policy", "error.health_policy")
	}
	return f.Err()
}

// AsksImage reports whether the image's own check is asked, which the engine carries out.
func (h HealthCheck) AsksImage() bool { return h.Kind == ProbeImage || h.Alive.Kind == ProbeImage }

// made returns what of h an instance is made with: how often the engine carries out the image's own check. All else
// can change under an instance that runs.
func (h HealthCheck) made() HealthCheck {
	if !h.AsksImage() {
		return HealthCheck{}
	}
	h = h.WithDefaults()
	return HealthCheck{Kind: ProbeImage, Interval: h.Interval, Timeout: h.Timeout, Failures: h.Failures}
}

// HealthResult is what asking an instance has given so far.
type HealthResult struct {
	Asked    int           // since it was started
	Answered bool          // it counts as well: it has answered, and did not fail as often in a row as the check allows
	Failures int           // bad answers in a row
	Problem  Text          // why the last answer was bad
	Waited   time.Duration // since when it is asked, by a clock that nobody sets

	// Of HealthCheck.Alive; without one the same as above.
	AliveFailures int
	AliveProblem  Text
}

// HealthAnswer is one answer of an instance.
type HealthAnswer struct {
	At       time.Time     `json:"at"`
	Took     time.Duration `json:"took"`
	Alive    bool          `json:"alive,omitempty"` // to HealthCheck.Alive
	Asked    Probe         `json:"asked"`           // never ProbeAuto, but what was taken for it
	Problem  Text          `json:"problem,omitzero"`
	Starting bool          `json:"starting,omitempty"` // it had not answered yet since its start
}

// Good reports whether it was as wanted.
func (a HealthAnswer) Good() bool { return a.Problem.IsZero() }

// MaxHealthAnswers is how many answers of an instance are kept.
const MaxHealthAnswers = 10

// HealthSource tells what instances answered last. core/service checks the actor before calling it.
type HealthSource interface {
	// Answers returns by instance id the last answers of an app's instances, newest first.
	Answers(ctx context.Context, appID string) (map[string][]HealthAnswer, error)
}

// AnswerStore keeps the last answers, for a portal that runs apart from the worker.
type AnswerStore interface {
	HealthSource
	// Put writes the last answers of instances, by id; those of an instance that is gone are dropped. Workers alone
	// call it.
	Put(ctx context.Context, answers map[string][]HealthAnswer) error
}
