package core

import (
	"context"
	"io"
	"time"
)

// The labels that every container, network and volume of Berth carries, so that the truth survives a restart.
const (
	LabelTenant   = "berth.tenant"
	LabelApp      = "berth.app"
	LabelVersion  = "berth.version"
	LabelRelease  = "berth.release"
	LabelInstance = "berth.instance"

	// LabelInstallation tells the containers of several Berths on one engine apart. A container that bears
	// LabelInstance without it is foreign and belongs to whoever sees it: it is listed, and so removed.
	LabelInstallation = "berth.installation"
)

// Guard is an engine whose tenants are kept apart by rules of its host, which others may sweep away.
type Guard interface {
	// Guard puts the rules in force where they are not, and is cheap where they are. Errors: EUNAVAILABLE.
	Guard(ctx context.Context) error
}

// NetworkLister is an engine that says which tenants have a network, so that one that was left behind goes too.
type NetworkLister interface {
	// TenantNetworks returns the ids of the tenants that have a network of this Berth. Errors: EUNAVAILABLE.
	TenantNetworks(ctx context.Context) ([]string, error)
}

// Engine runs containers on one host. All methods are idempotent: asking twice is asking once.
type Engine interface {
	// Info describes the host. Errors: EUNAVAILABLE when the engine does not answer.
	Info(ctx context.Context) (EngineInfo, error)
	// EnsureNetwork makes the tenant's own network, isolated from the host and from other tenants.
	EnsureNetwork(ctx context.Context, tenantID string) error
	// RemoveNetwork removes it; removing what is absent is no error.
	RemoveNetwork(ctx context.Context, tenantID string) error
	// EnsureVolume makes a named volume of an app.
	EnsureVolume(ctx context.Context, name, tenantID, appID string) error
	// RemoveVolume removes it; removing what is absent is no error.
	RemoveVolume(ctx context.Context, name string) error
	// Volumes returns the names of the volumes of an app.
	Volumes(ctx context.Context, appID string) ([]string, error)
	// TenantVolumes returns the names of the volumes of a tenant, also of apps that are gone.
	TenantVolumes(ctx context.Context, tenantID string) ([]string, error)
	// Fetch has the image on the host. It returns at once when it is there. Errors: ENOTFOUND, EUNREACHABLE, EINSUFFICIENT.
	Fetch(ctx context.Context, image ImageRef) error
	// RemoveImage removes an image from the host; one in use or absent is no error.
	RemoveImage(ctx context.Context, image ImageRef) error
	// Create makes a container and returns its id; one with the same Instance is returned, not doubled.
	// Errors: EINVALID for a spec outside the allowlist, ECONFLICT when the port is taken by something else.
	Create(ctx context.Context, spec ContainerSpec) (containerID string, err error)
	// Start starts a container; one that runs is left alone. Errors: ENOTFOUND, ECONFLICT (port taken), EINVALID
	// (the program cannot be started; the message says why).
	Start(ctx context.Context, containerID string) error
	// Stop asks a container to end and kills it after grace; one that is gone is no error.
	Stop(ctx context.Context, containerID string, grace time.Duration) error
	// Remove removes a container, running or not, and its anonymous volumes; one that is gone is no error.
	Remove(ctx context.Context, containerID string) error
	// List returns every container that bears LabelInstance, but those of another installation.
	List(ctx context.Context) ([]Container, error)
	// Inspect returns one container. Errors: ENOTFOUND.
	Inspect(ctx context.Context, containerID string) (Container, error)
	// Events calls f with "listening" once, since when no change is missed, then for each change of a container of
	// Berth until ctx ends or the engine goes; the caller then lists again and calls Events again.
	Events(ctx context.Context, f func(EngineEvent)) error
	// Logs calls f for each line of a container's log, oldest first, from Since (exclusive when set), following when
	// asked, until ctx ends or the log does. A line that is too long is cut into pieces of MaxLogLine. The times of a
	// container's lines strictly ascend and are the same at every reading. Errors: ENOTFOUND; what f returns.
	Logs(ctx context.Context, containerID string, q LogQuery, f func(LogLine) error) error
	// Stats returns the present use of a container. Errors: ENOTFOUND.
	Stats(ctx context.Context, containerID string) (ContainerStats, error)
	// Export writes an image that the engine has as a docker save archive. For the operator's catalogue only.
	// Errors: ENOTFOUND.
	Export(ctx context.Context, ref string) (io.ReadCloser, error)
}

