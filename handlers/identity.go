package handlers

import (
	"context"

	"berth/core"
)

// Identity is how the actor of a request was found. package web finds it.
type Identity struct {
	Cookie bool // by a cookie, which a browser also sends when a foreign page makes it ask

	// Again finds the actor anew, for requests that live long. Errors: EUNAUTHORIZED when the session or the token
	// was revoked meanwhile.
	Again func() (core.Actor, error)
}

type identityKey struct{}

// WithIdentity returns a context of a request whose actor was found as id says.
func WithIdentity(ctx context.Context, id Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, id)
}

// IdentityFrom returns how the actor of ctx was found; the zero Identity for nobody.
func IdentityFrom(ctx context.Context) Identity {
	id, _ := ctx.Value(identityKey{}).(Identity)
	return id
}

// reidentify returns ctx with the actor as it is now. Errors: EUNAUTHORIZED.
func reidentify(ctx context.Context) (context.Context, error) {
	again := IdentityFrom(ctx).Again
	if again == nil {
		return ctx, nil
	}
	actor, err := again()
	if err != nil {
		return ctx, err
	}
	return core.WithActor(ctx, actor), nil
}
