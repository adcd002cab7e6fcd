package core

import (
	"context"
	"time"
)

// CatalogEntry describes a middleware that customers can pick. Entries are data: core/catalog/*.yaml and the
// operator's own file.
type CatalogEntry struct {
	Name         string            `json:"name"`              // "redis"
	Title        string            `json:"title"`             // "Redis"
	Summary      map[string]string `json:"summary,omitempty"` // language -> one sentence
	Versions     []CatalogVersion  `json:"versions"`          // the default first
	Port         int               `json:"port"`
	Plans        []Plan            `json:"plans"`             // the default first
	Env          map[string]string `json:"env,omitempty"`     // templates over credentials: "{{.password}}"
	Command      []string          `json:"command,omitempty"` // templates too; empty keeps the image's
	Credentials  []CredentialSpec  `json:"credentials,omitempty"`
	VolumePath   string            `json:"volume,omitempty"` // "" has no storage
	Health       HealthCheck       `json:"health"`
	URI          string            `json:"uri"`                    // template: "redis://:{{.password}}@{{.host}}:{{.port}}/0"
	BindingEnv   map[string]string `json:"binding_env,omitempty"`  // what an app that uses it gets: name -> template
	User         string            `json:"user,omitempty"`         // uid[:gid] the program needs, when not the image's
	Capabilities []string          `json:"capabilities,omitempty"` // that its image needs at its start, of a short allowlist
}

// CatalogVersion is a version of a middleware and where its image is. Image is a name ("redis:7.4"), or a file or
// an image of the engine on the operator's machine: "docker-archive:/srv/redis.tar", "oci-archive:/srv/redis.tar",
// "docker-daemon:redis:local" (the notation of containers-transports(5)).
type CatalogVersion struct {
	Version string `json:"version"`
	Image   string `json:"image"`
}

// Plan is a size.
type Plan struct {
	Name    string   `json:"name"` // "small"
	Memory  Bytes    `json:"memory"`
	CPU     MilliCPU `json:"cpu"`
	Storage Bytes    `json:"storage,omitempty"`
}

// AppPlans are the sizes that an app's instances are offered in. The first is the default.
var AppPlans = []Plan{
	{Name: "small", Memory: 256 * MiB, CPU: 250},
	{Name: "medium", Memory: 512 * MiB, CPU: 500},
	{Name: "large", Memory: 1 * GiB, CPU: 1000},
	{Name: "xlarge", Memory: 2 * GiB, CPU: 2000},
}

// CredentialSpec says what to make for a new service.
type CredentialSpec struct {
	Name   string `json:"name"`             // "password"
	Value  string `json:"value,omitempty"`  // fixed; "" makes a random one
	Length int    `json:"length,omitempty"` // of a random one; default 32
	Secret bool   `json:"secret,omitempty"`
}

// Catalog finds entries.
type Catalog interface {
	// Entry returns the entry of a name. Errors: ENOTFOUND.
	Entry(name string) (CatalogEntry, error)
	// Entries returns all entries by title.
	Entries() []CatalogEntry
}

// Credentials are a service's generated values by name, with "host" and "port" added when they are read.
type Credentials struct {
	AppID     string
	Values    map[string]string
	CreatedAt time.Time
}

// CredentialStore keeps credentials, sealed. Every method is scoped by the actor.
type CredentialStore interface {
	Put(ctx context.Context, c Credentials) error
	// Get returns the credentials of a service. Errors: ENOTFOUND.
	Get(ctx context.Context, appID string) (Credentials, error)
}

// Connection is how to reach a service: what its page shows to those who may see it.
type Connection struct {
	Host   string // its name on the tenant's network
	Port   int
	URI    string            // with the password
	Values map[string]string // the credentials by name
	Env    map[string]string // what an app that uses it gets
}
