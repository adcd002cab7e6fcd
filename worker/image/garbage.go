package image

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/distribution/distribution/v3/registry/storage"
	"github.com/opencontainers/go-digest"

	"berth/core"
)

const (
	// orphanTime is how long a manifest may lie without a tag: the images of an index come before the index.
	orphanTime = 24 * time.Hour
	// idleTime is how long the upload of a blob may stand still.
	idleTime = 24 * time.Hour
)

// CollectGarbage marks every blob that a manifest of some repository needs and removes the others.
//
// It is safe beside everything else. Whoever adds or removes a manifest, a tag or a link waits while it runs, which takes
// about a second for ten thousand images; bytes flow on. Blobs that have no manifest yet are pinned:
// by an import from its first commit to its manifest, by a push from the request in which the client sent a blob, or
// learned that the registry has it, to the manifest, but for a day at most. Pins live in memory; a restart ends the
// connections of the pushes that they were for.
func (s *Store) CollectGarbage(ctx context.Context) (core.Bytes, error) {
	s.refs.Lock()
	defer s.refs.Unlock()
	now := s.now()
	needed := map[digest.Digest]bool{}
	repos, err := s.repositories()
	if err != nil {
		return 0, err
	}
	for _, repo := range repos {
		if err := s.tidy(ctx, repo, now, needed); err != nil {
			return 0, err
		}
	}
	freed, err := s.removeBlobs(ctx, needed, now)
	if err != nil {
		return freed, err
	}
	uploads, err := s.removeUploads(now.Add(-idleTime))
	return freed + uploads, err
}

// tidy removes the links of one repository that lead nowhere any more, and adds what it needs to all.
func (s *Store) tidy(ctx context.Context, repo string, now time.Time, all map[digest.Digest]bool) error {
	l, err := s.links(ctx, repo)
	if err != nil {
		return err
	}
	orphans := map[digest.Digest]bool{}
	reachable := l.reachable()
	for d := range l.manifests {
		if !reachable[d] && s.manifestAge(repo, d, now) > orphanTime {
			orphans[d] = true
		}
	}
	if err := l.remove(ctx, s.driver, orphans); err != nil {
		return err
	}
	needed := map[digest.Digest]bool{}
	for d, m := range l.manifests {
		needed[d], all[d] = true, true
		for _, r := range m.References() {
			needed[r.Digest], all[r.Digest] = true, true
		}
	}
	return s.removeLayerLinks(repo, needed, now)
}

func (s *Store) manifestAge(repo string, d digest.Digest, now time.Time) time.Duration {
	info, err := os.Stat(filepath.Join(s.manifestsDir(repo), d.Encoded(), "link"))
	if err != nil {
		return 0
	}
	return now.Sub(info.ModTime())
}

func (s *Store) removeLayerLinks(repo string, needed map[digest.Digest]bool, now time.Time) error {
	linked, err := digestsIn(s.layersDir(repo))
	if err != nil {
		return err
	}
	for _, d := range linked {
		if needed[d] {
			continue
		}
		dir := filepath.Join(s.layersDir(repo), d.Encoded())
		if err := s.pins.unlessHeld(d, now, func() error { return os.RemoveAll(dir) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) removeBlobs(ctx context.Context, needed map[digest.Digest]bool, now time.Time) (core.Bytes, error) {
	all, err := s.blobs()
	if err != nil {
		return 0, err
	}
	vacuum := storage.NewVacuum(ctx, s.driver)
	var freed core.Bytes
	for _, d := range all {
		if needed[d] {
			continue
		}
		err := s.pins.unlessHeld(d, now, func() error {
			if blob, err := s.registry.BlobStatter().Stat(ctx, d); err == nil {
				freed += core.Bytes(blob.Size)
			}
			return vacuum.RemoveBlob(d.String())
		})
		if err != nil {
			return freed, err
		}
	}
	return freed, nil
}
