package docker_test

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/engine/docker"
)

// TestRedisKeepsItsData runs a real Redis, as the catalogue does, reached by its name from an app of the same tenant;
// what was written outlives its container.
func TestRedisKeepsItsData(t *testing.T) {
	t.Parallel()
	registry := testenv.StartImageRegistry(t)
	n := newTenant(t, open(t, docker.Options{Registry: registry.Host}), registry)
	app := n.run(n.spec("shop"))
	spec := n.service("cache", testenv.RedisArchive(t), registry, "/data")
	spec.Port, spec.Command = 6379, []string{"redis-server", "--requirepass", "s3cret", "--appendonly", "yes"}
	spec.Aliases = []string{"redis"}
	ask := func(name, more string) string {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			answer, err := app.get("/redis?addr=" + name + ":6379&password=s3cret" + more)
			if err == nil && !strings.HasPrefix(answer, "error:") {
				return strings.TrimSpace(answer)
			} else if time.Now().After(deadline) {
				t.Fatal(answer, err)
			}
		}
	}
	for round, want := range []string{"tea 茶", "tea 茶"} {
		spec.Instance = core.NewInstanceID()
		id := n.start(spec)
		if round == 0 {
			ask("cache", "&set="+url.QueryEscape(want))
		}
		for _, name := range []string{"cache", "redis"} {
			if got := ask(name, ""); got != want {
				t.Errorf("round %d by the name %s: %q", round, name, got)
			}
		}
		n.ok(n.engine.Stop(t.Context(), id, 10*time.Second))
		n.ok(n.engine.Remove(t.Context(), id))
	}
}

// TestMySQLKeepsItsData is the same with a database that takes its accounts from its environment.
func TestMySQLKeepsItsData(t *testing.T) {
	t.Parallel()
	registry := testenv.StartImageRegistry(t)
	n := newTenant(t, open(t, docker.Options{Registry: registry.Host}), registry)
	spec := n.service("store", testenv.MySQLArchive(t), registry, "/var/lib/mysql")
	spec.Port, spec.Memory = 3306, 512*core.MiB
	spec.Env = []string{"MYSQL_DATABASE=app", "MYSQL_USER=app", "MYSQL_PASSWORD=s3cret", "MYSQL_ROOT_PASSWORD=r00t"}
	info, err := n.engine.Info(t.Context())
	n.ok(err)
	db, err := sql.Open("mysql", "app:s3cret@tcp("+net.JoinHostPort(info.Address, fmt.Sprint(spec.HostPort))+")/app")
	n.ok(err)
	defer db.Close()
	for round := range 2 {
		spec.Instance = core.NewInstanceID()
		id := n.start(spec)
		for deadline := time.Now().Add(time.Minute); db.Ping() != nil; time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal(db.Ping(), (&running{n, id, spec, ""}).lines(core.LogQuery{}))
			}
		}
		if round == 0 {
			_, err := db.Exec("CREATE TABLE tea AS SELECT 42 AS cups")
			n.ok(err)
		}
		var cups int
		n.ok(db.QueryRow("SELECT cups FROM tea").Scan(&cups))
		if cups != 42 {
			t.Errorf("round %d: %d cups", round, cups)
		}
		n.ok(n.engine.Stop(t.Context(), id, 10*time.Second))
		n.ok(n.engine.Remove(t.Context(), id))
	}
}

// service returns what a service with storage is, its image being that of an archive.
func (n *tenant) service(app, archive string, registry testenv.ImageRegistry, path string) core.ContainerSpec {
	n.t.Helper()
	image, err := tarball.ImageFromPath(archive, nil)
	n.ok(err)
	spec := n.spec(app)
	spec.Image = core.ImageRef{Repository: app, Digest: registry.Push(n.t, app, image)}
	spec.Volume = &core.Volume{Name: "berth-test-" + core.NewInstanceID(), Path: path}
	n.ok(n.engine.Fetch(n.t.Context(), spec.Image))
	n.ok(n.engine.EnsureVolume(n.t.Context(), spec.Volume.Name, n.id, app))
	n.t.Cleanup(func() {
		n.ok(n.engine.RemoveVolume(context.Background(), spec.Volume.Name))
		n.ok(n.engine.RemoveImage(context.Background(), spec.Image))
	})
	return spec
}

// start starts a container until the test ends, without waiting for more.
func (n *tenant) start(spec core.ContainerSpec) string {
	n.t.Helper()
	id, err := n.engine.Create(n.t.Context(), spec)
	n.ok(err)
	n.t.Cleanup(func() { n.ok(n.engine.Remove(context.Background(), id)) })
	n.ok(n.engine.Start(n.t.Context(), id))
	return id
}
