package image

import (
	"context"
	"errors"
	"io"
	"strconv"
	"syscall"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/manifest/ocischema"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"berth/core"
)

// stage holds the blobs of one image on its way in. They lie beside the store until the image is known to be whole;
// only then do they become part of it. Who opens a stage discards it at the end.
type stage struct {
	store  *Store
	repo   distribution.Repository
	budget *budget
	blobs  []*blob
}

// maxVariants is for how many architectures an archive may bring the most layers.
const maxVariants = 4

// blob is a staged layer, or something else that was taken for one: then err says why it is none.
type blob struct {
	layer
	digest digest.Digest
	size   int64
	err    error
	stored bool   // the repository has had it before, looked through
	upload string // where it lies beside the store; "" once it is part of it
}

func (s *Store) newStage(ctx context.Context, repo string) (*stage, error) {
	if err := s.checkFree(0); err != nil {
		return nil, err
	}
	r, err := s.repository(ctx, repo)
	if err != nil {
		return nil, err
	}
	return &stage{store: s, repo: r, budget: &budget{limits: s.opts.Limits}}, nil
}

// add stages what r holds. A fault of the content is noted in the blob, for it may turn out not to matter; what is too
// large, and what keeps the content from being read or written, is an error.
func (g *stage) add(ctx context.Context, r io.Reader) (*blob, error) {
	if most := maxVariants * g.store.opts.Limits.Layers; len(g.blobs) >= most {
		return nil, core.Errorf(core.EINVALID, "error.image_blobs", "max", strconv.Itoa(most))
	}
	w, err := g.repo.Blobs(ctx).Create(ctx)
	if err != nil {
		return nil, diskError(err)
	}
	b := &blob{upload: w.ID()}
	g.blobs = append(g.blobs, b)
	err = b.fill(r, w, g.budget)
	if closed := w.Close(); err == nil {
		err = closed
	}
	return b, diskError(err)
}

// fill writes r to w and looks through it at the same time.
func (b *blob) fill(r io.Reader, w io.Writer, limit *budget) error {
	sum := digest.Canonical.Digester()
	in := &counter{r: io.TeeReader(io.TeeReader(r, sum.Hash()), w)}
	b.layer, b.err = readLayer(in, limit)
	if core.ErrorCode(b.err) == core.EINVALID && !errors.Is(b.err, errTruncated) {
		if _, err := io.Copy(io.Discard, in); err != nil {
			return err
		}
	} else if b.err != nil {
		return b.err
	}
	b.digest, b.size = sum.Digest(), in.n
	if !b.gzip {
		b.diffID = b.digest
	}
	return nil
}

// discard removes what was staged and did not become part of the store.
func (g *stage) discard(ctx context.Context) {
	for _, b := range g.blobs {
		if b.upload == "" {
			continue
		}
		if err := g.store.removeUpload(g.repo.Named().Name(), b.upload); err != nil {
			g.store.log.WarnContext(ctx, "remove a staged layer", "error", err)
		}
	}
}

// whole is an image all of whose parts are at hand.
type whole struct {
	manifest distribution.Manifest
	digest   digest.Digest
	config   []byte
	layers   []*blob
}

// admit checks that the parts belong together and makes them an image of the repository. Until it is referred to, the
// image is tagged with its own digest.
func (g *stage) admit(ctx context.Context, w whole) (core.Artifact, error) {
	p, err := partsOf(w.manifest)
	if err != nil {
		return core.Artifact{}, err
	}
	a, err := describe(w.digest, p, w.config)
	if err != nil {
		return core.Artifact{}, err
	}
	if err := g.checkLayers(w); err != nil {
		return core.Artifact{}, err
	}
	release := g.store.pins.hold(append(p.digests(), w.digest)...)
	defer release(never)
	if _, err := g.repo.Blobs(ctx).Put(ctx, p.config.MediaType, w.config); err != nil {
		return core.Artifact{}, diskError(err)
	}
	for _, b := range w.layers {
		if err := g.commit(ctx, b); err != nil {
			return core.Artifact{}, diskError(err)
		}
	}
	if err := g.put(ctx, w); err != nil {
		return core.Artifact{}, diskError(err)
	}
	return a, nil
}

// checkLayers compares the layers with what the configuration says they are.
func (g *stage) checkLayers(w whole) error {
	ids, err := diffIDsOf(w.config)
	if err != nil {
		return err
	}
	if err := checkCount(len(w.layers), len(ids), g.store.opts.Limits.Layers); err != nil {
		return err
	}
	for i, b := range w.layers {
		if b.err != nil {
			return b.err
		}
		if !b.stored && b.diffID != ids[i] {
			return core.Errorf(core.EINVALID, "error.image_layer_digest", "digest", short(ids[i]))
		}
	}
	return nil
}

func (g *stage) commit(ctx context.Context, b *blob) error {
	if b.upload == "" {
		return nil
	}
	w, err := g.repo.Blobs(ctx).Resume(ctx, b.upload)
	if err != nil {
		return err
	}
	if _, err := w.Commit(ctx, ocispec.Descriptor{Digest: b.digest, Size: b.size}); err != nil {
		return err
	}
	b.upload = ""
	return nil
}

func (g *stage) put(ctx context.Context, w whole) error {
	g.store.refs.Lock()
	defer g.store.refs.Unlock()
	manifests, err := g.repo.Manifests(ctx)
	if err != nil {
		return err
	}
	if _, err := manifests.Put(ctx, w.manifest); err != nil {
		return err
	}
	return g.repo.Tags(ctx).Tag(ctx, ownTag(w.digest), ocispec.Descriptor{Digest: w.digest})
}

// newManifest makes the manifest of an image whose archive had none of the kind that registries keep.
func newManifest(config []byte, layers []*blob) (distribution.Manifest, digest.Digest, error) {
	m := ocischema.Manifest{MediaType: ocispec.MediaTypeImageManifest, Config: ocispec.Descriptor{
		MediaType: ocispec.MediaTypeImageConfig, Digest: digest.FromBytes(config), Size: int64(len(config)),
	}}
	m.SchemaVersion = 2
	for _, b := range layers {
		t := ocispec.MediaTypeImageLayer
		if b.gzip {
			t = ocispec.MediaTypeImageLayerGzip
		}
		m.Layers = append(m.Layers, ocispec.Descriptor{MediaType: t, Digest: b.digest, Size: b.size})
	}
	made, err := ocischema.FromStruct(m)
	if err != nil {
		return nil, "", err
	}
	_, payload, err := made.Payload()
	return made, digest.FromBytes(payload), err
}

// diskError names a full disk and lets everything else pass.
func diskError(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return core.Wrap(err, core.EINSUFFICIENT, "error.disk_full")
	}
	return err
}
