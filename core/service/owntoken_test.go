package service

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"berth/core"
)

// person is somebody of the tenant with an account.
func (w *world) person(tenant string, role core.Role) (context.Context, core.User) {
	w.t.Helper()
	w.member(tenant, role)
	u := core.User{ID: core.NewID(), Email: core.NewInstanceID() + "@example.com", Name: "Tina", CreatedAt: w.now()}
	w.must(w.store.Users().Create(w.operator(), u))
	w.must(w.store.Members().Put(w.operator(), core.Membership{TenantID: tenant, UserID: u.ID, Role: role}))
	actor, _, err := w.ActorOfUser(nobody, u.ID)
	w.must(err)
	return core.WithActor(nobody, actor), u
}

func TestOwnTokenActsAsItsPerson(t *testing.T) {
	w := newWorld(t)
	ctx, user := w.person("tea", core.RoleDeveloper)
	w.member("bank", core.RoleAdmin)
	app := w.app(ctx, "tea", "Shop")
	_, read, err := w.CreateOwnToken(ctx, core.Token{Name: "Watch", Scope: core.ScopeRead})
	w.must(err)
	_, admin, err := w.CreateOwnToken(ctx, core.Token{Name: "Laptop", Scope: core.ScopeAdmin})
	w.must(err)

	actor := core.ActorFrom(w.withToken(admin))
	if actor.UserID != user.ID || actor.Name != "Tina (Laptop)" || actor.Roles["tea"] != core.RoleDeveloper {
		t.Errorf("%+v", actor)
	}
	w.must(w.RenameApp(w.withToken(admin), app.ID, "Tea shop"))
	w.refused(w.RenameApp(w.withToken(read), app.ID, "Shop"), core.EFORBIDDEN)
	_, err = w.Tokens(w.withToken(admin), "tea") // a developer manages nothing, whatever the scope
	w.refused(err, core.EFORBIDDEN)
	_, err = w.Tenant(w.withToken(admin), "bank")
	w.refused(err, core.ENOTFOUND)

	set := func(role core.Role) {
		w.must(w.store.Members().Put(w.operator(), core.Membership{TenantID: "tea", UserID: user.ID, Role: role}))
	}
	set(core.RoleViewer)
	w.refused(w.RenameApp(w.withToken(admin), app.ID, "Shop"), core.EFORBIDDEN)
	set(core.RoleAdmin)
	_, err = w.Tokens(w.withToken(admin), "tea")
	w.must(err)
}

func TestOwnTokensAreForTheirPerson(t *testing.T) {
	w := newWorld(t)
	ctx, _ := w.person("tea", core.RoleAdmin)
	other, _ := w.person("tea", core.RoleAdmin)
	token, secret, err := w.CreateOwnToken(ctx, core.Token{TenantID: "tea", OwnerID: "somebody", Name: "Laptop", Scope: core.ScopeAdmin})
	w.must(err)
	_, read, err := w.CreateOwnToken(ctx, core.Token{Name: "Watch", Scope: core.ScopeRead})
	w.must(err)
	own, err := w.OwnTokens(w.withToken(secret))
	w.must(err)
	if len(own) != 2 || own[0].SecretHash != "" || own[1].TenantID != "" {
		t.Error(own)
	}
	tokens, err := w.Tokens(ctx, "tea")
	w.must(err)
	none, err := w.OwnTokens(other)
	w.must(err)
	if len(tokens) != 0 || len(none) != 0 {
		t.Error(tokens, none)
	}
	w.refused(w.DeleteOwnToken(other, token.ID), core.ENOTFOUND)
	w.refused(w.DeleteToken(ctx, "tea", token.ID), core.ENOTFOUND)
	for _, who := range []context.Context{w.withToken(read), w.withToken(bootstrap)} {
		_, err = w.OwnTokens(who)
		w.refused(err, core.EFORBIDDEN)
		_, _, err = w.CreateOwnToken(who, core.Token{Name: "More", Scope: core.ScopeRead})
		w.refused(err, core.EFORBIDDEN)
		w.refused(w.DeleteOwnToken(who, token.ID), core.EFORBIDDEN)
	}
	_, err = w.OwnTokens(nobody)
	w.refused(err, core.EUNAUTHORIZED)
	w.must(w.DeleteOwnToken(w.withToken(read), core.ActorFrom(w.withToken(read)).ID)) // it gives itself up
	_, err = w.ActorOfToken(nobody, read)
	w.refused(err, core.EUNAUTHORIZED)
	w.must(w.DeleteOwnToken(ctx, token.ID))
	_, err = w.Login(nobody, "tina", secret)
	w.refused(err, core.EUNAUTHORIZED)
}

