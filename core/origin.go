package core

import "context"

// Origin is where a request comes from: what the audit says beside who asked.
type Origin struct {
	Peer  string // the address that connects, as the server sees it
	Agent string // what the program calls itself, as it says
}

type originKey struct{}

// WithOrigin returns a context of a request from o.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// OriginFrom returns where the request of ctx comes from; the zero Origin when Berth itself acts.
func OriginFrom(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}
