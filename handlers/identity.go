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
	Again func(ctx context.Context) (core.Actor, error)
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

// outlasting returns a context that knows who asks and from where as ctx does, but nothing else of the request, whose
// memory can go then; and that does not end with it.
func outlasting(ctx context.Context) context.Context {
	next := core.WithActor(context.Background(), core.ActorFrom(ctx))
	return WithIdentity(core.WithOrigin(next, core.OriginFrom(ctx)), IdentityFrom(ctx))
}

// reidentify returns ctx with the actor as it is now. Errors: EUNAUTHORIZED.
func reidentify(ctx context.Context) (context.Context, error) {
	again := IdentityFrom(ctx).Again
	if again == nil {
		return ctx, nil
	}
	actor, err := again(ctx)
	if err != nil {
		return ctx, err
	}
	return core.WithActor(ctx, actor), nil
}
