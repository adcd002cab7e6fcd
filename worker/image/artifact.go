package image

import (
	"context"
	"errors"
	"fmt"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/manifest/manifestlist"
	"github.com/distribution/distribution/v3/manifest/ocischema"
	"github.com/distribution/distribution/v3/manifest/schema2"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"berth/core"
)

// parts is what an image manifest, Docker's or OCI's, refers to.
type parts struct {
	config ocispec.Descriptor
	layers []ocispec.Descriptor
}

// Inspect looks at an image; at the one for the hosts' architecture when the digest is of an index of several.
func (s *Store) Inspect(ctx context.Context, repo, dgst string) (core.Artifact, error) {
	m, d, err := s.manifest(ctx, repo, dgst)
	if err != nil {
		return core.Artifact{}, err
	}
	a, _, err := s.artifact(ctx, repo, d, m)
	return a, err
}

// manifest reads a manifest of a repository. Errors: ENOTFOUND.
func (s *Store) manifest(ctx context.Context, repo, dgst string) (distribution.Manifest, digest.Digest, error) {
	d, err := digest.Parse(dgst)
	if err != nil {
		return nil, "", core.NotFound()
	}
	r, err := s.repository(ctx, repo)
	if err != nil {
		return nil, "", core.NotFound()
	}
	manifests, err := r.Manifests(ctx)
	if err != nil {
		return nil, "", err
	}
	m, err := manifests.Get(ctx, d)
	if unknown := (distribution.ErrManifestUnknownRevision{}); errors.As(err, &unknown) {
		return nil, "", core.NotFound()
	}
	return m, d, err
}

// artifact describes the image that m is, or that it holds for the hosts. Errors: EINVALID when it is none.
func (s *Store) artifact(ctx context.Context, repo string, d digest.Digest, m distribution.Manifest) (core.Artifact, parts, error) {
	if children, ok := childrenOf(m); ok {
		child, err := choose(children, s.opts.Arch)
		if err != nil {
			return core.Artifact{}, parts{}, err
		}
		if m, d, err = s.manifest(ctx, repo, child.Digest.String()); err != nil {
			return core.Artifact{}, parts{}, err
		}
	}
	p, err := partsOf(m)
	if err != nil {
		return core.Artifact{}, parts{}, err
	}
	config, err := s.config(ctx, repo, p)
	if err != nil {
		return core.Artifact{}, parts{}, err
	}
	a, err := describe(d, p, config)
	return a, p, err
}

func (s *Store) config(ctx context.Context, repo string, p parts) ([]byte, error) {
	if p.config.Size > maxDocument {
		return nil, core.Errorf(core.EINVALID, "error.image_config_broken")
	}
	r, err := s.repository(ctx, repo)
	if err != nil {
		return nil, err
	}
	config, err := r.Blobs(ctx).Get(ctx, p.config.Digest)
	if errors.Is(err, distribution.ErrBlobUnknown) {
		return nil, core.Wrap(err, core.EINVALID, "error.image_config_missing")
	}
	return config, err
}

// describe makes the artifact of an image from its parts.
func describe(d digest.Digest, p parts, config []byte) (core.Artifact, error) {
	detected, err := detect(config)
	if err != nil {
		return core.Artifact{}, err
	}
	detected.Layers = len(p.layers)
	size := p.config.Size
	for _, l := range p.layers {
		size += l.Size
	}
	return core.Artifact{Digest: d.String(), Size: core.Bytes(size), Detected: detected}, nil
}

// partsOf reads an image manifest. Errors: EINVALID for a manifest of something that cannot run.
func partsOf(m distribution.Manifest) (parts, error) {
	var p parts
	switch m := m.(type) {
	case *schema2.DeserializedManifest:
		p = parts{m.Config, m.Layers}
	case *ocischema.DeserializedManifest:
		p = parts{m.Config, m.Layers}
	default:
		return p, core.Wrap(fmt.Errorf("manifest of type %T", m), core.EINVALID, "error.image_not_runnable")
	}
	if t := p.config.MediaType; t != string(types.OCIConfigJSON) && t != string(types.DockerConfigJSON) {
		return p, core.Wrap(fmt.Errorf("configuration of type %q", t), core.EINVALID, "error.image_not_runnable")
	}
	return p, nil
}

// childrenOf returns what an index refers to, and whether m is one.
func childrenOf(m distribution.Manifest) ([]ocispec.Descriptor, bool) {
	switch m.(type) {
	case *ocischema.DeserializedImageIndex, *manifestlist.DeserializedManifestList:
		return m.References(), true
	}
	return nil, false
}

// digests lists an image's blobs.
func (p parts) digests() []digest.Digest {
	all := []digest.Digest{p.config.Digest}
	for _, l := range p.layers {
		all = append(all, l.Digest)
	}
	return all
}
