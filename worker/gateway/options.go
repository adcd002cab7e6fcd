package gateway

import (
	"context"
	"io"
	"log/slog"
	"net"
	"time"

	"berth/core"
)

// Registry is what the gateway needs of core.Registry.
type Registry interface {
	Watch(ctx context.Context, apply func(core.RegistryChange)) error
	Announce(ctx context.Context, n core.GatewayNode) error
}

// Options says what a gateway serves and where. Only Registry and Listen are needed.
type Options struct {
	Registry Registry
	Listen   string       // "ip:port" for HTTP
	Listener net.Listener // instead of Listen: one that is open already

	Open func(address string) (net.Listener, error) // how Listen and ListenSecure are opened; nil is net.Listen

	ListenSecure string       // "ip:port" for HTTPS; "" is off
	Secure       net.Listener // instead of ListenSecure: one that is open already, of TCP
	SecurePort   string       // of HTTPS as browsers see it, for redirects; "" takes that of the listener
	Sealer       core.Sealer  // opens the keys of certificates; nil turns HTTPS off

	Also     func(core.RegistryChange) // is told every change of the registry too; nil for nobody
	Pages    PageFunc                  // nil answers in plain text
	ID       string                    // by which the gateway is announced; "" does not announce it
	Stats    string                    // address of its counts, announced with the ID
	Access   AccessSink                // keeps the access log; nil keeps none
	Timeouts Timeouts
	Log      *slog.Logger // nil logs nothing

	// Succeeded reports, when the gateway stops, whether another process serves at the same listeners. Then connections
	// that rest may do so for longer: nobody waits for this process to end. nil is no.
	Succeeded func() bool
}

// Timeouts bound every wait. The zero value of each takes its default.
type Timeouts struct {
	Head     time.Duration // for the head of a request, from its first byte; 10s
	Idle     time.Duration // for the next request on a connection; 75s
	Body     time.Duration // between two pieces of a request's body (see leastRate too), and for a client to take a piece; 60s
	Dial     time.Duration // for a connection to an instance; 3s
	Response time.Duration // for the head of a response; 2m
	Silence  time.Duration // between two pieces of a response, and of a WebSocket; 1h
	Hold     time.Duration // for the first instance of an app that is asleep; 30s
	Drain    time.Duration // for what is under way when the gateway stops; 30s
}

// Limits on the head of a request, and of a response.
const (
	MaxHeaders   = 100
	MaxHeadBytes = largeBuffer
)

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.Open == nil {
		o.Open = func(address string) (net.Listener, error) { return net.Listen("tcp", address) }
	}
	if o.Pages == nil {
		o.Pages = plainPage
	}
	t := &o.Timeouts
	setDefault(&t.Head, 10*time.Second)
	setDefault(&t.Idle, 75*time.Second)
	setDefault(&t.Body, 60*time.Second)
	setDefault(&t.Dial, 3*time.Second)
	setDefault(&t.Response, 2*time.Minute)
	setDefault(&t.Silence, time.Hour)
	setDefault(&t.Hold, 30*time.Second)
	setDefault(&t.Drain, 30*time.Second)
	return o
}

func setDefault(d *time.Duration, v time.Duration) {
	if *d == 0 {
		*d = v
	}
}
