package core

import (
	"context"
	"time"
)

// LocalHost is the id of the one host that Berth starts with.
const LocalHost = "local"

// Host is a machine with an engine. The operator sees it; customers see its name only.
type Host struct {
	ID       string
	Name     string
	Address  string // IP at which instances' ports are published and registered
	Labels   map[string]string
	Memory   Bytes    // capacity
	CPU      MilliCPU // capacity
	Arch     string   // "amd64"
	OS       string
	Engine   string // name and version: "Docker 20.10.24"
	PortFrom int    // first port of its pool
	PortTo   int    // last port of its pool
	Cordoned bool   // gets no new instances
	Status   HostStatus
	Reason   Text
	SeenAt   time.Time // when its engine last answered
}

// HostStatus says whether a host's engine answers.
type HostStatus string

const (
	HostUp   HostStatus = "up"
	HostDown HostStatus = "down"
)

// The pool of host ports unless the operator says otherwise.
const (
	DefaultPortFrom = 25700
	DefaultPortTo   = 29999
)

// HostUse is what the instances on a host ask for, together.
type HostUse struct {
	Memory    Bytes
	CPU       MilliCPU
	Instances int
	Ports     int
}

// HostStore keeps hosts and the use of their ports. Unscoped: hosts belong to no tenant; service allows operators.
type HostStore interface {
	// Put adds or overwrites a host.
	Put(ctx context.Context, h Host) error
	// Get returns a host. Errors: ENOTFOUND.
	Get(ctx context.Context, id string) (Host, error)
	// List returns hosts by name.
	List(ctx context.Context) ([]Host, error)
	// Use returns what is asked for on each host: the releases' memory and CPU of its instances, and its ports.
	Use(ctx context.Context) (map[string]HostUse, error)
	// TakePort takes a free port of the host's pool for an instance; taken ports are unique in the database.
	// Errors: ECONFLICT when none is free.
	TakePort(ctx context.Context, hostID, instanceID string) (int, error)
	// FreePort gives back the ports of an instance; freeing what is not taken is no error.
	FreePort(ctx context.Context, instanceID string) error
	// Ports returns who has which ports of a host.
	Ports(ctx context.Context, hostID string) (map[int]string, error)
}

// HostSummary is a host on the operator's page.
type HostSummary struct {
	Host Host
	Use  HostUse
}