func TestNarrowedTokens(t *testing.T) {
	w := newWorld(t)
	ctx, _ := w.person("tea", core.RoleAdmin)
	shop, blog := w.app(ctx, "tea", "Shop"), w.app(ctx, "tea", "Blog")
	bank := w.app(w.member("bank", core.RoleAdmin), "bank", "Bank")
	for _, apps := range [][]string{{}, {shop.ID, bank.ID}, {"absent"}, {"../x"}, make([]string, 101)} {
		_, _, err := w.CreateToken(ctx, core.Token{TenantID: "tea", Name: "CI", Scope: core.ScopeAdmin, Apps: apps})
		w.refused(err, core.EINVALID, "apps")
		_, _, err = w.CreateOwnToken(ctx, core.Token{Name: "CI", Scope: core.ScopeAdmin, Apps: apps})
		w.refused(err, core.EINVALID, "apps")
	}
	_, own, err := w.CreateOwnToken(ctx, core.Token{Name: "CI", Scope: core.ScopeAdmin, Apps: []string{shop.ID}})
	w.must(err)
	_, tenants, err := w.CreateToken(ctx, core.Token{TenantID: "tea", Name: "CI", Scope: core.ScopeAdmin, Apps: []string{shop.ID}})
	w.must(err)
	for _, secret := range []string{own, tenants} {
		as := w.withToken(secret)
		w.must(w.RenameApp(as, shop.ID, "Tea shop"))
		w.refused(w.RenameApp(as, blog.ID, "Mine"), core.ENOTFOUND)
		w.refused(w.Allow(as, blog.ID, core.AccessPull), core.ENOTFOUND)
		w.must(w.Allow(as, shop.ID, core.AccessPush))
		_, _, err = w.CreateApp(as, core.NewApp{TenantID: "tea", Name: "New one"})
		w.refused(err, core.EFORBIDDEN)
		_, err = w.BeginUpload(as, core.Upload{TenantID: "tea", FileName: "x.tar", Size: 1})
		w.refused(err, core.EFORBIDDEN)
		_, _, err = w.CreateToken(as, core.Token{TenantID: "tea", Name: "More", Scope: core.ScopeRead})
		w.refused(err, core.EFORBIDDEN)
		_, err = w.OwnTokens(as)
		w.refused(err, core.EFORBIDDEN)
		apps, _, err := w.Apps(as, core.AppFilter{})
		w.must(err)
		if len(apps) != 1 || apps[0].App.ID != shop.ID {
			t.Error(apps)
		}
	}
}

func TestTokensMakeNothingMoreThanThemselves(t *testing.T) {
	w := newWorld(t)
	ctx, _ := w.person("tea", core.RoleAdmin)
	soon := w.now().Add(time.Hour)
	_, secret, err := w.CreateOwnToken(ctx, core.Token{Name: "Laptop", Scope: core.ScopeAdmin, ExpiresAt: soon})
	w.must(err)
	as := w.withToken(secret)
	for _, ends := range []time.Time{{}, soon.Add(time.Second)} {
		_, _, err = w.CreateOwnToken(as, core.Token{Name: "More", Scope: core.ScopeRead, ExpiresAt: ends})
		w.refused(err, core.EINVALID, "expires_at")
		_, _, err = w.CreateToken(as, core.Token{TenantID: "tea", Name: "More", Scope: core.ScopeRead, ExpiresAt: ends})
		w.refused(err, core.EINVALID, "expires_at")
	}
	_, _, err = w.CreateToken(as, core.Token{TenantID: "tea", Name: "More", Scope: core.ScopeDeploy, ExpiresAt: soon})
	w.must(err)
}

func TestTokensAreNotWithoutNumber(t *testing.T) {
	w := newWorld(t)
	ctx, _ := w.person("tea", core.RoleAdmin)
	for i := range core.MaxTokens {
		_, _, err := w.CreateOwnToken(ctx, core.Token{Name: "Token " + strconv.Itoa(i), Scope: core.ScopeRead})
		w.must(err)
	}
	_, _, err := w.CreateOwnToken(ctx, core.Token{Name: "One more", Scope: core.ScopeRead})
	w.refused(err, core.ECONFLICT)
}

// Whoever makes and revokes tokens is written down, whoever tries to and may not too; never a secret.
func TestTokensAreAudited(t *testing.T) {
	w := newWorld(t)
	ctx, _ := w.person("tea", core.RoleAdmin)
	token, secret, err := w.CreateToken(ctx, core.Token{TenantID: "tea", Name: "CI", Scope: core.ScopeDeploy})
	w.must(err)
	viewer, _ := w.person("tea", core.RoleViewer)
	w.refused(w.DeleteToken(viewer, "tea", token.ID), core.EFORBIDDEN)
	w.must(w.DeleteToken(ctx, "tea", token.ID))
	entries, _, err := w.store.Audit().List(w.operator(), core.AuditFilter{TenantID: "tea", Action: "token"})
	w.must(err)
	var got []string
	for _, e := range entries {
		got = append(got, strings.Join([]string{e.Action, string(e.Outcome), e.Object}, " "))
		if strings.Contains(fmt.Sprint(e), secret) {
			t.Error("the secret is in the audit")
		}
	}
	slices.Sort(got)
	want := []string{"token.create done CI", "token.delete done CI", "token.delete refused "}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
