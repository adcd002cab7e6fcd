package core

import (
	"context"
	"slices"
	"time"
)

// Actor is on whose behalf something happens: a person, a token or Berth itself. It travels in the context;
// every use case and every query of the store reads it there.
type Actor struct {
	Kind     ActorKind
	ID       string          // user id or token id; "" for the system
	UserID   string          // the person behind a session or a personal token; "" otherwise
	Name     string          // as shown in activity and audit
	Roles    map[string]Role // tenant id -> role in it; RoleSupport while a support session is open
	Operator bool            // may act in every tenant and on hosts
	Support  bool            // of the support staff: may open support sessions
	Scope    Scope           // narrows a token; "" narrows nothing
	Apps     []string        // a token may be narrowed to these apps; nil means all
	Expires  time.Time       // when a token ends; zero never does
}

// ActorKind tells people, tokens and Berth apart.
type ActorKind string

const (
	ActorNobody ActorKind = "" // nobody signed in: sees nothing
	ActorUser   ActorKind = "user"
	ActorToken  ActorKind = "token"
	ActorSystem ActorKind = "system" // the workers: unscoped
)

// System is the actor of the workers.
func System() Actor { return Actor{Kind: ActorSystem, Name: "Berth", Operator: true} }

type actorKey struct{}

// WithActor returns a context in which a acts.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom returns who acts in ctx; the zero Actor (nobody) when no one was set.
func ActorFrom(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}

// AllTenants reports whether queries of a are not narrowed to its tenants.
func (a Actor) AllTenants() bool { return a.Operator || a.Kind == ActorSystem }

// TenantIDs returns the tenants that a may see; meaningless when AllTenants.
func (a Actor) TenantIDs() []string {
	ids := make([]string, 0, len(a.Roles))
	for id := range a.Roles {
		ids = append(ids, id)
	}
	return ids
}

// SeesTenant reports whether rows of the tenant exist for a.
func (a Actor) SeesTenant(tenantID string) bool {
	_, ok := a.Roles[tenantID]
	return ok || a.AllTenants()
}

// SeesApp reports whether rows of an app of a visible tenant exist for a.
func (a Actor) SeesApp(appID string) bool {
	return a.Apps == nil || slices.Contains(a.Apps, appID)
}
