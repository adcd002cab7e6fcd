package core

import (
	"context"
	"time"
)

// Version is an immutable artifact of an app.
type Version struct {
	ID        string
	AppID     string
	TenantID  string
	Label     string // "1.4.0"; unique in the app
	Digest    string // of the image manifest: "sha256:..."
	Source    VersionSource
	Origin    string // what it came from, for people: file name or image name, without credentials
	Size      Bytes  // of the compressed layers and the configuration
	Detected  Detected
	Author    string // name of the actor
	CreatedAt time.Time
}

// VersionSource says how a version came.
type VersionSource string

const (
	SourceUpload  VersionSource = "upload"
	SourcePush    VersionSource = "push"
	SourceImage   VersionSource = "image" // copied by name from a registry elsewhere
	SourceCatalog VersionSource = "catalog"
)

// Validate reports every fault of v. Errors: EINVALID at "label".
func (v Version) Validate() error { return ValidateLabel("label", v.Label) }

// VersionStore keeps versions. Every method is scoped by the actor.
type VersionStore interface {
	// Create adds v. Errors: ECONFLICT at "label" when the app has one of that label.
	Create(ctx context.Context, v Version) error
	// Get returns a version by id. Errors: ENOTFOUND.
	Get(ctx context.Context, id string) (Version, error)
	// ByLabel returns a version of an app. Errors: ENOTFOUND.
	ByLabel(ctx context.Context, appID, label string) (Version, error)
	// List returns the versions of an app, newest first.
	List(ctx context.Context, appID string) ([]Version, error)
	// Size returns the sum of the sizes of an app's versions but those of the catalogue.
	Size(ctx context.Context, appID string) (Bytes, error)
	// Delete removes a version. Errors: ENOTFOUND.
	Delete(ctx context.Context, id string) error
}
