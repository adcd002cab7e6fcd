package web

import (
	"context"
	"time"

	"berth/core"
)

// sessionStore lets scs keep sessions in the database. scs hashes the tokens before it calls it.
type sessionStore struct{ store core.SessionStore }

type beginKey struct{}

// beginning tells CommitCtx that it writes a session that begins. Any other must be there already: a request that read
// one before another request, or another process, ended it must not bring it back.
func beginning(ctx context.Context, s core.Session) context.Context {
	return context.WithValue(ctx, beginKey{}, s)
}

func (s *sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	return s.store.Find(ctx, token)
}

func (s *sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	now := time.Now()
	session, begins := ctx.Value(beginKey{}).(core.Session)
	if !begins {
		return s.store.Touch(ctx, token, data, now, expires)
	}
	session.TokenHash, session.Data, session.CreatedAt, session.SeenAt, session.ExpiresAt = token, data, now, now, expires
	return s.store.Create(ctx, session)
}

func (s *sessionStore) DeleteCtx(ctx context.Context, token string) error {
	return s.store.Delete(ctx, token)
}

func (s *sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s *sessionStore) Commit(token string, data []byte, expires time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expires)
}

func (s *sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
