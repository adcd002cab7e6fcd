package core

import (
	"context"
	"time"
)

// Upload is an image file on its way in, before it is a version of an app.
type Upload struct {
	ID        string
	TenantID  string
	AppID     string // the app it is meant for; "" while a new one is being made
	UserID    string
	FileName  string // as the browser said it; shown inert
	Size      Bytes  // of the file
	Received  Bytes
	State     UploadState
	Error     Text
	Digest    string // once inspected
	ImageSize Bytes
	Detected  Detected
	CreatedAt time.Time
	ExpiresAt time.Time // until when a broken-off one is kept
}

// UploadState is how far an upload has come.
type UploadState string

const (
	UploadReceiving  UploadState = "receiving"
	UploadInspecting UploadState = "inspecting"
	UploadReady      UploadState = "ready"  // inspected; its image lies in the staging repository
	UploadFailed     UploadState = "failed" // Error says why; nothing of it is kept
)

// StagingRepository is where the image of an upload lies until it becomes a version. No app can have that name.
func StagingRepository(uploadID string) string { return "staging/" + uploadID }

// UploadStore keeps uploads. Every method is scoped by the actor.
type UploadStore interface {
	Create(ctx context.Context, u Upload) error
	// Get returns an upload. Errors: ENOTFOUND.
	Get(ctx context.Context, id string) (Upload, error)
	// List returns the newest uploads of a tenant, 100 at most, newest first.
	List(ctx context.Context, tenantID string) ([]Upload, error)
	// Update overwrites an upload. Errors: ENOTFOUND.
	Update(ctx context.Context, u Upload) error
	// Delete removes an upload and what it holds of the quota; removing what is absent is no error.
	Delete(ctx context.Context, id string) error
	// Expired returns uploads whose time is over at now, and those of tenants that are to go. Workers alone call it.
	Expired(ctx context.Context, now time.Time) ([]Upload, error)
}
