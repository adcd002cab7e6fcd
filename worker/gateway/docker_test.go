package gateway

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/docker/docker/api/types/container"
	docker "github.com/docker/docker/client"
	"github.com/docker/go-connections/nat"

	"berth/e2e/testenv"
)

// F14 on a real engine: of two containers one is killed again and again under load. No GET fails.
func TestContainerKilledUnderLoad(t *testing.T) {
	ctx, engine := context.Background(), testenv.Docker(t)
	image := testenv.Load(t, testenv.Archive(t, testenv.ImageOptions{}))
	host := bridgeAddress(t)
	f := start(t, Options{})
	victim, address := runContainer(t, engine, image, host)
	_, other := runContainer(t, engine, image, host)
	f.app(address, other)

	stop := make(chan struct{})
	var load sync.WaitGroup
	var asked, failed atomic.Int64
	client := f.httpClient()
	for range 8 {
		load.Go(func() { askUntil(stop, client, &asked, &failed) })
	}
	for range 3 {
		before := asked.Load()
		eventually(t, "requests are answered", func() bool { return asked.Load() > before+500 })
		if err := engine.ContainerKill(ctx, victim, "KILL"); err != nil {
			t.Fatal(err)
		}
		before = asked.Load()
		eventually(t, "requests are answered", func() bool { return asked.Load() > before+500 })
		if err := engine.ContainerStart(ctx, victim, container.StartOptions{}); err != nil {
			t.Fatal(err)
		}
		awaitPort(t, address)
	}
	close(stop)
	load.Wait()
	if n := failed.Load(); n > 0 {
		t.Errorf("%d of %d requests failed", n, asked.Load())
	}
	if c := f.counts(); c.Failed != 0 || c.Instances[address].Requests == 0 {
		t.Errorf("counts: %+v", c)
	}
}

// bridgeAddress is where the host is on the engine's bridge.
func bridgeAddress(t *testing.T) string {
	t.Helper()
	bridge, err := net.InterfaceByName("docker0")
	if err != nil {
		t.Fatal(err)
	}
	addresses, err := bridge.Addrs()
	if err != nil || len(addresses) == 0 {
		t.Fatal("the engine's bridge has no address: ", err)
	}
	return addresses[0].(*net.IPNet).IP.String()
}

// runContainer runs the test app, published at a free port of host, and returns the container and its address.
func runContainer(t *testing.T, engine *docker.Client, image, host string) (id, address string) {
	t.Helper()
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	l.Close()
	_, port, _ := strings.Cut(address, ":")
	ctx := context.Background()
	made, err := engine.ContainerCreate(ctx, &container.Config{Image: image, ExposedPorts: nat.PortSet{"8080/tcp": {}}},
		&container.HostConfig{PortBindings: nat.PortMap{"8080/tcp": {{HostIP: host, HostPort: port}}}}, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		engine.ContainerRemove(ctx, made.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
	})
	if err := engine.ContainerStart(ctx, made.ID, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	awaitPort(t, address)
	return made.ID, address
}

func awaitPort(t *testing.T, address string) {
	t.Helper()
	eventually(t, "the container answers", func() bool {
		res, err := http.Get("http://" + address + "/")
		closeBody(res)
		return err == nil
	})
}
