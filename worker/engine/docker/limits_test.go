package docker_test

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/engine/docker"
)

// TestFloodedLogStaysSmall writes 60 MB to a log and looks at the disk.
func TestFloodedLogStaysSmall(t *testing.T) {
	t.Parallel()
	registry := testenv.StartImageRegistry(t)
	n := newTenant(t, open(t, docker.Options{Registry: registry.Host}), registry)
	r := n.run(n.spec("shop"))
	_, err := r.get("/flood?n=4000&size=15000")
	n.ok(err)
	_, err = r.get("/log?line=end")
	n.ok(err)
	var last core.LogLine
	n.ok(n.engine.Stop(t.Context(), r.container, 1e10))
	for _, l := range r.lines(core.LogQuery{Tail: 4}) {
		if l.Line == "end" {
			last = l
		}
	}
	if last.Line == "" {
		t.Error("the end of the log is lost")
	}
	c, err := testenv.Docker(t).ContainerInspect(t.Context(), r.container)
	n.ok(err)
	files, err := filepath.Glob(c.LogPath + "*")
	n.ok(err)
	var size int64
	for _, f := range files {
		info, err := os.Stat(f)
		n.ok(err)
		size += info.Size()
	}
	if len(files) == 0 || size > 30<<20+1<<16 {
		t.Errorf("%d files of %d bytes", len(files), size)
	}
}

// TestPoolOfNetworks has tenants take a small pool to its end.
func TestPoolOfNetworks(t *testing.T) {
	t.Parallel()
	e := open(t, docker.Options{NetworkPool: netip.MustParsePrefix("10.217.0.0/24")})
	for i, want := range []core.Code{"", "", core.ECONFLICT} {
		id := core.NewID()
		t.Cleanup(func() { e.RemoveNetwork(context.Background(), id) })
		if err := e.EnsureNetwork(t.Context(), id); core.ErrorCode(err) != want {
			t.Errorf("network %d: %v", i, err)
		}
	}
}

// TestNetworksAtOnce asks for each network several times at once, by workers that do not know of each other.
func TestNetworksAtOnce(t *testing.T) {
	t.Parallel()
	o := docker.Options{NetworkPool: netip.MustParsePrefix("10.218.0.0/21"), Installation: core.NewInstanceID()}
	engines, ids := []*docker.Engine{open(t, o), open(t, o)}, []string{core.NewID(), core.NewID(), core.NewID()}
	var all sync.WaitGroup
	for _, id := range ids {
		t.Cleanup(func() { engines[0].RemoveNetwork(context.Background(), id) })
		for _, e := range append(engines, engines...) {
			all.Go(func() {
				if err := e.EnsureNetwork(t.Context(), id); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	made, err := testenv.Docker(t).NetworkList(t.Context(), network.ListOptions{
		Filters: filters.NewArgs(filters.Arg("label", core.LabelInstallation+"="+o.Installation))})
	if err != nil || len(made) != len(ids) {
		t.Errorf("%d networks, %v", len(made), err)
	}
}
