package e2e

import (
	"testing"

	"berth/e2e/testenv"
)

// TestQuotaPages is what a team and the operator see of a quota: empty, in use and full, what a click would take
// before it, and a request for more from its beginning to its end.
func TestQuotaPages(t *testing.T) {
	t.Parallel()
	b := start(t, withArgs("--catalog", redisCatalog(t)))
	p := b.person()
	p.setUp()
	b.do("PUT", "/api/v1/tenants/"+tenantID+"/quota", map[string]any{"memory": "1GiB", "cpu": "2", "instances": 8, "apps": 5,
		"services": 3, "images": "100MiB", "volumes": "2GiB", "domains": 3, "log_retention": 168}, nil)
	p.looksAt(map[string]string{"quota-empty": "/quota"})

	b.app(tenantID, "Blog")
	b.upload("blog", "1.0", testenv.ImageOptions{})
	b.app(tenantID, "Shop")
	b.upload("shop", "1.0", testenv.ImageOptions{})
	b.deploy("shop", map[string]any{"version": "1.0", "memory": "256MiB", "cpu": "0.25", "replicas": 2})
	p.open("/apps/blog/deploy")
	p.see("This uses 256 MB of your remaining 512 MB of memory.")
	p.mark()
	p.click("Large")
	p.see("This needs 1 GB more memory, and 512 MB of 1 GB is left", "Stop or shrink Shop, which uses 512 MB")
	p.look("deploy-over-quota")
	p.click("Medium")
	p.see("This uses 512 MB of your remaining 512 MB of memory.")
	p.unmoved()
	p.open("/apps/shop/settings")
	p.see("This uses no more memory than now")
	p.click("Medium")
	p.see("This needs 1 GB more memory")
	p.looksAt(map[string]string{"quota-half": "/quota", "new-database-quota": "/new/database/redis"})

	b.deploy("blog", map[string]any{"version": "1.0", "memory": "480MiB", "cpu": "1"})
	p.open("/quota")
	p.press(`document.querySelector("#quota-memory summary")`)
	p.look("quota-full-asking")
	p.fill("What for", "A sale begins on Friday")
	p.click("Send request")
	p.see("1.5 GB asked for, not answered yet")
	p.open("/plans")
	p.see("A sale begins on Friday", "Uses 992 MB of 1 GB now")
	p.look("plans-request")
	p.fill("Answer", "Until Monday")
	p.click("Approve")
	p.see("No team waits for an answer.")
	p.open("/quota")
	p.see("Approved", "Until Monday", "992 MB of 1.5 GB")
	p.press(`document.querySelector("#budget-blog summary")`)
	p.fill("Memory", "64 MB")
	p.press(`document.querySelector("#budget-blog form button")`)
	p.see("64 MB of memory")
	p.look("quota-full")
	p.open("/")
	p.click("简体中文")
	p.see("应用和数据库")
	p.looksAt(map[string]string{"quota-zh": "/quota?over=7d", "plans-zh": "/plans"})
}
