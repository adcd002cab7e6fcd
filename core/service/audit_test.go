package service

import (
	"context"
	"strings"
	"testing"
	"time"

	"berth/core"
)

// entries are those of a tenant, or of the platform, newest first.
func (w *world) entries(tenant string) []core.AuditEntry {
	w.t.Helper()
	list, _, err := w.store.Audit().List(asSystem(context.Background()), core.AuditFilter{TenantID: tenant, Platform: tenant == "", Limit: 1000})
	w.must(err)
	return list
}

func TestReleaseEntry(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	ctx = core.WithOrigin(ctx, core.Origin{Peer: "192.0.2.7", Agent: "curl/8\x1b[2J"})
	memory, replicas := 512*core.MiB, 2
	env := []core.EnvVar{{Name: "A", Value: "1"}, {Name: "OLD", Value: "x"}, {Name: "KEY", Value: "hush", Secret: true}}
	_, _, err := w.Release(ctx, app.ID, core.NewRelease{Env: &env})
	w.must(err)
	env = []core.EnvVar{{Name: "A", Value: strings.Repeat("长", 300)}, {Name: "KEY", Value: "other", Secret: true}, {Name: "NEW", Value: "n"}}
	_, _, err = w.Release(ctx, app.ID, core.NewRelease{Env: &env, Memory: &memory, Replicas: &replicas})
	w.must(err)
	e := w.entries("tea")[0]
	if e.Action != "app.release" || e.Object != "3" || e.AppID != app.ID || e.Peer != "192.0.2.7" || e.Agent != "curl/8[2J" || e.UserID != "u-tea" {
		t.Errorf("%+v", e)
	}
	equal(t, e.Before, map[string]string{"env.A": "1", "env.OLD": "x", "env.KEY": core.Masked, "memory": "256 MB", "replicas": "1"})
	equal(t, e.After, map[string]string{"env.A": strings.Repeat("长", 200) + "…", "env.NEW": "n", "env.KEY": core.Masked, "memory": "512 MB", "replicas": "2"})

	_, _, err = w.Release(ctx, app.ID, core.NewRelease{Env: &[]core.EnvVar{{Name: "A"}, {Name: "KEY", Secret: true}}})
	w.must(err)
	if after := w.entries("tea")[0].After; after["env.KEY"] != "" {
		t.Errorf("a secret that was kept counts as changed: %v", after)
	}
}

func equal(t *testing.T, got, want map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s: got %q, want %q", k, got[k], v)
		}
	}
}

// TestAttemptsAtOthers: what somebody tries on what they do not see is for operators, and nobody fills the audit.
func TestAttemptsAtOthers(t *testing.T) {
	w := newWorld(t)
	_, app := w.released("tea", "Shop")
	before := len(w.entries("tea"))
	stranger := w.member("coffee", core.RoleAdmin)
	_, err := w.StopApp(stranger, app.ID)
	w.refused(err, core.ENOTFOUND)
	_, _, err = w.CreateApp(stranger, core.NewApp{TenantID: "tea", Name: "Mine"})
	w.refused(err, core.ENOTFOUND)
	w.refused(w.Allow(stranger, app.ID, core.AccessPush), core.ENOTFOUND)
	w.refused(w.Allow(stranger, app.ID, core.AccessPush), core.ENOTFOUND) // docker asks again and again
	if got := len(w.entries("tea")); got != before {
		t.Errorf("%d entries of the tenant more", got-before)
	}
	var got []string
	for _, e := range w.entries("") {
		got = append(got, e.Action+" "+e.AppID+" "+e.Object)
	}
	if want := "registry.push shop |app.create  tea|app.stop shop "; strings.Join(got, "|") != want {
		t.Errorf("got %q, want %q", strings.Join(got, "|"), want)
	}
	for range 3 * maxAttempts {
		_, err = w.StopApp(stranger, app.ID)
	}
	w.refused(err, core.ENOTFOUND)
	entries := w.entries("")
	if len(entries) != maxAttempts || entries[0].Reason.Key != "audit.many_attempts" {
		t.Errorf("%d entries, the last %v", len(entries), entries[0].Reason)
	}
	w.clock.advance(time.Minute)
	_, err = w.StopApp(stranger, app.ID)
	w.refused(err, core.ENOTFOUND)
	if got := w.entries(""); len(got) != maxAttempts+1 {
		t.Errorf("%d entries a minute later", len(got))
	}
	_, err = w.StopApp(nobody, app.ID)
	w.refused(err, core.EUNAUTHORIZED)
	if got := w.entries(""); len(got) != maxAttempts+1 {
		t.Error("a stranger left an entry")
	}
}

