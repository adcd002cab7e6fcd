package store

import (
	"encoding/json"

	"berth/core"
)

// sealer encrypts what must not be read from the disk. It is bound to the name of the row, so that a sealed value
// cannot be moved into another.
type sealer struct{ core.Sealer }

func newSealer(key []byte) (*sealer, error) {
	s, err := core.NewSealer(key)
	if err != nil {
		return nil, err
	}
	return &sealer{s}, nil
}

func (s *sealer) seal(row string, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return s.Seal(row, plain)
}

func (s *sealer) open(row string, sealed []byte, v any) error {
	plain, err := s.Open(row, sealed)
	if err != nil {
		return unreadable(err)
	}
	if err := json.Unmarshal(plain, v); err != nil {
		return unreadable(err)
	}
	return nil
}

// unreadable is what a wrong key, or a row changed by hand, looks like.
func unreadable(err error) error { return core.Wrap(err, core.EINTERNAL, "error.sealed_unreadable") }
