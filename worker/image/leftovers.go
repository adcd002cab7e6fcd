package image

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"berth/core"
)

// removeUpload removes what was received of one blob. It is emptied first: when the disk is full, the registry fails to
// close it, and an open file would keep its room.
func (s *Store) removeUpload(repo, id string) error {
	dir := filepath.Join(s.uploadsDir(repo), id)
	if err := os.Truncate(filepath.Join(dir, "data"), 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.RemoveAll(dir)
}

// removeUploads removes what was received of blobs and not touched since a time, and returns how much that was.
func (s *Store) removeUploads(before time.Time) (core.Bytes, error) {
	repos, err := s.repositories()
	if err != nil {
		return 0, err
	}
	var freed core.Bytes
	for _, repo := range repos {
		ids, err := readDir(s.uploadsDir(repo))
		if err != nil {
			return freed, err
		}
		for _, id := range ids {
			size, touched := measure(filepath.Join(s.uploadsDir(repo), id))
			if touched.After(before) {
				continue
			}
			if err := s.removeUpload(repo, id); err != nil {
				return freed, err
			}
			freed += size
		}
	}
	return freed, nil
}

// measure returns the size of all files of a folder and when it or the youngest was written.
func measure(dir string) (size core.Bytes, touched time.Time) {
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		info, err := d.Info()
		if err != nil { // gone meanwhile
			return nil
		}
		if !d.IsDir() {
			size += core.Bytes(info.Size())
		}
		if info.ModTime().After(touched) {
			touched = info.ModTime()
		}
		return nil
	})
	return size, touched
}