func TestWhoReadsTheAudit(t *testing.T) {
	w := newWorld(t)
	_, app := w.released("tea", "Shop")
	admin := w.member("tea", core.RoleAdmin)
	f := core.AuditFilter{TenantID: "tea"}
	got, _, err := w.Audit(admin, f)
	w.must(err)
	if len(got) != 3 || got[2].Action != "app.create" {
		t.Errorf("%+v", got)
	}
	for role, code := range map[core.Role]core.Code{core.RoleDeveloper: core.EFORBIDDEN, core.RoleViewer: core.EFORBIDDEN, core.RoleSupport: core.EFORBIDDEN} {
		_, _, err := w.Audit(w.member("tea", role), f)
		w.refused(err, code)
		_, err = w.AuditActors(w.member("tea", role), "tea")
		w.refused(err, code)
		w.refused(w.ExportAudit(w.member("tea", role), f, "csv", nil), code)
	}
	_, _, err = w.Audit(w.member("coffee", core.RoleAdmin), f)
	w.refused(err, core.ENOTFOUND)
	_, _, err = w.Audit(admin, core.AuditFilter{})
	w.refused(err, core.EFORBIDDEN)
	_, _, err = w.Audit(nobody, f)
	w.refused(err, core.EUNAUTHORIZED)
	for _, bad := range []core.AuditFilter{{Action: "a' OR 1"}, {Outcome: "maybe"}, {Cursor: "1;DROP"}, {Search: strings.Repeat("x", 101)}, {AppID: "../x"}} {
		bad.TenantID = "tea"
		_, _, err := w.Audit(admin, bad)
		w.refused(err, core.EINVALID)
	}
	all, _, err := w.Audit(w.operator(), core.AuditFilter{AppID: app.ID})
	w.must(err)
	if len(all) != 3 {
		t.Errorf("an operator sees %d entries", len(all))
	}
}

// TestAuditOfAnEarlierTenant: a tenant that takes the id of one that is gone does not read what that did.
func TestAuditOfAnEarlierTenant(t *testing.T) {
	w := newWorld(t)
	old := core.AuditEntry{ID: core.NewIDAt(w.now()), CreatedAt: w.now(), TenantID: "tea", Action: "app.create", Outcome: core.AuditDone}
	w.must(w.store.Audit().Append(asSystem(context.Background()), old))
	w.clock.advance(time.Hour)
	got, _, err := w.Audit(w.member("tea", core.RoleAdmin), core.AuditFilter{TenantID: "tea"})
	w.must(err)
	if len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestAuditRetention(t *testing.T) {
	w := newWorld(t)
	w.deps.AuditKept = 30 * 24 * time.Hour
	w.Service = New(w.deps)
	sys := asSystem(context.Background())
	w.must(w.store.Transact(sys, func(tx core.Store) error {
		for i := range auditBatch + 10 {
			at := w.now().Add(-31*24*time.Hour - time.Duration(i)*time.Second)
			e := core.AuditEntry{ID: core.NewIDAt(at), CreatedAt: at, Action: "app.stop", Outcome: core.AuditDone}
			if err := tx.Audit().Append(sys, e); err != nil {
				return err
			}
		}
		at := w.now().Add(-29 * 24 * time.Hour)
		return tx.Audit().Append(sys, core.AuditEntry{ID: core.NewIDAt(at), CreatedAt: at, Action: "app.start", Outcome: core.AuditDone})
	}))
	w.tidy(sys)
	left := w.entries("")
	if len(left) != 2 || left[0].Action != "audit.prune" || left[0].After["entries"] != "1010" || left[0].ActorKind != core.ActorSystem ||
		left[1].Action != "app.start" {
		t.Errorf("%d left: %+v", len(left), left)
	}
	w.clock.advance(2 * 24 * time.Hour)
	w.deps.AuditKept = 0
	w.Service = New(w.deps)
	w.tidy(sys)
	if got := w.entries(""); len(got) != 2 {
		t.Errorf("what is kept for ever is gone: %+v", got)
	}
}
