package core

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
)

// Release is an immutable, numbered revision of everything that runs of an app.
type Release struct {
	AppID     string
	TenantID  string
	Number    int // counts from 1 in each app
	Spec      ReleaseSpec
	Reason    Text // why: a person's deploy, a rollback to 3, a change of settings
	Author    string
	CreatedAt time.Time

	// Status, written by the workers.
	Status   ReleaseStatus
	Served   int64 // requests that the gateway answered during the switch to it
	Failed   int64 // those of them that failed
	OnlineAt time.Time
}

// ReleaseSpec is what a release says.
type ReleaseSpec struct {
	Targets  []Target    `json:"targets"` // weights add up to 100
	Replicas int         `json:"replicas"`
	Memory   Bytes       `json:"memory"`            // of one instance; swap is equal, so there is none
	CPU      MilliCPU    `json:"cpu,omitempty"`     // limit of one instance; 0 is no limit
	Port     int         `json:"port"`              // that the program listens on
	Command  []string    `json:"command,omitempty"` // replaces the image's command; nil keeps it
	Env      []EnvVar    `json:"env,omitempty"`
	Bindings []string    `json:"bindings,omitempty"` // ids of services whose credentials arrive as environment
	Health   HealthCheck `json:"health"`
	Volume   *Volume     `json:"volume,omitempty"`  // for services: storage that outlives instances
	Rules    Rules       `json:"rules,omitzero"`    // what the gateway does with requests
	Strategy Strategy    `json:"strategy,omitzero"` // how it takes over from the release before
	Scaling  Scaling     `json:"scaling,omitzero"`  // how the number of instances follows the load; see App.Sized
}

// Target is a version in a release and its share of the requests.
type Target struct {
	VersionID string `json:"version_id"`
	Label     string `json:"label"`
	Digest    string `json:"digest"`
	Weight    int    `json:"weight"` // percent
}

// Volume is storage that belongs to an app and outlives its instances.
type Volume struct {
	Name string `json:"name"` // of the engine's volume
	Path string `json:"path"` // where the program sees it
}

// ReleaseStatus is how far a release has come.
type ReleaseStatus string

const (
	ReleasePending    ReleaseStatus = "pending"    // on its way
	ReleaseLive       ReleaseStatus = "live"       // serves
	ReleaseSuperseded ReleaseStatus = "superseded" // served once, or was overtaken on its way
	ReleaseFailed     ReleaseStatus = "failed"     // did not come online; the one before it goes on
)

// Bounds of what a release may ask for.
const (
	MinMemory   = 6 * MiB // the least the engine accepts
	MaxMemory   = 1 * TiB
	MaxReplicas = 100
	MaxCPU      = MilliCPU(256_000)
)

// Validate reports every fault of s. Errors: EINVALID, ETOOLARGE.
func (s ReleaseSpec) Validate() error {
	var f Faults
	sum := 0
	for _, t := range s.Targets {
		if t.Weight < 0 || t.Weight > 100 {
			f.Add("weights."+t.Label, "error.number_range", "min", "0", "max", "100")
		}
		sum += t.Weight
	}
	if len(s.Targets) == 0 {
		f.Add("version", "error.version_missing")
	} else if sum != 100 {
		f.Add("weights", "error.weights_sum", "sum", itoa(sum))
	}
	if s.Replicas < 0 || s.Replicas > MaxReplicas {
		f.Add("replicas", "error.number_range", "min", "0", "max", itoa(MaxReplicas))
	}
	if s.Memory < MinMemory || s.Memory > MaxMemory {
		f.Add("memory", "error.size_range", "min", MinMemory.Human(), "max", MaxMemory.Human())
	}
	if s.CPU < 0 || s.CPU > MaxCPU || s.CPU > 0 && s.CPU < 10 {
		f.Add("cpu", "error.cpu_range", "min", "0.01", "max", MaxCPU.String())
	}
	if s.Port < 1 || s.Port > 65535 {
		f.Add("port", "error.number_range", "min", "1", "max", "65535")
	}
	if err := ValidateEnv(s.Env); ErrorCode(err) == ETOOLARGE {
		return err
	} else {
		f.Merge("", err)
	}
	f.Merge("health", s.Health.Validate())
	f.Merge("", validateCommand(s.Command))
	f.Merge("rules", s.Rules.Validate())
	f.Merge("strategy", s.Strategy.Validate())
	f.Merge("scaling", s.Scaling.Validate())
	return f.Err()
}

