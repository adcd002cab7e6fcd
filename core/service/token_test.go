package service

import (
	"context"
	"strings"
	"testing"
	"time"

	"berth/core"
)

func (w *world) withToken(secret string) context.Context {
	w.t.Helper()
	actor, err := w.ActorOfToken(nobody, secret)
	w.must(err)
	return core.WithActor(nobody, actor)
}

func TestTokenActsByItsScopeInItsTenantOnly(t *testing.T) {
	w := newWorld(t)
	admin := w.member("tea", core.RoleAdmin)
	w.member("bank", core.RoleAdmin)
	app := w.app(admin, "tea", "Shop")
	for _, x := range []struct {
		scope                  core.Scope
		deploy, delete, manage bool
	}{
		{core.ScopeRead, false, false, false},
		{core.ScopeDeploy, true, false, false},
		{core.ScopeAdmin, true, true, true},
	} {
		token, secret, err := w.CreateToken(admin, core.Token{TenantID: "tea", Name: "CI", Scope: x.scope})
		w.must(err)
		if !strings.HasPrefix(secret, "berth_") || token.SecretHash != "" {
			t.Errorf("%+v %s", token, secret)
		}
		ctx := w.withToken(secret)
		_, err = w.App(ctx, app.ID)
		w.must(err)
		allowed := func(what string, err error, want bool) {
			if (core.ErrorCode(err) != core.EFORBIDDEN) != want {
				t.Errorf("%s, %s: %v", x.scope, what, err)
			}
		}
		_, _, err = w.CreateApp(ctx, core.NewApp{TenantID: "tea", Name: "App of " + string(x.scope)})
		allowed("create", err, x.deploy)
		_, err = w.DeleteApp(ctx, app.ID, "not its name", false)
		allowed("delete", err, x.delete)
		_, err = w.Tokens(ctx, "tea")
		allowed("tokens", err, x.manage)
		_, _, err = w.CreateApp(ctx, core.NewApp{TenantID: "bank", Name: "Mine"})
		w.refused(err, core.ENOTFOUND)
		_, err = w.Hosts(ctx)
		w.refused(err, core.EFORBIDDEN)
	}
}

func TestTokenEndsAndIsTouched(t *testing.T) {
	w := newWorld(t)
	admin := w.member("tea", core.RoleAdmin)
	token, secret, err := w.CreateToken(admin, core.Token{TenantID: "tea", Name: "CI", Scope: core.ScopeRead,
		ExpiresAt: w.now().Add(time.Hour)})
	w.must(err)
	lastUse := func() time.Time {
		w.withToken(secret)
		tokens, err := w.Tokens(admin, "tea")
		w.must(err)
		if len(tokens) != 1 || tokens[0].SecretHash != "" {
			t.Fatal(tokens)
		}
		return tokens[0].LastUsedAt
	}
	first := lastUse()
	w.clock.advance(59 * time.Second)
	if !lastUse().Equal(first) {
		t.Error("touched twice within a minute")
	}
	w.clock.advance(time.Second)
	if !lastUse().After(first) {
		t.Error("not touched after a minute")
	}
	w.clock.advance(time.Hour)
	_, err = w.ActorOfToken(nobody, secret)
	w.refused(err, core.EUNAUTHORIZED)
	w.must(w.DeleteToken(admin, "tea", token.ID))
	w.refused(w.DeleteToken(admin, "tea", token.ID), core.ENOTFOUND)
	_, err = w.ActorOfToken(nobody, secret)
	w.refused(err, core.EUNAUTHORIZED)
}

func TestTokenInput(t *testing.T) {
	w := newWorld(t)
	admin := w.member("tea", core.RoleAdmin)
	_, _, err := w.CreateToken(admin, core.Token{TenantID: "tea", Name: "", Scope: "god", ExpiresAt: w.now()})
	w.refused(err, core.EINVALID, "name", "scope", "expires_at")
	_, _, err = w.CreateToken(admin, core.Token{TenantID: "bank", Name: "CI", Scope: core.ScopeRead})
	w.refused(err, core.ENOTFOUND)
	_, _, err = w.CreateToken(admin, core.Token{Name: "CI", Scope: core.ScopeAdmin})
	w.refused(err, core.EFORBIDDEN)
	_, _, err = w.CreateToken(w.member("tea", core.RoleDeveloper), core.Token{TenantID: "tea", Name: "CI", Scope: core.ScopeRead})
	w.refused(err, core.EFORBIDDEN)
	_, err = w.Tokens(w.operator(), "absent")
	w.refused(err, core.ENOTFOUND)
}

func TestOperatorsTokens(t *testing.T) {
	w := newWorld(t)
	w.member("tea", core.RoleAdmin)
	actor, err := w.ActorOfToken(nobody, bootstrap)
	w.must(err)
	if !actor.Operator || actor.Scope != core.ScopeAdmin || actor.Kind != core.ActorToken {
		t.Errorf("%+v", actor)
	}
	ctx := core.WithActor(nobody, actor)
	_, secret, err := w.CreateToken(ctx, core.Token{Name: "Fleet", Scope: core.ScopeAdmin})
	w.must(err)
	_, err = w.CreateTenant(w.withToken(secret), "Bank", "")
	w.must(err)
	_, secret, err = w.CreateToken(ctx, core.Token{Name: "Watch", Scope: core.ScopeRead})
	w.must(err)
	_, err = w.CreateTenant(w.withToken(secret), "Other", "")
	w.refused(err, core.EFORBIDDEN)
	tokens, err := w.Tokens(ctx, "")
	w.must(err)
	if len(tokens) != 2 {
		t.Error(tokens)
	}
	for _, wrong := range []string{"", "x", bootstrap + "x", bootstrap[1:]} {
		_, err = w.ActorOfToken(nobody, wrong)
		w.refused(err, core.EUNAUTHORIZED)
	}
	w.deps.BootstrapToken = ""
	_, err = New(w.deps).ActorOfToken(nobody, "")
	w.refused(err, core.EUNAUTHORIZED)
}
