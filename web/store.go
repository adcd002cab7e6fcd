package web

import (
	"context"
	"sync"
	"time"

	"berth/core"
)

// sessionStore lets scs keep sessions in the database. scs hashes the tokens before it calls it.
type sessionStore struct {
	store   core.SessionStore
	revoked revocations
}

type userIDKey struct{}

// withUserID tells CommitCtx whose session it writes.
func withUserID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, userIDKey{}, id)
}

func (s *sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	if s.revoked.has(token) {
		return nil, false, nil
	}
	return s.store.Find(ctx, token)
}

// CommitCtx writes a session. A request that read it before another one revoked it must not bring it back, so what
// was revoked meanwhile is removed again.
func (s *sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	if s.revoked.has(token) {
		return nil
	}
	userID, _ := ctx.Value(userIDKey{}).(string)
	if err := s.store.Save(ctx, token, userID, data, expires); err != nil {
		return err
	}
	if s.revoked.has(token) {
		return s.store.Delete(ctx, token)
	}
	return nil
}

func (s *sessionStore) DeleteCtx(ctx context.Context, token string) error {
	s.revoked.add(token)
	return s.store.Delete(ctx, token)
}

func (s *sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s *sessionStore) Commit(token string, data []byte, expires time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expires)
}

func (s *sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// revocationAge is for how long a revoked session is remembered: longer than any request that has read it writes it.
const revocationAge = 10 * time.Minute

// revocations remembers the sessions that were revoked of late.
type revocations struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (r *revocations) add(token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if r.at == nil {
		r.at = map[string]time.Time{}
	}
	for old, at := range r.at {
		if now.Sub(at) > revocationAge {
			delete(r.at, old)
		}
	}
	r.at[token] = now
}

func (r *revocations) has(token string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.at[token]
	return ok
}
