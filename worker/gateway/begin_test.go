package gateway

import (
	"context"
	"io"
	"net/http"
	"testing"

	"berth/core"
	"berth/worker/registry/memory"
)

// A client that comes before the routes do is not told that its domain is unknown.
func TestClientsWaitForRoutes(t *testing.T) {
	l := listen(t)
	r := memory.NewUnfilled(core.RegistryRoutes)
	g := New(Options{Registry: r, Listener: l})
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { defer close(stopped); g.Run(ctx) }()
	t.Cleanup(func() { stop(); <-stopped })

	f := &fixture{t: t, gateway: g, registry: r, address: l.Addr().String()}
	c := f.dial()
	c.send(get)
	address := server(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })
	must(t, r.Register(ctx, core.Address{AppID: "app", Version: "1", ContainerID: "c", Address: address}))
	must(t, r.PutRoute(ctx, core.Route{Domain: "app.test", AppID: "app", State: core.RouteOnline}))
	if g.Ready() {
		t.Error("it is ready before it knows the routes")
	}
	r.Filled(core.RegistryRoutes)
	if res, content := c.response("GET"); res.StatusCode != 200 || content != "ok" {
		t.Errorf("%d %s", res.StatusCode, content)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
