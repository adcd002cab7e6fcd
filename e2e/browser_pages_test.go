package e2e

import (
	"errors"
	"strings"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
)

// TestEveryPage visits every page empty, busy, full and failed, in both languages.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	b := start(t, withArgs("--catalog", redisCatalog(t)))
	p := b.person()
	p.open(b.output.find(`(http://\S+/setup/\S+)`))
	p.see("runs apps here", "The gateway listens", "disk space is free")
	p.look("setup")
	p.setUp()
	p.look("home-empty")
	p.looksAt(map[string]string{"new": "/new", "new-file": "/new/upload", "new-image": "/new/image", "new-databases": "/new/database",
		"new-database": "/new/database/redis", "tokens-empty": "/tokens", "hosts-empty": "/hosts", "activity-empty": "/activity",
		"not-found": "/nothing-here"})
	p.takesAToken()
	p.fillsTheHouse()
	p.looksAt(map[string]string{"home-trouble": "/", "app-crashing": "/apps/mailer", "why-crashing": "/apps/mailer/why"})
	p.looksWhileBusy()
	full := map[string]string{"home": "/", "app": "/apps/shop", "versions": "/apps/shop/versions", "version-new": "/apps/shop/versions/new",
		"deploy": "/apps/shop/deploy?version=1.1", "logs": "/apps/shop/logs", "settings": "/apps/shop/settings", "delete": "/apps/shop/delete",
		"app-activity": "/apps/shop/activity", "app-recovered": "/apps/mailer", "app-new": "/apps/blog", "app-versions-empty": "/apps/blog/versions",
		"database": "/apps/cache", "connection": "/apps/cache/connection", "database-settings": "/apps/cache/settings", "tokens": "/tokens",
		"hosts": "/hosts", "activity": "/activity", "why": "/apps/shop/why", "scaling": "/apps/shop/scaling", "metrics": "/apps/shop/metrics",
		"traffic": "/apps/shop/traffic", "alerts": "/alerts", "log-drains": "/log-drains"}
	p.looksAt(full)
	p.open("/")
	p.click("简体中文")
	p.see("应用和数据库")
	p.chinese(full)
	p.click("退出登录")
	p.at("/sign-in")
	p.looksAt(map[string]string{"sign-in-zh": "/sign-in"})
	p.click("English")
	p.until(`document.documentElement.lang === "en"`)
	p.looksAt(map[string]string{"sign-in": "/sign-in"})
}

// TestTheFirstStartSaysWhatIsMissing opens the page of the first start on a machine without an engine.
func TestTheFirstStartSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	b := start(t, withArgs("--docker-host", "unix:///nowhere/docker.sock"))
	p := b.person()
	p.open(b.output.find(`(http://\S+/setup/\S+)`))
	p.see("No Docker engine answers", "systemctl start docker", "Look again", "The gateway listens")
	p.look("setup-no-engine")
	p.setUp()
}

// takesAToken has everything that follows done in the name of a token that is made on its page.
func (p *person) takesAToken() {
	p.t.Helper()
	p.open("/tokens")
	p.fill("Name", "laptop")
	p.click("Everything")
	p.click("Create token")
	p.see("Copy it now.")
	p.look("token-made")
	token, err := ask[string](p, `document.querySelector("#token-secret").innerText`)
	if err != nil {
		p.t.Fatal(err)
	}
	p.b.token = token
}

// fillsTheHouse brings apps in every state.
func (p *person) fillsTheHouse() {
	p.t.Helper()
	b := p.b
	b.service(tenantID, "Cache", "redis")
	b.app(tenantID, "Blog")
	b.app(tenantID, "Mailer")
	b.upload("mailer", "1.0", testenv.ImageOptions{})
	b.deploy("mailer", map[string]any{"version": "1.0"})
	b.app(tenantID, "Shop")
	for _, label := range []string{"1.0", "1.1", "1.2"} {
		b.upload("shop", label, testenv.ImageOptions{User: "1000"})
	}
	b.deploy("shop", map[string]any{"version": "1.0", "memory": "256MiB", "cpu": "0.25", "bindings": []string{"cache"}})
	b.deploy("shop", map[string]any{"version": "1.2", "replicas": 2, "env": []map[string]any{
		{"name": "GREETING", "value": "Good morning"}, {"name": "API_KEY", "value": "hush", "secret": true}}})
	b.do("POST", "/api/v1/tenants/"+tenantID+"/tokens", map[string]any{"name": "ci", "scope": "deploy",
		"expires_at": time.Now().Add(24 * time.Hour)}, nil) // before the token that asks
	for range 4 {
		b.answers("mailer", "version 1.0")
		b.get("mailer", "/crash?code=3")
	}
	b.eventually(time.Minute, func() error {
		if state := b.info("mailer").State; state != "crashing" {
			return errors.New(state)
		}
		return nil
	})
	for range 200 {
		b.get("shop", "/")
	}
}

// looksWhileBusy looks at what is under way, and at what failed.
func (p *person) looksWhileBusy() {
	p.t.Helper()
	p.open("/new/upload")
	p.slow(256 << 10)
	p.choose(testenv.Archive(p.t, testenv.ImageOptions{Extra: 20 * core.MiB}))
	p.until(`/left$/.test(document.querySelector("[data-upload-text]").innerText)`)
	p.look("upload-busy")
	p.slow(-1)
	p.see("This can run here.")
	p.look("upload-found")
	p.click("Continue")
	p.see("Size of one instance")
	p.look("new-name")

	busy := p.b.release("shop", map[string]any{"env": map[string]string{"START_DELAY": "60s"}}).Operation
	p.looksAt(map[string]string{"operation-busy": "/operations/" + busy, "app-busy": "/apps/shop"})
	failed := p.b.release("shop", map[string]any{"env": map[string]string{"CRASH_AT_START": "7"}, "health": map[string]any{"grace": "3s"}}).Operation
	p.b.ended(failed)
	p.looksAt(map[string]string{"operation-failed": "/operations/" + failed, "app-failed": "/apps/shop"})
	p.b.deploy("shop", map[string]any{"version": "1.2", "env": map[string]string{"GREETING": "Good evening"}})
}

// looksAt looks at pages by their names.
func (p *person) looksAt(pages map[string]string) {
	p.t.Helper()
	for name, path := range pages {
		p.open(path)
		p.look(name)
	}
}

// chinese looks at pages in Chinese and finds no English sentence on them.
func (p *person) chinese(pages map[string]string) {
	p.t.Helper()
	chinese := messages("zh-Hans")
	for name, path := range pages {
		p.open(path)
		p.until(`document.documentElement.lang === "zh-Hans"`)
		p.fits(name + "-zh")
		p.picture(name + "-zh-1440-light.png")
		shown := p.shows()
		for key, text := range messages("en") {
			if len(text) > 8 && text != chinese[key] && !strings.Contains(text, "{{") && strings.Contains(shown, text) {
				p.t.Errorf("%s shows %q (%s) in Chinese", name, text, key)
			}
		}
	}
}
