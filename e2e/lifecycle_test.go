package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"

	"berth/core"
	"berth/e2e/testenv"
)

// online starts a Berth with one app whose version 1.0 runs.
func online(t testing.TB, o testenv.ImageOptions, release map[string]any, options ...option) (*Berth, string) {
	t.Helper()
	b := start(t, options...)
	app := b.app(b.tenant("Acme"), "Shop")
	b.upload(app, "1.0", o)
	if release == nil {
		release = map[string]any{}
	}
	release["version"] = "1.0"
	b.deploy(app, release)
	b.answers(app, "version 1.0")
	return b, app
}

// containers returns the containers of an app on the engine.
func (b *Berth) containers(c *client.Client, app string) []container.Summary {
	b.t.Helper()
	list, err := c.ContainerList(context.Background(), container.ListOptions{All: true, Filters: b.own(app)})
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}

// own selects what this Berth has made for an app.
func (b *Berth) own(app string) filters.Args {
	installation, err := os.ReadFile(filepath.Join(b.Data, "installation"))
	if err != nil {
		b.t.Fatal(err)
	}
	return filters.NewArgs(filters.Arg("label", core.LabelInstallation+"="+strings.TrimSpace(string(installation))),
		filters.Arg("label", core.LabelApp+"="+app))
}

func (b *Berth) theContainer(c *client.Client, app string) string {
	b.t.Helper()
	list := b.containers(c, app)
	if len(list) != 1 {
		b.t.Fatalf("%d containers of %s", len(list), app)
	}
	return list[0].ID
}

func TestACrashedInstanceComesBack(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, nil)
	b.get(app, "/crash?code=3")
	b.answers(app, "version 1.0")
	b.eventually(time.Minute, func() error { return b.event(app, "crashed", "3") })
	b.eventually(time.Minute, func() error { return b.event(app, "healed", "") })
}

// event reports whether the app's timeline has an event of a kind whose text holds a word.
func (b *Berth) event(app, kind, word string) error {
	var events struct{ Items []struct{ Kind, Text string } }
	b.do("GET", "/api/v1/apps/"+app+"/events", nil, &events)
	for _, e := range events.Items {
		if e.Kind == kind && strings.Contains(e.Text, word) {
			return nil
		}
	}
	return fmt.Errorf("no %s event with %q in %+v", kind, word, events.Items)
}

