package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"berth/core"
	"berth/core/config"
	"berth/core/store"
)

// BenchmarkHome measures the answers of the home page to somebody signed in whose tenant has 1,000 apps, 200 times
// in turn: once of apps that serve, with no worker in the process, which would want to run them; once of stopped
// ones, with all roles.
func BenchmarkHome(b *testing.B) {
	for name, c := range map[string]struct {
		serving bool
		roles   string
	}{"serving": {true, "portal"}, "stopped": {false, "portal,worker,gateway"}} {
		b.Run(name, func(b *testing.B) {
			berth := start(b)
			person := berth.firstOperator()
			berth.Stop()
			berth.fill(1000, c.serving)
			berth.args = append(berth.args, "--roles", c.roles)
			berth.Start()
			time.Sleep(2 * time.Second) // every app has been looked at once
			for range b.N {
				reportLatency(b, berth.ask(person, "/", 200))
			}
			berth.Stop()
			berth.cmd = nil // there is nothing on the engine to clean up
		})
	}
}

// firstOperator opens the setup link and returns the client that is signed in then.
func (b *Berth) firstOperator() *http.Client {
	b.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	form := url.Values{"name": {"Operator"}, "email": {"operator@example.com"}, "password": {"three words here"}, "tenant": {"Northwind Tea"}}
	req, err := http.NewRequest("POST", b.output.find(`(http://\S+/setup/\S+)`), strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.Portal)
	res, err := client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || res.Request.URL.Path != "/" {
		b.t.Fatal("setting up ended at ", res.Request.URL, " with ", res.Status)
	}
	return client
}

// ask gets a page so many times and returns how long each answer took.
func (b *Berth) ask(client *http.Client, path string, times int) []float64 {
	b.t.Helper()
	var took []float64
	for range times {
		began := time.Now()
		res, err := client.Get(b.Portal + path)
		if err != nil {
			b.t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		took = append(took, milliseconds(time.Since(began)))
		if err != nil || res.StatusCode != http.StatusOK || strings.Count(string(body), "/apps/app-") < 50 {
			b.t.Fatal(path, " answered ", res.Status, " ", err, " ", string(body))
		}
	}
	return took
}

// openStore opens the database of a Berth that does not run.
func (b *Berth) openStore() *store.Store {
	b.t.Helper()
	cfg, _, err := config.Load([]string{"serve", "--data", b.Data}, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	key, err := cfg.Key()
	if err != nil {
		b.t.Fatal(err)
	}
	s, err := store.Open(context.Background(), store.Options{Dir: b.Data, Key: key})
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// fill writes apps into the database of a Berth that does not run: each with a version, a release, two instances when
// it serves, and 20 events, of the one tenant that there is.
func (b *Berth) fill(apps int, serving bool) {
	b.t.Helper()
	s := b.openStore()
	defer s.Close()
	ctx := core.WithActor(context.Background(), core.System())
	tenants, _, err := s.Tenants().List(ctx, core.TenantFilter{})
	if err != nil || len(tenants) != 1 {
		b.t.Fatal(tenants, err)
	}
	fillApps(b.t, s, 0, apps, serving, func(int) string { return tenants[0].ID })
}

// fillApps writes apps numbered from first on, in parts: a busy machine does not write a thousand within the patience
// of one transaction.
func fillApps(t testing.TB, s *store.Store, first, count int, serving bool, tenantOf func(n int) string) {
	t.Helper()
	const part = 50
	ctx := core.WithActor(context.Background(), core.System())
	for from := first; from < first+count; from += part {
		err := s.Transact(ctx, func(tx core.Store) error {
			for n := from; n < min(from+part, first+count); n++ {
				if err := fillApp(ctx, tx, tenantOf(n), n, serving); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func fillApp(ctx context.Context, tx core.Store, tenant string, n int, serving bool) error {
	a := core.App{ID: fmt.Sprintf("app-%d", n), TenantID: tenant, Name: fmt.Sprintf("App %d", n), CreatedAt: time.Now()}
	v := core.Version{ID: core.NewInstanceID(), AppID: a.ID, TenantID: tenant, Label: "1.0",
		Digest: "sha256:" + strings.Repeat("0", 64), CreatedAt: time.Now()}
	r := core.Release{AppID: a.ID, TenantID: tenant, Status: core.ReleaseLive, CreatedAt: time.Now(), OnlineAt: time.Now(),
		Spec: core.ReleaseSpec{Targets: []core.Target{{VersionID: v.ID, Label: v.Label, Digest: v.Digest, Weight: 100}},
			Replicas: 2, Memory: 64 * core.MiB, Port: 8080}}
	if err := tx.Apps().Create(ctx, a); err != nil {
		return err
	}
	if err := tx.Versions().Create(ctx, v); err != nil {
		return err
	}
	var err error
	if a.Release, err = tx.Releases().Create(ctx, r); err != nil {
		return err
	}
	if err := tx.Releases().UpdateStatus(ctx, core.Release{AppID: a.ID, Number: a.Release, Status: core.ReleaseLive}); err != nil {
		return err
	}
	a.State, a.Stopped = core.AppStopped, true
	if serving {
		a.State, a.Stopped, a.Serving = core.AppRunning, false, a.Release
	}
	if err := tx.Apps().UpdateStatus(ctx, a); err != nil {
		return err
	}
	if err := tx.Apps().UpdateSpec(ctx, a); err != nil {
		return err
	}
	for range 20 {
		if err := tx.Events().Create(ctx, core.NewEvent(a, core.LevelInfo, "deployed", "release", "1")); err != nil {
			return err
		}
	}
	for port := 0; serving && port < 2; port++ {
		if err := tx.Instances().Create(ctx, core.Instance{ID: core.NewInstanceID(), AppID: a.ID, TenantID: tenant,
			VersionID: v.ID, Label: v.Label, Release: a.Release, HostID: core.LocalHost,
			HostPort: core.DefaultPortFrom + 2*n + port, State: core.InstanceReady, CreatedAt: time.Now()}); err != nil {
			return err
		}
	}
	return nil
}
