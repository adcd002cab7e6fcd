package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"berth/core"
)

// BenchmarkPages measures every kind of page with 1,000 teams of ten apps each in the database, asked for 50 times in
// turn by an operator, who sees all of them.
func BenchmarkPages(b *testing.B) {
	const teams, apps = 1000, 10
	berth := start(b)
	person := berth.firstOperator()
	berth.Stop()
	s := berth.openStore()
	ctx := core.WithActor(context.Background(), core.System())
	for n := range teams {
		if err := s.Tenants().Create(ctx, core.Tenant{ID: team(n), Name: fmt.Sprintf("Team %d", n), CreatedAt: time.Now()}); err != nil {
			b.Fatal(err)
		}
	}
	fillApps(b, s, 0, teams*apps, false, func(n int) string { return team(n / apps) })
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	berth.args = append(berth.args, "--roles", "portal")
	berth.Start()
	for range b.N {
		worst := 0.0
		for _, page := range []string{"/", "/?tenant=" + team(500), "/activity?tenant=" + team(500), "/apps/app-5000", "/apps/app-5000/versions",
			"/apps/app-5000/activity", "/apps/app-5000/settings", "/apps/app-5000/deploy?version=1.0", "/members?tenant=" + team(500),
			"/quota?tenant=" + team(500), "/audit?tenant=" + team(500), "/tokens?tenant=" + team(500), "/team?tenant=" + team(500),
			"/new?tenant=" + team(500), "/tenants", "/plans", "/people", "/platform/audit", "/support", "/hosts", "/profile"} {
			took := berth.times(b, person, page, 50)
			if len(took) == 0 {
				b.Logf("%s is not there", page)
				continue
			}
			if p95 := percentile(took, 95); p95 > worst {
				worst = p95
				b.Logf("%s: p50 %.1f ms, p95 %.1f ms", page, median(took), p95)
			}
		}
		b.ReportMetric(worst, "ms-p95")
		b.ReportMetric(0, "ns/op")
	}
	berth.Stop()
	berth.cmd = nil // there is nothing on the engine to clean up
}

func team(n int) string { return fmt.Sprintf("team-%d", n) }

// times gets a page so many times and returns how long each answer took; nothing of a page that this Berth has not.
func (b *Berth) times(t testing.TB, client *http.Client, path string, times int) []float64 {
	t.Helper()
	var took []float64
	for range times {
		began := time.Now()
		res, err := client.Get(b.Portal + path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if res.StatusCode == http.StatusNotFound {
			return nil
		}
		took = append(took, milliseconds(time.Since(began)))
		if err != nil || res.StatusCode != http.StatusOK || res.Request.URL.Path == "/sign-in" {
			t.Errorf("%s answered %s %v", path, res.Status, err)
			return took
		}
	}
	return took
}
