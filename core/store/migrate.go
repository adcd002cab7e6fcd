package store

import (
	"context"

	"berth/core"
)

// Migrate brings the schema up to date. Several processes may ask at once: one does it, the others wait.
// Errors: EINVALID for options that cannot work, EUNAVAILABLE, EINSUFFICIENT, EINTERNAL also when a newer Berth has
// migrated it already.
func Migrate(ctx context.Context, o Options) error {
	s, err := openSchema(o)
	if err != nil {
		return err
	}
	defer s.db.Close()
	unlock, err := s.lock(ctx)
	if err != nil {
		return s.translate(err)
	}
	defer unlock()
	provider, err := s.provider()
	if err != nil {
		return s.translate(err)
	}
	applied, err := s.applied(ctx)
	if err != nil {
		return s.translate(err)
	}
	if applied > len(provider.ListSources()) {
		return core.Errorf(core.EINTERNAL, "error.schema_newer")
	}
	_, err = provider.Up(ctx)
	return s.translate(err)
}

// Pending returns how many migrations have not been applied. It changes nothing, not even on a fresh database.
func Pending(ctx context.Context, o Options) (int, error) {
	s, err := openSchema(o)
	if err != nil {
		return 0, err
	}
	defer s.db.Close()
	provider, err := s.provider()
	if err != nil {
		return 0, s.translate(err)
	}
	applied, err := s.applied(ctx)
	return max(0, len(provider.ListSources())-applied), s.translate(err)
}
