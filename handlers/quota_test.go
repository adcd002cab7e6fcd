package handlers_test

import (
	"os"
	"testing"

	"berth/core"
	"berth/e2e/testenv"
)

// TestQuotaBeforeTheClick asks, as the forms do, what a size would take.
func TestQuotaBeforeTheClick(t *testing.T) {
	b := newBrowser(t)
	b.setUp()
	if err := b.service.SetTenantQuota(operator(), "northwind-tea", core.Amounts{core.ResourceMemory: int64(core.GiB), core.ResourceCPU: 2000}); err != nil {
		t.Fatal(err)
	}
	b.get("/new/quota-check?tenant=northwind-tea&entry=redis&plan=small").says("of your remaining 1 GB of memory")
	b.get("/new/quota-check?tenant=northwind-tea&plan=xlarge").says("This needs 2 GB more memory, and 1 GB of 1 GB is left").hides("This uses")
	b.shop()
	uploaded := b.get("/apps/shop/quota-check?version=9.9").on(200, "/apps/shop/quota-check?version=9.9")
	uploaded.hides("This")
	if _, err := b.service.ImportVersion(operator(), "shop", "1.0", -1, archive(t)); err != nil {
		t.Fatal(err)
	}
	b.get("/apps/shop/deploy").says("This uses 256 MB of your remaining 1 GB of memory.")
	b.get("/apps/shop/quota-check?version=1.0&plan=medium").says("This uses 512 MB of your remaining 1 GB of memory.")
	b.post("/apps/shop/deploy", "version", "1.0", "plan", "xlarge", "port", "8080").on(422, "/apps/shop/deploy").says("This needs 2 GB more memory")
	b.post("/apps/shop/deploy", "version", "1.0", "plan", "medium", "port", "8080").on(200, "/operations/*")
	b.get("/apps/shop/settings").says("This uses no more memory than now; 512 MB remains.")
	b.get("/apps/shop/quota-check?plan=custom&memory=200+MB&cpu=0.25").says("This gives back 312 MB of memory.")
	b.get("/apps/shop/quota-check?plan=custom&memory=NaN").hides("This")
	b.get("/apps/shop/quota-check?replicas=3").says("This needs 1 GB more memory")
	b.get("/apps/absent/quota-check?replicas=3").on(404, "/apps/absent/quota-check?replicas=3")
}

func TestAskingForMore(t *testing.T) {
	b := newBrowser(t)
	b.setUp()
	if err := b.service.SetTenantQuota(operator(), "northwind-tea", core.Amounts{core.ResourceMemory: int64(core.GiB)}); err != nil {
		t.Fatal(err)
	}
	b.get("/quota").says("0 B of 1 GB", "Not limited", "Ask for more", "Nothing uses the quota yet")
	ask := []string{"tenant", "northwind-tea", "resource", "memory", "amount", "512 MB", "reason", "a <b>sale</b>"}
	b.post("/quota/requests", ask...).on(422, "/quota/requests").says("The limit is 1 GB already", `value="512 MB"`, "a &lt;b&gt;sale")
	ask[5] = "a lot"
	b.post("/quota/requests", ask...).on(422, "/quota/requests").says(`value="a lot"`, `aria-invalid="true"`)
	ask[5] = "2 GB"
	b.post("/quota/requests", ask...).on(200, "/quota*").says("2 GB asked for, not answered yet", "Take back").hides("<b>sale")
	b.post("/quota/requests", ask...).on(422, "/quota/requests").says("have been asked for this already")
	open, err := b.service.QuotaRequests(operator())
	if err != nil || len(open) != 1 {
		t.Fatal(open, err)
	}
	b.get("/plans").says("a &lt;b&gt;sale", "Uses 0 B of 1 GB now", "starter", "standard", "New teams get this one")
	b.post("/plan-requests/"+open[0].ID+"/approve", "answer", "until Monday").on(200, "/plans").says("No team waits")
	b.post("/plan-requests/"+open[0].ID+"/refuse").on(422, "/plan-requests/*").says("has been answered or taken back already")
	b.get("/quota").says("0 B of 2 GB", "Approved", "until Monday")

	b.post("/plans", "name", "Big one", "memory", "x").on(422, "/plans").says(`value="Big one"`, `value="x"`)
	b.post("/plans", "name", "big", "memory", "8 GB", "log_retention", "14").on(200, "/plans*").says("big", "14 days")
	b.post("/plans", "name", "big").on(422, "/plans").says("There is a plan big already")
	b.post("/plans/big", "memory", "9 GB").on(200, "/plans*").says("9 GB").hides("14 days")
	b.post("/plans/big/delete").on(200, "/plans").hides("9 GB")
	b.post("/plans/unlimited/delete").on(422, "/plans/unlimited/delete")
}

func archive(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Open(testenv.Archive(t, testenv.ImageOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
