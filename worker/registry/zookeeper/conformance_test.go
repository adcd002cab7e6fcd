package zookeeper

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/registry/registrytest"
)

func TestConformance(t *testing.T) {
	server := testenv.StartZooKeeper(t)
	registrytest.Run(t, func(t *testing.T) registrytest.Parts {
		writer := open(t, server.Servers())
		registrytest.Must(t, writer.session.removeTree(t.Context(), "/caas"))
		return registrytest.Parts{
			Writer:   writer,
			Reader:   open(t, server.Servers()),
			Config:   func(appID string) []byte { return get(t, writer, configPath(appID)) },
			Gateways: func() []string { return list(t, writer, gateways.root) },
		}
	})
}

// open returns a registry that ends with the test.
func open(t testing.TB, servers []string, refused ...func(core.RefusedEntry)) *Registry {
	t.Helper()
	o := Options{Servers: servers, Timeout: 2 * time.Second, Log: shownOnFailure(t)}
	if len(refused) > 0 {
		o.Refused = refused[0]
	}
	r, err := New(o)
	registrytest.Must(t, err)
	t.Cleanup(r.Close)
	return r
}

// shownOnFailure returns a log that is printed when the test fails.
func shownOnFailure(t testing.TB) *slog.Logger {
	var lines lockedBuffer
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(lines.String())
		}
	})
	return slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// get returns what a node holds, nil when there is none.
func get(t testing.TB, r *Registry, node string) []byte {
	t.Helper()
	data, err := call(context.Background(), r.session, func(c *zk.Conn) ([]byte, error) {
		data, _, err := c.Get(node)
		return data, err
	})
	if errors.Is(err, zk.ErrNoNode) {
		return nil
	}
	registrytest.Must(t, err)
	return data
}

// list returns the names below a node.
func list(t testing.TB, r *Registry, node string) []string {
	t.Helper()
	names, err := call(context.Background(), r.session, func(c *zk.Conn) ([]string, error) {
		names, _, err := c.Children(node)
		return names, err
	})
	if errors.Is(err, zk.ErrNoNode) {
		return nil
	}
	registrytest.Must(t, err)
	return names
}
