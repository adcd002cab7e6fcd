package core

import (
	"context"
	"time"
)

// Instance is one container of a version of an app, on one host, with one address. Workers alone write it.
type Instance struct {
	ID          string // 12 hexadecimal characters
	AppID       string
	TenantID    string
	VersionID   string
	Label       string // of the version
	Digest      string
	Release     int      // that it was made for
	Template    string   // see ReleaseSpec.Template
	Memory      Bytes    // that it may take
	CPU         MilliCPU // limit; 0 is none
	HostID      string
	HostPort    int    // on the host, from its pool; 0 before it is placed
	Address     string // "ip:port" at which the gateway reaches it; "" before it is created
	ContainerID string
	Placement   Text // why this host, in a sentence

	State     InstanceState
	Reason    Text      // why it is in that state, when there is something to say
	ExitCode  int       // of the last stop
	OOM       bool      // the last stop was for want of memory
	Crashes   int       // in a row; see CrashesAt for those that still count
	RetryAt   time.Time // when a crashed one is started again, or one in the place of another is made; zero: not by itself
	Exit      Exit      // how its program ended the last time, be it in the instance that it replaced
	StartedAt time.Time
	ReadyAt   time.Time // since when it answers
	DrainedAt time.Time // until when a draining one may finish its requests
	CreatedAt time.Time
}

// InstanceState is how far an instance has come.
type InstanceState string

const (
	InstancePlaced    InstanceState = "placed"    // has a host and a port
	InstanceCreated   InstanceState = "created"   // its container exists
	InstanceStarting  InstanceState = "starting"  // runs, has not answered yet
	InstanceReady     InstanceState = "ready"     // answers, gets requests
	InstanceUnhealthy InstanceState = "unhealthy" // runs, stopped answering; gets no requests
	InstanceCrashed   InstanceState = "crashed"   // stopped by itself, or was stopped as not well; RetryAt says when it is started again
	InstanceDraining  InstanceState = "draining"  // gets no new requests, finishes the old ones
	InstanceStopping  InstanceState = "stopping"  // to be stopped and removed
)

// Running reports whether the container of an instance in this state is to run.
func (s InstanceState) Running() bool {
	return s == InstanceStarting || s == InstanceReady || s == InstanceUnhealthy || s == InstanceDraining
}

// WellFor is how long an instance has to answer until its crashes before that are forgotten.
const WellFor = 10 * time.Minute

// CrashesAt returns how many of its crashes in a row count at a time.
func (i Instance) CrashesAt(now time.Time) int {
	answers := i.State == InstanceReady || i.State == InstanceUnhealthy
	if answers && !i.ReadyAt.IsZero() && now.Sub(i.ReadyAt) > WellFor {
		return 0
	}
	return i.Crashes
}

// InstanceStore keeps instances. Reads are scoped by the actor.
type InstanceStore interface {
	// Create adds i and takes its port: HostID and HostPort must be set. Errors: ECONFLICT when the port is taken.
	Create(ctx context.Context, i Instance) error
	// Get returns an instance. Errors: ENOTFOUND.
	Get(ctx context.Context, id string) (Instance, error)
	// List returns the instances of an app, oldest first; of all visible apps when appID is "".
	List(ctx context.Context, appID string) ([]Instance, error)
	// Counts returns by app how many instances are ready and how many there are, for the apps of a page.
	Counts(ctx context.Context, appIDs []string) (map[string]InstanceCount, error)
	// Update overwrites an instance. Errors: ENOTFOUND.
	Update(ctx context.Context, i Instance) error
	// Delete removes an instance and frees its port; removing what is absent is no error.
	Delete(ctx context.Context, id string) error
}

// InstanceCount is how many instances of an app are ready, of how many there are.
type InstanceCount struct{ Ready, Total int }