// Placer is an engine that chooses hosts by itself, so that schedule is skipped.
type Placer interface {
	PlacesItself()
}

// Engines finds the engine of a host.
type Engines interface {
	// Engine returns the engine of a host. Errors: ENOTFOUND.
	Engine(hostID string) (Engine, error)
}

// EngineInfo describes a host as its engine sees it.
type EngineInfo struct {
	Name    string // of the machine
	Version string // "Docker 20.10.24"
	Arch    string // "amd64", as in images
	OS      string
	Memory  Bytes
	CPU     MilliCPU
	Address string // where ports are published
}

// ImageRef names an image in Berth's registry, always by digest.
type ImageRef struct {
	Repository string // an app id
	Digest     string
}

// ContainerSpec is the allowlist of what a container of Berth may be. What it has no field for cannot be asked for;
// the engine adds: all capabilities dropped but NET_BIND_SERVICE and Capabilities, no-new-privileges, default
// seccomp, 256 pids, swap equal to memory, nofile, log files of 10 MiB x 3, the tenant's network.
type ContainerSpec struct {
	TenantID     string
	AppID        string
	Version      string // label
	Release      int
	Instance     string // id
	Image        ImageRef
	Command      []string // nil keeps the image's
	Env          []string // "NAME=value"
	User         string   // "" keeps the image's
	Memory       Bytes
	CPU          MilliCPU // limit; 0 is none
	Port         int      // that the program listens on
	HostPort     int      // published on the host's address, never on all
	Volume       *Volume
	Capabilities []string // of AllowedCapabilities
	Aliases      []string // further names on the tenant's network, besides AppID

	// Check has the engine carry out the image's own check so often; nil switches that off.
	Check *OwnCheckTimes
}

// OwnCheckTimes says when an engine carries out the image's own check.
type OwnCheckTimes struct {
	Interval time.Duration
	Timeout  time.Duration
	Failures int
}

// AllowedCapabilities may be asked for by a catalogue entry: what official images need to step down from root.
var AllowedCapabilities = map[string]bool{
	"NET_BIND_SERVICE": true, "CHOWN": true, "SETUID": true, "SETGID": true, "DAC_OVERRIDE": true, "FOWNER": true,
}

// Container is what an engine says of a container.
type Container struct {
	ID        string
	Instance  string
	TenantID  string
	AppID     string
	Version   string
	Release   int
	Running   bool
	Created   bool // made and never started
	ExitCode  int
	OOM       bool
	Error     string // of the engine, when it could not be started
	HostPort  int
	StartedAt time.Time
	EndedAt   time.Time
	Checks    []OwnCheck // what the image's own check gave last, oldest first; a few
}

// OwnCheck is one answer of the image's own check.
type OwnCheck struct {
	At     time.Time // when it ended
	Took   time.Duration
	Good   bool
	Output string // its beginning, inert
}

// EngineEvent says where to look; the truth is read again.
type EngineEvent struct {
	Kind     string // "listening", "start", "die", "oom", "destroy"
	AppID    string // "" when listening
	Instance string
}

// ContainerStats is the use of a container at one moment.
type ContainerStats struct {
	Memory      Bytes
	MemoryLimit Bytes
	CPUTime     time.Duration // since its start
	NetIn       Bytes         // received since its start
	NetOut      Bytes         // sent since its start
	DiskRead    Bytes         // since its start
	DiskWrite   Bytes         // since its start
	Processes   int           // threads included
	At          time.Time
}
