package service

import (
	"context"

	"berth/core"
)

// ActorOfToken returns the actor that a presented secret stands for. Errors: EUNAUTHORIZED.
func (s *Service) ActorOfToken(ctx context.Context, secret string) (core.Actor, error) {
	if equalSecret(secret, s.bootstrapToken) {
		return core.Actor{Kind: core.ActorToken, ID: "bootstrap", Name: "bootstrap-token", Operator: true,
			Scope: core.ScopeAdmin}, nil
	}
	t, err := s.store.Tokens().BySecretHash(ctx, hashSecret(secret))
	now := s.now()
	if core.ErrorCode(err) == core.ENOTFOUND || err == nil && !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) {
		return core.Actor{}, core.Errorf(core.EUNAUTHORIZED, "error.token_wrong")
	}
	if err != nil {
		return core.Actor{}, err
	}
	actor, err := s.ownerOf(ctx, t)
	if err != nil {
		return core.Actor{}, err
	}
	actor.Kind, actor.ID, actor.Scope, actor.Apps, actor.Expires = core.ActorToken, t.ID, t.Scope, t.Apps, t.ExpiresAt
	if now.Sub(t.LastUsedAt) >= touchEvery {
		if err := s.store.Tokens().Touch(ctx, t.ID, now, core.OriginFrom(ctx).Peer); err != nil {
			s.log.Warn("the last use of a token is not noted", "token", t.ID, "error", err)
		}
	}
	return actor, nil
}

// ownerOf returns what a token may do before its scope and its apps narrow it: what its person may at this moment, or
// everything in its tenant, or everything. Errors: EUNAUTHORIZED when the person is gone.
func (s *Service) ownerOf(ctx context.Context, t core.Token) (core.Actor, error) {
	switch {
	case t.OwnerID != "":
		actor, user, err := s.ActorOfUser(ctx, t.OwnerID)
		if core.ErrorCode(err) == core.EUNAUTHORIZED {
			err = core.Errorf(core.EUNAUTHORIZED, "error.token_wrong")
		}
		actor.Name = user.Name + " (" + t.Name + ")"
		return actor, err
	case t.TenantID != "":
		return core.Actor{Name: t.Name, Roles: map[string]core.Role{t.TenantID: roleOf(t.Scope)}}, nil
	}
	return core.Actor{Name: t.Name, Operator: true}, nil
}

func roleOf(scope core.Scope) core.Role {
	switch scope {
	case core.ScopeAdmin:
		return core.RoleAdmin
	case core.ScopeDeploy:
		return core.RoleDeveloper
	}
	return core.RoleViewer
}
