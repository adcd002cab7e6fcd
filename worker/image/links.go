package image

import (
	"context"
	"errors"
	"slices"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/registry/storage"
	"github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// links is what a repository holds: its manifests and the tags that lead to them.
type links struct {
	repo      distribution.Repository
	manifests map[digest.Digest]distribution.Manifest
	tags      map[string]digest.Digest
}

// links reads a repository; one that does not exist is empty.
func (s *Store) links(ctx context.Context, name string) (links, error) {
	r, err := s.repository(ctx, name)
	if err != nil {
		return links{}, err
	}
	l := links{r, map[digest.Digest]distribution.Manifest{}, map[string]digest.Digest{}}
	listed, err := digestsIn(s.manifestsDir(name))
	if err == nil {
		err = l.read(ctx, listed)
	}
	if err == nil {
		err = l.readTags(ctx)
	}
	return l, err
}

func (l links) read(ctx context.Context, listed []digest.Digest) error {
	manifests, err := l.repo.Manifests(ctx)
	if err != nil {
		return err
	}
	for _, d := range listed {
		m, err := manifests.Get(ctx, d)
		if unknown := (distribution.ErrManifestUnknownRevision{}); errors.As(err, &unknown) {
			continue // removed meanwhile, or half written by a process that was killed
		}
		if err != nil {
			return err
		}
		l.manifests[d] = m
	}
	return nil
}

func (l links) readTags(ctx context.Context) error {
	tags, err := l.repo.Tags(ctx).All(ctx)
	if unknown := (distribution.ErrRepositoryUnknown{}); errors.As(err, &unknown) {
		return nil
	}
	for _, tag := range tags {
		d, getErr := l.repo.Tags(ctx).Get(ctx, tag)
		if getErr != nil {
			continue // likewise
		}
		l.tags[tag] = d.Digest
	}
	return err
}

// reach adds d and what it refers to as an index to set.
func (l links) reach(d digest.Digest, set map[digest.Digest]bool) {
	if set[d] {
		return
	}
	set[d] = true
	children, _ := childrenOf(l.manifests[d])
	for _, c := range children {
		l.reach(c.Digest, set)
	}
}

// reachable is what tags lead to.
func (l links) reachable() map[digest.Digest]bool {
	set := map[digest.Digest]bool{}
	for _, d := range l.tags {
		l.reach(d, set)
	}
	return set
}

// holders returns d and every index that refers to it.
func (l links) holders(d digest.Digest) map[digest.Digest]bool {
	set := map[digest.Digest]bool{d: true}
	for index, m := range l.manifests {
		children, _ := childrenOf(m)
		if slices.ContainsFunc(children, func(c ocispec.Descriptor) bool { return c.Digest == d }) {
			set[index] = true
		}
	}
	return set
}

// untag removes the tags that lead to one of a set.
func (l links) untag(ctx context.Context, set map[digest.Digest]bool) error {
	for tag, d := range l.tags {
		if !set[d] {
			continue
		}
		if err := ignoreMissing(l.repo.Tags(ctx).Untag(ctx, tag)); err != nil {
			return err
		}
		delete(l.tags, tag)
	}
	return nil
}

// remove removes manifests. Their blobs go with the garbage.
func (l links) remove(ctx context.Context, d driver.StorageDriver, set map[digest.Digest]bool) error {
	vacuum := storage.NewVacuum(ctx, d)
	for m := range set {
		if err := ignoreMissing(vacuum.RemoveManifest(l.repo.Named().Name(), m, nil)); err != nil {
			return err
		}
		delete(l.manifests, m)
	}
	return nil
}

func ignoreMissing(err error) error {
	if missing := (driver.PathNotFoundError{}); errors.As(err, &missing) {
		return nil
	}
	return err
}

// Link makes an image available in another repository under a label, or gives it a label in its own. With the first
// label the image loses the tag of its own digest.
func (s *Store) Link(ctx context.Context, fromRepo, dgst, toRepo, label string) error {
	s.refs.Lock()
	defer s.refs.Unlock()
	m, d, err := s.manifest(ctx, fromRepo, dgst)
	if err != nil {
		return err
	}
	to, err := s.repository(ctx, toRepo)
	if err != nil {
		return err
	}
	if fromRepo != toRepo {
		if err := s.mount(ctx, fromRepo, d, m, to); err != nil {
			return diskError(err)
		}
	}
	if label == "" {
		label = ownTag(d)
	}
	tags := to.Tags(ctx)
	if err := tags.Tag(ctx, label, ocispec.Descriptor{Digest: d}); err != nil {
		return diskError(err)
	}
	if label != ownTag(d) {
		return ignoreMissing(tags.Untag(ctx, ownTag(d)))
	}
	return nil
}

// Delete removes an image, its tags and the indexes that refer to it, and with them what only they referred to.
func (s *Store) Delete(ctx context.Context, repo, dgst string) error {
	d, err := digest.Parse(dgst)
	if err != nil {
		return nil
	}
	s.refs.Lock()
	defer s.refs.Unlock()
	l, err := s.links(ctx, repo)
	if err != nil || len(l.manifests) == 0 {
		return err
	}
	gone := l.holders(d)
	below := map[digest.Digest]bool{}
	for index := range gone {
		l.reach(index, below)
	}
	if err := l.untag(ctx, gone); err != nil {
		return err
	}
	for kept := range l.reachable() {
		delete(below, kept)
	}
	return l.remove(ctx, s.driver, below)
}

// DeleteRepository removes a repository with everything in it, what is being received included.
func (s *Store) DeleteRepository(ctx context.Context, repo string) error {
	s.refs.Lock()
	defer s.refs.Unlock()
	r, err := s.repository(ctx, repo)
	if err != nil {
		return nil
	}
	return ignoreMissing(s.registry.(distribution.RepositoryRemover).Remove(ctx, r.Named()))
}
