// Package image is Berth's image registry: it stores images on disk, answers docker login, push and pull under /v2/,
// takes in archives and images from registries elsewhere, looks inside them, and receives uploads that can resume.
//
// Everything lies in one place, in the layout of the distribution project: blobs by digest, and for every repository
// links to the blobs that belong to it. A repository is an app's, named like it, or the staging place of an upload.
//
// An image lives as long as a tag leads to it. Versions are tagged with their label; an image that has no label yet
// is tagged with its own digest. CollectGarbage removes everything else, but what somebody is just bringing.
package image

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/registry/handlers"
	"github.com/distribution/distribution/v3/registry/storage"
	"github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
	"github.com/distribution/reference"

	"berth/core"
)

// Options say where the images lie and what is taken in.
type Options struct {
	Dir    string // of the images; nobody else may write there
	Shared bool   // another process receives images into Dir: what is half received is left to it
	Secret string // signs the state of pushes under way; "" makes a new one, so that these end with the process
	Arch   string // of the hosts, "amd64" by default: chosen when an image comes for several
	Host   string // "127.0.0.1:8080": how image names call this registry; "" when that is unknown

	// Word puts what is refused in words for the command line; nil shows the message's key.
	Word func(core.Text) string
	// Export writes an image of the operator's engine as a docker save archive, for "docker-daemon:" sources.
	Export func(ctx context.Context, ref string) (io.ReadCloser, error)
	// Networks are private ones in which people may name registries, such as the company's own.
	Networks []netip.Prefix

	// Patience is how long a registry elsewhere may send nothing in the middle of a layer; default a minute.
	Patience time.Duration

	MinFree core.Bytes // of the disk stays free; default 64 MiB
	Limits  Limits
	Log     *slog.Logger
}

// Limits bound what one image may be, so that a small file cannot fill the disk. Zero fields take the default.
type Limits struct {
	Layers   int        // default 127, the most that the engine takes
	Entries  int        // in an archive, default 10,000
	Files    int        // in all layers together, default 2,000,000
	Expanded core.Bytes // all layers unpacked, default 20 GiB
	Ratio    int        // unpacked to packed, past the first 64 MiB; default 100
}

// Store keeps the images. It is safe for concurrent use.
type Store struct {
	opts     Options
	log      *slog.Logger
	driver   driver.StorageDriver
	registry distribution.Namespace
	app      *handlers.App

	refs sync.Mutex // guards what refers to what: manifests, tags, links. Never held while bytes flow or others are asked
	pins pins
	now  func() time.Time
}

var _ core.ImageStore = (*Store)(nil)

// New opens the store and removes what a previous process left half received, unless it is Shared.
func New(o Options) (*Store, error) {
	o = o.withDefaults()
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("image registry: %w", err)
	}
	d := filesystem.New(filesystem.DriverParameters{RootDirectory: o.Dir, MaxThreads: 100})
	registry, err := storage.NewRegistry(context.Background(), d, storage.EnableDelete)
	if err != nil {
		return nil, fmt.Errorf("image registry: %w", err)
	}
	s := &Store{opts: o, log: o.Log, driver: d, registry: registry, now: time.Now}
	if s.app, err = newApp(s); err != nil {
		return nil, err
	}
	if !o.Shared {
		_, err = s.removeUploads(s.now())
	}
	return s, err
}

// Close stops what runs in the background. Requests under way may finish.
func (s *Store) Close() error { return s.app.Shutdown() }

// Handler answers the registry's protocol under /v2/; gate says who may do what.
func (s *Store) Handler(gate core.ImageGate) http.Handler {
	return &door{store: s, gate: gate, routes: newRoutes()}
}

func (o Options) withDefaults() Options {
	setDefault(&o.Arch, "amd64")
	if o.Word == nil {
		o.Word = core.Text.String
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	setDefault(&o.Patience, time.Minute)
	setDefault(&o.MinFree, 64*core.MiB)
	setDefault(&o.Limits.Layers, 127)
	setDefault(&o.Limits.Entries, 10_000)
	setDefault(&o.Limits.Files, 2_000_000)
	setDefault(&o.Limits.Expanded, 20*core.GiB)
	setDefault(&o.Limits.Ratio, 100)
	return o
}

func setDefault[T comparable](v *T, d T) {
	if *v == *new(T) {
		*v = d
	}
}

// repository opens a repository; it need not exist. Errors: EINVALID for a name that none can have.
func (s *Store) repository(ctx context.Context, name string) (distribution.Repository, error) {
	named, err := reference.WithName(name)
	if err != nil {
		return nil, core.Wrap(err, core.EINVALID, "error.image_name", "name", name)
	}
	return s.registry.Repository(ctx, named)
}
