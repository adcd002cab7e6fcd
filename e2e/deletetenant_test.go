package e2e

import (
	"context"
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

	"berth/core"
	"berth/e2e/testenv"
)

// TestATenantIsDeletedWhileItDeploys: a release is on its way and the storage of a former database is kept when
// everything is to go. Berth is killed in between. Nothing is left, neither on the engine nor in the registry.
func TestATenantIsDeletedWhileItDeploys(t *testing.T) {
	t.Parallel()
	c := testenv.Docker(t)
	b := start(t, withArgs("--catalog", redisCatalog(t)))
	tenant, other := b.tenant("Acme"), b.tenant("Bolt")
	cache := b.service(tenant, "Shop cache", "redis")
	var out struct{ Operation string }
	b.do("DELETE", "/api/v1/apps/"+cache+"?keep_data=true", nil, &out)
	b.eventually(time.Minute, func() error {
		if status, err := b.call("GET", "/api/v1/apps/"+cache, nil, nil); status != 404 {
			return fmt.Errorf("%d %v", status, err)
		}
		return nil
	})
	app := b.app(tenant, "Shop")
	b.upload(app, "1.0", testenv.ImageOptions{})
	b.deploy(app, map[string]any{"version": "1.0"})
	b.upload(app, "2.0", testenv.ImageOptions{Version: "2.0"})
	b.release(app, map[string]any{"version": "2.0", "replicas": 2})

	b.do("DELETE", "/api/v1/tenants/"+tenant, nil, &out)
	for path, body := range map[string]map[string]any{
		"/api/v1/apps":                               {"tenant": tenant, "name": "Late"},
		"/api/v1/apps/" + app + "/releases":          {"version": "1.0"},
		"/api/v1/tenants/" + tenant + "/tokens":      {"name": "late", "scope": "read"},
		"/api/v1/tenants/" + tenant + "/invitations": {"email": "late@example.com", "role": "viewer"},
	} {
		if status, _ := b.call("POST", path, body, nil); status != 409 && status != 404 {
			t.Errorf("%s of a team that is being deleted: %d", path, status)
		}
	}
	b.Kill()
	b.Start()
	op := b.succeeds(out.Operation)
	var names []string
	for _, s := range op.Steps {
		names = append(names, s.Name+" "+s.Status)
	}
	if got := strings.Join(names, ", "); got != "recorded succeeded, apps succeeded, network succeeded, erased succeeded" {
		t.Error(got)
	}
	if status, _ := b.call("GET", "/api/v1/tenants/"+tenant, nil, nil); status != 404 {
		t.Errorf("the tenant: %d", status)
	}
	if status, _ := b.call("POST", "/api/v1/tenants", map[string]any{"name": "Acme"}, nil); status != 409 {
		t.Errorf("the id of a deleted tenant is given again: %d", status)
	}
	if status, _ := b.call("GET", "/api/v1/tenants/"+other, nil, nil); status != 200 {
		t.Errorf("the other tenant: %d", status)
	}

	ctx, of := context.Background(), b.ofTenant(tenant)
	containers, err := c.ContainerList(ctx, container.ListOptions{All: true, Filters: of})
	if err != nil || len(containers) > 0 {
		t.Errorf("containers are left: %v %v", containers, err)
	}
	networks, err := c.NetworkList(ctx, network.ListOptions{Filters: of})
	if err != nil || len(networks) > 0 {
		t.Errorf("networks are left: %v %v", networks, err)
	}
	volumes, err := c.VolumeList(ctx, volume.ListOptions{Filters: of})
	if err != nil || len(volumes.Volumes) > 0 {
		t.Errorf("volumes are left: %v %v", volumes.Volumes, err)
	}
	b.eventually(time.Minute, func() error { // an upload that was cut off by the kill is put away with it
		left, err := filepath.Glob(filepath.Join(b.Data, "registry", "docker", "registry", "v2", "repositories", "*"))
		if err != nil || len(left) > 0 {
			return fmt.Errorf("repositories are left: %v %v", left, err)
		}
		return nil
	})
}

// ofTenant selects what this Berth has made for a tenant.
func (b *Berth) ofTenant(tenant string) filters.Args {
	installation, err := os.ReadFile(filepath.Join(b.Data, "installation"))
	if err != nil {
		b.t.Fatal(err)
	}
	return filters.NewArgs(filters.Arg("label", core.LabelInstallation+"="+strings.TrimSpace(string(installation))),
		filters.Arg("label", core.LabelTenant+"="+tenant))
}
