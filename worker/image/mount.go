package image

import (
	"context"
	"errors"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/registry/storage"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"

	"berth/core"
)

// mount makes a manifest and all that it refers to part of another repository. Nothing is copied: blobs are shared.
func (s *Store) mount(ctx context.Context, fromRepo string, d digest.Digest, m distribution.Manifest, to distribution.Repository) error {
	children, ok := childrenOf(m)
	if !ok {
		p, err := partsOf(m)
		if err != nil {
			return err
		}
		for _, blob := range p.digests() {
			if err := mountBlob(ctx, fromRepo, blob, to); err != nil {
				return err
			}
		}
	}
	for _, c := range children {
		child, _, err := s.manifest(ctx, fromRepo, c.Digest.String())
		if err != nil {
			return err
		}
		if err := s.mount(ctx, fromRepo, c.Digest, child, to); err != nil {
			return err
		}
	}
	manifests, err := to.Manifests(ctx)
	if err != nil {
		return err
	}
	_, err = manifests.Put(ctx, m)
	return err
}

func mountBlob(ctx context.Context, fromRepo string, d digest.Digest, to distribution.Repository) error {
	from, err := reference.WithName(fromRepo)
	if err != nil {
		return err
	}
	source, err := reference.WithDigest(from, d)
	if err != nil {
		return err
	}
	w, err := to.Blobs(ctx).Create(ctx, storage.WithMountFrom(source))
	if mounted := (distribution.ErrBlobMounted{}); errors.As(err, &mounted) {
		return nil
	}
	if err != nil {
		return err
	}
	// The source lacks the blob, so the registry waits for it to be sent instead.
	return errors.Join(core.NotFound(), w.Cancel(ctx))
}