func TestWhatWasChangedByHandIsMadeRight(t *testing.T) {
	c := testenv.Docker(t)
	b, app := online(t, testenv.ImageOptions{}, nil, withArgs("--log-level", "debug"))
	first := b.theContainer(c, app)
	if err := c.ContainerRemove(t.Context(), first, container.RemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	b.answers(app, "version 1.0")
	if second := b.theContainer(c, app); second == first {
		t.Error("the removed container is still there")
	}

	image, err := c.ContainerInspect(t.Context(), b.theContainer(c, app))
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := c.ContainerCreate(t.Context(), &container.Config{Image: image.Image,
		Labels: map[string]string{core.LabelApp: app, core.LabelInstance: "foreign"}}, nil, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	b.eventually(time.Minute, func() error {
		if _, err := c.ContainerInspect(t.Context(), foreign.ID); err == nil {
			return fmt.Errorf("the foreign container is still there")
		}
		return nil
	})
}

func TestWhatRanRunsAfterARestart(t *testing.T) {
	t.Parallel()
	c := testenv.Docker(t)
	b, app := online(t, testenv.ImageOptions{}, nil)
	before := b.theContainer(c, app)
	b.Stop()
	if _, err := c.ContainerInspect(t.Context(), before); err != nil {
		t.Fatalf("the instance went with the portal: %v", err)
	}
	b.Start()
	b.answers(app, "version 1.0")
	if after := b.theContainer(c, app); after != before {
		t.Error("the instance was replaced")
	}
}

func TestStopStartRestartScale(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, nil)
	b.deploy(app, map[string]any{"replicas": 3})
	b.eventually(time.Minute, func() error { return b.ready(app, 3) })
	b.deploy(app, map[string]any{"replicas": 1})
	b.eventually(time.Minute, func() error { return b.ready(app, 1) })

	before := b.info(app).Instances[0].ID
	b.succeeds(b.act(app, "restart"))
	if after := b.info(app).Instances; len(after) != 1 || after[0].ID == before {
		t.Errorf("restarted %s, have %+v", before, after)
	}
	b.succeeds(b.act(app, "stop"))
	if status, body, _ := b.get(app, "/"); status != 503 {
		t.Errorf("a stopped app answers %d %s", status, body)
	}
	if left := b.info(app).Instances; len(left) > 0 {
		t.Errorf("a stopped app has instances: %+v", left)
	}
	b.succeeds(b.act(app, "start"))
	b.answers(app, "version 1.0")
}

func (b *Berth) act(app, verb string) string {
	b.t.Helper()
	var out accepted
	b.do("POST", "/api/v1/apps/"+app+"/"+verb, nil, &out)
	return out.Operation
}

func (b *Berth) ready(app string, want int) error {
	n := 0
	instances := b.info(app).Instances
	for _, i := range instances {
		if i.Status == "running" {
			n++
		}
	}
	if n != want || len(instances) != want {
		return fmt.Errorf("%+v, want %d running", instances, want)
	}
	return nil
}

func TestAFailedReleaseLeavesTheOldOneServing(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, nil)
	for name, env := range map[string]map[string]string{
		"crashes at its start": {"CRASH_AT_START": "7"},
		"never answers":        {"NEVER_LISTEN": "1"},
	} {
		accepted := b.release(app, map[string]any{"env": env, "health": map[string]any{"grace": "3s"}})
		op := b.ended(accepted.Operation)
		if op.Status != "failed" || op.Error == "" {
			t.Errorf("%s: %+v", name, op)
		}
		b.answers(app, "version 1.0")
	}
	b.eventually(time.Minute, func() error { return b.ready(app, 1) })
}

func TestDeletingLeavesNothing(t *testing.T) {
	t.Parallel()
	c := testenv.Docker(t)
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"replicas": 2})
	var out accepted
	b.do("DELETE", "/api/v1/apps/"+app, nil, &out)
	b.succeeds(out.Operation)
	if left := b.containers(c, app); len(left) > 0 {
		t.Errorf("containers are left: %v", left)
	}
	b.eventually(time.Minute, func() error { return b.nothingLeft(c, app) })
	if status, err := b.call("GET", "/api/v1/apps/"+app, nil, nil); status != 404 {
		t.Errorf("the app answers %d %v", status, err)
	}
	if status, body, _ := b.get(app, "/"); status != 404 {
		t.Errorf("the address answers %d %s", status, body)
	}
}

// nothingLeft checks that no container, network or volume of this Berth is on the engine.
func (b *Berth) nothingLeft(c *client.Client, app string) error {
	ctx := context.Background()
	all := b.own(app)
	all.Del("label", core.LabelApp+"="+app)
	containers, err := c.ContainerList(ctx, container.ListOptions{All: true, Filters: all})
	if err != nil || len(containers) > 0 {
		return fmt.Errorf("containers are left: %v %v", containers, err)
	}
	networks, err := c.NetworkList(ctx, network.ListOptions{Filters: all})
	if err != nil || len(networks) > 0 {
		return fmt.Errorf("networks are left: %v %v", networks, err)
	}
	volumes, err := c.VolumeList(ctx, volume.ListOptions{Filters: all})
	if err != nil || len(volumes.Volumes) > 0 {
		return fmt.Errorf("volumes are left: %v %v", volumes.Volumes, err)
	}
	return nil
}

// events returns the app's timeline, for messages.
func (b *Berth) events(app string) string {
	b.t.Helper()
	var raw json.RawMessage
	b.do("GET", "/api/v1/apps/"+app+"/events", nil, &raw)
	return string(raw)
}
