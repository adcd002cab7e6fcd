package image

import (
	"syscall"

	"berth/core"
)

// freeSpace returns how much of the disk of dir ordinary programs may still use.
func freeSpace(dir string) (core.Bytes, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, err
	}
	return core.Bytes(fs.Bavail) * core.Bytes(fs.Bsize), nil
}

// enoughFree reports whether dir has room for need and the reserve besides. Errors: EINSUFFICIENT.
func enoughFree(dir string, need, reserve core.Bytes) error {
	free, err := freeSpace(dir)
	if err != nil {
		return err
	}
	if free-need < reserve {
		return core.Errorf(core.EINSUFFICIENT, "error.disk_full")
	}
	return nil
}

// checkFree reports whether need more fits beside the images. Errors: EINSUFFICIENT.
func (s *Store) checkFree(need core.Bytes) error {
	return enoughFree(s.opts.Dir, need, s.opts.MinFree)
}
