package e2e

import (
	"strings"
	"testing"

	"berth/e2e/testenv"
)

// TestWhoDidWhat is the story of somebody who runs a team: does three things, one of which is refused, reads them in
// the audit, narrows it down, and takes it away as a file.
func TestWhoDidWhat(t *testing.T) {
	t.Parallel()
	b := start(t)
	p := b.person()
	p.setUp()
	p.open("/audit")
	p.see("Nobody did anything yet")
	p.look("audit-empty")

	b.app(tenantID, "Blog")
	b.upload("blog", "1.0", testenv.ImageOptions{})
	b.release("blog", map[string]any{"version": "1.0", "memory": "64MiB", "env": []map[string]any{
		{"name": "GREETING", "value": "Good morning"}, {"name": "API_KEY", "value": "hush-hush", "secret": true}}})
	b.release("blog", map[string]any{"memory": "128MiB", "env": []map[string]any{
		{"name": "GREETING", "value": "=1+1"}, {"name": "API_KEY", "value": "still-hush-hush", "secret": true}}})
	p.open("/apps/blog/settings")
	p.fill("What people read", "Tea blog")
	p.click("Rename")
	p.see("Tea blog")
	p.open("/apps/blog/delete")
	p.until(`(() => { const f = document.querySelector('main form[action="/apps/blog/delete"], form[action="/apps/blog/delete"]');
		f.noValidate = true; f.querySelector('[name="name"]').value = "another"; f.submit(); return true })()`)
	p.until(`document.querySelector('[name="name"][aria-invalid="true"]')`) // the answer has come

	p.open("/apps/blog/activity")
	p.click("Who did what")
	p.at("/audit")
	p.see("Operator renamed Tea blog.", "made release 2 of Tea blog.", "Operator tried: Delete an app (Tea blog).", "Refused")
	p.look("audit")
	p.press(`[...document.querySelectorAll(".audit summary")].find((s) => s.innerText.includes("release 2"))`)
	p.see("128 MB", "64 MB", "Good morning", "changed", "Everything", "Go-http-client")
	p.look("audit-open")
	if strings.Contains(p.shows(), "hush-hush") {
		t.Error("a secret is shown")
	}

	p.open("/audit?tenant=" + tenantID + "&outcome=refused")
	p.see("Operator tried: Delete an app (Tea blog).")
	p.until(`document.querySelectorAll(".audit > li").length === 1 && !document.body.innerText.includes("renamed")`)
	p.look("audit-filtered")
	p.fill("Search the audit", "nobody of this name")
	p.click("Show")
	p.see("No entry is like this")
	p.look("audit-none-found")
	p.open("/audit?tenant=" + tenantID + "&from=2030-02-02&to=2030-01-01")
	p.see("The first time lies after the last one.")
	p.look("audit-wrong")

	p.open("/audit?tenant=" + tenantID + "&app=blog")
	file, err := ask[string](p, `(() => { const x = new XMLHttpRequest()
		x.open("GET", document.querySelector('a[href*="format=csv"]').href, false); x.send(); return x.responseText })()`)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(strings.TrimPrefix(file, "\ufeff")), "\r\n")
	if !strings.HasPrefix(lines[0], "time,tenant,app,action") || !strings.Contains(file, "Operator renamed blog.") ||
		strings.Contains(file, "hush-hush") {
		t.Errorf("the file:\n%s", file)
	}
	p.open("/audit")
	p.see("Operator exported the audit.")

	p.open("/platform/audit")
	p.see("Operator set Berth up and became its first operator.")
	p.look("audit-platform")
	p.open("/")
	p.click("简体中文")
	p.see("应用和数据库")
	p.open("/audit")
	p.see("Operator 重命名了 Tea blog。")
	p.look("audit-zh")
}
