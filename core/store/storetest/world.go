package storetest

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"berth/core"
)

// world is what each test begins with: two tenants that know nothing of each other. Its names are its own, so that
// tests share a database.
type world struct {
	*testing.T
	core.Store
	system, alice, bob, nobody context.Context // alice is of tenant, bob of other
	tenant, other              core.Tenant
	app                        core.App // of tenant
	host                       core.Host
}

func newWorld(t *testing.T, s core.Store) *world {
	t.Helper()
	w := &world{T: t, Store: s, system: core.WithActor(t.Context(), core.System()), nobody: t.Context()}
	w.tenant, w.other = w.newTenant("Acme"), w.newTenant("Bolt")
	w.alice, w.bob = w.member(w.tenant), w.member(w.other)
	w.app = w.newApp(w.tenant, "Tea shop")
	w.host = core.Host{ID: "h" + core.NewInstanceID(), Name: "local", PortFrom: 25700, PortTo: 25799}
	w.ok(s.Hosts().Put(w.system, w.host))
	return w
}

func (w *world) member(tenants ...core.Tenant) context.Context {
	roles := map[string]core.Role{}
	for _, t := range tenants {
		roles[t.ID] = core.RoleDeveloper
	}
	return core.WithActor(w.Context(), core.Actor{Kind: core.ActorUser, ID: "u", UserID: "u", Roles: roles})
}

func (w *world) newTenant(name string) core.Tenant {
	w.Helper()
	t := core.Tenant{ID: "t" + core.NewInstanceID(), Name: name, CreatedAt: time.Now()}
	w.ok(w.Tenants().Create(w.system, t))
	return t
}

func (w *world) newUser(name string) core.User {
	w.Helper()
	u := core.User{ID: core.NewID(), Email: core.NewInstanceID() + "@example.com", Name: name, CreatedAt: time.Now()}
	w.ok(w.Users().Create(w.system, u))
	return u
}

func (w *world) newInvitation(email string) core.Invitation {
	w.Helper()
	i := core.Invitation{ID: core.NewID(), TenantID: w.tenant.ID, Email: email, Role: core.RoleDeveloper,
		SecretHash: core.NewSecret(), InviterID: "u", InviterName: "Alice", CreatedAt: time.Now(),
		ExpiresAt: time.Now().Add(time.Hour)}
	w.ok(w.Invitations().Create(w.alice, i))
	return i
}

func (w *world) newApp(t core.Tenant, name string) core.App {
	w.Helper()
	a := core.App{ID: "a" + core.NewInstanceID(), TenantID: t.ID, Name: name, State: core.AppNew, CreatedAt: time.Now()}
	w.ok(w.Apps().Create(w.system, a))
	return a
}

func (w *world) newVersion(label string) core.Version {
	w.Helper()
	v := core.Version{ID: core.NewID(), AppID: w.app.ID, TenantID: w.app.TenantID, Label: label,
		Digest: "sha256:" + core.NewSecret(), Source: core.SourcePush, Origin: "shop.tar", Size: 84 * core.MiB,
		Detected: core.Detected{OS: "linux", Arch: "amd64", Port: 8080, Ports: []int{8080, 9090}, Layers: 3},
		Author:   "Alice", CreatedAt: time.Now()}
	w.ok(w.Versions().Create(w.alice, v))
	return v
}

func (w *world) newRelease(v core.Version) core.Release {
	w.Helper()
	r := core.Release{AppID: w.app.ID, TenantID: w.app.TenantID, Status: core.ReleasePending, Author: "Alice",
		Reason: core.T("reason.deployed", "version", v.Label), CreatedAt: time.Now(),
		Spec: core.ReleaseSpec{Targets: []core.Target{{VersionID: v.ID, Label: v.Label, Digest: v.Digest, Weight: 100}},
			Replicas: 2, Memory: 64 * core.MiB, CPU: 250, Port: 8080, Command: []string{"serve", "--quietly"},
			Env:      []core.EnvVar{{Name: "MODE", Value: "dark"}, {Name: "PASSWORD", Value: "hunter2", Secret: true}},
			Bindings: []string{"redis"}, Health: core.HealthCheck{Kind: "http", Path: "/"},
			Volume: &core.Volume{Name: "data", Path: "/data"}}}
	number, err := w.Releases().Create(w.alice, r)
	w.ok(err)
	r.Number = number
	return r
}

func (w *world) newInstance(release, port int) core.Instance {
	w.Helper()
	i := core.Instance{ID: core.NewInstanceID(), AppID: w.app.ID, TenantID: w.app.TenantID, VersionID: core.NewID(),
		Label: "1.0", Digest: "sha256:x", Release: release, Template: "tt", Memory: 64 * core.MiB, CPU: 250, HostID: w.host.ID, HostPort: port,
		Placement: core.T("reason.most_memory"), State: core.InstancePlaced, CreatedAt: time.Now()}
	w.ok(w.Instances().Create(w.system, i))
	return i
}

func (w *world) newUpload() core.Upload {
	w.Helper()
	u := core.Upload{ID: core.NewID(), TenantID: w.tenant.ID, UserID: "u", FileName: "shop.tar", Size: core.GiB,
		State: core.UploadReceiving, CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}
	w.ok(w.Uploads().Create(w.alice, u))
	return u
}

func (w *world) newOperation() core.Operation {
	w.Helper()
	now := time.Now()
	o := core.Operation{ID: core.NewID(), TenantID: w.app.TenantID, AppID: w.app.ID, Kind: core.OpDeploy, Release: 1,
		Status: core.OpPending, Steps: core.StepsOf(core.OpDeploy, now), Author: "Alice", CreatedAt: now}
	w.ok(w.Operations().Create(w.alice, o))
	return o
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// fails checks the code of an error and, when fields are given, where it is.
func (w *world) fails(err error, code core.Code, fields ...string) {
	w.Helper()
	fails(w.T, err, code, fields...)
}

func fails(t *testing.T, err error, code core.Code, fields ...string) {
	t.Helper()
	if core.ErrorCode(err) != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	var got []string
	for _, f := range err.(*core.Error).Fields {
		got = append(got, f.Field)
	}
	if len(fields) > 0 {
		same(t, got, fields)
	}
}

// same compares; times are equal to the microsecond, nil is an empty list.
func same[T any](t testing.TB, got, want T) {
	t.Helper()
	times := cmp.Comparer(func(a, b time.Time) bool {
		return a.Truncate(time.Microsecond).Equal(b.Truncate(time.Microsecond))
	})
	if diff := cmp.Diff(want, got, times, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("want -, got +:\n%s", diff)
	}
}

// check compares what a method returned: check(w, want)(method()).
func check[T any](t testing.TB, want T) func(got T, err error) {
	return func(got T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, want)
	}
}

// empty checks that a method returned an empty list or map.
func empty(t testing.TB) func(got any, err error) {
	return func(got any, err error) {
		t.Helper()
		if err != nil || reflect.ValueOf(got).Len() != 0 {
			t.Fatalf("got %v, %v, want nothing", got, err)
		}
	}
}
