package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
	"github.com/docker/go-connections/nat"

	"berth/core"
	"berth/e2e/testenv"
)

// BenchmarkDeploy measures the time from the POST of a release to its first answer through the gateway, beside that
// from what docker run -p does to the first answer, of the same image on the same engine, in turn. The first deploy
// of all has the image fetched and is told apart.
func BenchmarkDeploy(b *testing.B) {
	const rounds = 10
	archive := testenv.Archive(b, testenv.ImageOptions{})
	docker := dockerRun{b, testenv.Docker(b), testenv.Load(b, archive), ""}
	docker.address = docker.bridge()
	berth := start(b, withArgs("--port-range", "31000-31999")) // where no other Berth has its ports
	app := berth.app(berth.tenant("Acme"), "Shop")
	berth.uploadFile(app, "1.0", archive)
	first := berth.timeToAnswer(app, 0)
	for range b.N {
		var berths, runs, ratios []float64
		for n := 1; n <= rounds; n++ {
			berth.eventually(30*time.Second, func() error { return berth.ready(app, 1) })
			run := docker.timeToAnswer(n)
			deploy := berth.timeToAnswer(app, n)
			berths, runs, ratios = append(berths, deploy), append(runs, run), append(ratios, deploy/run)
		}
		b.ReportMetric(median(ratios), "to-docker-run")
		b.ReportMetric(median(berths), "ms-deploy")
		b.ReportMetric(median(runs), "ms-docker-run")
		b.ReportMetric(first, "ms-first-with-fetch")
	}
	b.ReportMetric(0, "ns/op")
}

// timeToAnswer releases version 1.0 with a mark in its environment and waits for it in the answers, in milliseconds.
func (b *Berth) timeToAnswer(app string, mark int) float64 {
	b.t.Helper()
	began := time.Now()
	op := b.release(app, map[string]any{"version": "1.0", "env": map[string]string{"MARK": fmt.Sprint(mark)}}).Operation
	req, err := http.NewRequest("GET", b.Gateway+"/env", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Host = app + "." + b.Domain
	took := untilMarked(b.t, req, mark, began)
	b.succeeds(op)
	return took
}

// untilMarked asks until the answer is 200 and bears the mark, and returns the milliseconds since began.
func untilMarked(t testing.TB, req *http.Request, mark int, began time.Time) float64 {
	t.Helper()
	want := fmt.Sprintf(`"MARK":"%d"`, mark)
	for time.Since(began) < 30*time.Second {
		if res, err := http.DefaultClient.Do(req); err == nil {
			body, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode == http.StatusOK && strings.Contains(strings.ReplaceAll(string(body), " ", ""), want) {
				return milliseconds(time.Since(began))
			}
		}
		time.Sleep(5 * time.Millisecond) // often enough, without keeping the machine busy
	}
	t.Fatal("no answer with mark ", mark)
	return 0
}

// dockerRun does what docker run -p does, by the API.
type dockerRun struct {
	t       testing.TB
	client  *client.Client
	image   string
	address string // that ports are published on
}

// bridge returns the address of the engine's bridge, which Berth publishes on too.
func (d dockerRun) bridge() string {
	d.t.Helper()
	n, err := d.client.NetworkInspect(d.t.Context(), "bridge", network.InspectOptions{})
	if err != nil {
		d.t.Fatal(err)
	}
	i, err := net.InterfaceByName(n.Options["com.docker.network.bridge.name"])
	if err != nil {
		d.t.Fatal(err)
	}
	addresses, err := i.Addrs()
	if err != nil || len(addresses) == 0 {
		d.t.Fatal("the engine's bridge has no address ", err)
	}
	return strings.Split(addresses[0].String(), "/")[0]
}

// timeToAnswer runs a container and removes it again.
func (d dockerRun) timeToAnswer(mark int) float64 {
	d.t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(d.address, "0"))
	if err != nil {
		d.t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(address)
	req, err := http.NewRequest("GET", "http://"+address+"/env", nil)
	if err != nil {
		d.t.Fatal(err)
	}
	began := time.Now()
	made, err := d.client.ContainerCreate(d.t.Context(),
		&container.Config{Image: d.image, Env: []string{fmt.Sprintf("MARK=%d", mark)}, ExposedPorts: nat.PortSet{"8080/tcp": {}}},
		&container.HostConfig{PortBindings: nat.PortMap{"8080/tcp": {{HostIP: d.address, HostPort: port}}}},
		nil, nil, "berth-bench-"+core.NewInstanceID())
	if err != nil {
		d.t.Fatal(err)
	}
	defer d.client.ContainerRemove(context.Background(), made.ID, container.RemoveOptions{Force: true})
	if err := d.client.ContainerStart(d.t.Context(), made.ID, container.StartOptions{}); err != nil {
		d.t.Fatal(err)
	}
	return untilMarked(d.t, req, mark, began)
}

// uploadFile brings a version from an archive.
func (b *Berth) uploadFile(app, label, archive string) {
	b.t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	b.do("POST", "/api/v1/apps/"+app+"/versions?label="+label, f, nil)
}
