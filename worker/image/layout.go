package image

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/go-digest"
)

// Where things lie on disk, as the distribution project has laid down for its file system driver. Reading folders says
// what there is in one go; walking them through the driver reads and stats every file, and stops half way when one is
// removed meanwhile.

func (s *Store) root() string { return filepath.Join(s.opts.Dir, "docker", "registry", "v2") }

func (s *Store) repositoriesDir() string { return filepath.Join(s.root(), "repositories") }

func (s *Store) repositoryDir(name string) string {
	return filepath.Join(s.repositoriesDir(), filepath.FromSlash(name))
}

// manifestsDir holds a folder for every manifest of a repository.
func (s *Store) manifestsDir(repo string) string {
	return filepath.Join(s.repositoryDir(repo), "_manifests", "revisions", digest.Canonical.String())
}

// layersDir holds a folder for every other blob of a repository.
func (s *Store) layersDir(repo string) string {
	return filepath.Join(s.repositoryDir(repo), "_layers", digest.Canonical.String())
}

// uploadsDir holds a folder for every blob that a repository is receiving.
func (s *Store) uploadsDir(repo string) string {
	return filepath.Join(s.repositoryDir(repo), "_uploads")
}

// repositories lists the repositories, those included that have received a blob and no manifest yet.
func (s *Store) repositories() ([]string, error) {
	var names []string
	root := s.repositoriesDir()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // there is none, or it was removed meanwhile
			return nil
		}
		if err != nil || !strings.HasPrefix(d.Name(), "_") {
			return err
		}
		name, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		if name = filepath.ToSlash(name); len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
		return fs.SkipDir
	})
	return names, err
}

// blobs lists all blobs.
func (s *Store) blobs() ([]digest.Digest, error) {
	root := filepath.Join(s.root(), "blobs", digest.Canonical.String())
	folders, err := readDir(root)
	if err != nil {
		return nil, err
	}
	var all []digest.Digest
	for _, f := range folders {
		some, err := digestsIn(filepath.Join(root, f))
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// digestsIn lists the folders that are named like a digest.
func digestsIn(dir string) ([]digest.Digest, error) {
	names, err := readDir(dir)
	var all []digest.Digest
	for _, name := range names {
		d := digest.NewDigestFromEncoded(digest.Canonical, name)
		if d.Validate() == nil {
			all = append(all, d)
		}
	}
	return all, err
}

// readDir lists a folder; one that does not exist is empty.
func readDir(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}
