package image

import (
	"context"
	"errors"

	"github.com/distribution/distribution/v3"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"berth/core"
)

// pushedRepository is a repository as clients see it: what they push with a tag becomes a version.
type pushedRepository struct {
	distribution.Repository
	store *Store
}

func (r pushedRepository) Manifests(ctx context.Context, o ...distribution.ManifestServiceOption) (distribution.ManifestService, error) {
	m, err := r.Repository.Manifests(ctx, o...)
	return pushedManifests{m, r}, err
}

type pushedManifests struct {
	distribution.ManifestService
	in pushedRepository
}

type gateKey struct{}

// Put stores a manifest. With a tag its image is looked through, stored and tagged, and then becomes a version; a
// refusal takes tag and manifest back. Only then does the client hear that its push succeeded. Without a tag it is
// a part of an index that is to come.
func (m pushedManifests) Put(ctx context.Context, manifest distribution.Manifest, o ...distribution.ManifestServiceOption) (digest.Digest, error) {
	_, payload, err := manifest.Payload()
	if err != nil {
		return "", err
	}
	p := pushed{m, manifest, digest.FromBytes(payload), tagOf(o)}
	if p.tag == "" {
		err = p.store(ctx, func(links) error { return nil })
	} else {
		err = p.become(ctx)
	}
	if err != nil {
		return "", m.in.store.refusal(diskError(err))
	}
	var blobs []digest.Digest
	for _, r := range manifest.References() {
		blobs = append(blobs, r.Digest)
	}
	m.in.store.pins.settle(blobs)
	return p.digest, nil
}

// pushed is a manifest that a client brings. Others may bring the same manifest or the same tag, or delete them, at the
// same time: every step leaves things so that whoever was accepted has manifest and tag in the end.
type pushed struct {
	pushedManifests
	manifest distribution.Manifest
	digest   digest.Digest
	tag      string
}

// become makes the image a version. Its manifest is kept by a tag of its own digest while the gate decides, so that no
// version lacks its image whatever happens in between, and no label ever leads to an image that was not accepted.
func (p pushed) become(ctx context.Context) error {
	s, repo := p.in.store, p.in.Named().Name()
	a, parts, err := s.artifact(ctx, repo, p.digest, p.manifest)
	if err != nil {
		return err
	}
	if err := s.checkPushed(ctx, p.in.Repository, parts); err != nil {
		return err
	}
	tags, own := p.in.Tags(ctx), ""
	err = p.store(ctx, func(l links) error {
		if l.reachable()[p.digest] {
			return nil
		}
		own = ownTag(p.digest)
		return tags.Tag(ctx, own, ocispec.Descriptor{Digest: p.digest})
	})
	if err != nil {
		return err
	}
	refused := ctx.Value(gateKey{}).(core.ImageGate).Pushed(ctx, repo, p.tag, a)
	ctx = context.WithoutCancel(ctx)
	if refused != nil {
		return errors.Join(refused, p.takeBack(ctx, own))
	}
	return p.store(ctx, func(links) error {
		err := tags.Tag(ctx, p.tag, ocispec.Descriptor{Digest: p.digest})
		if err == nil && own != "" && own != p.tag {
			err = ignoreMissing(tags.Untag(ctx, own))
		}
		return err
	})
}

// store writes the manifest, and then does more before anybody else changes what refers to what.
func (p pushed) store(ctx context.Context, more func(links) error) error {
	s := p.in.store
	s.refs.Lock()
	defer s.refs.Unlock()
	if _, err := p.ManifestService.Put(ctx, p.manifest); err != nil {
		return err
	}
	l, err := s.links(ctx, p.in.Named().Name())
	if err != nil {
		return err
	}
	return more(l)
}

// takeBack removes the tag that kept the manifest, and the manifest if no other leads to it.
func (p pushed) takeBack(ctx context.Context, own string) error {
	s := p.in.store
	s.refs.Lock()
	defer s.refs.Unlock()
	if own != "" {
		if err := ignoreMissing(p.in.Tags(ctx).Untag(ctx, own)); err != nil {
			return err
		}
	}
	l, err := s.links(ctx, p.in.Named().Name())
	if err != nil || l.reachable()[p.digest] {
		return err
	}
	return l.remove(ctx, s.driver, map[digest.Digest]bool{p.digest: true})
}

// checkPushed looks through the layers of a pushed image that no image of the repository had before, as Import does.
func (s *Store) checkPushed(ctx context.Context, r distribution.Repository, p parts) error {
	config, err := r.Blobs(ctx).Get(ctx, p.config.Digest)
	if err != nil {
		return err
	}
	ids, err := diffIDsOf(config)
	if err != nil {
		return err
	}
	if err := checkCount(len(p.layers), len(ids), s.opts.Limits.Layers); err != nil {
		return err
	}
	known, err := s.knownLayers(ctx, r.Named().Name())
	if err != nil {
		return err
	}
	limit := &budget{limits: s.opts.Limits}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	for i, l := range p.layers {
		if !known[l.Digest] {
			g.Go(func() error { return checkStored(ctx, r, l.Digest, ids[i], limit) })
		}
	}
	return g.Wait()
}

// knownLayers are those of the images that tags of the repository lead to.
func (s *Store) knownLayers(ctx context.Context, repo string) (map[digest.Digest]bool, error) {
	l, err := s.links(ctx, repo)
	if err != nil {
		return nil, err
	}
	known := map[digest.Digest]bool{}
	for _, d := range l.tags {
		m := l.manifests[d]
		if children, ok := childrenOf(m); ok {
			child, err := choose(children, s.opts.Arch)
			if err != nil {
				continue
			}
			m = l.manifests[child.Digest]
		}
		if p, err := partsOf(m); err == nil {
			for _, layer := range p.layers {
				known[layer.Digest] = true
			}
		}
	}
	return known, nil
}

func checkStored(ctx context.Context, r distribution.Repository, d, diffID digest.Digest, limit *budget) error {
	blob, err := r.Blobs(ctx).Open(ctx, d)
	if errors.Is(err, distribution.ErrBlobUnknown) {
		return core.Errorf(core.EINVALID, "error.image_layer_missing", "name", short(d))
	}
	if err != nil {
		return err
	}
	defer blob.Close()
	l, err := readLayer(&ctxReader{ctx, blob}, limit)
	if !l.gzip {
		l.diffID = d
	}
	if err == nil && l.diffID != diffID {
		return core.Errorf(core.EINVALID, "error.image_layer_digest", "digest", short(diffID))
	}
	return err
}

func tagOf(options []distribution.ManifestServiceOption) string {
	for _, o := range options {
		if t, ok := o.(distribution.WithTagOption); ok {
			return t.Tag
		}
	}
	return ""
}
