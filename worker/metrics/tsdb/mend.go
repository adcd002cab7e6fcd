package tsdb

import (
	"os"
	"path/filepath"
)

// room is what has to fit onto the disk before the files are opened again.
const room = 1 << 20

// mend opens the files again after an append broke off, for want of room as a rule: behind a record that is torn the
// database reads nothing when it is opened the next time. Until there is room, what was kept is read as before; s.mu is
// held.
func (s *Store) mend() error {
	if !s.torn {
		return nil
	}
	if err := probe(s.dir); err != nil {
		return err
	}
	s.opened.Lock()
	defer s.opened.Unlock()
	s.log.Info("the files of the measurements are opened again after a fault")
	if err := s.close(); err != nil {
		s.log.Warn("the files of the measurements were not closed in order", "error", err)
	}
	if err := s.open(); err != nil {
		return err
	}
	s.torn = false
	return nil
}

func probe(dir string) error {
	name := filepath.Join(dir, "room")
	defer os.Remove(name)
	return os.WriteFile(name, make([]byte, room), 0o600)
}
