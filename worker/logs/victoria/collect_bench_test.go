package victoria_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"berth/core"
	"berth/core/store"
	"berth/worker/engine/docker"
	"berth/worker/logs"
)

// BenchmarkCollectLines has a Collector take half a million lines, half of them JSON, from an engine's interface, which is
// played from memory, into the store. It says how many cores 50,000 lines a second take of this process, playing the
// engine included, and of the store's together.
func BenchmarkCollectLines(b *testing.B) {
	const lines = benchLines / 2
	for range b.N {
		stored, stop := start(b, b.TempDir())
		child := childOf(b)
		house, engine := houseOf(b, engineWith(b, lines))
		before := cpu(b, child)
		ctx, cancel := context.WithCancel(context.Background())
		var kept atomic.Int64
		all, ended := make(chan struct{}), make(chan struct{})
		c := logs.NewCollector(logs.CollectorOptions{
			Source: logs.New(logs.Options{Store: house, Engines: one{engine}}), Lines: stored, Path: filepath.Join(b.TempDir(), "positions"),
			Tap: func(batch []core.LogRecord) {
				if kept.Add(int64(len(batch))) == lines {
					close(all)
				}
			},
		})
		go func() {
			defer close(ended)
			_ = c.Run(ctx)
		}()
		select {
		case <-all:
		case <-time.After(5 * time.Minute):
			b.Fatalf("%d lines were kept", kept.Load())
		}
		if _, err := stored.Times(ctx, "none", time.Now()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric((cpu(b, child)-before).Seconds()*benchRate/lines, "cores-at-50000/s")
		cancel()
		<-ended
		stop()
	}
}

type one struct{ engine core.Engine }

func (o one) Engine(string) (core.Engine, error) { return o.engine, nil }

// engineWith plays an engine whose containers share so many lines.
func engineWith(b *testing.B, lines int) *httptest.Server {
	b.Helper()
	random, begin := rand.New(rand.NewPCG(1, 2)), time.Now().Add(-time.Hour)
	written := map[string]*bytes.Buffer{"a": {}, "b": {}, "c": {}}
	for n := range lines {
		r := benchLine(random, n, begin)
		w := written[r.Instance]
		frame := r.Time.UTC().Format(time.RFC3339Nano) + " " + r.Line + "\n"
		w.Write(binary.BigEndian.AppendUint32([]byte{1, 0, 0, 0}, uint32(len(frame))))
		w.WriteString(frame)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		part := strings.Split(r.URL.Path, "/")
		if part[len(part)-1] != "logs" {
			w.Header().Set("Api-Version", "1.41")
			return
		}
		_, _ = w.Write(written[part[len(part)-2]].Bytes())
		<-r.Context().Done() // it is followed
	}))
	b.Cleanup(server.Close)
	return server
}

// houseOf has an app with three instances on the engine that a server plays.
func houseOf(b *testing.B, server *httptest.Server) (core.Store, core.Engine) {
	b.Helper()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	o := store.Options{Dir: b.TempDir(), Key: make([]byte, 32)}
	ctx := core.WithActor(context.Background(), core.System())
	must(store.Migrate(ctx, o))
	s, err := store.Open(ctx, o)
	must(err)
	b.Cleanup(func() { s.Close() })
	must(s.Tenants().Create(ctx, core.Tenant{ID: "acme", Name: "Acme", CreatedAt: time.Now()}))
	must(s.Apps().Create(ctx, core.App{ID: "shop", TenantID: "acme", Name: "Shop", CreatedAt: time.Now()}))
	must(s.Hosts().Put(ctx, core.Host{ID: core.LocalHost, Name: "local", PortFrom: 1, PortTo: 65535}))
	for n, container := range []string{"a", "b", "c"} {
		must(s.Instances().Create(ctx, core.Instance{ID: fmt.Sprintf("%012x", n+1), AppID: "shop", TenantID: "acme", Label: "1.0", HostID: core.LocalHost,
			HostPort: 25700 + n, State: core.InstanceReady, ContainerID: container, CreatedAt: time.Now()}))
	}
	engine, err := docker.New(docker.Options{Host: "tcp://" + server.Listener.Addr().String()})
	must(err)
	b.Cleanup(func() { engine.Close() })
	return s, engine
}
