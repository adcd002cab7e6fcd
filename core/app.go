package core

import (
	"context"
	"time"
)

// App is one thing of a tenant that runs: what the customer brought, or a service from the catalogue.
type App struct {
	ID       string // appId: a slug, globally unique; repository name and first part of the default domain
	TenantID string
	Name     string
	Service  *ServiceSpec // nil for what a customer brought
	Plan     string       // of AppPlans, which the first release of what a customer brought takes; "" is the default

	// Spec, written by people through core/service.
	Release   int     // the number of the release that is to run; 0 when nothing was released yet
	Stopped   bool    // nothing of it is to run
	Deleting  bool    // everything of it is to go
	KeepData  bool    // with Deleting: its storage stays
	Restart   int     // raised by one to have every instance replaced
	Budget    Amounts // the most that it may take of its tenant's quota, switches aside; nil for no bounds
	CreatedAt time.Time

	// Status, written by the workers.
	Serving int      // the number of the release whose instances serve; 0 when none does
	State   AppState // what the pages show
	Reason  Text     // why it is in that state, when there is something to say

	// Of the Scaling of the release; see Sized. The autoscaler writes them through core/service.
	Scales   bool // the release has one
	Replicas int  // what was decided last; 0 before it was
	Asleep   bool // nothing runs until a request comes

	// Revision counts writes of the spec; Update compares it, so that a stale write is refused.
	Revision int64
}

// ServiceSpec says which catalogue entry an app is an instance of.
type ServiceSpec struct {
	Entry   string `json:"entry"`   // name in the catalogue: "redis"
	Version string `json:"version"` // version in the catalogue: "7.4"
	Plan    string `json:"plan"`    // size in the catalogue: "small"
}

// AppState is an app's state as people see it.
type AppState string

const (
	AppNew       AppState = "new"       // nothing was released yet
	AppDeploying AppState = "deploying" // the first release is on its way, nothing serves yet
	AppSwitching AppState = "switching" // one release serves while another is being started
	AppRunning   AppState = "running"   // every wanted instance answers
	AppPartly    AppState = "partly"    // some wanted instances answer
	AppCrashing  AppState = "crashing"  // instances keep stopping; Berth keeps trying, less often each time
	AppFailed    AppState = "failed"    // nothing of it answers
	AppStopping  AppState = "stopping"
	AppStopped   AppState = "stopped"
	AppAsleep    AppState = "asleep" // runs nothing until a request comes
	AppDeleting  AppState = "deleting"
)

// Validate reports every fault of a. Errors: EINVALID at "name" or "id".
func (a App) Validate() error {
	var f Faults
	f.Merge("", ValidateName("name", a.Name))
	f.Merge("", ValidateSlug("id", a.ID))
	return f.Err()
}

// IsService reports whether a comes from the catalogue.
func (a App) IsService() bool { return a.Service != nil }

// AwaitsSwitch reports whether a release is ready beside the one that serves until a person has it take over.
func (a App) AwaitsSwitch() bool {
	return a.State == AppSwitching && a.Reason.Key == "reason.waits_for_switch"
}

// Counts reports whether i is one of those by which is told how a is: while a release waits for its switch, those that
// were not made for it.
func (a App) Counts(i Instance) bool { return !a.AwaitsSwitch() || i.Release != a.Release }

// AppFilter narrows a list. The zero value takes everything that the actor sees.
type AppFilter struct {
	TenantID string
	Kind     string // "app", "service", "" for both
	Search   string // part of the name or the id
	Cursor   string // from the previous page
	Limit    int    // 1 to 100; 0 means 100
}

// AppStore keeps apps. Every method is scoped by the actor.
type AppStore interface {
	// Create adds a. Errors: ECONFLICT at "name" when the id is taken.
	Create(ctx context.Context, a App) error
	// Get returns an app. Errors: ENOTFOUND.
	Get(ctx context.Context, id string) (App, error)
	// List returns a page of apps by name, and the cursor of the next page, "" at the end.
	List(ctx context.Context, f AppFilter) (apps []App, next string, err error)
	// IDs returns the ids of all apps, for the loops of the workers.
	IDs(ctx context.Context) ([]string, error)
	// UpdateSpec writes the spec columns if a.Revision is still current, and raises it. Errors: ECONFLICT, ENOTFOUND.
	UpdateSpec(ctx context.Context, a App) error
	// UpdateStatus writes Serving, State and Reason only. Workers alone call it. Errors: ENOTFOUND.
	UpdateStatus(ctx context.Context, a App) error
	// Delete removes the app and every row that belongs to it, but its operations, which say how the deletion ended.
	// Errors: ENOTFOUND.
	Delete(ctx context.Context, id string) error
}

// NewApp is what a person says to have an app. Service makes it a service of the catalogue.
type NewApp struct {
	TenantID string
	Name     string
	ID       string // "" derives it from the name
	Service  string // catalogue entry, "" for an app
	Version  string // of the service; "" takes the entry's default
	Plan     string // of the service or of AppPlans; "" takes the default
}

// AppSummary is an app on a list: what a page shows of it without another query.
type AppSummary struct {
	App       App
	URL       string // "" for services
	Version   string // label(s) of the serving release: "1.4.0"
	Instances InstanceCount
	Event     Event // the latest; zero when there is none
	Traffic   TrafficCounts
}
