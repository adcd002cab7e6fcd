package storetest

import (
	"context"
	"time"

	"berth/core"
)

// testEmpty runs first, while nobody is there.
func testEmpty(w *world) {
	check(w, 0)(w.Users().Count(w.system))
	_, err := w.Setup().Get(w.system)
	w.fails(err, core.EGONE)
	w.ok(w.Ping(w.nobody))
}

func testTenants(w *world) {
	check(w, w.tenant)(w.Tenants().Get(w.alice, w.tenant.ID))
	w.fails(w.Tenants().Create(w.system, w.tenant), core.ECONFLICT, "name")

	second := w.newTenant("aardvark") // sorted as people sort, not "Acme" first for its capital
	check(w, []core.Tenant{second, w.tenant})(w.Tenants().Own(w.member(w.tenant, second)))
	check(w, []core.Tenant{w.other})(w.Tenants().Own(w.bob))
	empty(w)(w.Tenants().Own(w.nobody))
	empty(w)(w.Tenants().Own(w.system))
}

func testUsers(w *world) {
	before, err := w.Users().Count(w.system)
	w.ok(err)
	u := core.User{ID: core.NewID(), Email: core.NewInstanceID() + "@example.com", Name: "Ann",
		PasswordHash: "$argon2id$x", Operator: true, Language: "zh-Hans", Theme: "dark", CreatedAt: time.Now()}
	w.ok(w.Users().Create(w.system, u))
	check(w, u)(w.Users().Get(w.nobody, u.ID))
	check(w, u)(w.Users().ByEmail(w.nobody, u.Email))
	check(w, before+1)(w.Users().Count(w.system))

	twin := u
	twin.ID = core.NewID()
	w.fails(w.Users().Create(w.system, twin), core.ECONFLICT, "email")

	changed := u
	changed.Name, changed.PasswordHash, changed.Language, changed.Theme = "Anna", "$argon2id$y", "", ""
	changed.Operator, changed.Support = false, true
	attempt := changed
	attempt.Email = "other@example.com"
	w.ok(w.Users().Update(w.system, attempt))
	w.ok(w.Users().Update(w.system, attempt)) // nothing to change is no error
	check(w, changed)(w.Users().Get(w.system, u.ID))

	w.fails(w.Users().Update(w.system, core.User{ID: "nobody"}), core.ENOTFOUND)
	_, err = w.Users().ByEmail(w.system, "nobody@example.com")
	w.fails(err, core.ENOTFOUND)
}

func testSetup(w *world) {
	first := core.SetupLink{TokenHash: core.NewSecret(), ExpiresAt: time.Now().Add(time.Hour)}
	second := core.SetupLink{TokenHash: core.NewSecret(), ExpiresAt: time.Now().Add(2 * time.Hour)}
	w.ok(w.Setup().Put(w.system, first))
	w.ok(w.Setup().Put(w.system, second))
	check(w, second)(w.Setup().Get(w.nobody))
	w.fails(w.Setup().Take(w.nobody, first.TokenHash), core.EGONE)
	w.ok(w.Setup().Take(w.nobody, second.TokenHash))
	w.fails(w.Setup().Take(w.nobody, second.TokenHash), core.EGONE)
	_, err := w.Setup().Get(w.nobody)
	w.fails(err, core.EGONE)
}

func testTokens(w *world) {
	newToken := func(tenantID string, age time.Duration) core.Token {
		t := core.Token{ID: core.NewID(), TenantID: tenantID, UserID: "u", Name: "CI", SecretHash: core.NewSecret(),
			Scope: core.ScopeDeploy, Apps: []string{"shop", "tea"}, CreatedAt: time.Now().Add(-age), ExpiresAt: time.Now().Add(time.Hour)}
		w.ok(w.Tokens().Create(w.system, t))
		return t
	}
	old, fresh := newToken(w.tenant.ID, time.Hour), newToken(w.tenant.ID, time.Minute)
	operators := newToken("", 0)
	check(w, old)(w.Tokens().BySecretHash(w.nobody, old.SecretHash))
	check(w, []core.Token{fresh, old})(w.Tokens().List(w.alice, w.tenant.ID))
	check(w, []core.Token{operators})(w.Tokens().List(w.system, ""))
	empty(w)(w.Tokens().List(w.alice, ""))

	old.LastUsedAt, old.LastPeer = time.Now(), "192.0.2.7"
	w.ok(w.Tokens().Touch(w.nobody, old.ID, old.LastUsedAt, old.LastPeer))
	check(w, old)(w.Tokens().BySecretHash(w.nobody, old.SecretHash))

	w.fails(w.Tokens().Create(w.alice, old), core.ECONFLICT)
	w.fails(w.Tokens().Delete(w.system, w.other.ID, old.ID), core.ENOTFOUND)
	w.fails(w.Tokens().Delete(w.alice, "", operators.ID), core.ENOTFOUND)
	w.ok(w.Tokens().Delete(w.alice, w.tenant.ID, old.ID))
	w.fails(w.Tokens().Delete(w.alice, w.tenant.ID, old.ID), core.ENOTFOUND)
	w.ok(w.Tokens().Delete(w.system, "", operators.ID))
	_, err := w.Tokens().BySecretHash(w.nobody, old.SecretHash)
	w.fails(err, core.ENOTFOUND)
}

// testOwnTokens has a person's tokens exist for that person alone, whoever else may see every tenant.
func testOwnTokens(w *world) {
	as := func(u core.User, operator bool) context.Context {
		w.ok(w.Users().Create(w.system, u))
		return core.WithActor(w.Context(), core.Actor{Kind: core.ActorUser, ID: u.ID, UserID: u.ID, Operator: operator})
	}
	ann := core.User{ID: core.NewID(), Email: core.NewInstanceID() + "@example.com", Name: "Ann"}
	asAnn := as(ann, false)
	asOperator := as(core.User{ID: core.NewID(), Email: core.NewInstanceID() + "@example.com", Name: "Op", Operator: true}, true)
	t := core.Token{ID: core.NewID(), OwnerID: ann.ID, UserID: ann.ID, Name: "Laptop", SecretHash: core.NewSecret(),
		Scope: core.ScopeRead, CreatedAt: time.Now()}
	w.fails(w.Tokens().Create(w.nobody, t), core.ENOTFOUND)
	w.fails(w.Tokens().Create(asOperator, t), core.ENOTFOUND)
	w.ok(w.Tokens().Create(asAnn, t))
	check(w, []core.Token{t})(w.Tokens().Owned(asAnn))
	check(w, t)(w.Tokens().BySecretHash(w.nobody, t.SecretHash))
	for _, other := range []context.Context{w.nobody, asOperator, w.alice} {
		empty(w)(w.Tokens().Owned(other))
		w.fails(w.Tokens().DeleteOwned(other, t.ID), core.ENOTFOUND)
	}
	operators, err := w.Tokens().List(w.system, "")
	w.ok(err)
	for _, o := range operators {
		if o.ID == t.ID {
			w.Fatal("a person's token is among the operators'")
		}
	}
	w.fails(w.Tokens().Delete(w.system, "", t.ID), core.ENOTFOUND)
	w.ok(w.Tokens().DeleteOwned(asAnn, t.ID))
	empty(w)(w.Tokens().Owned(asAnn))
}
