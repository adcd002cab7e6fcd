package image_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"berth/core"
	"berth/worker/image"
)

// gate lets "alice" into shop and tea, "bob" into bank; the password is "secret". It remembers what was pushed, as the
// service does in the database.
type gate struct {
	mu     sync.Mutex
	pushed map[string]core.Artifact // "shop:1.0"
	actors []string
	refuse error
	left   core.Bytes // room for images; 0 is plenty
}

var owners = map[string]string{"shop": "alice", "tea": "alice", "bank": "bob"}

func (g *gate) Login(_ context.Context, user, password string) (core.Actor, error) {
	if password != "secret" {
		return core.Actor{}, core.Errorf(core.EUNAUTHORIZED, "error.token_wrong")
	}
	return core.Actor{Kind: core.ActorToken, ID: user, Name: user}, nil
}

func (g *gate) Allow(ctx context.Context, repo string, _ core.PushAccess) error {
	if owners[repo] != core.ActorFrom(ctx).Name {
		return core.NotFound()
	}
	return nil
}

func (g *gate) Room(_ context.Context, _ string, size core.Bytes) (core.Bytes, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.left == 0:
		return core.TiB, nil
	case size > g.left:
		return 0, core.Wrap(&core.QuotaError{Resource: core.ResourceImages}, core.ETOOLARGE, "error.quota_images")
	}
	return g.left, nil
}

func (g *gate) Pushed(ctx context.Context, repo, label string, a core.Artifact) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refuse != nil {
		return g.refuse
	}
	if known, ok := g.pushed[repo+":"+label]; ok && known.Digest != a.Digest {
		return core.Conflict("label", "error.label_taken", "label", label)
	}
	g.pushed[repo+":"+label] = a
	g.actors = append(g.actors, core.ActorFrom(ctx).Name)
	return nil
}

// refuses has every push refused with err; nil takes them again.
func (g *gate) refuses(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refuse = err
}

func (g *gate) version(name string) (core.Artifact, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a, ok := g.pushed[name]
	return a, ok
}

// serve answers for a store on a loopback port and returns its "host:port".
func serve(t testing.TB, s *image.Store) (*gate, string) {
	t.Helper()
	g := &gate{pushed: map[string]core.Artifact{}}
	srv := httptest.NewServer(s.Handler(g))
	t.Cleanup(srv.Close)
	return g, strings.TrimPrefix(srv.URL, "http://")
}