func validateCommand(command []string) error {
	size := 0
	for _, c := range command {
		size += len(c)
		for _, r := range c {
			if r == 0 {
				return Invalid("command", "error.command_nul")
			}
		}
	}
	if len(command) > 256 || size > 64*1024 {
		return Invalid("command", "error.command_long")
	}
	return nil
}

// Template identifies what an instance of a target is made from: everything but the number of instances, the weights,
// how it is asked from outside, and what concerns the gateway or the way to the release alone. Instances of an equal
// template need not be replaced when a release changes. restart is App.Restart.
func (s ReleaseSpec) Template(t Target, restart int) string {
	s.Replicas, s.Targets = 0, []Target{{VersionID: t.VersionID, Digest: t.Digest}}
	s.Health, s.Rules, s.Strategy, s.Scaling = s.Health.made(), Rules{}, Strategy{}, Scaling{}
	data, err := json.Marshal(struct {
		Spec    ReleaseSpec
		Restart int
	}{s, restart})
	if err != nil {
		panic(err) // a ReleaseSpec always marshals
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// Instances returns how many instances of each target are wanted, in order: the target with the largest weight has
// Replicas, the others their share of it and at least one, a weight of 0 none.
func (s ReleaseSpec) Instances() []int {
	largest := 0
	for i, t := range s.Targets {
		if t.Weight > s.Targets[largest].Weight {
			largest = i
		}
	}
	counts := make([]int, len(s.Targets))
	for i, t := range s.Targets {
		switch {
		case t.Weight == 0 || s.Replicas == 0:
		case i == largest:
			counts[i] = s.Replicas
		default:
			counts[i] = max(1, (s.Replicas*t.Weight+99)/100)
		}
	}
	return counts
}

// ReleaseStore keeps releases. Every method is scoped by the actor. Env is stored sealed.
type ReleaseStore interface {
	// Create adds r with the next number of its app, which it returns. Call it inside Transact. Errors: ECONFLICT.
	Create(ctx context.Context, r Release) (number int, err error)
	// Get returns a release. Errors: ENOTFOUND.
	Get(ctx context.Context, appID string, number int) (Release, error)
	// List returns releases, newest first, below the number before (0: from the newest), at most limit.
	List(ctx context.Context, appID string, before, limit int) ([]Release, error)
	// Live returns the newest release of an app, numbered at most upTo, that came online and was not overtaken since;
	// the zero Release when there is none.
	Live(ctx context.Context, appID string, upTo int) (Release, error)
	// Pick returns one release of each app of a page, by app id; what does not exist is left out.
	Pick(ctx context.Context, numbers map[string]int) (map[string]Release, error)
	// UpdateStatus writes Status, Served, Failed and OnlineAt only. Workers alone call it. Errors: ENOTFOUND.
	UpdateStatus(ctx context.Context, r Release) error
	// AllowSwitch notes that somebody had a blue-green release take the requests over; once is enough. Errors: ENOTFOUND.
	AllowSwitch(ctx context.Context, s Switch) error
	// SwitchAllowed reports whether that was noted of a release.
	SwitchAllowed(ctx context.Context, appID string, number int) (bool, error)
	// Before returns the newest release of an app, numbered below number, that ever came online; the zero Release when
	// there is none.
	Before(ctx context.Context, appID string, number int) (Release, error)
	// UsesVersion reports whether a release of a status that is pending or live refers to the version.
	UsesVersion(ctx context.Context, appID, versionID string) (bool, error)
}

// Switch is a person's word that a blue-green release is to take the requests over.
type Switch struct {
	TenantID  string
	AppID     string
	Release   int
	Author    string
	CreatedAt time.Time
}

// NewRelease is what a person says to have a release. Nil and zero fields keep what the release before says; the
// first release takes defaults: one instance, the plan of the app, the detected port.
type NewRelease struct {
	Version  string         // label that gets all requests
	Weights  map[string]int // or labels and their percent
	Replicas *int
	Memory   *Bytes
	CPU      *MilliCPU
	Port     *int
	Command  *[]string
	Env      *[]EnvVar // replaces all; a secret whose value is "" keeps its value
	Bindings *[]string
	Health   *HealthCheck
	Rules    *Rules // replaces all; of a user of Rules.Auth without a hash the one before is kept
	Strategy *Strategy
	Scaling  *Scaling // replaces all

	Passwords map[string]string // new ones of users of Rules.Auth, by their names
	Reason    Text              // zero words it from what changed
}

// Labels returns the labels of the targets that get requests, for people: "1.4.0, 1.5.0".
func (s ReleaseSpec) Labels() string {
	var labels []string
	for _, t := range s.Targets {
		if t.Weight > 0 {
			labels = append(labels, t.Label)
		}
	}
	return strings.Join(labels, ", ")
}
