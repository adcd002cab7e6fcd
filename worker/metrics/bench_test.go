package metrics_test

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/engine/docker"
	"berth/worker/metrics"
	"berth/worker/metrics/tsdb"
)

// crowd is 200 instances, of 40 apps, that share ten real containers: for who measures them it is the same.
type crowd struct {
	core.Store
	core.InstanceStore
	engine     core.Engine
	containers []string
}

func (c *crowd) Instances() core.InstanceStore { return c }

func (c *crowd) List(context.Context, string) ([]core.Instance, error) {
	var all []core.Instance
	for n := range 200 {
		all = append(all, core.Instance{ID: fmt.Sprint("instance-", n), AppID: fmt.Sprint("app-", n/5), TenantID: "t", HostID: core.LocalHost,
			ContainerID: fmt.Sprint(n), State: core.InstanceReady})
	}
	return all, nil
}

func (c *crowd) Engine(string) (core.Engine, error) { return shared{c.engine, c.containers}, nil }

// shared is an engine whose containers stand for several each.
type shared struct {
	core.Engine
	containers []string
}

func (s shared) Stats(ctx context.Context, id string) (core.ContainerStats, error) {
	n, err := strconv.Atoi(id)
	if err != nil {
		return core.ContainerStats{}, err
	}
	return s.Engine.Stats(ctx, s.containers[n%len(s.containers)])
}

func (c *crowd) App(string) core.TrafficCounts { return core.TrafficCounts{} }

// BenchmarkCollect measures what it costs to measure 200 instances of a real engine every five seconds and to keep that:
// the share of a core that this process uses.
func BenchmarkCollect(b *testing.B) {
	engine, err := docker.New(docker.Options{Installation: core.NewInstanceID()})
	if err != nil {
		b.Fatal(err)
	}
	defer engine.Close()
	c := &crowd{engine: engine, containers: containers(b, 10)}
	store, err := tsdb.Open(b.TempDir(), slog.New(slog.DiscardHandler), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	sampler := metrics.New(metrics.Options{Store: c, Engines: c, Traffic: c, Metrics: store})
	at := time.Now()
	sample := func() {
		at = at.Add(core.MetricEvery)
		if err := sampler.Sample(context.Background(), at); err != nil {
			b.Fatal(err)
		}
	}
	sample() // what is new is made only once
	before, rounds := used(b), 0
	for b.Loop() {
		sample()
		rounds++
	}
	b.ReportMetric(100*(used(b)-before).Seconds()/(float64(rounds)*core.MetricEvery.Seconds()), "%-of-a-core")
	for n := range 40 {
		if latest, _ := sampler.Latest(fmt.Sprint("app-", n)); len(latest) < 6*8 {
			b.Errorf("%d samples of an app of five instances", len(latest))
		}
	}
}

// used is the time that this process has been on a processor.
func used(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func containers(b *testing.B, n int) []string {
	b.Helper()
	api := testenv.Docker(b)
	image := testenv.Load(b, testenv.Archive(b, testenv.ImageOptions{}))
	var ids []string
	for range n {
		made, err := api.ContainerCreate(context.Background(), &container.Config{Image: image}, nil, nil, nil, "")
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { api.ContainerRemove(context.Background(), made.ID, container.RemoveOptions{Force: true}) })
		if err := api.ContainerStart(context.Background(), made.ID, container.StartOptions{}); err != nil {
			b.Fatal(err)
		}
		ids = append(ids, made.ID)
	}
	return ids
}
