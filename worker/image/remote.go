package image

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"berth/core"
	"berth/worker/outbound"
)

// manifestTimeout bounds the questions that come before the first layer.
const manifestTimeout = 45 * time.Second

// distant is an image in a registry elsewhere.
type distant struct {
	ref       name.Reference
	auth      authn.Authenticator
	transport *http.Transport
	patience  time.Duration // while nothing comes
}

func (s *Store) newRemote(src core.ImageSource) (*distant, error) {
	ref, err := s.parseReference(src.Ref)
	if err != nil {
		return nil, err
	}
	r := &distant{ref: ref, auth: authn.Anonymous, transport: s.network(src.Trusted), patience: s.opts.Patience}
	if src.User != "" || src.Password != "" {
		r.auth = &authn.Basic{Username: src.User, Password: src.Password}
	}
	return r, nil
}

func (r *distant) close() { r.transport.CloseIdleConnections() }

func (r *distant) options(ctx context.Context) []remote.Option {
	return []remote.Option{
		remote.WithContext(ctx), remote.WithAuth(r.auth), remote.WithTransport(r.transport), remote.WithUserAgent("berth"),
		remote.WithRetryBackoff(remote.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Jitter: 0.1, Steps: 2}),
	}
}

// manifest fetches the image's manifest, choosing among the images of an index.
func (r *distant) manifest(ctx context.Context, arch string) (whole, parts, error) {
	ctx, cancel := context.WithTimeout(ctx, manifestTimeout)
	defer cancel()
	ref := r.ref
	for range maxNesting {
		d, err := remote.Get(ref, r.options(ctx)...)
		if err != nil {
			return whole{}, parts{}, r.word(err)
		}
		if !isIndex(string(d.MediaType)) {
			return readManifest(string(d.MediaType), d.Manifest)
		}
		var index ocispec.Index
		if err := json.Unmarshal(d.Manifest, &index); err != nil {
			return whole{}, parts{}, core.Wrap(err, core.EINVALID, "error.image_manifest_broken")
		}
		child, err := choose(index.Manifests, arch)
		if err != nil {
			return whole{}, parts{}, err
		}
		ref = r.ref.Context().Digest(child.Digest.String())
	}
	return whole{}, parts{}, core.Errorf(core.EINVALID, "error.image_manifest_broken")
}

// document fetches a blob of JSON.
func (r *distant) document(ctx context.Context, d ocispec.Descriptor) ([]byte, error) {
	if d.Size > maxDocument {
		return nil, core.Errorf(core.EINVALID, "error.image_config_broken")
	}
	var data []byte
	err := r.read(ctx, d, func(body io.Reader) (err error) {
		data, err = io.ReadAll(body)
		return err
	})
	return data, err
}

// layers stages layers. One that the repository has already is not fetched again; one that only another repository has
// is, for whoever knows a digest does not own what it stands for.
func (r *distant) layers(ctx context.Context, g *stage, list []ocispec.Descriptor, m *meter) ([]*blob, error) {
	known, err := g.store.knownLayers(ctx, g.repo.Named().Name())
	if err != nil {
		return nil, err
	}
	staged := map[digest.Digest]*blob{}
	layers := make([]*blob, len(list))
	for i, d := range list {
		switch {
		case staged[d.Digest] != nil:
		case known[d.Digest]:
			staged[d.Digest] = &blob{digest: d.Digest, size: d.Size, stored: true}
			m.add(core.Bytes(d.Size), true)
		default:
			if staged[d.Digest], err = r.layer(ctx, g, d, m); err != nil {
				return nil, err
			}
		}
		layers[i] = staged[d.Digest]
	}
	return layers, nil
}

func (r *distant) layer(ctx context.Context, g *stage, d ocispec.Descriptor, m *meter) (b *blob, err error) {
	err = r.read(ctx, d, func(body io.Reader) error {
		m.r = body
		b, err = g.add(ctx, m)
		return err
	})
	return b, err
}

// read fetches a blob, held to its digest and size.
func (r *distant) read(parent context.Context, d ocispec.Descriptor, use func(io.Reader) error) error {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	l, err := remote.Layer(r.ref.Context().Digest(d.Digest.String()), r.options(ctx)...)
	if err != nil {
		return r.word(err)
	}
	body, err := l.Compressed()
	if err != nil {
		return r.word(err)
	}
	defer body.Close()
	watched := &watched{r: body, patience: r.patience, timer: time.AfterFunc(r.patience, cancel)}
	defer watched.timer.Stop()
	sum := digest.Canonical.Digester()
	in := &counter{r: io.TeeReader(io.LimitReader(watched, d.Size+1), sum.Hash())}
	err = use(in)
	switch {
	case in.n >= d.Size && sum.Digest() != d.Digest:
		return core.Errorf(core.EINVALID, "error.image_digest", "name", short(d.Digest))
	case parent.Err() != nil:
		return parent.Err()
	case watched.failed:
		return r.word(errors.Join(err, errStalled))
	}
	return err
}

var errStalled = errors.New("connection broke off")

// watched reads a body, and cancels it when nothing comes any more.
type watched struct {
	r        io.Reader
	patience time.Duration
	timer    *time.Timer
	failed   bool
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.timer.Reset(w.patience)
	if err != nil && err != io.EOF {
		w.failed = true
	}
	return n, err
}

// word says for people why a registry did not give what it was asked for.
func (r *distant) word(err error) error {
	registry, image := r.ref.Context().RegistryStr(), r.ref.String()
	if errors.Is(err, outbound.ErrForbidden) {
		e := core.Invalid("image", "error.image_address", "registry", registry)
		e.Err = err
		return e
	}
	answer := &transport.Error{}
	if !errors.As(err, &answer) {
		if errors.Is(err, context.Canceled) && !errors.Is(err, errStalled) {
			return err
		}
		return core.Wrap(err, core.EUNREACHABLE, "error.image_registry_unreachable", "registry", registry)
	}
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return core.Wrap(err, core.EUNAUTHORIZED, "error.image_registry_denied", "registry", registry, "image", image)
	case http.StatusNotFound:
		return core.Wrap(err, core.ENOTFOUND, "error.image_unknown", "image", image)
	case http.StatusTooManyRequests:
		return core.Wrap(err, core.EUNREACHABLE, "error.image_registry_busy", "registry", registry)
	}
	return core.Wrap(err, core.EUNREACHABLE, "error.image_registry_failed", "registry", registry)
}
