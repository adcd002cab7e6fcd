package docker_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/engine/docker"
)

// tenant runs instances of the test app on an engine.
type tenant struct {
	t      *testing.T
	engine *docker.Engine
	id     string
	image  core.ImageRef
}

// newTenant returns a tenant whose network goes with the test.
func newTenant(t *testing.T, engine *docker.Engine, registry testenv.ImageRegistry) *tenant {
	t.Helper()
	digest := registry.Push(t, "shop", testenv.Image(t, testenv.ImageOptions{}))
	n := &tenant{t: t, engine: engine, id: core.NewID(), image: core.ImageRef{Repository: "shop", Digest: digest}}
	n.ok(engine.Fetch(t.Context(), n.image))
	n.ok(engine.EnsureNetwork(t.Context(), n.id))
	t.Cleanup(func() {
		n.ok(engine.RemoveNetwork(context.Background(), n.id))
		n.ok(engine.RemoveImage(context.Background(), n.image))
	})
	return n
}

// spec returns what a plain instance of an app is.
func (n *tenant) spec(app string, env ...string) core.ContainerSpec {
	n.t.Helper()
	info, err := n.engine.Info(n.t.Context())
	n.ok(err)
	return core.ContainerSpec{TenantID: n.id, AppID: app, Version: "1.0", Release: 1, Instance: core.NewInstanceID(),
		Image: n.image, Env: env, Memory: 64 * core.MiB, Port: 8080, HostPort: freePort(n.t, info.Address)}
}

// run starts an instance and waits until it listens.
func (n *tenant) run(spec core.ContainerSpec) *running {
	n.t.Helper()
	id, err := n.engine.Create(n.t.Context(), spec)
	n.ok(err)
	n.t.Cleanup(func() { n.ok(n.engine.Remove(context.Background(), id)) })
	n.ok(n.engine.Start(n.t.Context(), id))
	info, err := n.engine.Info(n.t.Context())
	n.ok(err)
	r := &running{n, id, spec, net.JoinHostPort(info.Address, strconv.Itoa(spec.HostPort))}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if _, err := r.get("/healthz"); err == nil {
			return r
		} else if time.Now().After(deadline) {
			n.t.Fatal(err)
		}
	}
}

// running is an instance that answers at an address of the host.
type running struct {
	*tenant
	container string
	spec      core.ContainerSpec
	address   string
}

// get asks the instance as the gateway does.
func (r *running) get(path string) (string, error) {
	c := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Get("http://" + r.address + path)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

// reaches reports whether the program in the instance can connect to an address: "host:port", or "udp host:port".
func (r *running) reaches(address string) bool { return r.reachesIn(address, 10*time.Second) }

// isKeptFrom is reaches for what is to be out of reach. It does not wait long for what should never come.
func (r *running) isKeptFrom(address string) bool { return !r.reachesIn(address, time.Second) }

func (r *running) reachesIn(address string, most time.Duration) bool {
	r.t.Helper()
	network, target, ok := strings.Cut(address, " ")
	if !ok {
		network, target = "tcp", address
	}
	answer, err := r.get("/dial?ms=" + strconv.FormatInt(most.Milliseconds(), 10) + "&net=" + network + "&addr=" + url.QueryEscape(target))
	r.ok(err)
	if !strings.HasPrefix(answer, "ok") && !strings.HasPrefix(answer, "error:") {
		r.t.Fatalf("dial %s: %q", address, answer)
	}
	return strings.HasPrefix(answer, "ok")
}

// lines reads the instance's log so far.
func (r *running) lines(q core.LogQuery) []core.LogLine {
	r.t.Helper()
	var lines []core.LogLine
	r.ok(r.engine.Logs(r.t.Context(), r.container, q, func(l core.LogLine) error {
		lines = append(lines, l)
		return nil
	}))
	return lines
}

func (n *tenant) ok(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// freePort returns a port that nothing uses now; of an address that is not this machine's, one that is likely free.
func freePort(t *testing.T, address string) int {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
