package core

import (
	"context"
	"io"
	"time"
)

// Detected is what Berth found inside an image.
type Detected struct {
	OS          string    `json:"os"`
	Arch        string    `json:"arch"`            // "amd64"
	Port        int       `json:"port,omitempty"`  // the one to use: the lowest exposed TCP port; 0 when none is
	Ports       []int     `json:"ports,omitempty"` // all exposed TCP ports
	Entrypoint  []string  `json:"entrypoint,omitempty"`
	Command     []string  `json:"command,omitempty"`
	User        string    `json:"user,omitempty"`
	Root        bool      `json:"root"` // runs as the administrator
	HealthCheck []string  `json:"health_check,omitempty"`
	Volumes     []string  `json:"volumes,omitempty"`
	Layers      int       `json:"layers"`
	Created     time.Time `json:"created,omitzero"`
}

// Artifact is an image in Berth's registry.
type Artifact struct {
	Digest   string // of the manifest
	Size     Bytes  // of the compressed layers and the configuration
	Detected Detected
}

// ImageSource names an image elsewhere. Credentials are used for the copy and kept nowhere.
type ImageSource struct {
	Ref      string // "ghcr.io/acme/shop:1.4", or a catalogue's "docker-archive:..." where Trusted
	User     string
	Password string
	Trusted  bool // from the operator's catalogue: may name files and the engine's images, and private addresses
}

// ImageStore is Berth's image registry as the other rooms use it. Repositories are app ids or StagingRepository.
// Methods are unscoped: core/service checks the actor first.
type ImageStore interface {
	// Import reads an archive (docker save or OCI, plain or gzip) as a stream and stores its one image in repo.
	// Errors: EINVALID saying what is wrong with the archive, ETOOLARGE past a cap, EINSUFFICIENT when the disk is
	// full. On an error nothing of it stays.
	Import(ctx context.Context, repo string, archive io.Reader) (Artifact, error)
	// Copy copies an image from elsewhere into repo; progress is called now and then, it may be nil.
	// Errors: EINVALID for a malformed or forbidden name, EUNREACHABLE, EUNAUTHORIZED, ENOTFOUND.
	Copy(ctx context.Context, repo string, src ImageSource, progress func(done, total Bytes)) (Artifact, error)
	// Inspect looks at an image by digest. Errors: ENOTFOUND.
	Inspect(ctx context.Context, repo, digest string) (Artifact, error)
	// Link makes an image of one repository available in another, under a label. Errors: ENOTFOUND.
	Link(ctx context.Context, fromRepo, digest, toRepo, label string) error
	// Delete removes an image and its labels from a repository; removing what is absent is no error.
	Delete(ctx context.Context, repo, digest string) error
	// DeleteRepository removes a repository; removing what is absent is no error.
	DeleteRepository(ctx context.Context, repo string) error
	// CollectGarbage removes what no image refers to and returns how much disk that gave back. Pushes and imports
	// may go on meanwhile and lose nothing.
	CollectGarbage(ctx context.Context) (Bytes, error)
}

// PushAccess is what somebody wants to do with a repository.
type PushAccess string

const (
	AccessPull PushAccess = "pull"
	AccessPush PushAccess = "push"
)

// ImageGate decides for the registry who may do what, and records pushes. core/service implements it.
type ImageGate interface {
	// Login returns the actor of a token (the password of docker login). Errors: EUNAUTHORIZED.
	Login(ctx context.Context, user, password string) (Actor, error)
	// Allow checks the actor in ctx. Errors: ENOTFOUND, EFORBIDDEN.
	Allow(ctx context.Context, repo string, access PushAccess) error
	// Room returns how many bytes of images the owner of a repository has room for, before any of them are read. size
	// is how many there are at least. Errors: ENOTFOUND, ETOOLARGE with a *QuotaError as its cause.
	Room(ctx context.Context, repo string, size Bytes) (Bytes, error)
	// Pushed records a pushed image as a version. An error refuses the push. Errors: ECONFLICT when the label
	// exists with another digest, EINVALID for an image that cannot run here.
	Pushed(ctx context.Context, repo, label string, a Artifact) error
}
