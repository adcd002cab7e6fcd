package handlers_test

import (
	"testing"

	"berth/e2e/testenv"
)

// TestRulesAreStagedAndReleasedWithoutScript collects a change of the rules and one of the size, and releases both.
func TestRulesAreStagedAndReleasedWithoutScript(t *testing.T) {
	b := newBrowser(t)
	b.setUp()
	name := b.upload(testenv.ImageOptions{}, "tenant", "northwind-tea", "app", "").on(200, "/new/upload/*").path + "/name"
	b.post(name, "name", "Shop", "id", "shop", "plan", "small", "port", "8080").on(200, "/operations/*")

	b.post("/apps/shop/rules", "deny", "nonsense", "redirects", "/old", "then", "stage").on(422, "/apps/shop/rules").
		says("nonsense", "is no redirect", `aria-invalid="true"`)
	b.post("/apps/shop/rules", "deny", "203.0.113.0/24", "maintenance.on", "on", "auth.name", "guest", "auth.password", "open sesame",
		"then", "stage").on(200, "/apps/shop/draft").says("Refused", "203.0.113.0/24", "Maintenance page", "added, it is secret", "Nothing is restarted.").hides("open sesame")
	b.post("/apps/shop/settings", "plan", "medium", "port", "8080", "strategy", "rolling", "strategy.surge", "1", "then", "stage").
		on(200, "/apps/shop/draft").says("512 MB", "203.0.113.0/24")
	b.get("/apps/shop/versions").says("changes staged")
	b.post("/apps/shop/draft/unstage", "what", "rules.maintenance.on").on(200, "/apps/shop/draft").hides("Maintenance page")
	b.post("/apps/shop/draft/release", "on", "1", "strategy", "").on(200, "/operations/*")

	r, err := b.service.CurrentRelease(operator(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	rules := r.Spec.Rules
	if r.Number != 2 || len(rules.Deny) != 1 || rules.Maintenance.On || len(rules.Auth) != 1 || rules.Auth[0].Hash != "" {
		t.Errorf("released %d: %+v", r.Number, rules)
	}
	b.get("/apps/shop/rules").says("203.0.113.0/24", `value="guest"`).hides("open sesame")
	b.get("/apps/shop/draft").says("Nothing is staged")
	b.get("/apps/shop/releases/2").says("Against release 1", "256 MB", "512 MB")
	b.post("/apps/shop/rollback", "release", "1").on(200, "/operations/*")
	if r, err = b.service.CurrentRelease(operator(), "shop"); err != nil || r.Number != 3 || len(r.Spec.Rules.Deny) != 0 {
		t.Errorf("rolled back to %+v, %v", r.Spec.Rules, err)
	}
}
